/** `--sample`: so many records of each module, and all that they refer to. */

import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';

import { randomOf, shuffled } from '../dogschool/random.ts';
import { migrateHere } from '../fault/fixture.ts';
import {
  candidateOf,
  digestsOf,
  migrate,
  recordsOf,
  runFileOf,
  succeed,
  workFolder,
  writeMapping,
  type Json,
} from '../kit/project.ts';
import { sealift } from '../kit/run.ts';

const folder = workFolder('sample');
const project = join(folder, 'project');
const OWNERS = 200;

type Rows = Readonly<Record<string, readonly (readonly unknown[])[]>>;

/** Owners by recommendation, dogs of owners, lists of dogs, notes without key, prices by value. */
function makeRows(seed: number): Rows {
  const random = randomOf(seed, 'sample');
  const owner = (): string => `o${random.integer(1, OWNERS)}`;
  const numbers = Array.from({ length: OWNERS }, (_, n) => n + 1);
  return {
    owners: numbers.map((n) => [`o${n}`, random.chance(0.5) ? owner() : null, n % 10]),
    dogs: numbers.map((n) => [n, owner(), `p${n % 7}`]),
    lists: numbers.map((n) => [n, JSON.stringify([random.integer(1, OWNERS), { d: n }, null])]),
    notes: numbers.map((n) => [random.integer(1, OWNERS), `text ${n % 50}`]),
    prices: numbers.slice(0, 9).map((n) => [n, `p${n}`]),
  };
}

function writeDatabase(name: string, rows: Rows): string {
  const file = join(folder, name);
  rmSync(file, { force: true });
  const db = new Database(file);
  db.exec(`BEGIN; CREATE TABLE owners (nr TEXT, by TEXT, state); CREATE TABLE dogs (nr, owner TEXT, price);
    CREATE TABLE lists (nr, dogs); CREATE TABLE notes (dog, text); CREATE TABLE prices (nr, code)`);
  for (const [table, all] of Object.entries(rows)) {
    const insert = db.prepare(`INSERT INTO ${table} VALUES (${all[0]?.map(() => '?').join()})`);
    for (const row of all) insert.run(...row);
  }
  db.exec('COMMIT');
  db.close();
  return `sqlite:${file}`;
}

const column = (name: string, type: string, more: object = {}): object => ({
  column: name,
  type,
  ...more,
});
const NR = [{ column: 'nr', type: 'integer' }];

beforeAll(() => {
  writeMapping(project, {
    sources: { main: writeDatabase('a.db', makeRows(1)) },
    modules: {
      owners: {
        source: { table: 'owners' },
        key: [{ column: 'nr', type: 'string' }],
        id: { rule: 'uuid' },
        where: [{ column: 'state', notIn: [3] }],
        fields: { nr: column('nr', 'string'), by: { reference: 'owners', columns: ['by'] } },
        dropped: { state: 'a mark' },
        minimumRows: 100,
      },
      dogs: {
        source: { table: 'dogs' },
        key: NR,
        id: { rule: 'keep' },
        fields: {
          nr: column('nr', 'integer'),
          owner: { reference: 'owners', columns: ['owner'], onFilteredParent: 'filter' },
          price: column('price', 'string'),
        },
        references: [{ fields: ['price'], module: 'prices', to: ['code'] }],
      },
      lists: {
        source: { table: 'lists' },
        key: NR,
        id: { rule: 'keep' },
        fields: {
          nr: column('nr', 'integer'),
          dogs: column('dogs', 'json', { references: 'dogs' }),
        },
      },
      notes: {
        source: { table: 'notes' },
        key: [],
        id: { rule: 'keyless' },
        fields: { dog: { reference: 'dogs', columns: ['dog'] }, text: column('text', 'string') },
      },
      prices: {
        source: { table: 'prices' },
        key: NR,
        id: { rule: 'keep' },
        fields: { nr: column('nr', 'integer'), code: column('code', 'string') },
      },
    },
  });
});

const MODULES = ['owners', 'dogs', 'lists', 'notes', 'prices'];

