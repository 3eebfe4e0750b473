/** Rows that are filtered, and what becomes of those that refer to them. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Finding } from '../../src/outcome/finding.ts';
import {
  findingsOf,
  migrate,
  recordsOf,
  runFileOf,
  workFolder,
  writeMapping,
} from '../kit/project.ts';
import { sealift } from '../kit/run.ts';
import { migrateHere } from '../fault/fixture.ts';
import { times } from '../kit/long.ts';

const folder = workFolder('filtered');

/** What is found but for the rows that conditions leave out, which each of these projects has. */
function told(project: string): Finding[] {
  return findingsOf(project).filter(
    ({ rule }) => !['filtered-row', 'filtered-kind'].includes(rule),
  );
}

type Mode = 'block' | 'null' | 'filter';
type Cell = number | null;

/** Parents first: `a` ← `b` (which has parents of its own) ← `c`, which leads to `a`, too. */
interface Rows {
  readonly a: readonly (readonly [k: Cell, x: number])[];
  readonly b: readonly (readonly [k: Cell, x: number, a: Cell, b: Cell])[];
  readonly c: readonly (readonly [k: Cell, a: Cell, b: Cell])[];
}

interface Modes {
  readonly bToA: Mode;
  readonly bToB: Mode;
  readonly cToA: Mode;
  readonly cToB: Mode;
}

interface Case {
  readonly rows: Rows;
  readonly modes: Modes;
  readonly ids: 'keep' | 'uuid';
}

const key = (column: string): object => ({ column, type: 'integer' });

function to(reference: string, onFilteredParent: Mode): object {
  return { reference, columns: [reference], onFilteredParent };
}

function project(name: string, { rows, modes, ids }: Case): string {
  const at = join(folder, name);
  const file = join(folder, `${name}.db`);
  for (const path of [at, file]) rmSync(path, { recursive: true, force: true });
  const db = new Database(file);
  db.exec('CREATE TABLE a (k, x); CREATE TABLE b (k, x, a, b); CREATE TABLE c (k, a, b); BEGIN');
  for (const [table, all] of Object.entries(rows)) {
    for (const row of all as readonly (readonly Cell[])[]) {
      db.prepare(`INSERT INTO ${table} VALUES (${row.map(() => '?').join()})`).run(...row);
    }
  }
  db.exec('COMMIT');
  db.close();
  const fields = ids === 'keep' ? { k: key('k') } : { number: key('k') };
  const module = (table: string, more: object): object => ({
    source: { table },
    key: [key('k')],
    id: { rule: ids },
    minimumRows: 0,
    dropped: table === 'c' ? {} : { x: 'a mark' },
    ...more,
  });
  writeMapping(at, {
    sources: { main: `sqlite:../${name}.db` },
    modules: {
      a: module('a', { fields, where: [{ column: 'x', in: [1] }] }),
      b: module('b', {
        fields: { ...fields, a: to('a', modes.bToA), b: to('b', modes.bToB) },
        where: [{ column: 'x', in: [1] }],
      }),
      c: module('c', { fields: { ...fields, a: to('a', modes.cToA), b: to('b', modes.cToB) } }),
    },
  });
  return at;
}

/** Keys that filtered rows have, and no other row. */
function lostKeys<R extends readonly Cell[]>(
  rows: readonly R[],
  isFiltered: (row: R) => boolean,
): Set<Cell> {
  const lost = new Set(rows.filter(isFiltered).map(([k]) => k ?? null));
  for (const row of rows) if (!isFiltered(row)) lost.delete(row[0] ?? null);
  lost.delete(null);
  return lost;
}

interface Expected {
  readonly filtered: readonly number[];
  /** Of `c`, by row: what a and b lead to; null where nothing. */
  readonly c: ReadonlyMap<number, readonly [Cell, Cell]>;
}

