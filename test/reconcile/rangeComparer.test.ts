/** The comparison of sorted rows with sealed ranges finds what a naive one finds, wherever it is cut. */

import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { leafHash } from '../../src/merkle/hash.ts';
import { encodeKey } from '../../src/record/keyOrder.ts';
import { parseType } from '../../src/record/type.ts';
import type { SortedRows } from '../../src/reconcile/calls.ts';
import { rangeComparer, type RowDifference } from '../../src/reconcile/rangeComparer.ts';
import type { ModuleSide } from '../../src/seal/opened/moduleSide.ts';
import { workFolder } from '../kit/project.ts';

const work = workFolder('comparer');
const INTEGER = parseType('integer');
const TYPES = INTEGER === null ? [] : [INTEGER];
const lineOf = (id: number, of: string): Buffer => Buffer.from(`{"id":${id},"of":"${of}"}`);
const keyOf = (id: number): Buffer => encodeKey(TYPES, [id]);

/** A sealed module of records with these ids, ascending, in ranges of these sizes. */
function sealedModule(ids: readonly number[], sizes: readonly number[]): ModuleSide {
  const path = join(work, 'data.ndjson');
  const lines = ids.map((id) => lineOf(id, 'sealed'));
  writeFileSync(path, lines.map((line) => `${line.toString()}\n`).join(''));
  let [from, end] = [0, 0];
  const ranges = sizes.map((count) => {
    const part = lines.slice(from, from + count);
    const digest = createHash('sha256');
    for (const line of part) digest.update(leafHash(line));
    end += part.reduce((bytes, line) => bytes + line.length + 1, 0);
    from += count;
    return { count, digest: digest.digest('hex'), end, last: [ids[from - 1] ?? 0] };
  });
  return {
    side: {
      name: null,
      folder: work,
      sealId: '',
      dataRoot: '',
      modules: new Map(),
      sums: new Map(),
      meter: { read: 0, total: 0 },
    },
    module: '.',
    path,
    keyFields: ['id'],
    keyTypes: TYPES,
    ranges,
    boundaries: ranges.map(({ last: [id = 0] }) => keyOf(id)),
    shape: {
      fields: new Map(),
      rest: '',
      personalKey: false,
      harmless: new Set(),
      madeId: false,
    },
  };
}

/** A row of a target: null for one without a key. */
interface Row {
  readonly id: number | null;
  readonly of: string;
}

const x = (id: number): Row => ({ id, of: 'x' });

interface Located {
  readonly key: Buffer;
  readonly leaf: Buffer;
  readonly locator: bigint;
}

function sorted(rows: readonly Row[]): Located[] {
  return rows
    .map(({ id, of }, at) => ({
      key: id === null ? Buffer.alloc(0) : keyOf(id),
      leaf: id === null || of === 'none' ? Buffer.alloc(32) : leafHash(lineOf(id, of)),
      locator: BigInt(at),
    }))
    .sort((a, b) => a.key.compare(b.key) || a.leaf.compare(b.leaf));
}

function partOf(rows: readonly Located[]): SortedRows {
  let end = 0;
  return {
    keys: Buffer.concat(rows.map(({ key }) => key)),
    keyEnds: Uint32Array.from(rows, ({ key }) => (end += key.length)),
    leaves: Buffer.concat(rows.map(({ leaf }) => leaf)),
    locators: BigInt64Array.from(rows, ({ locator }) => locator),
  };
}

function brief(difference: RowDifference): string {
  if (difference.kind === 'extra') return `extra ${difference.locator}`;
  const { id } = JSON.parse(difference.line.toString()) as { id: number };
  const about = `${difference.kind} ${id} line ${difference.number}`;
  return difference.kind === 'changed' ? `${about} ${difference.locator}` : about;
}

/** Compares rows that come in parts of these sizes; the memory of a part is used again. */
function compared(
  module: ModuleSide,
  rows: readonly Located[],
  sizes: readonly number[],
): {
  readonly found: string[];
  readonly differing: number[];
} {
  const comparer = rangeComparer(module);
  const found: string[] = [];
  let from = 0;
  for (const size of [...sizes, rows.length]) {
    const part = partOf(rows.slice(from, from + size));
    from += size;
    for (const one of comparer.push(part)) found.push(brief(one));
    for (const memory of [part.keys, part.leaves, part.keyEnds]) memory.fill(0);
    part.locators.fill(0n);
  }
  for (const one of comparer.finish()) found.push(brief(one));
  return { found, differing: [...comparer.differing] };
}

