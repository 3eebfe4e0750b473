/**
 * References that a bare init finds in databases of other people: what dry-run says of them is what
 * SQLite's own foreign_key_check says, and what a plain query says where that check cannot run.
 */

import { copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';

import { openFindings } from '../../src/findings/findingStore.ts';
import { dryRun } from '../../src/flow/dryRun.ts';
import { init } from '../../src/flow/init.ts';
import { isReference, type ModuleMapping } from '../../src/mapping/model.ts';
import type { Finding } from '../../src/outcome/finding.ts';
import { ENVIRONMENT, temporaryFolder } from '../fault/fixture.ts';
import { isLong } from '../kit/long.ts';
import { shared } from '../shared.ts';

const FOLDER = temporaryFolder();
afterAll(() => rmSync(FOLDER, { recursive: true }));

const CASES = ['chinook', 'northwind', 'sakila'].flatMap((name) =>
  (['keep', 'uuid'] as const).map((ids) => ({ name, ids, file: shared(`data/sqlite/${name}.db`) })),
);

/** Of databases that differ little, one is enough: the largest has orphans planted in the long form. */
function isTried(name: string, ids: 'keep' | 'uuid'): boolean {
  return (
    (name !== 'sakila' && ids === 'keep') ||
    name === 'northwind' ||
    isLong(`orphans ${name} ${ids}`)
  );
}

interface Key {
  readonly child: string;
  readonly columns: readonly string[];
  readonly parent: string;
  readonly to: readonly string[];
  readonly id: number;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function keysOf(db: Database.Database): Key[] {
  const sql = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'`;
  const tables = db.prepare(sql).pluck().all() as string[];
  return tables.flatMap((child) => {
    const rows = db.pragma(`foreign_key_list(${quoted(child)})`) as {
      readonly id: number;
      readonly seq: number;
      readonly table: string;
      readonly from: string;
      readonly to: string;
    }[];
    return [...Map.groupBy(rows, ({ id }) => id)].map(([id, parts]) => {
      const sorted = parts.sort((a, b) => a.seq - b.seq);
      const parent = sorted[0]?.table ?? '';
      const columns = sorted.map(({ from }) => from);
      return { child, columns, parent, to: sorted.map(({ to }) => to), id };
    });
  });
}

function violation(table: string, row: number | string, columns: readonly string[]): string {
  return `${table} ${row} ${[...columns].sort().join('+')}`;
}

/** What SQLite says. Throws where it cannot check. */
function checkedBySqlite(db: Database.Database): string[] {
  const keys = keysOf(db);
  const rows = db.pragma('foreign_key_check') as {
    readonly table: string;
    readonly rowid: number;
    readonly fkid: number;
  }[];
  const found = rows.map(({ table, rowid, fkid }) => {
    const key = keys.find(({ child, id }) => child === table && id === fkid);
    return violation(table, rowid, key?.columns ?? []);
  });
  return [...new Set(found)].sort();
}

/** What a query says of each key whose parent has the columns that it names. */
function checkedByQuery(db: Database.Database): string[] {
  const found = keysOf(db).flatMap(({ child, columns, parent, to }) => {
    const present = columns.map((name) => `c.${quoted(name)} IS NOT NULL`).join(' AND ');
    const same = columns.map((name, at) => `p.${quoted(to[at] ?? '')} = c.${quoted(name)}`);
    const sql = `SELECT rowid FROM ${quoted(child)} AS c WHERE ${present} AND NOT EXISTS
      (SELECT 1 FROM ${quoted(parent)} AS p WHERE ${same.join(' AND ')})`;
    const rows = db.prepare(sql).pluck().all() as number[];
    return rows.map((row) => violation(child, row, columns));
  });
  return [...new Set(found)].sort();
}

/** Two orphans for each key, of values that nobody has; returns how many. */
function plantOrphans(db: Database.Database): number {
  let planted = 0;
  db.pragma('foreign_keys = OFF');
  for (const { child, columns } of keysOf(db)) {
    const [column = ''] = columns;
    const sql = `SELECT rowid FROM ${quoted(child)} WHERE ${quoted(column)} IS NOT NULL
      ORDER BY rowid LIMIT 2`;
    for (const row of db.prepare(sql).pluck().all()) {
      planted += 1;
      const value = db
        .prepare(`SELECT typeof(${quoted(column)}) FROM ${quoted(child)} WHERE rowid = ?`)
        .pluck()
        .get(row);
      const orphan = value === 'text' ? `Q${planted}` : 60_000 + planted;
      db.prepare(`UPDATE ${quoted(child)} SET ${quoted(column)} = ? WHERE rowid = ?`).run(
        orphan,
        row,
      );
    }
  }
  return planted;
}

interface Checked {
  readonly references: readonly string[];
  readonly others: readonly Finding[];
  readonly decisions: string;
}

/** What dry-run says after a bare init of the database. */
async function checkedBySealift(file: string, ids: 'keep' | 'uuid'): Promise<Checked> {
  const project = join(FOLDER, `project-${readdirSync(FOLDER).length}`);
  await init({ project, cwd: project, source: `sqlite:${file}`, ids }, ENVIRONMENT);
  const found = openFindings(FOLDER);
  const options = { project, cwd: project, sources: new Map(), workers: 1, memory: 2 ** 28 };
  const { findings } = await dryRun(options, ENVIRONMENT, found);
  const modules = join(project, 'mapping/modules');
  const columns = new Map<string, readonly string[]>();
  for (const name of readdirSync(modules)) {
    const module = JSON.parse(readFileSync(join(modules, name), 'utf8')) as ModuleMapping;
    for (const [key, of] of columnsOf(module)) columns.set(key, of);
  }
  const references = new Set<string>();
  const others: Finding[] = [];
  for (const finding of findings) {
    const { rule, module = '', field = '', source } = finding;
    if (rule !== 'reference') others.push(finding);
    else {
      const of = columns.get(`${module} ${field}`) ?? [];
      references.add(violation(source?.table ?? '', source?.row ?? -1, of));
    }
  }
  found.close();
  const decisions = readFileSync(join(project, 'mapping/DECISIONS.md'), 'utf8');
  return { references: [...references].sort(), others, decisions };
}

/** `module fields` → the columns that hold the reference. */
function* columnsOf(module: ModuleMapping): Generator<[string, readonly string[]]> {
  const columnOf = (name: string): string => {
    const field = module.fields[name];
    return field !== undefined && 'column' in field ? field.column : name;
  };
  for (const [name, field] of Object.entries(module.fields)) {
    if (isReference(field)) yield [`${module.module} ${name}`, field.columns];
  }
  for (const { fields } of module.references ?? []) {
    yield [`${module.module} ${fields.join('+')}`, fields.map(columnOf)];
  }
}

function opened<T>(file: string, work: (db: Database.Database) => T): T {
  const db = new Database(file);
  try {
    return work(db);
  } finally {
    db.close();
  }
}

describe.each(CASES)('$name with --ids $ids', ({ name, ids, file }) => {
  it.skipIf(file === null || ids === 'uuid')(
    'has no broken reference but those that SQLite finds',
    async () => {
      const copy = join(FOLDER, `${name}-${ids}.db`);
      copyFileSync(file ?? '', copy);
      const expected = opened(copy, checkedBySqlite);
      const { references, others } = await checkedBySealift(copy, ids);
      expect(references).toEqual(expected);
      const blockers = [...others].filter(({ severity }) => severity === 'BLOCKER');
      expect(blockers).toEqual([]);
    },
  );

  it.runIf(file !== null && isTried(name, ids))(
    'has those that were planted in a copy',
    async () => {
      const copy = join(FOLDER, `${name}-${ids}-planted.db`);
      copyFileSync(file ?? '', copy);
      const before = opened(copy, checkedBySqlite);
      const planted = opened(copy, plantOrphans);
      const expected = opened(copy, checkedBySqlite);
      expect(expected.length).toBeGreaterThanOrEqual(before.length + planted / 2);
      expect(planted).toBeGreaterThan(15);
      const { references } = await checkedBySealift(copy, ids);
      expect(references).toEqual(expected);
    },
  );
});

function made(name: string, sql: string): string {
  const file = join(FOLDER, `${name}.db`);
  opened(file, (db) => db.exec(`PRAGMA foreign_keys = OFF; ${sql}`));
  return file;
}

describe.each(['keep', 'uuid'] as const)('where SQLite cannot check, with --ids %s', (ids) => {
  it('a parent key that is not unique is a key all the same', async () => {
    const file = made(
      `twins-${ids}`,
      `CREATE TABLE parent (code TEXT, name TEXT);
       CREATE TABLE child (id INTEGER PRIMARY KEY, code TEXT REFERENCES parent (code));
       CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES child (id));
       INSERT INTO parent VALUES ('a', 'x'), ('a', 'y'), ('b', 'z'), (NULL, 'w');
       INSERT INTO child VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, NULL), (5, 'A');
       INSERT INTO pet VALUES (1, 1), (2, 9)`,
    );
    expect(() => opened(file, checkedBySqlite)).toThrow(/foreign key mismatch/);
    const expected = opened(file, checkedByQuery);
    expect(expected).toEqual(['child 3 code', 'child 5 code', 'pet 2 owner']);
    expect((await checkedBySealift(file, ids)).references).toEqual(expected);
  });

  it('a composite key whose parent declares half of it unique is compared as a whole', async () => {
    const file = made(
      `half-${ids}`,
      `CREATE TABLE slot (day TEXT, room TEXT, note TEXT, UNIQUE (day, room, note));
       CREATE TABLE booking (id INTEGER PRIMARY KEY, day TEXT, room TEXT,
         FOREIGN KEY (day, room) REFERENCES slot (day, room));
       INSERT INTO slot VALUES ('mon', 'a', 'x'), ('tue', 'b', 'x'), ('tue', 'b', 'y');
       INSERT INTO booking VALUES (1, 'mon', 'a'), (2, 'mon', 'b'), (3, 'tue', 'b')`,
    );
    expect(() => opened(file, checkedBySqlite)).toThrow(/foreign key mismatch/);
    const expected = opened(file, checkedByQuery);
    expect(expected).toEqual(['booking 2 day+room']);
    expect((await checkedBySealift(file, ids)).references).toEqual(expected);
  });

  it('a key to nowhere is told as not checked, and the others are checked', async () => {
    const file = made(
      `nowhere-${ids}`,
      `CREATE TABLE parent (id INTEGER PRIMARY KEY);
       CREATE TABLE child (id INTEGER PRIMARY KEY,
         lost INTEGER REFERENCES gone (id),
         wrong INTEGER REFERENCES parent (code),
         sound INTEGER REFERENCES parent (id));
       INSERT INTO parent VALUES (1);
       INSERT INTO child VALUES (1, 7, 7, 1), (2, NULL, NULL, 8)`,
    );
    expect(() => opened(file, checkedBySqlite)).toThrow(/foreign key mismatch/);
    const { references, decisions } = await checkedBySealift(file, ids);
    expect(references).toEqual(['child 2 sound']);
    expect(decisions).toContain('to "gone" is not checked: there is no table "gone"');
    expect(decisions).toContain('to "parent" is not checked: the parent has no column "code"');
  });
});
