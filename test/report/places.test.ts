/** Where the content of rows is: a table in the terminal, a bar and a table on the page. */

import { describe, expect, it } from 'vitest';

import { actionOutcome, type Outcome, type Place } from '../../src/outcome/outcome.ts';
import { placesPart } from '../../src/report/html/placesPart.ts';
import { moduleTable } from '../../src/report/moduleTable.ts';
import { PLACES } from './html/examples.ts';

function outcomeOf(places: readonly Place[]): Outcome {
  return actionOutcome({ command: 'attachments migrate', places, notes: [] });
}

/** Class, left end and width of each part of the bar. */
function barOf(markup: string): (string | number)[][] {
  const parts = markup.matchAll(/<rect\s+class="(\w+)"\s+x="(\d+)"\s+y="[\d.]+"\s+width="(\d+)"/g);
  return [...parts].map(([, kind = '', x, width]) => [kind, Number(x), Number(width)]);
}

/** The text of markup, as a screen reader has it. */
function textOf(markup: string): string {
  return markup
    .replaceAll(/<svg[^>]*aria-hidden="true".*?<\/svg>/gs, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
}

describe('where the bytes are', () => {
  it('is a table of aligned numbers on the terminal, without places that have no rows', () => {
    expect(moduleTable(outcomeOf(PLACES), 40)).toEqual([
      'where                 rows    bytes',
      'moved and read back  99700  12.3 GB',
      'cannot move              3',
      'left on disk         11297',
    ]);
  });

  it('is a bar of all places that have rows, of which the smallest is still seen', () => {
    const bar = barOf(placesPart(outcomeOf(PLACES)).markup);
    expect(bar).toEqual([
      ['good', 0, 889],
      ['bad', 891, 6],
      ['open', 899, 101],
    ]);
    const [, x = 0, width = 0] = bar.at(-1) ?? [];
    expect(Number(x) + Number(width)).toBe(1000);
  });

  it('is said in a table that has every place, and needs no colour', () => {
    const text = textOf(placesPart(outcomeOf(PLACES)).markup);
    expect(text).toContain('The bar has all 111,000 rows, in this order.');
    expect(text).toContain('✓ moved and read back 99,700 89.8 % 12.3 GB');
    expect(text).toContain('✗ cannot move 3 &lt; 0.1 % not known');
    expect(text).toContain('○ left on disk 11,297 10.2 % not known');
    expect(text).toContain('○ changed since 0 0 % not known');
  });

  it('says 100 % of nothing but all', () => {
    const [moved] = PLACES;
    const whole = moved === undefined ? [] : [moved];
    expect(textOf(placesPart(outcomeOf(whole)).markup)).toContain(' 100 % ');
    const one: Place = { name: 'cannot move', kind: 'bad', rows: 1, bytes: null };
    expect(textOf(placesPart(outcomeOf([...whole, one])).markup)).toContain(' &gt; 99.9 % ');
  });

  it('is not there where no row is anywhere, or no command tells', () => {
    const none: Place = { name: 'moved', kind: 'good', rows: 0, bytes: 0 };
    const silent = actionOutcome({ command: 'clean', notes: [] });
    for (const outcome of [outcomeOf([none]), outcomeOf([]), silent]) {
      expect([placesPart(outcome).markup, moduleTable(outcome, 40)]).toEqual(['', []]);
    }
  });
});