/** What a comparison of all rows with all records finds. */
function naive(ids: readonly number[], rows: readonly Located[]): string[] {
  const left = new Set(rows);
  const found: string[] = [];
  for (const [at, id] of ids.entries()) {
    const same = rows.filter(({ key }) => key.equals(keyOf(id)));
    const equal = same.find(({ leaf }) => leaf.equals(leafHash(lineOf(id, 'sealed'))));
    const [first = equal] = same;
    const one = equal ?? first;
    if (one !== undefined) left.delete(one);
    if (equal !== undefined) continue;
    const about = `${id} line ${at + 1}`;
    found.push(first === undefined ? `missing ${about}` : `changed ${about} ${first.locator}`);
  }
  return [...found, ...Array.from(left, ({ locator }) => `extra ${locator}`)].sort();
}

/** Ids of sealed records, and sizes of their ranges. */
const modules = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: -40, max: 40 }), { maxLength: 24 }),
    fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 24, maxLength: 24 }),
  )
  .map(([ids, sizes]) => {
    const ascending = ids.toSorted((a, b) => a - b);
    const cut: number[] = [];
    for (let left = ascending.length; left > 0; left -= cut.at(-1) ?? 0) {
      cut.push(Math.min(left, sizes[cut.length] ?? 1));
    }
    return { ids: ascending, sizes: cut };
  });
const others = fc.array(
  fc.record({
    id: fc.option(fc.integer({ min: -45, max: 45 })),
    of: fc.constantFrom('sealed', 'x', 'none'),
  }),
  { maxLength: 12 },
);
const cuts = fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 8 });

describe('rows that are compared with sealed ranges', () => {
  it('differ in what a naive comparison finds, wherever they are cut', () => {
    let seen = 0;
    fc.assert(
      fc.property(
        modules,
        others,
        fc.infiniteStream(fc.boolean()),
        cuts,
        (module, more, keep, parts) => {
          const sealed = sealedModule(module.ids, module.sizes);
          const kept = module.ids.filter(() => keep.next().value);
          const rows = sorted([...kept.map((id) => ({ id, of: 'sealed' })), ...more]);
          const { found, differing } = compared(sealed, rows, parts);
          seen += found.length;
          expect(found.toSorted()).toEqual(naive(module.ids, rows));
          expect(differing.includes(1)).toBe(found.length > 0);
        },
      ),
      { numRuns: 300 },
    );
    expect(seen).toBeGreaterThan(1000);
  });

  it('of an untouched target are equal, and no record is read', () => {
    fc.assert(
      fc.property(modules, cuts, ({ ids, sizes }, parts) => {
        const module = sealedModule(ids, sizes);
        const rows = sorted(ids.map((id) => ({ id, of: 'sealed' })));
        const { found, differing } = compared(module, rows, parts);
        expect(found).toEqual([]);
        expect(differing).not.toContain(1);
        expect(module.side.meter.read).toBe(0);
      }),
    );
  });

  it('differ in the ranges of their keys alone', () => {
    const ids = Array.from({ length: 12 }, (_, at) => at * 10);
    const module = sealedModule(ids, [3, 3, 3, 3]);
    const rows = (changed: readonly Row[]): Located[] => {
      const others = ids.filter((id) => changed.every((row) => row.id !== id));
      return sorted([...others.map((id) => ({ id, of: 'sealed' })), ...changed]);
    };
    const differing = (...changed: Row[]): number[] =>
      compared(module, rows(changed), [5]).differing;
    // 20, 50 and 80 are the last keys of ranges; the outer ones are unbounded.
    expect(differing(x(20))).toEqual([1, 0, 0, 0]);
    expect(differing(x(21))).toEqual([0, 1, 0, 0]);
    expect(differing(x(50), x(81))).toEqual([0, 1, 0, 1]);
    expect(differing(x(-999))).toEqual([1, 0, 0, 0]);
    expect(differing(x(999))).toEqual([0, 0, 0, 1]);
    expect(differing({ id: null, of: 'x' })).toEqual([1, 0, 0, 0]);
  });

  it('of a module without records are all extra', () => {
    const module = sealedModule([], []);
    expect(compared(module, sorted([{ id: 1, of: 'sealed' }]), [])).toEqual({
      found: ['extra 0'],
      differing: [1],
    });
    expect(compared(module, [], []).differing).toEqual([0]);
  });

  it('are told as they come where a range holds many more than it has records', () => {
    const module = sealedModule([1, 2], [2]);
    const comparer = rangeComparer(module);
    const many = sorted(Array.from({ length: 500 }, () => ({ id: 1, of: 'x' })));
    const first = [...comparer.push(partOf(many))];
    expect(first.length).toBeGreaterThan(490);
    expect([...comparer.finish()].map(brief)).toContain('missing 2 line 2');
  });

  it('are not compared with records that were changed since they were sealed', () => {
    const module = sealedModule([1, 2], [2]);
    writeFileSync(
      module.path,
      `${lineOf(1, 'forged').toString()}\n${lineOf(2, 'sealed').toString()}\n`,
    );
    expect(() => compared(module, sorted([{ id: 1, of: 'forged' }]), [])).toThrow(
      /does not verify/,
    );
  });
});