function all(): Map<string, Json[]> {
  return new Map(MODULES.map((name) => [name, recordsOf(project, name)]));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What a record of a module is ranked by. */
function rank(module: string, record: Json): string {
  if (module === 'notes')
    return digest(JSON.stringify({ dog: record['dog'], text: record['text'] }));
  return digest(module === 'owners' ? (record['id'] as string) : JSON.stringify(record['nr']));
}

function named(module: string, field: string, value: unknown): string {
  return JSON.stringify([module, field, value]);
}

/** Records that a record refers to. */
function referred(module: string, record: Json): string[] {
  if (module === 'owners') return [named('owners', 'id', record['by'])];
  if (module === 'dogs') {
    return [named('owners', 'id', record['owner']), named('prices', 'code', record['price'])];
  }
  if (module === 'notes') return [named('dogs', 'nr', record['dog'])];
  if (module !== 'lists') return [];
  const [first, second] = record['dogs'] as [number, { d: number }];
  return [named('dogs', 'nr', first), named('dogs', 'nr', second.d)];
}

const FIELD: Readonly<Record<string, string>> = { owners: 'id', dogs: 'nr', prices: 'code' };

/** The sample said plainly: the smallest, and what they refer to, until nothing is new. */
function expectedSample(whole: ReadonlyMap<string, Json[]>, count: number): Map<string, Json[]> {
  const byName = new Map<string, [string, Json]>();
  for (const [module, records] of whole) {
    const field = FIELD[module] ?? '';
    for (const record of records) {
      byName.set(named(module, field, record[field]), [module, record]);
    }
  }
  const chosen = new Set<Json>();
  const open: [string, Json][] = [];
  for (const [module, records] of whole) {
    const ranks = [...new Set(records.map((record) => rank(module, record)))].toSorted();
    const limit = ranks.slice(0, count).at(-1) ?? '';
    for (const record of records) {
      if (rank(module, record) <= limit) open.push([module, record]);
    }
  }
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [module, record] = next;
    if (chosen.has(record)) continue;
    chosen.add(record);
    for (const name of referred(module, record)) {
      const found = byName.get(name);
      if (found !== undefined) open.push(found);
    }
  }
  return new Map(
    [...whole].map(([module, records]) => [module, records.filter((one) => chosen.has(one))]),
  );
}

const sizes = (of: Map<string, Json[]>): number[] => [...of.values()].map((one) => one.length);

describe('a sample', () => {
  let whole: Map<string, Json[]>;
  beforeAll(async () => {
    await migrateHere(project);
    whole = all();
  });

  it.each([1, 5, 40])('of %i holds the smallest and all that they refer to', async (count) => {
    await migrateHere(project, { sample: count });
    const sample = all();
    expect(sample).toEqual(expectedSample(whole, count));
    expect(sizes(sample)).not.toEqual(sizes(whole));
    for (const line of runFileOf(project).accounting) {
      const { rows, emitting, filtered, rejected, records } = line;
      expect([rows, records]).toEqual([emitting + filtered + rejected, emitting]);
    }
    expect(runFileOf(project).sample).toBe(count);
  });

  it('is the same whatever the order of rows and the number of workers', async () => {
    const { dataRoot } = await migrate(project, ['--sample', '7', '--workers', '1']);
    const sealed = digestsOf(candidateOf(project));
    const again = await migrate(project, ['--sample', '7', '--workers', '3']);
    expect(again.dataRoot).toBe(dataRoot);
    expect(digestsOf(candidateOf(project))).toEqual(sealed);
    const random = randomOf(2, 'order');
    const rows = Object.entries(makeRows(1)).map(([name, of]) => [name, shuffled(of, random)]);
    const other = writeDatabase('b.db', Object.fromEntries(rows) as Rows);
    const args = ['--sample', '7', '--source', other];
    expect((await migrate(project, args)).dataRoot).toBe(dataRoot);
    expect((await migrate(project, ['--sample', '8'])).dataRoot).not.toBe(dataRoot);
  });

  it('is checked like any candidate, and says what it does not prove', async () => {
    const ran = await succeed(['migrate', '--project', project, '--sample', '5']);
    const note = 'a sample of 5 records a module, and what they refer to: it proves nothing about';
    expect(ran.stdout).toContain(note);
    await succeed(['verify-checksums', '--project', project]);
    // Rows that lead to filtered ones, and to prices that are not there.
    const dry = await sealift(['dry-run', '--project', project, '--sample', '5']);
    expect([dry.code, dry.stdout]).toEqual([2, expect.stringContaining(note)]);
    expect(dry.stdout.match(/^BLOCKER.*/gm)).toHaveLength(3);
    await migrate(project);
    expect(runFileOf(project)).not.toHaveProperty('sample');
  });

  it.each(['0', '100001', 'x'])('of %s is refused', async (count) => {
    const ran = await sealift(['migrate', '--project', project, '--sample', count]);
    expect([ran.code, ran.stderr]).toEqual([64, expect.stringContaining('from 1 to 100000')]);
  });
});
