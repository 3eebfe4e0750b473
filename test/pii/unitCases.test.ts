/**
 * Published values and texts with the places of their personal data: how many are found, by kind.
 * Kinds that only a word or a column tells from other numbers are searched as cells of their column.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { findPii } from '../../src/pii/findPii.ts';
import type { PiiClass, PiiContext } from '../../src/pii/piiClass.ts';
import { shared } from '../shared.ts';
import { figures, type Figures } from './figures.ts';

const CASES = shared('data/pii/recognizer_unit_cases.jsonl');

interface Case {
  readonly file: string;
  readonly entity: string | null;
  readonly text: string;
  readonly expected_count: number;
  /** In code points, [start, end); null where only the number is known. */
  readonly spans: readonly (readonly [number, number])[] | null;
}

/** Kinds by their name, and those of telephone numbers by their file, with the regions it is about. */
const KINDS: Readonly<Record<string, readonly [PiiClass, PiiContext]>> = {
  EMAIL_ADDRESS: ['EMAIL', {}],
  IBAN_CODE: ['IBAN', {}],
  CREDIT_CARD: ['CREDIT_CARD', {}],
  IP_ADDRESS: ['IP', {}],
  DE_SOCIAL_SECURITY: ['SOCIAL_ID', {}],
  IT_FISCAL_CODE: ['TAX_ID', {}],
  DE_HEALTH_INSURANCE: ['SOCIAL_ID', { expected: ['SOCIAL_ID'] }],
  DE_TAX_ID: ['TAX_ID', { expected: ['TAX_ID'] }],
  DE_TAX_NUMBER: ['TAX_ID', { expected: ['TAX_ID'] }],
  DE_PASSPORT: ['PASSPORT', { expected: ['PASSPORT'] }],
  DE_KFZ: ['PLATE', { expected: ['PLATE'] }],
  'test_phone_recognizer.py': [
    'PHONE',
    { regions: ['US', 'GB', 'DE', 'FR', 'IL', 'IN', 'CA', 'BR', 'JP', 'CN'] },
  ],
  'test_ph_mobile_number_recognizer.py': ['PHONE', { regions: ['PH'] }],
  'test_tr_phone_number_recognizer.py': ['PHONE', { regions: ['TR'] }],
};

function read(file: string): Case[] {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Case);
}

/** Searches all cases; `find` is the search. */
function measure(cases: readonly Case[], find: typeof findPii): Figures {
  const result = figures('published cases');
  for (const one of cases) {
    const kind = one.entity ?? one.file;
    const [of, context] = KINDS[kind] ?? [];
    if (of === undefined) continue;
    const found = find(one.text, context).filter((match) => match.of === of);
    const spans = spansOf(one);
    const within = spans.map(({ start, end }) =>
      found.some((match) => match.start < end && match.end > start),
    );
    const wrong = found.filter((match) =>
      spans.every(({ start, end }) => match.start >= end || match.end <= start),
    );
    const hits = within.filter(Boolean).length;
    result.add(of === 'PHONE' ? 'PHONE' : kind, {
      hits,
      expected: spans.length,
      wrong: wrong.length,
    });
  }
  return result;
}

/** Expected places in code units. */
function spansOf({ text, spans, expected_count: count }: Case): { start: number; end: number }[] {
  if (count === 0) return [];
  if (spans === null) return [{ start: 0, end: text.length }];
  const characters = Array.from(text);
  return spans.map(([start, end]) => ({
    start: characters.slice(0, start).join('').length,
    end: characters.slice(0, end).join('').length,
  }));
}

describe.skipIf(CASES === null)('published cases', () => {
  const cases = CASES === null ? [] : read(CASES);

  it('are found, each kind as often as it has to be', () => {
    const result = measure(cases, findPii);
    process.stdout.write(result.table());
    const least: [string, number][] = [
      ['EMAIL_ADDRESS', 0.95],
      ['IBAN_CODE', 0.95],
      ['CREDIT_CARD', 0.95],
      ['IP_ADDRESS', 0.95],
      ['DE_SOCIAL_SECURITY', 0.95],
      ['PHONE', 0.85],
    ];
    for (const [kind, share] of least) {
      const { recall, precision } = result.of(kind);
      expect([kind, recall >= share, precision >= share]).toEqual([kind, true, true]);
    }
  });

  it('are missed by a search that finds nothing, and by one that finds everything (negative control)', () => {
    const nothing = measure(cases, () => []);
    expect(nothing.of('IBAN_CODE')).toEqual({ recall: 0, precision: 1 });
    const everything = measure(cases, (text) => [
      { of: 'IBAN', tier: 'checked', start: 0, end: text.length },
    ]);
    expect(everything.of('IBAN_CODE').recall).toBe(1);
    expect(everything.of('IBAN_CODE').precision).toBeLessThan(0.6);
  });
});
