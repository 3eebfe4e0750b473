/** Webhooks: signatures over raw bodies with a window of secrets, and the states of these. */

import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  isLive,
  promoteSecret,
  replaceSecretsAtOnce,
  retireSecrets,
  rotateSecret,
  secretStillNeeded,
  verifyStandardWebhook,
  verifyStripe,
  type SecretRecords,
  type SecretState,
  type Verification,
  type WebhookSecret,
} from '../../src/crypto/webhooks.ts';

const NOW = 1_700_000_000;

function secret(id: string, text: string, state: SecretState = 'active'): WebhookSecret {
  return { id, secret: text, state, notBefore: 0, notAfter: null };
}

const NEW = secret('new', 'whsec_new_secret_for_tests');
const OLD = secret('old', 'whsec_old_secret_for_tests', 'retiring');
const BODY = Buffer.from('{"id":"evt_1","object":"event"}');
const BY_NEW = 'v1=b4d0ba9a0acc5bf629510a94a5a5154c94297ac7d050323033c6a115a4330b6b';
const BY_OLD = 'v1=f805b2217f5db422d053c525615ec015061aecf2fb10a4ad3ab5c970f1a1f626';
const HEADER = `t=${NOW},${BY_NEW},${BY_OLD}`;

function stripe(
  signature: string | null,
  about: Partial<Parameters<typeof verifyStripe>[0]> = {},
): Verification {
  return verifyStripe({ signature, body: BODY, secrets: [NEW, OLD], now: NOW, ...about });
}

describe('sealift/webhooks', () => {
  it('is what package.json exports, and nothing else of the code is but sealift/cohort', () => {
    const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      exports: Record<string, Record<string, string> | string>;
    };
    expect(Object.keys(exports)).toEqual(['./webhooks', './cohort', './package.json']);
    const { types, default: module } = exports['./webhooks'] as Record<string, string>;
    expect([types, module]).toEqual(['./dist/crypto/webhooks.d.ts', './dist/crypto/webhooks.js']);
    expect(existsSync('src/crypto/webhooks.ts')).toBe(true);
  });
});

describe("Stripe's signature", () => {
  const valid = { valid: true, timestamp: NOW };
  const byNew = { id: 'new', state: 'active' };
  const byOld = { id: 'old', state: 'retiring' };

  it('is verified with each live secret, and says which match', () => {
    const matched = [byNew, byOld];
    expect(stripe(HEADER)).toEqual({ ...valid, matched, retiringAlone: null });
    const reversed = stripe(HEADER, { secrets: [OLD, NEW] });
    expect(reversed).toEqual({ ...valid, matched: [byOld, byNew], retiringAlone: null });
  });

  it('tells a delivery that only the old secret signed, so that it can be counted', () => {
    const old = { ...valid, matched: [byOld], retiringAlone: 'old' };
    expect(stripe(`t=${NOW},${BY_OLD}`)).toEqual(old);
    expect(stripe(HEADER, { secrets: [OLD] })).toEqual(old);
    const fresh = { ...valid, matched: [byNew], retiringAlone: null };
    expect(stripe(`t=${NOW},${BY_NEW}`)).toEqual(fresh);
  });

  it('may stand between spaces and beside signatures of other schemes', () => {
    expect(stripe(`t=${NOW}, ${BY_NEW}, v0=00`).valid).toBe(true);
  });

  it.each([
    ['no header', null, 'malformed'],
    ['an empty one', '', 'malformed'],
    ['no time', BY_NEW, 'malformed'],
    ['two times', `t=${NOW},t=${NOW},${BY_NEW}`, 'malformed'],
    ['a time that is no number', `t=1e9,${BY_NEW}`, 'malformed'],
    ['a time with a sign', `t=+${NOW},${BY_NEW}`, 'malformed'],
    ['no signature', `t=${NOW}`, 'malformed'],
    ['a signature of another scheme', `t=${NOW},${BY_NEW.replace('v1', 'v0')}`, 'malformed'],
    ['half a signature', `t=${NOW},${BY_NEW.slice(0, 35)}`, 'malformed'],
    ['a signature with more after it', `t=${NOW},${BY_NEW}00`, 'malformed'],
    ['hundreds of signatures', `t=${NOW}${`,${BY_NEW}`.repeat(17)}`, 'malformed'],
    ['another time', `t=${NOW + 1},${BY_NEW}`, 'no-match'],
    ['another signature', `t=${NOW},v1=${'00'.repeat(32)}`, 'no-match'],
  ])('is refused with %s', (_, header, reason) => {
    expect(stripe(header)).toEqual({ valid: false, reason });
  });

  it('is refused over another body, also one that is the same JSON', () => {
    for (const body of ['{"id":"evt_1", "object":"event"}', '', `${String(BODY)}\n`]) {
      expect(stripe(HEADER, { body: Buffer.from(body) })).toMatchObject({ reason: 'no-match' });
    }
  });

  it.each([
    [300, undefined],
    [301, 'too-old'],
    [-300, undefined],
    [-301, 'too-new'],
  ])('is bounded in time on both sides: %i seconds later', (later, reason) => {
    const seen = stripe(HEADER, { now: NOW + later });
    expect(seen.valid ? undefined : seen.reason).toBe(reason);
    expect(stripe(HEADER, { now: NOW + later, tolerance: 400 }).valid).toBe(true);
  });

  it.each([
    ['revoked', { state: 'revoked' as const }],
    ['not in force yet', { notBefore: NOW + 1 }],
    ['past its end', { notAfter: NOW }],
  ])('is refused if its secret is %s', (_, change) => {
    const reason = 'no-live-secret';
    expect(stripe(HEADER, { secrets: [{ ...NEW, ...change }] })).toEqual({ valid: false, reason });
    const one = stripe(`t=${NOW},${BY_NEW}`, { secrets: [{ ...NEW, ...change }, OLD] });
    expect(one).toEqual({ valid: false, reason: 'no-match' });
  });

  it('never goes by an empty secret', () => {
    const empty = createHmac('sha256', '').update(`${NOW}.`).update(BODY).digest('hex');
    const header = `t=${NOW},v1=${empty}`;
    expect(() => stripe(header, { secrets: [secret('new', '')] })).toThrow('"new" is empty');
  });
});

