import { describe, expect, it } from 'vitest';

import { inlinePool } from '../../src/threads/inlinePool.ts';
import { CANDIDATE_ANSWERS } from '../../src/cli/candidateAnswers.ts';
import { mayHoldPii, findPii } from '../../src/pii/findPii.ts';
import { declaredPii } from '../kit/declaredPii.ts';
import { randomOf } from '../dogschool/random.ts';
import { mappingOf, module, scanned, text, writeCandidate } from './candidate.ts';

const NB = '\u00a0';
const PERSONAL = [
  'vreni@example.ch',
  'Käthi «käthi.müller@exämple.ch»\n',
  `CH93${NB}0076 2011${NB}6238 5295 7`,
  '756.9217.0769.85',
  '4111 1111 1111 1111',
  '+41 (0)79 123 45 67',
  `079${NB}123 45 67`,
  '030/1234567',
  'née le 03/05/1964',
  '«geb. 27.07.1997»',
  '„Geburtstag: 3. Mai 1964“',
  '\ngeb.\t1.2.97',
  'Identitätskarte-Nr. C2101324',
  'Parkkarte für SG 57',
  'wohnhaft Dorfstrasse 3, 7000 Chur',
  'ada dot ammann[ät]example.org',
  'null sieben neun zwei neun null vier null zwei neun',
  'Login von 10.1.1.7',
  '2001:db8::1',
  '15070649C103',
  'AKIAIOSFODNN7EXAMPLE',
  '-----BEGIN PRIVATE KEY-----',
  'Passwort: hunter2hunter',
];
const HARMLESS = [
  '',
  'x',
  '\\',
  '"',
  '2024-01-31 10:00',
  '@',
  '12345',
  '\u0001\t',
  '🐕 7 7 7 7 7 7',
];

function texts(seed: number): string {
  const random = randomOf(seed, 'pii');
  return Array.from({ length: random.integer(1, 5) }, () =>
    random.pick(random.chance(0.3) ? PERSONAL : HARMLESS),
  ).join(random.pick([' ', '\n', ', ', NB, '']));
}

const MAPPING = mappingOf([
  module(
    'dogs',
    {
      note: text('note'),
      mail: text('mail'),
      more: { column: 'more', type: 'json' },
      list: { column: 'list', type: 'array(string)' },
      any: { column: 'any', type: 'tagged' },
    },
    declaredPii({ mail: 'EMAIL' }),
  ),
]);

describe('personal data, looked for by threads', () => {
  it('is what is found where records are parsed, at the same places', async () => {
    const dogs = Array.from({ length: 200 }, (_, at) => ({
      id: String(at).padStart(5, '0'),
      note: texts(at),
      mail: at % 9 === 0 ? null : texts(at + 1000),
      more: { [texts(at + 2000)]: [texts(at + 3000)] },
      list: [texts(at + 4000), null],
      any: { text: texts(at + 5000) },
    }));
    const folder = writeCandidate({ dogs });
    const parsed = await scanned(MAPPING, folder, { checks: ['pii'] });
    const pool = inlinePool(CANDIDATE_ANSWERS);
    expect(await scanned(MAPPING, folder, { checks: ['pii'], pool })).toEqual(parsed);
    const all = await scanned(MAPPING, folder, { checks: ['lines', 'pii'], pool });
    expect(all.filter(({ rule }) => rule.startsWith('pii-'))).toEqual(parsed);
    expect(new Set(parsed.map(({ field }) => field))).toEqual(
      new Set(['note', 'mail', 'more', 'list', 'any']),
    );
    expect(parsed.length).toBeGreaterThan(300);
  });

  it('is of many kinds', () => {
    for (const value of PERSONAL) expect(findPii(value), value).toHaveLength(1);
    for (const value of HARMLESS) expect(findPii(value), value).toEqual([]);
  });

  it('may be in every JSON text that holds any', () => {
    let held = 0;
    for (let seed = 0; seed < 3000; seed += 1) {
      const value = texts(seed);
      if (findPii(value).length === 0) continue;
      held += 1;
      const bytes = Buffer.from(JSON.stringify({ [value]: value })).toString('latin1');
      expect(mayHoldPii(bytes), value).toBe(true);
    }
    expect(held).toBeGreaterThan(500);
    expect(mayHoldPii('"Bless, 12345"')).toBe(false);
  });
});
