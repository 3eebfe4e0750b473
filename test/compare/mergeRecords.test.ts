/** Two lists of records, merged by key, against a plain oracle over maps. */

import { array, assert, integer, property, uniqueArray } from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  mergeRecords,
  type RecordCursor,
  type RecordDifference,
} from '../../src/compare/mergeRecords.ts';

interface Row {
  readonly id: number;
  readonly a: number;
  readonly b: number;
}

function cursorOf(rows: readonly Row[]): RecordCursor {
  let at = 0;
  const row = (): Row => {
    const found = rows[at];
    if (found === undefined) throw new RangeError('after the last record');
    return found;
  };
  return {
    line: () => (at < rows.length ? Buffer.from(JSON.stringify(row())) : null),
    next: () => {
      at += 1;
    },
    encoded: () => Buffer.from([row().id]),
    found: () => ({ line: at + 1, key: [row().id], record: { ...row() } }),
  };
}

function differences(a: readonly Row[], b: readonly Row[], ignored: string[] = []): string[] {
  const merged = mergeRecords(cursorOf(a), cursorOf(b), new Set(ignored));
  return [...merged].filter((one): one is RecordDifference => one !== null).map(shown);
}

function shown({ a, b, fields }: RecordDifference): string {
  return `${String(a?.key[0] ?? '-')} ${String(b?.key[0] ?? '-')} ${fields.join()}`;
}

/** The same by maps, in the order of the keys. */
function oracle(a: readonly Row[], b: readonly Row[], ignored: string[]): string[] {
  const ids = [...new Set([...a, ...b].map(({ id }) => id))].sort((x, y) => x - y);
  return ids.flatMap((id) => {
    const [left, right] = [a, b].map((rows) => rows.find((row) => row.id === id));
    if (left === undefined || right === undefined) {
      return [`${String(left?.id ?? '-')} ${String(right?.id ?? '-')} `];
    }
    const fields = (['a', 'b'] as const).filter((name) => left[name] !== right[name]);
    const counted = fields.filter((name) => !ignored.includes(name));
    return counted.length === 0 ? [] : [`${id} ${id} ${counted.join()}`];
  });
}

const rows = uniqueArray(integer({ min: 0, max: 20 }), { maxLength: 15 }).chain((ids) =>
  array(integer({ min: 0, max: 3 }), { minLength: 30, maxLength: 30 }).map((values): Row[] =>
    ids
      .sort((x, y) => x - y)
      .map((id, at) => ({ id, a: values[2 * at] ?? 0, b: values[2 * at + 1] ?? 0 })),
  ),
);

describe('merging two lists of records', () => {
  it.each([[[]], [['a']]])('finds what an oracle finds, without the fields %j', (ignored) => {
    assert(
      property(rows, rows, (a, b) => {
        expect(differences(a, b, ignored)).toEqual(oracle(a, b, ignored));
      }),
    );
  });

  it('finds nothing in equal lists, and one field that differs (negative control)', () => {
    const list = [
      { id: 1, a: 1, b: 1 },
      { id: 2, a: 1, b: 1 },
    ];
    expect(differences(list, list)).toEqual([]);
    expect(differences(list, [list[0] as Row, { id: 2, a: 1, b: 2 }])).toEqual(['2 2 b']);
  });
});