describe('a signature of Standard Webhooks', () => {
  const AT = 1_614_265_330;
  const KEY = secret('one', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  const SIGNED = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
  const standard = (about: Partial<Parameters<typeof verifyStandardWebhook>[0]>): Verification =>
    verifyStandardWebhook({
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: String(AT),
      signature: SIGNED,
      body: Buffer.from('{"test": 2432232314}'),
      secrets: [KEY],
      now: AT,
      ...about,
    });

  it('is verified as published, alone and among others', () => {
    const matched = [{ id: 'one', state: 'active' }];
    const expected = { valid: true, matched, retiringAlone: null, timestamp: AT };
    expect(standard({})).toEqual(expected);
    const among = `v1a,AAAA v1,${Buffer.alloc(32).toString('base64')} ${SIGNED}`;
    expect(standard({ signature: among })).toEqual(expected);
    const bare = secret('one', KEY.secret.replace('whsec_', ''));
    expect(standard({ secrets: [bare] })).toEqual(expected);
  });

  it('tells a delivery that only a retiring secret signed', () => {
    const secrets = [{ ...KEY, state: 'retiring' as const }];
    expect(standard({ secrets })).toMatchObject({ retiringAlone: 'one' });
  });

  it.each([
    ['another id', { id: 'msg_2' }, 'no-match'],
    ['another time', { timestamp: String(AT + 1) }, 'no-match'],
    ['another body', { body: Buffer.from('{"test":2432232314}') }, 'no-match'],
    ['no id', { id: null }, 'malformed'],
    ['a dot in its id', { id: `msg.${AT}` }, 'malformed'],
    ['no time', { timestamp: undefined }, 'malformed'],
    ['a time with a fraction', { timestamp: `${AT}.5` }, 'malformed'],
    ['no signature', { signature: null }, 'malformed'],
    ['a signature of another version', { signature: SIGNED.replace('v1', 'v2') }, 'malformed'],
    ['a signature without padding', { signature: SIGNED.replace('=', '') }, 'malformed'],
    ['a header without end', { signature: `${SIGNED} `.repeat(1000) }, 'malformed'],
    ['a clock that is fast', { now: AT + 301 }, 'too-old'],
    ['a clock that is slow', { now: AT - 301 }, 'too-new'],
  ])('is refused with %s', (_, about, reason) => {
    expect(standard(about)).toEqual({ valid: false, reason });
  });

  it.each([
    ['is not base64', 'whsec_not-base64!', 'is not base64'],
    ['is short', `whsec_${Buffer.alloc(23).toString('base64')}`, 'is not 24 to 64 bytes long'],
    ['is empty', 'whsec_', 'is not 24 to 64 bytes long'],
  ])('is not verified with a secret that %s, and nothing of it is said', (_, text, expected) => {
    expect(() => standard({ secrets: [secret('one', text)] })).toThrow(`"one" ${expected}`);
    expect(() => standard({ secrets: [secret('one', text)] })).not.toThrow('AAAA');
  });
});

/** Each record with its state. */
function states(records: SecretRecords): string {
  return records.map(({ id, state }) => `${id} ${state}`).join(', ');
}

/** Ids of those that are accepted. */
function live(records: SecretRecords, now: number): string {
  return records
    .filter((record) => isLive(record, now))
    .map(({ id }) => id)
    .join('');
}

describe('the secrets of an endpoint', () => {
  const DAY = 86_400;
  const at = (now: number): { now: number; retryWindow: number } => ({ now, retryWindow: 3 * DAY });
  const first = rotateSecret([], { id: 'a', envelope: 'A' }, { now: 0 });
  const rotated = rotateSecret(first, { id: 'b', envelope: 'B' }, { now: DAY });
  const promoted = promoteSecret(rotated, at(2 * DAY));

  it('are rotated, promoted and retired', () => {
    expect(states(first)).toBe('a active');
    expect(states(rotated)).toBe('a active, b pending');
    expect(states(promoted)).toBe('a retiring, b active');
    expect(states(retireSecrets(promoted, { now: 5 * DAY }))).toBe('a revoked, b active');
  });

  it('are all accepted during the window, and the old one no longer after it', () => {
    expect(live(rotated, DAY - 1)).toBe('a');
    expect(live(rotated, DAY)).toBe('ab');
    expect(live(promoted, 5 * DAY - 1)).toBe('ab');
    expect(live(promoted, 5 * DAY)).toBe('b');
  });

  it('refuse a second rotation inside the window, but by force', () => {
    const next = { id: 'c', envelope: 'C' };
    expect(() => rotateSecret(rotated, next, { now: DAY })).toThrow('"b" is pending');
    expect(() => rotateSecret(promoted, next, { now: 3 * DAY })).toThrow('"a" is retiring');
    const forced = rotateSecret(rotated, next, { now: DAY, force: true });
    expect(states(forced)).toBe('a active, b revoked, c pending');
    const again = rotateSecret(promoted, next, { now: 3 * DAY, force: true });
    expect(states(again)).toBe('a retiring, b active, c pending');
    const after = rotateSecret(promoted, next, { now: 5 * DAY });
    expect(states(after)).toBe('a retiring, b active, c pending');
  });

  it('keep the old one as long as it is needed alone', () => {
    const needed = secretStillNeeded(promoted, 'a', at(4 * DAY));
    expect(() => retireSecrets(needed, { now: 6 * DAY })).toThrow('"a" may still be needed');
    expect(states(retireSecrets(needed, { now: 7 * DAY }))).toBe('a revoked, b active');
    expect(states(retireSecrets(needed, { now: 6 * DAY, force: true }))).toContain('a revoked');
    // A count that arrives late makes nothing end earlier, and nothing live again.
    expect(secretStillNeeded(needed, 'a', at(3 * DAY))).toEqual(needed);
    expect(secretStillNeeded(promoted, 'a', at(9 * DAY))).toEqual(promoted);
    expect(secretStillNeeded(promoted, 'b', at(4 * DAY))).toEqual(promoted);
  });

  it('end at once in an emergency', () => {
    const fresh = { id: 'c', envelope: 'C' };
    for (const before of [first, rotated, promoted]) {
      const after = replaceSecretsAtOnce(before, fresh, { now: 3 * DAY });
      expect(live(after, 3 * DAY)).toBe('c');
      expect(states(after)).toMatch(/, c active$/);
    }
  });

  it('refuse what makes no sense', () => {
    const again = { id: 'a', envelope: 'X' };
    expect(() => rotateSecret(first, again, { now: 1 })).toThrow('empty or taken');
    expect(() => rotateSecret(first, { ...again, id: '' }, { now: 1 })).toThrow('empty or taken');
    expect(() => replaceSecretsAtOnce(first, again, { now: 1 })).toThrow('empty or taken');
    expect(() => promoteSecret(first, at(1))).toThrow('no secret is pending');
    expect(() => retireSecrets(rotated, { now: 1 })).toThrow('no secret is retiring');
  });

  it('have one active, at most one pending, and none that came back, whatever is done', () => {
    const step = fc.constantFrom('rotate', 'promote', 'retire', 'needed', 'emergency');
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.nat(4 * DAY), fc.boolean())), (steps) => {
        let records = first;
        let now = 0;
        for (const [index, [kind, pause, force]] of steps.entries()) {
          now += pause;
          const before = records;
          records = attempt(before, kind, { id: `s${index}`, now, force });
          const count = (state: SecretState): number =>
            records.filter((record) => record.state === state).length;
          expect([count('active'), count('pending') <= 1]).toEqual([1, true]);
          for (const { id, state } of before) {
            const later = records.find((record) => record.id === id);
            if (state === 'revoked') expect(later?.state).toBe('revoked');
          }
        }
      }),
    );
  });

  function attempt(
    records: SecretRecords,
    kind: string,
    { id, now, force }: { id: string; now: number; force: boolean },
  ): SecretRecords {
    const fresh = { id, envelope: id };
    try {
      if (kind === 'rotate') return rotateSecret(records, fresh, { now, force });
      if (kind === 'promote') return promoteSecret(records, at(now));
      if (kind === 'retire') return retireSecrets(records, { now, force });
      if (kind === 'needed') return secretStillNeeded(records, 'a', at(now));
      return replaceSecretsAtOnce(records, fresh, { now });
    } catch {
      return records;
    }
  }
});
