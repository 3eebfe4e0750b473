/**
 * The secrets of a webhook endpoint while they are rotated, as pure functions over their records:
 *
 *     rotate ──▶ pending ──promote──▶ active ──promote of the next──▶ retiring ──retire──▶ revoked
 *
 * A delivery may be signed with any live secret: pending, active or retiring, within its time. A
 * retiring one ends when the retry window of the provider has passed since it was last needed alone.
 * Times are Unix seconds.
 */

import { Failure } from '../outcome/failure.ts';

export type SecretState = 'pending' | 'active' | 'retiring' | 'revoked';

export interface SecretRecord {
  readonly id: string;
  /** The secret, encrypted. */
  readonly envelope: string;
  /** Not accepted before. */
  readonly notBefore: number;
  /** Not accepted from then on; null while no end is known. */
  readonly notAfter: number | null;
  readonly state: SecretState;
}

/** All records of an endpoint, those of revoked secrets too. */
export type SecretRecords = readonly SecretRecord[];

export interface NewSecret {
  readonly id: string;
  readonly envelope: string;
}

/** Whether a delivery of now may be signed with it. */
export function isLive(secret: Omit<SecretRecord, 'envelope'>, now: number): boolean {
  const { state, notBefore, notAfter } = secret;
  return state !== 'revoked' && notBefore <= now && (notAfter === null || now < notAfter);
}

/**
 * Adds a secret, which is accepted from now on: the first as active, another as pending. With `force`, a
 * pending one that it replaces is revoked. @throws Failure USAGE if a rotation is under way, without `force`
 */
export function rotateSecret(
  records: SecretRecords,
  secret: NewSecret,
  { now, force = false }: { readonly now: number; readonly force?: boolean },
): SecretRecords {
  refuseKnown(records, secret.id);
  const open = records.find(
    (record) => record.state === 'pending' || (record.state === 'retiring' && isLive(record, now)),
  );
  if (open !== undefined && !force) {
    throw new Failure('USAGE', {
      what: `a rotation is under way, as the secret "${open.id}" is ${open.state}`,
      hint: 'promote and retire first, or repeat with --force',
    });
  }
  const kept = records.map((record) =>
    record.state === 'pending' ? revoked(record, now) : record,
  );
  const isFirst = !records.some(({ state }) => state === 'active');
  const state = isFirst ? 'active' : 'pending';
  return [...kept, { ...secret, notBefore: now, notAfter: null, state }];
}

/**
 * Makes the pending secret the active one; the active one before it retires, and is accepted until
 * `retryWindow` seconds have passed. @throws Failure USAGE if none is pending
 */
export function promoteSecret(
  records: SecretRecords,
  { now, retryWindow }: { readonly now: number; readonly retryWindow: number },
): SecretRecords {
  if (!records.some(({ state }) => state === 'pending')) {
    throw new Failure('USAGE', {
      what: 'no secret is pending',
      hint: 'add one with sealift secrets rotate',
    });
  }
  return records.map((record) => {
    if (record.state === 'pending') return { ...record, state: 'active' };
    if (record.state !== 'active') return record;
    return { ...record, state: 'retiring', notAfter: now + retryWindow };
  });
}

/**
 * Records that a delivery had the signature of this secret alone: a retiring one is needed for another
 * retry window. Never makes it end earlier, or live again after its end.
 */
export function secretStillNeeded(
  records: SecretRecords,
  id: string,
  { now, retryWindow }: { readonly now: number; readonly retryWindow: number },
): SecretRecords {
  return records.map((record) => {
    if (record.id !== id || record.state !== 'retiring' || !isLive(record, now)) return record;
    return { ...record, notAfter: Math.max(record.notAfter ?? 0, now + retryWindow) };
  });
}

/**
 * Revokes the retiring secrets. @throws Failure USAGE if none retires, or one was needed within the retry
 * window, without `force`
 */
export function retireSecrets(
  records: SecretRecords,
  { now, force = false }: { readonly now: number; readonly force?: boolean },
): SecretRecords {
  const retiring = records.filter(({ state }) => state === 'retiring');
  if (retiring.length === 0) {
    throw new Failure('USAGE', { what: 'no secret is retiring', hint: 'promote a new one first' });
  }
  const needed = retiring.find((record) => isLive(record, now));
  if (needed !== undefined && !force) {
    throw new Failure('USAGE', {
      what: `the secret "${needed.id}" may still be needed, as its retry window is not over`,
      hint: 'wait until its notAfter, or repeat with --force',
    });
  }
  return records.map((record) => (record.state === 'retiring' ? revoked(record, now) : record));
}

/** Revokes every secret at once, and makes a new one the only one: what leaked is refused from now on. */
export function replaceSecretsAtOnce(
  records: SecretRecords,
  secret: NewSecret,
  { now }: { readonly now: number },
): SecretRecords {
  refuseKnown(records, secret.id);
  const all = records.map((record) => (record.state === 'revoked' ? record : revoked(record, now)));
  return [...all, { ...secret, notBefore: now, notAfter: null, state: 'active' }];
}

function revoked(record: SecretRecord, now: number): SecretRecord {
  const notAfter = record.notAfter === null ? now : Math.min(record.notAfter, now);
  return { ...record, state: 'revoked', notAfter };
}

function refuseKnown(records: SecretRecords, id: string): void {
  if (id !== '' && !records.some((record) => record.id === id)) return;
  throw new Failure('USAGE', {
    what: `the id "${id}" of a new secret is empty or taken`,
    hint: 'choose another id',
  });
}
