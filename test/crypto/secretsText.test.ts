/** The file of an endpoint's secrets, and the matches that keep a retiring one alive. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { countMatches, matchLine, withMatches } from '../../src/crypto/secretMatches.ts';
import {
  openSecrets,
  readSecrets,
  sealSecret,
  writeSecrets,
  type EndpointSecrets,
} from '../../src/crypto/secretsText.ts';
import { openStoredSecrets } from '../../src/crypto/webhooks.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { canonicalJson } from '../../src/record/canonical.ts';
import { counting, countingKey } from './keys.ts';

const KEY = countingKey(0);
const NOW = 1_700_000_000;
const WINDOW = 1000;
const ABOUT = { name: 'stripe', kind: 'stripe' } as const;

function sealed(id: string, secret: string): string {
  return sealSecret(ABOUT, { id, secret }, { key: KEY, nonce: counting(id.length, 12) });
}

const SECRETS: EndpointSecrets = {
  ...ABOUT,
  retryWindow: WINDOW,
  records: [
    {
      id: 'stripe-1',
      envelope: sealed('stripe-1', 'whsec_canary_1'),
      notBefore: NOW - 900,
      notAfter: NOW - 800,
      state: 'revoked',
    },
    {
      id: 'stripe-2',
      envelope: sealed('stripe-2', 'whsec_canary_2'),
      notBefore: NOW - 800,
      notAfter: NOW + 100,
      state: 'retiring',
    },
    {
      id: 'stripe-3',
      envelope: sealed('stripe-3', 'whsec_canary_3'),
      notBefore: NOW - 700,
      notAfter: null,
      state: 'active',
    },
  ],
};
const TEXT = writeSecrets(SECRETS);

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.line()).not.toContain('canary');
    return error.line();
  }
  return 'taken';
}

describe('a file of secrets', () => {
  it('is canonical JSON, read as it was written', () => {
    expect(TEXT).toBe(`${canonicalJson(JSON.parse(TEXT))}\n`);
    expect(readSecrets(TEXT, 'here')).toEqual(SECRETS);
    expect(TEXT).not.toContain('canary');
  });

  it.each([
    ['cut', TEXT.slice(0, -2)],
    ['empty', ''],
    ['without its line feed', TEXT.trimEnd()],
    ['with a blank', TEXT.replace(',', ', ')],
    ['with a member more', TEXT.replace('{', '{"a":1,')],
    ['of another format', TEXT.replace('"format":1', '"format":2')],
    ['with a state that there is not', TEXT.replace('"retiring"', '"expired"')],
    ['with two active ones', TEXT.replace('"retiring"', '"active"')],
    ['with one id twice', TEXT.replace('stripe-3', 'stripe-2')],
    ['with a time that is none', TEXT.replace('"notAfter":null', '"notAfter":"never"')],
    ['with what is not sealed', TEXT.replace(/"enc:v1:a1[^"]*"/, '"whsec_canary_1"')],
    ['with another member in its place', TEXT.replaceAll('notBefore', 'notbefore')],
  ])('that is %s is refused', (_, text) => {
    expect(text).not.toBe(TEXT);
    expect(refusal(() => readSecrets(text, 'here'))).toContain('damaged');
  });
});

describe('a sealed secret', () => {
  it('opens with its key, unless it is revoked', () => {
    expect(openSecrets(SECRETS, KEY).map(({ id, secret }) => [id, secret])).toEqual([
      ['stripe-2', 'whsec_canary_2'],
      ['stripe-3', 'whsec_canary_3'],
    ]);
  });

  it('does not open with another key, which is named', () => {
    const why = refusal(() => openSecrets(SECRETS, countingKey(7)));
    expect(why).toContain('is sealed under another key');
    expect(why).toContain(KEY.kid);
  });

  it('does not open in the place of another one, nor of another endpoint or kind', () => {
    const [, second, third] = SECRETS.records;
    if (second === undefined || third === undefined) throw new Error('they are there');
    const swapped = [{ ...third, envelope: second.envelope }];
    expect(refusal(() => openSecrets({ ...SECRETS, records: swapped }, KEY))).toContain('moved');
    expect(refusal(() => openSecrets({ ...SECRETS, name: 'other' }, KEY))).toContain('moved');
    expect(refusal(() => openSecrets({ ...SECRETS, kind: 'standard' }, KEY))).toContain('moved');
  });

  it('is what an application opens, with matches that keep a retiring one alive', () => {
    const key = Buffer.from(counting(0, 32)).toString('base64');
    const matches = matchLine('stripe-2', NOW);
    const secrets = openStoredSecrets({ file: TEXT, key, matches, now: NOW });
    expect(secrets.map(({ id, notAfter }) => [id, notAfter])).toEqual([
      ['stripe-2', NOW + WINDOW],
      ['stripe-3', null],
    ]);
  });
});

/** When the retiring secret ends, with these matches. */
function end(text: string, now: number = NOW): number | null | undefined {
  return withMatches(SECRETS, text, now).records[1]?.notAfter;
}

describe('matches by the old secret alone', () => {
  it('let it live for a window from the last of them', () => {
    expect(end('')).toBe(NOW + 100);
    expect(end(matchLine('stripe-2', NOW) + matchLine('stripe-2', NOW - 50))).toBe(NOW + WINDOW);
  });

  it('count as now where their clock is fast', () => {
    expect(end(matchLine('stripe-2', NOW + 50))).toBe(NOW + WINDOW);
    expect(end(matchLine('stripe-2', NOW + 1_000_000))).toBe(NOW + WINDOW);
  });

  it('are a chain: one after its end begins nothing', () => {
    expect(end(matchLine('stripe-2', NOW + 99), NOW + 99)).toBe(NOW + 99 + WINDOW);
    expect(end(matchLine('stripe-2', NOW + 100), NOW + 5000)).toBe(NOW + 100);
    const chain = [NOW + 99, NOW + 1000, NOW + 1900].map((at) => matchLine('stripe-2', at));
    expect(end(chain.join(''), NOW + 5000)).toBe(NOW + 1900 + WINDOW);
  });

  it('change no other secret, revive none, and reach no further than a window from now', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('stripe-1', 'stripe-2', 'stripe-3', 'x'), fc.nat())),
        (lines) => {
          const text = lines.map(([id, at]) => matchLine(id, at)).join('');
          const [first, second, third] = withMatches(SECRETS, text, NOW).records;
          expect([first, third]).toEqual([SECRETS.records[0], SECRETS.records[2]]);
          expect(second?.notAfter).toBeGreaterThanOrEqual(NOW + 100);
          expect(second?.notAfter).toBeLessThanOrEqual(NOW + WINDOW);
        },
      ),
    );
  });

  it('are counted by secret; a line that cannot be read is told by its number', () => {
    const lines = matchLine('a', 5) + matchLine('b', 9) + matchLine('a', 3);
    expect(countMatches(lines)).toEqual({
      tallies: new Map([
        ['a', { count: 2, last: 5 }],
        ['b', { count: 1, last: 9 }],
      ]),
      unreadable: null,
    });
    for (const bad of [
      '{"at":1}',
      'null',
      '',
      '{"at":-1,"id":"a"}',
      '{"at":"1","id":"a"}',
      'x'.repeat(400),
    ]) {
      expect(countMatches(`${lines}${bad}\n`).unreadable, bad).toBe(4);
    }
    expect(countMatches(`${lines}{"at":1,"i`).unreadable).toBe(4);
  });
});
