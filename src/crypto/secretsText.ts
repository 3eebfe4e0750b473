/**
 * The secrets of an endpoint as the text of a file, canonical JSON: each is sealed as `a1`, bound to its
 * endpoint, kind and id, so that an envelope which was moved does not open. Pure: who reads the file
 * gives its text.
 */

import { Failure } from '../outcome/failure.ts';
import { a1, a1KeyId } from './a1.ts';
import type { EncryptionKey } from './encryptionKey.ts';
import type { RowReference } from './rowReference.ts';
import type { WebhookSecret } from './webhookSignature.ts';
import type { SecretRecord, SecretRecords } from './webhookSecrets.ts';

export type SecretKind = 'stripe' | 'standard';

/** All of an endpoint's secrets. */
export interface EndpointSecrets {
  /** Name of the endpoint, as declared. */
  readonly name: string;
  readonly kind: SecretKind;
  /** How long the provider sends a delivery again, in seconds. */
  readonly retryWindow: number;
  readonly records: SecretRecords;
}

const ID = /^[a-z0-9][a-z0-9._-]{0,79}$/;
const STATES: ReadonlySet<unknown> = new Set(['pending', 'active', 'retiring', 'revoked']);
const MEMBERS = 'format,kind,name,records,retryWindow';
const RECORD_MEMBERS = 'envelope,id,notAfter,notBefore,state';

/** Writes the file: members ascend by name, nothing is between them, a line feed is at the end. */
export function writeSecrets({ name, kind, retryWindow, records }: EndpointSecrets): string {
  const plain = records.map(({ envelope, id, notAfter, notBefore, state }) => ({
    envelope,
    id,
    notAfter,
    notBefore,
    state,
  }));
  return `${JSON.stringify({ format: 1, kind, name, records: plain, retryWindow })}\n`;
}

/** Reads what {@link writeSecrets} has written. `where` is its place. @throws Failure REJECTED */
export function readSecrets(text: string, where: string): EndpointSecrets {
  const secrets = endpointOf(parsed(text));
  // A file that was edited by hand may not mean to this reader what it means to another.
  if (secrets !== null && writeSecrets(secrets) === text) return secrets;
  throw new Failure('REJECTED', {
    what: 'the file of secrets is damaged, or was not written by sealift secrets',
    where,
    hint: 'restore it, or replace its secrets with sealift secrets rotate --emergency',
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function endpointOf(value: unknown): EndpointSecrets | null {
  const members = Object(value) as Record<string, unknown>;
  const { format, kind, name, records, retryWindow } = members;
  if (Object.keys(members).join() !== MEMBERS || format !== 1) return null;
  if ((kind !== 'stripe' && kind !== 'standard') || typeof name !== 'string') return null;
  if (!isTime(retryWindow) || !Array.isArray(records) || !records.every(isRecord)) return null;
  const ids = new Set(records.map(({ id }) => id));
  const several = (state: string): boolean =>
    records.filter((one) => one.state === state).length > 1;
  if (ids.size < records.length || several('pending') || several('active')) return null;
  return { name, kind, retryWindow, records };
}

function isRecord(value: unknown): value is SecretRecord {
  const members = Object(value) as Record<string, unknown>;
  const { envelope, id, notAfter, notBefore, state } = members;
  return (
    Object.keys(members).join() === RECORD_MEMBERS &&
    typeof envelope === 'string' &&
    a1KeyId(envelope) !== null &&
    typeof id === 'string' &&
    ID.test(id) &&
    (notAfter === null || isTime(notAfter)) &&
    isTime(notBefore) &&
    STATES.has(state)
  );
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Seals a secret for its place. `nonce` is 12 random bytes, never used twice. */
export function sealSecret(
  { name, kind }: Pick<EndpointSecrets, 'name' | 'kind'>,
  { id, secret }: Pick<WebhookSecret, 'id' | 'secret'>,
  { key, nonce }: { readonly key: EncryptionKey; readonly nonce: Uint8Array },
): string {
  return a1(key).seal(placeOf(name, kind, id), secret, nonce);
}

/** Opens all secrets that are not revoked. @throws Failure USAGE if the key does not open one of them */
export function openSecrets(
  { name, kind, records }: EndpointSecrets,
  key: EncryptionKey,
): WebhookSecret[] {
  const cipher = a1(key);
  const needed = records.filter(({ state }) => state !== 'revoked');
  return needed.map(({ id, envelope, notBefore, notAfter, state }) => {
    const opened = cipher.open(placeOf(name, kind, id), envelope);
    if ('text' in opened) return { id, secret: opened.text, notBefore, notAfter, state };
    const isOther = opened.refused === 'other-key';
    throw new Failure('USAGE', {
      what: isOther
        ? `the secret "${id}" is sealed under another key`
        : `the secret "${id}" does not open, as it was changed or moved from another place`,
      where: `key id ${a1KeyId(envelope) ?? ''}`,
      hint: isOther ? 'give the key of this id' : 'restore the file of secrets',
    });
  });
}

function placeOf(name: string, kind: SecretKind, id: string): RowReference {
  return { table: 'webhook_secrets', column: kind, key: [name, id] };
}
