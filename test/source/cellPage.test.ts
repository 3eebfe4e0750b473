/** What adapters are made of: cells as bytes, counts of a snapshot, readers that can be cancelled. */

import { describe, expect, it } from 'vitest';
import { parseJsonAsWritten } from '../../src/record/jsonText.ts';
import { InexactNumber, InvalidText, JsonNode } from '../../src/record/value.ts';
import { cancellable } from '../../src/source/cancellable.ts';
import { CELL, rowsOf, type CellPage } from '../../src/source/cellPage.ts';
import { countOnce } from '../../src/source/countOnce.ts';

type Kind = keyof typeof CELL;

/** One row of these cells. */
function pageOf(cells: readonly (readonly [Kind, string | Uint8Array])[], at: bigint): CellPage {
  const parts = cells.map(([, held]) => Buffer.from(held));
  let end = 0;
  return {
    rows: 1,
    columns: cells.length,
    bytes: Uint8Array.from(Buffer.concat(parts)),
    ends: Uint32Array.from(parts, ({ length }) => (end += length)),
    kinds: Uint8Array.from(cells, ([kind]) => CELL[kind]),
    locators: BigInt64Array.of(at),
  };
}

describe('a page of cells as bytes', () => {
  const cases: readonly (readonly [Kind, string | Uint8Array, unknown])[] = [
    ['null', '', null],
    ['text', '', ''],
    ['text', '\uFEFFGröße', '\uFEFFGröße'],
    ['text', Uint8Array.of(0x61, 0xff), new InvalidText(Uint8Array.of(0x61, 0xff))],
    ['integer', '-0042', -42],
    ['integer', '9007199254740991', 2 ** 53 - 1],
    ['integer', '9007199254740992', 2n ** 53n],
    ['integer', '-123456789012345678901234567890', -123456789012345678901234567890n],
    ['double', '-0', -0],
    ['double', '1e300', 1e300],
    ['double', '-Infinity', Number.NEGATIVE_INFINITY],
    ['double', 'NaN', Number.NaN],
    ['true', '', true],
    ['false', '', false],
    ['bytes', Uint8Array.of(0, 255), Uint8Array.of(0, 255)],
    ['json', '"x"', 'x'],
    ['json', '{"__proto__":[1]}', new JsonNode(new Map([['__proto__', [1]]]))],
  ];

  it('becomes values, exactly', () => {
    const page = pageOf(
      cases.map(([kind, held]) => [kind, held]),
      7n,
    );
    expect(rowsOf(page)).toEqual([[...cases.map(([, , value]) => value), 7]]);
    expect(Object.is(rowsOf(page)[0]?.[8], -0)).toBe(true);
  });

  it('gives columns in the order that is asked for, and locators of 64 bits', () => {
    const page = pageOf(
      [
        ['text', 'a'],
        ['text', 'b'],
      ],
      -(2n ** 63n),
    );
    expect(rowsOf(page, [1, 0, 1])).toEqual([['b', 'a', 'b', '-9223372036854775808']]);
    expect(rowsOf(page, [])).toEqual([['-9223372036854775808']]);
  });

  it('keeps digits of JSON where it is asked to', () => {
    const page = pageOf([['json', '[1.10]']], 1n);
    expect(rowsOf(page)).toEqual([[new JsonNode([1.1]), 1]]);
    const kept = new JsonNode([new InexactNumber('1.10')]);
    expect(rowsOf(page, [0], parseJsonAsWritten)).toEqual([[kept, 1]]);
  });

  it('has no kind of cell that is not known', () => {
    const page = { ...pageOf([['text', 'a']], 1n), kinds: Uint8Array.of(99) };
    expect(() => rowsOf(page)).toThrow('unknown kind 99');
  });
});

describe('the counts of a snapshot', () => {
  it('are made once, also for those who ask at once, and anew once it is forgotten', async () => {
    let made = 0;
    const counts = countOnce(async () => (made += 1));
    expect(await Promise.all([counts.count('a'), counts.count('a'), counts.count('b')])).toEqual([
      1, 1, 2,
    ]);
    counts.forget();
    expect(await counts.count('a')).toBe(3);
  });

  it('do not remember what went wrong', async () => {
    let tried = 0;
    const counts = countOnce(async () => {
      tried += 1;
      if (tried === 1) throw new Error('locked');
      return 5;
    });
    await expect(counts.count('a')).rejects.toThrow('locked');
    expect(await counts.count('a')).toBe(5);
  });
});

describe('a reader that can be cancelled', () => {
  it('is closed by the signal, and not again after it was closed', async () => {
    let closed = 0;
    const plain = {
      async *read() {
        yield [[1]];
        yield [[2]];
      },
      async close() {
        closed += 1;
      },
    };
    const controller = new AbortController();
    const pages = cancellable(plain, controller.signal).read('t', [], {})[Symbol.asyncIterator]();
    await pages.next();
    controller.abort(new Error('enough'));
    await expect(pages.next()).rejects.toThrow('enough');
    expect(closed).toBe(1);
    const other = new AbortController();
    await cancellable(plain, other.signal).close();
    other.abort();
    expect(closed).toBe(2);
  });
});
