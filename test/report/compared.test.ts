/** A compared target in reports: a table in the terminal, a strip of ranges for each module on the page. */

import { describe, expect, it } from 'vitest';

import type { ComparedModule, Comparison } from '../../src/outcome/comparison.ts';
import { checkOutcome, type Outcome } from '../../src/outcome/outcome.ts';
import type { Reading } from '../../src/outcome/reading.ts';
import { comparedPart } from '../../src/report/html/comparedPart.ts';
import { readingPart } from '../../src/report/html/readingPart.ts';
import { moduleTable } from '../../src/report/moduleTable.ts';
import { APART } from './html/examples.ts';

const EQUAL: ComparedModule = {
  module: 'dog',
  sealed: 9000,
  rows: 9000,
  missing: 0,
  extra: 0,
  changed: 0,
  ranges: 4,
  differing: 0,
  strip: [0, 0, 0, 0],
};
const UNKNOWN: ComparedModule = {
  ...EQUAL,
  module: 'secret',
  rows: null,
  strip: [],
};

const READING: Reading = {
  digest: 'd'.repeat(64),
  queries: [
    {
      module: 'dog',
      table: 's.dog',
      statements: ['COPY (SELECT "id" FROM ONLY "s"."dog") TO STDOUT'],
    },
  ],
  settings: {
    tool: 'sealift 1.2.3',
    schema: 's',
    sessions: [
      {
        server: 'PostgreSQL 18.4',
        statements: ["SET SESSION TimeZone = 'UTC'", 'BEGIN'],
        settings: { TimeZone: 'UTC', search_path: '' },
        snapshot: '00000003-1, at 0/19',
        ranges: 'a table is read in ranges',
      },
    ],
  },
};

function manyModules(missing: number): ComparedModule[] {
  return Array.from({ length: 48 }, (_, at) => ({ ...EQUAL, module: `m${at}`, missing }));
}

function outcomeOf(modules: readonly ComparedModule[]): Outcome {
  const compared: Comparison = { target: 'db', schema: 's', modules };
  return checkOutcome({ command: 'reconcile', modules: [], compared, findings: [], notes: [] });
}

/** The text of markup, as a screen reader has it. */
function textOf(markup: string): string {
  return markup
    .replaceAll(/<svg[^>]*aria-hidden="true".*?<\/svg>/gs, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
}

describe('a compared target', () => {
  it('is a table of aligned numbers, with the sum of what is known', () => {
    expect(moduleTable(outcomeOf([EQUAL, APART, UNKNOWN]), 40)).toEqual([
      'module     sealed  target  missing  extra  changed',
      'dog          9000    9000        0      0        0',
      'owner        9000    9001        1      2     1200',
      'secret       9000       ?        ?      ?        ?',
      '3 modules   27000   18001        1      2     1200',
    ]);
  });

  it('of many modules keeps those that differ or are not known, and sums up the others', () => {
    const many = manyModules(0);
    const lines = moduleTable(outcomeOf([...many, APART, UNKNOWN]), 8);
    expect(lines).toHaveLength(8);
    expect(lines.join('\n')).toMatch(
      /owner.*\n(.*\n)*secret.*\nand 45 more, all equal\n50 modules/,
    );
    const all = moduleTable(outcomeOf(manyModules(1)), 8);
    expect(all.at(-2)).toBe('and 43 more, 43 of them not equal');
  });

  it('is a strip of ranges for each module, of which a text says the same', () => {
    const { markup } = comparedPart(outcomeOf([EQUAL, APART, UNKNOWN]));
    const rects = [
      ...markup.matchAll(/<rect\s+class="(\w+)"\s+x="(\d+)"\s+y="\d+"\s+width="(\d+)"/g),
    ];
    expect(rects.map(([, of, from, width]) => [of, from, width])).toEqual([
      ['good', '0', '4'],
      ['good', '0', '1'],
      ['bad', '1', '2'],
      ['good', '3', '1'],
    ]);
    const text = textOf(markup);
    expect(text).toContain('dog ✓ all equal 9,000 9,000 0 0 0');
    expect(text).toContain('owner ✗ 2 of 4 ranges different 9,000 9,001 1 2 1,200');
    expect(text).toContain('secret could not be compared 9,000 ? ? ? ?');
  });

  it('tells the statements that have read it', () => {
    const outcome = { ...outcomeOf([EQUAL, UNKNOWN]), facts: { reading: READING } };
    const text = textOf(readingPart(outcome).markup);
    expect(text).toContain('by sealift 1.2.3 server PostgreSQL 18.4 snapshot 00000003-1, at 0/19');
    expect(text).toContain('each session SET SESSION TimeZone = &#39;UTC&#39;; BEGIN;');
    expect(text).toContain('which reports TimeZone = UTC search_path = &#39;&#39;');
    expect(text).toContain('dog COPY (SELECT &quot;id&quot; FROM ONLY');
    expect(text).toContain(`SHA-256 ${READING.digest}`);
  });

  it('is not on the page of a command that compares none', () => {
    const none = checkOutcome({ command: 'scan', modules: [], findings: [], notes: [] });
    expect([comparedPart(none).markup, readingPart(none).markup]).toEqual(['', '']);
  });
});
