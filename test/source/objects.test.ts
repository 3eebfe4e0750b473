/** What a SQLite source lists, and what its own schema table lists, of schemas that try to hide something. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import type { PreparedSource, Row } from '../../src/source/source.ts';
import { sqliteAdapter } from '../../src/source/sqlite.ts';
import { anySchema, applySchema } from './anySchema.ts';
import { prepareAt, readerOf, waiting } from '../contract/opening.ts';

const folder = mkdtempSync(join(tmpdir(), 'sealift-objects-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;

/** A database made by statements; with `tamper`, by a hand in its schema table. */
function make(
  sql: string,
  tamper = '',
  prepare: (db: Database.Database) => void = () => {},
): string {
  files += 1;
  const file = join(folder, `${files}.db`);
  const db = new Database(file);
  db.pragma('journal_mode = OFF');
  db.pragma('synchronous = OFF');
  prepare(db);
  db.exec(sql);
  if (tamper !== '') {
    db.unsafeMode(true);
    db.pragma('writable_schema = ON');
    db.exec(tamper);
  }
  db.close();
  return file;
}

async function opened<T>(file: string, work: (source: PreparedSource) => Promise<T>): Promise<T> {
  const scratch = mkdtempSync(join(folder, 'scratch-'));
  const source = await prepareAt(sqliteAdapter, file, { scratch, ...waiting(100) });
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

async function rowsOf(source: PreparedSource, table: string): Promise<Row[]> {
  const columns = source.schema.tables.find(({ name }) => name === table)?.columns ?? [];
  const reader = await readerOf(sqliteAdapter, source);
  const rows: Row[] = [];
  for (const range of await source.plan(table, 1e6)) {
    const names = columns.map(({ name }) => name);
    for await (const page of reader.read(table, names, range)) rows.push(...page);
  }
  await reader.close();
  expect(await source.count(table)).toBe(rows.length);
  return rows;
}

/** `table t`, `view v`, `part p of v`, `unreadable u`; then what the inventory lists. */
async function listed(file: string): Promise<{ schema: string[]; objects: string[] }> {
  return opened(file, async ({ schema, objects = [] }) => {
    const { tables, others = [] } = schema;
    const of = others.map(({ name, partOf }) =>
      partOf === null ? `unreadable ${name}` : `part ${name} of ${partOf}`,
    );
    const names = tables.map(
      ({ name, kind, derived }) => `${derived === undefined ? kind : 'derived'} ${name}`,
    );
    return { schema: [...names, ...of].sort(), objects: objects.map(({ name }) => name).sort() };
  });
}

/** Renames by hand what SQLite lets nobody rename to that. */
function rename(from: string, to: string): string {
  return `UPDATE sqlite_schema SET name = '${to}', tbl_name = '${to}',
    sql = replace(sql, '${from}', '${to}') WHERE name = '${from}'`;
}

/** Puts a byte that is no text in place of a sign, wherever the entry `name` has it. */
function ill(name: string, sign: string): string {
  const put = (column: string): string => {
    return `${column} = replace(${column}, '${sign}', CAST(x'e4' AS TEXT))`;
  };
  return `UPDATE sqlite_schema SET ${['name', 'tbl_name', 'sql'].map(put).join(', ')}
    WHERE name = '${name}'`;
}

const LETTERS = `CREATE VIRTUAL TABLE letter USING fts4 (subject, body);
  INSERT INTO letter (docid, subject, body) VALUES (7, 'hello', 'dear all'), (9, 'bye', NULL)`;
const NO_TOKENIZER = `UPDATE sqlite_schema SET sql =
  replace(sql, 'body)', 'body, tokenize=house)') WHERE name = 'letter'`;

describe('a table that is called like a part of a virtual table', () => {
  it('is a table of its own where the module would not have made it', async () => {
    const file = make(`CREATE TABLE news_content (id INTEGER PRIMARY KEY, author TEXT, title TEXT);
      INSERT INTO news_content VALUES (1, 'kim', 'On rain');
      CREATE VIRTUAL TABLE news USING fts5 (title, content='news_content', content_rowid='id');
      CREATE TABLE places_log (x); CREATE VIRTUAL TABLE places USING rtree (id, a, b);
      CREATE TABLE words_docsize (docid INTEGER PRIMARY KEY, size BLOB);
      CREATE VIRTUAL TABLE words USING fts3 (word)`);
    const { schema, objects } = await listed(file);
    expect(schema.filter((name) => !name.startsWith('part '))).toEqual([
      'derived news',
      'table news_content',
      'table places',
      'table places_log',
      'table words',
      'table words_docsize',
    ]);
    expect(objects).toEqual([
      'news',
      'news_content',
      'places',
      'places_log',
      'words',
      'words_docsize',
    ]);
    expect(schema.filter((name) => name.startsWith('part '))).toHaveLength(10);
  });

  it('is one also where its columns are those that another module would make', async () => {
    // An index over this table has no such part, and without `content` it would have.
    const file = make(`CREATE TABLE news_content (id INTEGER PRIMARY KEY, c0);
      CREATE VIRTUAL TABLE news USING fts5 (c0, content='news_content', content_rowid='id');
      CREATE TABLE old_content (docid INTEGER PRIMARY KEY, 'c0a');
      CREATE VIRTUAL TABLE old USING fts4 (a, content="old_content")`);
    const { schema, objects } = await listed(file);
    expect(schema).toContain('table news_content');
    expect(schema).toContain('table old_content');
    expect(objects).toEqual(['news', 'news_content', 'old', 'old_content']);
  });

  it('is one, too, where its virtual table cannot be read, or does not show all of it', async () => {
    const { schema, objects } = await listed(make(LETTERS, NO_TOKENIZER));
    expect(schema).toEqual([
      'part letter_docsize of letter',
      'part letter_segdir of letter',
      'part letter_segments of letter',
      'part letter_stat of letter',
      'table letter_content',
      'unreadable letter',
    ]);
    // Independent of whether it can be read: said twice rather than not at all.
    expect(objects).toEqual(['letter']);
    const hidden = await listed(
      make(`CREATE VIRTUAL TABLE a USING fts4 (x, languageid="lid");
      CREATE VIRTUAL TABLE b USING fts5 (x, locale=1)`),
    );
    expect(hidden.schema).toContain('table a_content');
    expect(hidden.schema).toContain('table b_content');
    expect(hidden.objects).toEqual(['a', 'a_content', 'b', 'b_content']);
  });
});

describe('virtual tables', () => {
  it('of all modules are listed, and their parts are told by both', async () => {
    const file = make(`${LETTERS};
      CREATE VIRTUAL TABLE f3 USING fts3 (a, b);
      CREATE VIRTUAL TABLE f5 USING fts5 (a, b UNINDEXED, prefix='2 3', columnsize=0);
      CREATE VIRTUAL TABLE bare USING fts5 (a, content='');
      CREATE VIRTUAL TABLE half USING fts5 (a, b UNINDEXED, content='', contentless_unindexed=1);
      CREATE VIRTUAL TABLE gone USING fts5 (a, content='', contentless_delete=1);
      CREATE VIRTUAL TABLE r USING rtree (id, x0, x1, y0, y1, +name, +more);
      CREATE VIRTUAL TABLE i USING rtree_i32 (id, a, b);
      CREATE VIRTUAL TABLE g USING geopoly (name);
      CREATE VIRTUAL TABLE words USING fts5vocab (f5, 'row');
      CREATE VIRTUAL TABLE terms USING fts4aux (letter);
      CREATE VIRTUAL TABLE pages USING dbstat;
      CREATE VIRTUAL TABLE cut USING fts3tokenize (porter)`);
    const { schema, objects } = await listed(file);
    const standing = schema.filter((name) => !name.startsWith('part '));
    expect(standing.map((name) => name.replace(/^\S+ /, ''))).toEqual(
      expect.arrayContaining(objects),
    );
    expect(objects).toHaveLength(standing.length);
    expect(standing).toEqual(
      expect.arrayContaining(['derived bare', 'derived gone', 'table half', 'derived pages']),
    );
    expect(schema).toContain('part half_content of half');
  });

  it('keep their rowids, which other tables refer to', async () => {
    const file = make(`${LETTERS}; CREATE VIRTUAL TABLE n USING fts5 (a, rowid2);
      INSERT INTO n (rowid, a) VALUES (9007199254740993, 'x');
      CREATE VIRTUAL TABLE r USING rtree (id, a, b); INSERT INTO r VALUES (4, 1, 2)`);
    await opened(file, async (source) => {
      expect(await rowsOf(source, 'letter')).toEqual([
        [7, 'hello', 'dear all', 1],
        [9, 'bye', null, 2],
      ]);
      expect(await rowsOf(source, 'n')).toEqual([[9007199254740993n, 'x', null, 1]]);
      expect(await rowsOf(source, 'r')).toEqual([[4, 1, 2, 1]]);
      const keys = source.schema.tables.map(
        ({ name, primaryKey }) => `${name} ${primaryKey.join()}`,
      );
      expect(keys).toEqual(['letter rowid', 'n rowid', 'r id']);
    });
  });

  it('are named with the reason where their module is not here', async () => {
    const file = make(
      'CREATE TABLE t (a); CREATE VIRTUAL TABLE v USING rtree (id, a, b); INSERT INTO v VALUES (1, 2, 3)',
      "UPDATE sqlite_schema SET sql = replace(sql, 'rtree', 'house_tree') WHERE name = 'v'",
    );
    await opened(file, async ({ schema, objects = [] }) => {
      expect(schema.others).toEqual([
        {
          name: 'v',
          kind: 'virtual table',
          why: 'SQLite says no such module house_tree',
          partOf: null,
          derived: true,
        },
      ]);
      // What it stores is in tables, which stand for themselves now.
      const names = schema.tables.map(({ name }) => name);
      expect(names).toEqual(['t', 'v_node', 'v_parent', 'v_rowid']);
      expect(objects.map(({ name }) => name)).toEqual(['t', 'v', 'v_rowid', 'v_node', 'v_parent']);
    });
  });

  it('say which text they have lost', async () => {
    const file = make(`CREATE TABLE doc (id INTEGER PRIMARY KEY, a);
      CREATE VIRTUAL TABLE ft USING fts5 (a, content='doc', content_rowid='id');
      CREATE TABLE "o""o" (a); CREATE VIRTUAL TABLE fo USING fts4 (content="o""o");
      DROP TABLE doc`);
    await opened(file, async ({ schema }) => {
      expect(schema.others?.find(({ name }) => name === 'ft')).toMatchObject({
        why: 'it is a search index, its text was in "doc", which is not there; SQLite says no such table main.doc',
        derived: true,
      });
      const fo = schema.tables.find(({ name }) => name === 'fo');
      expect(fo?.derived).toBe('it is a search index, its text is that of "o\\"o"');
    });
  });
});

describe('columns', () => {
  it('that cannot be computed here leave the others readable', async () => {
    const file = make(
      `CREATE TABLE bill (id INTEGER PRIMARY KEY, day TEXT, year AS (app_year(day)),
         kept AS (app_year(day)) STORED, CHECK (app_year(day) > 0));
       CREATE INDEX by_year ON bill (app_year(day));
       INSERT INTO bill (id, day) VALUES (1, '2023-05-01')`,
      '',
      (db) =>
        db.function('app_year', { deterministic: true }, (day) => Number(String(day).slice(0, 4))),
    );
    await opened(file, async (source) => {
      const [bill] = source.schema.tables;
      expect(bill?.unreadable).toEqual([
        { name: 'year', why: 'SQLite says unknown function app_year()', computed: true },
      ]);
      expect(await rowsOf(source, 'bill')).toEqual([[1, '2023-05-01', 2023, 1]]);
    });
  });

  it('and tables whose names are no text are named, never read as another text', async () => {
    const file = make(
      'CREATE TABLE t (a INTEGER PRIMARY KEY, c§l); INSERT INTO t VALUES (1, 2); CREATE TABLE n§me (x)',
      `${ill('t', '§')}; ${ill('n§me', '§')}`,
    );
    await opened(file, async ({ schema, objects = [] }) => {
      expect(schema.tables.map(({ name }) => name)).toEqual(['t']);
      expect(schema.tables[0]?.unreadable).toMatchObject([{ name: 'c\uFFFDl', computed: false }]);
      expect(schema.others).toMatchObject([{ name: 'n\uFFFDme', derived: false }]);
      expect(objects.map(({ name }) => name).sort()).toEqual(['n\uFFFDme', 't']);
    });
  });

  it('and tables and indexes may have names of no characters', async () => {
    const file = make(
      `CREATE TABLE "" ("" INTEGER PRIMARY KEY, b UNIQUE);
      INSERT INTO "" VALUES (4, 'x'); CREATE UNIQUE INDEX "i j" ON "" (b, "")`,
      `UPDATE sqlite_schema SET name = '', sql = replace(sql, '"i j"', '""') WHERE name = 'i j'`,
    );
    await opened(file, async (source) => {
      expect(source.schema.tables).toMatchObject([
        { name: '', primaryKey: [''], unique: [['b', ''], ['b']] },
      ]);
      expect(await rowsOf(source, '')).toEqual([[4, 'x', 4]]);
    });
  });
});

const HOUSE = (db: Database.Database): void => {
  db.exec(`CREATE TABLE tag (word TEXT, n INTEGER, note TEXT DEFAULT 'COLLATE NOCASE', PRIMARY KEY (word, n)) WITHOUT ROWID;
    CREATE TABLE town (id INTEGER, name TEXT PRIMARY KEY); CREATE INDEX by_id ON town (id, name);
    CREATE TABLE only_name (name TEXT UNIQUE);
    INSERT INTO tag (word, n) VALUES ('big', 1), ('Old', 2), ('ant', 3); INSERT INTO town VALUES (1, 'Bern'), (2, 'aarau');
    INSERT INTO only_name VALUES ('x'), ('Y')`);
};

/** A collation of the application: what is in the file is in its order, and it is not here. */
function unknownCollation(sql: string = ''): string {
  const collate =
    "UPDATE sqlite_schema SET sql = replace(replace(sql, 'word TEXT', 'word TEXT COLLATE House'), 'name TEXT', 'name TEXT COLLATE House') WHERE type = 'table'";
  return make(sql, collate, HOUSE);
}

describe('a collation that is not here', () => {
  it('is not needed to read a table by its rowids, nor to count it', async () => {
    await opened(unknownCollation(), async (source) => {
      expect(await rowsOf(source, 'town')).toEqual([
        [1, 'Bern', 1],
        [2, 'aarau', 2],
      ]);
      expect(await rowsOf(source, 'only_name')).toEqual([
        ['x', 1],
        ['Y', 2],
      ]);
    });
  });

  it('has a stand-in in a copy where the table is the tree of its key, and that is said', async () => {
    await opened(unknownCollation(), async (source) => {
      expect(await rowsOf(source, 'tag')).toEqual([
        ['Old', 2, 'COLLATE NOCASE', 1],
        ['ant', 3, 'COLLATE NOCASE', 2],
        ['big', 1, 'COLLATE NOCASE', 3],
      ]);
      expect(source.notes).toEqual([
        'table "tag" was read in a copy, as its key is ordered by a collation that is not available',
      ]);
    });
  });

  it('lets no query look anything up by it', async () => {
    const file = unknownCollation();
    const base = { table: 'town', key: { id: 'id' } };
    const scratch = mkdtempSync(join(folder, 'scratch-'));
    const ask = (sql: string | null, name: string) =>
      prepareAt(sqliteAdapter, file, {
        scratch,
        ...waiting(100),
        relations: [{ name, sql, base }],
      });
    await expect(
      ask("SELECT t.id FROM town t JOIN tag ON word = 'ant'", 'query m'),
    ).rejects.toThrow(/the key of table "tag" is ordered by a collation that is not available/);
    const source = await ask('SELECT id FROM town', 'query m');
    const reader = await readerOf(sqliteAdapter, source);
    await expect(reader.relations?.baseCounts('query m')).rejects.toThrow(
      'SQLite needs a collation of the application for this, which is not available',
    );
    await reader.close();
    await source.close();
    await expect(ask('SELECT id FROM town ORDER BY name', 'query m')).rejects.toThrow(
      /SQLite says no such collation sequence House/,
    );
  });
});

describe('names of a tampered schema', () => {
  it('hide no table and no view behind what SQLite keeps for itself', async () => {
    const file = make(
      `CREATE TABLE payments (id INTEGER PRIMARY KEY, c); INSERT INTO payments VALUES (1, 20);
       CREATE TABLE stats (tbl, idx, stat, more); INSERT INTO stats VALUES (1, 2, 3, 4);
       CREATE VIEW seen AS SELECT 1 AS a; CREATE TABLE k (id INTEGER PRIMARY KEY AUTOINCREMENT);
       INSERT INTO k DEFAULT VALUES; CREATE INDEX i ON payments (c)`,
      `${rename('payments', 'sqlite_secret')};
       UPDATE sqlite_schema SET tbl_name = 'sqlite_secret', sql = replace(sql, 'payments', 'sqlite_secret') WHERE name = 'i';
       ${rename('stats', 'sqlite_stat1')}; ${rename('seen', 'sqlite_seen')}`,
    );
    const { schema, objects } = await listed(file);
    const all = ['table k', 'table sqlite_secret', 'table sqlite_stat1', 'view sqlite_seen'];
    expect(schema).toEqual(all);
    expect(objects).toEqual(all.map((name) => name.replace(/^\S+ /, '')).sort());
    await opened(file, async (source) => {
      expect(await rowsOf(source, 'sqlite_secret')).toEqual([[1, 20, 1]]);
      expect(await rowsOf(source, 'sqlite_stat1')).toEqual([[1, 2, 3, 4, 1]]);
    });
  });

  it('leave counters and statistics to SQLite', async () => {
    const file = make(`CREATE TABLE k (id INTEGER PRIMARY KEY AUTOINCREMENT, b);
      CREATE INDEX i ON k (b); INSERT INTO k DEFAULT VALUES; ANALYZE`);
    expect(await listed(file)).toEqual({ schema: ['table k'], objects: ['k'] });
  });
});

describe('any schema', () => {
  it('has each of its tables and views listed, by two ways that agree', async () => {
    await fc.assert(
      fc.asyncProperty(anySchema, async (statements) => {
        const file = make('', '', (db) => {
          applySchema(db, statements);
        });
        const db = new Database(file);
        const all = db
          .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")
          .pluck()
          .all();
        db.close();
        await opened(file, async ({ schema: { tables, others = [] }, objects = [] }) => {
          const known = [...tables, ...others].map(({ name }) => name);
          expect(known.sort()).toEqual(all.sort());
          // Where both agree on what is a part, it is left out; nothing else is.
          const standing = [...tables, ...others.filter(({ partOf }) => partOf === null)];
          const names = standing.map(({ name }) => name);
          expect(objects.filter(({ name }) => !names.includes(name))).toEqual([]);
          expect(names).toContain('base');
        });
      }),
      { numRuns: 60 },
    );
  });
});
