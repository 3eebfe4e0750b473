/**
 * The tables of what a gate can see are those that the code computes. With UPDATE_DOCS=1 they are
 * written instead of compared.
 */

import { readFileSync, writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { trialsToCompare, trialsToShow, visibleRate } from '../sequential/reach.ts';

const PAGE = 'docs/rollout-statistics.md';
/** 1 % of a rollout, divided by twelve hypotheses, as the page says. */
const ALPHA = 0.01 / 12;

const percent = (rate: number): string => `${Number((rate * 100).toPrecision(6))} %`;
const exactly = (count: number | null): string => count?.toLocaleString('en') ?? 'never';
/** An approximation, to the digits that it is good for, upwards. */
const roughly = (count: number | null): string => {
  if (count === null) return 'never';
  const unit = 10 ** Math.max(0, String(count).length - 2);
  return exactly(Math.ceil(count / unit) * unit);
};

const toCompare = (base: number, fresh: number): string[] =>
  [9, 1].map((perFresh) => roughly(trialsToCompare({ base, fresh, perFresh, alpha: ALPHA })));
const toShow = (rate: number, bound: number): string =>
  exactly(trialsToShow({ rate, bound, alpha: ALPHA }));

function visible(of: number): string {
  const rate = visibleRate({ of, bound: 0.95, side: 'below', alpha: ALPHA });
  return rate === null ? 'never' : percent(Math.floor(rate * 1000) / 1000);
}

/** The first cell of a row, and the others. */
type Row = readonly [string, readonly string[]];

/** The first line of each table, and its rows. */
const TABLES: readonly (readonly [string, () => readonly Row[]])[] = [
  [
    '| success falls from 97 to | at 10 % | at 50 % |',
    () => [0.96, 0.95, 0.93, 0.9].map((rate) => [percent(rate), toCompare(0.03, 1 - rate)]),
  ],
  [
    '| share of users who have it | at 10 % | at 50 % |',
    () => [0.05, 0.01, 0.002].map((rate) => [percent(rate), toCompare(0, rate)]),
  ],
  [
    '| true success | users |',
    () => [0.94, 0.93, 0.92, 0.9, 0.85, 0.8].map((rate) => [percent(rate), [toShow(rate, 0.95)]]),
  ],
  [
    '| users | shown to be below 95 % if it is at most |',
    () => [50, 100, 200, 500, 1000, 2000, 5000, 20_000].map((of) => [exactly(of), [visible(of)]]),
  ],
  [
    '| true success | above 94 % | above 93 % | above 92 % |',
    () =>
      [0.96, 0.97, 0.98, 0.99].map((rate) => [
        percent(rate),
        [0.94, 0.93, 0.92].map((bound) => toShow(rate, bound)),
      ]),
  ],
  [
    '| true share | users |',
    () => [0.11, 0.12, 0.13, 0.15, 0.2].map((rate) => [percent(rate), [toShow(rate, 0.1)]]),
  ],
];

/** The page with the rows of all tables; a table that is not there is an error. */
function withTables(page: string): string {
  return TABLES.reduce((text, [head, rows]) => {
    const lines = text.split('\n');
    const start = lines.indexOf(head) + 2;
    if (start < 2) throw new Error(`${PAGE} has no table ${head}`);
    const end = lines.findIndex((line, index) => index >= start && !line.startsWith('|'));
    const fresh = rows().map(([first, cells]) => `| ${first} | ${cells.join(' | ')} |`);
    return lines.toSpliced(start, end - start, ...fresh).join('\n');
  }, page);
}

describe('the page of rollout statistics', () => {
  const page = readFileSync(PAGE, 'utf8');
  const computed = withTables(page);

  it('has the tables that the code computes', () => {
    if (process.env['UPDATE_DOCS'] !== undefined) writeFileSync(PAGE, computed);
    expect(readFileSync(PAGE, 'utf8')).toBe(computed);
  });

  it('would be found with another figure, or without a table (negative control)', () => {
    const other = computed.replace('| 93 % | ', '| 93 % | 1');
    expect(other).not.toBe(computed);
    expect(withTables(other)).toBe(computed);
    expect(() => withTables(page.replace('| true share |', '| share |'))).toThrow('has no table');
  });

  it('says that a fall from 95 to 93 % is not visible with 100 samples, nor one to 85 %', () => {
    const rate = visibleRate({ of: 100, bound: 0.95, side: 'below', alpha: ALPHA });
    expect(rate).toBeLessThan(0.85);
    expect(page).toContain('not visible, and neither is one to 85 %');
  });
});