/** The same said plainly. */
function expected({ rows, modes }: Case): Expected {
  const lostA = lostKeys(rows.a, ([, x]) => x !== 1);
  let lostB = new Set<Cell>();
  const isLostB = ([, x, a, b]: Rows['b'][number]): boolean =>
    x !== 1 ||
    (modes.bToA === 'filter' && lostA.has(a)) ||
    (modes.bToB === 'filter' && lostB.has(b));
  for (let size = -1; size < lostB.size;) {
    size = lostB.size;
    lostB = lostKeys(rows.b, isLostB);
  }
  const isLostC = ([, a, b]: Rows['c'][number]): boolean =>
    (modes.cToA === 'filter' && lostA.has(a)) || (modes.cToB === 'filter' && lostB.has(b));
  const c = rows.c.flatMap((row, index) => {
    const [k, a, b] = row;
    if (k === null || isLostC(row)) return [];
    const nullA = modes.cToA === 'null' && lostA.has(a);
    const nullB = modes.cToB === 'null' && lostB.has(b);
    return [[index + 1, [nullA ? null : a, nullB ? null : b]] as const];
  });
  return {
    filtered: [
      rows.a.filter(([, x]) => x !== 1).length,
      rows.b.filter(isLostB).length,
      rows.c.filter(isLostC).length,
    ],
    c: new Map(c),
  };
}

const cell = fc.option(fc.integer({ min: 1, max: 5 }), { freq: 8 });
const mark = fc.integer({ min: 0, max: 2 }).map((x) => Math.min(x, 1));
const mode = fc.constantFrom<Mode>('block', 'null', 'filter', 'filter');
const cases: fc.Arbitrary<Case> = fc.record({
  rows: fc.record({
    a: fc.array(fc.tuple(cell, mark), { maxLength: 6 }),
    b: fc.array(fc.tuple(cell, mark, cell, cell), { maxLength: 8 }),
    // Keys of their own, so that each row that counts is a record.
    c: fc
      .array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 })
      .map((all) => [...all, [null, null] as const].map(([a, b], n) => [n + 1, a, b] as const)),
  }),
  modes: fc.record({ bToA: mode, bToB: mode, cToA: mode, cToB: mode }),
  ids: fc.constantFrom('keep', 'uuid'),
});

const isNull = (value: unknown): boolean => value === null;

