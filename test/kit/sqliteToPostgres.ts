/**
 * Loads the tables of a SQLite database into a PostgreSQL one: names and declared types as they are, keys,
 * and those foreign keys that PostgreSQL can have.
 */

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import Database from 'better-sqlite3';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** Types that are called differently; others have the same name. SQLite's integers have 64 bits. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['INTEGER', 'bigint'],
  ['REAL', 'double precision'],
  ['BLOB', 'bytea'],
  ['TIMESTAMP', 'timestamp(0)'],
]);

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  /** Place in the primary key, from 1; 0 if it is not part of it. */
  readonly pk: number;
}

interface ForeignKeyPart {
  readonly id: number;
  readonly table: string;
  readonly from: string;
  readonly to: string;
}

/** Loads all tables of the file into the database of the URL. */
export async function loadSqlite(file: string, url: string): Promise<void> {
  const db = new Database(file, { readonly: true });
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const tables = db
      .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
      .pluck()
      .all();
    for (const table of tables) {
      await client.query(tableSql(table, columnsOf(db, table)));
      const into = client.query(copyFrom(`COPY ${quoted(table)} FROM STDIN`));
      await pipeline(Readable.from(chunksOf(db, table)), into);
    }
    for (const sql of tables.flatMap((table) => foreignKeysOf(db, table))) await client.query(sql);
    await client.query('ANALYZE');
  } finally {
    await client.end();
    db.close();
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function columnsOf(db: Database.Database, table: string): Column[] {
  return db.prepare<[string], Column>('SELECT * FROM pragma_table_info(?)').all(table);
}

function tableSql(table: string, columns: readonly Column[]): string {
  const parts = columns.map(({ name, type, notnull }) => {
    return `${quoted(name)} ${TYPES.get(type) ?? type}${notnull === 1 ? ' NOT NULL' : ''}`;
  });
  const key = keyOf(columns).map(quoted);
  if (key.length > 0) parts.push(`PRIMARY KEY (${key.join(', ')})`);
  return `CREATE TABLE ${quoted(table)} (${parts.join(', ')})`;
}

function keyOf(columns: readonly Column[]): string[] {
  const parts = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
  return parts.map(({ name }) => name);
}

/** Those that refer to a primary key: SQLite lets others be declared. */
function foreignKeysOf(db: Database.Database, table: string): string[] {
  const parts = db
    .prepare<[string], ForeignKeyPart>('SELECT * FROM pragma_foreign_key_list(?) ORDER BY id, seq')
    .all(table);
  return Object.values(Object.groupBy(parts, ({ id }) => id)).flatMap((all = []) => {
    const [{ table: other } = { table: '' }] = all;
    const to = all.map((part) => part.to);
    if (keyOf(columnsOf(db, other)).join() !== to.join()) return [];
    const from = all.map((part) => quoted(part.from)).join(', ');
    return `ALTER TABLE ${quoted(table)} ADD FOREIGN KEY (${from})
      REFERENCES ${quoted(other)} (${to.map(quoted).join(', ')})`;
  });
}

const CHUNK_ROWS = 1000;

type Cell = string | number | bigint | Uint8Array | null;

function* chunksOf(db: Database.Database, table: string): Generator<string, void, undefined> {
  const rows = db
    .prepare<[], Cell[]>(`SELECT * FROM ${quoted(table)}`)
    .raw()
    .safeIntegers()
    .iterate();
  let lines: string[] = [];
  for (const row of rows) {
    lines.push(`${row.map(cellText).join('\t')}\n`);
    if (lines.length < CHUNK_ROWS) continue;
    yield lines.join('');
    lines = [];
  }
  yield lines.join('');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};

/** A cell in the text format of COPY. */
function cellText(cell: Cell): string {
  if (cell === null) return '\\N';
  if (cell instanceof Uint8Array) return `\\\\x${Buffer.from(cell).toString('hex')}`;
  return String(cell).replaceAll(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? '');
}