describe('rows whose parents were filtered', () => {
  it('are what plain words make of them, for any rows, keys twice and circles included', async () => {
    const seen = new Set<string>();
    const property = fc.asyncProperty(cases, async (of) => {
      const at = project('property', of);
      const { counts } = await migrateHere(at, { allowRejected: 1000 });
      const { filtered, c } = expected(of);
      expect(runFileOf(at).accounting.map((line) => line.filtered)).toEqual(filtered);
      if (of.ids === 'keep') {
        const records = recordsOf(at, 'c').map(({ k, a, b }) => [k, [a, b]]);
        const own = [...c].map(([row, [a, b]]) => [of.rows.c[row - 1]?.[0], [a, b]]);
        expect(records).toEqual(own);
      } else {
        const records = recordsOf(at, 'c').map(({ number, a, b }) => {
          return [number, [isNull(a), isNull(b)]] as const;
        });
        const own = [...c].map(([row, ends]) => [of.rows.c[row - 1]?.[0], ends.map(isNull)]);
        expect(records.sort(([m], [n]) => Number(m) - Number(n))).toEqual(own);
      }
      seen.add(`${filtered.map((count) => count > 0).join()} ${counts.INFO > 0}`);
    });
    await fc.assert(property, { numRuns: times('SEALIFT_FILTERED', 16, 40) });
    // Filtered rows at every level were seen, and references that became null.
    expect(seen.size).toBeGreaterThan(2);
  });

  const ROWS: Rows = {
    a: [
      [1, 1],
      [2, 0],
      [3, 0],
      [3, 1],
    ],
    b: [
      [1, 1, 1, null],
      [2, 1, 2, null],
      [3, 1, 3, 2],
      [4, 1, 3, 3],
    ],
    c: [
      [1, 1, 1],
      [2, 2, null],
      [3, null, 4],
    ],
  };
  const FILTER: Modes = { bToA: 'filter', bToB: 'filter', cToA: 'null', cToB: 'filter' };

  it('go with them, however far down, and only where no other row has the key', async () => {
    const at = project('chain', { rows: ROWS, modes: FILTER, ids: 'keep' });
    const roots = new Set<string>();
    for (const workers of ['1', '3']) {
      roots.add((await migrate(at, ['--workers', workers])).dataRoot);
    }
    expect(roots.size).toBe(1);
    expect(recordsOf(at, 'b')).toEqual([{ a: 1, b: null, k: 1 }]);
    expect(recordsOf(at, 'c')).toEqual([
      { a: 1, b: 1, k: 1 },
      { a: null, b: null, k: 2 },
    ]);
    const [found, ...others] = told(at);
    expect([found?.rule, found?.severity, found?.module, found?.field, found?.source]).toEqual([
      'filtered-parent',
      'INFO',
      'c',
      'a',
      { table: 'c', row: 2 },
    ]);
    expect(others).toEqual([]);
    const dry = await sealift(['dry-run', '--project', at]);
    expect([dry.code, dry.stdout]).toEqual([1, expect.stringContaining('dry-run: WARN')]);
  });

  it('go with them at the end of a long chain, and not one pass for each of its links', async () => {
    const links = times('SEALIFT_LINKS', 4000, 20_000);
    const b = Array.from({ length: links }, (_, n): Rows['b'][number] => {
      return [n + 1, n === 0 ? 0 : 1, null, n === 0 ? null : n];
    });
    const rows: Rows = {
      a: [[1, 1]],
      b: [...b, [links + 1, 1, null, null]],
      c: [[1, null, links]],
    };
    const at = project('long', { rows, modes: FILTER, ids: 'uuid' });
    await migrate(at);
    expect(runFileOf(at).accounting.map((line) => line.filtered)).toEqual([0, links, 1]);
  });

  it('go with them though the registry knows nothing of a row that was filtered', async () => {
    const rows: Rows = {
      a: ROWS.a,
      b: [[1, 1, 1, null]],
      c: [
        [1, 2, null],
        [2, 1, null],
      ],
    };
    const at = project('registry', { rows, modes: { ...FILTER, cToA: 'filter' }, ids: 'uuid' });
    const file = join(at, 'mapping', 'modules', 'a.json');
    const module = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...module, id: { rule: 'registry', registry: 'a' } }));
    mkdirSync(join(at, 'mapping', 'registries'));
    const entries = ['1', '3'].map((legacyId) => {
      return JSON.stringify({
        legacyId,
        targetUuid: `00000000-0000-4000-8000-00000000000${legacyId}`,
      });
    });
    writeFileSync(join(at, 'mapping', 'registries', 'a.ndjson'), `${entries.join('\n')}\n`);
    await migrate(at);
    expect(runFileOf(at).accounting.map((line) => line.filtered)).toEqual([2, 0, 1]);
    expect(recordsOf(at, 'c').map(({ number }) => number)).toEqual([2]);
    expect(told(at)).toEqual([]);
  });

  it('stay, with a reference that leads nowhere, unless the mapping says more', async () => {
    const block: Modes = { bToA: 'block', bToB: 'block', cToA: 'block', cToB: 'block' };
    const at = project('block', { rows: ROWS, modes: block, ids: 'keep' });
    const dry = await sealift(['dry-run', '--project', at]);
    expect(dry.code).toBe(2);
    expect(dry.stdout).toContain('BLOCKER reference b · a · row 2');
    expect(dry.stdout).toContain('BLOCKER reference c · a · row 2');
    expect(dry.stdout).not.toContain('filtered-parent');
  });
});
