/** The databases that the contract of src/database/ is held against, and an application that writes to them. */

import { join } from 'node:path';

import Database from 'better-sqlite3';
import { Client } from 'pg';

import type { Cell, ColumnFacts, DatabaseAdapter } from '../../src/database/database.ts';
import { emptyDatabase, memoryDatabases, type MemoryDatabase } from '../../src/database/memory.ts';
import { postgresDatabase } from '../../src/database/postgres.ts';
import { sqliteDatabase } from '../../src/database/sqlite.ts';
import { PASSWORD, postgresHome, startPostgres, type Postgres } from '../kit/postgres.ts';

export interface ColumnSpec {
  readonly name: string;
  readonly kind: 'text' | 'integer' | 'bytes';
  /** A collation that takes one text for another. */
  readonly loose?: boolean;
  readonly notNull?: boolean;
}

export interface TableSpec {
  readonly name: string;
  readonly columns: readonly ColumnSpec[];
  readonly key: readonly string[];
}

export type Cells = Readonly<Record<string, Cell>>;

/** An application of its own connection. */
export interface Application {
  insert(table: string, rows: readonly Cells[]): Promise<void>;
  /** Sets cells of all rows with these. */
  update(table: string, where: Cells, set: Cells): Promise<void>;
  remove(table: string, where: Cells): Promise<void>;
  /** All rows, in any order. */
  rows(table: string): Promise<Record<string, Cell>[]>;
  /** Runs SQL; not in memory. */
  sql(text: string): Promise<void>;
}

export interface Place extends Application {
  /** What follows the scheme. */
  readonly rest: string;
}

export interface Subject {
  readonly name: string;
  readonly kind: 'memory' | 'sqlite' | 'postgres';
  readonly adapter: DatabaseAdapter;
  readonly isHere: boolean;
  begin(): Promise<void>;
  /** Makes a database with these tables. */
  make(tables: readonly TableSpec[]): Promise<Place>;
  end(): Promise<void>;
}

function literal(cell: Cell, bytes: (hex: string) => string): string {
  if (cell === null) return 'NULL';
  if (typeof cell === 'bigint') return String(cell);
  if (typeof cell === 'string') return `'${cell.replaceAll("'", "''")}'`;
  return bytes(Buffer.from(cell).toString('hex'));
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

type Run = (sql: string) => Promise<Record<string, Cell>[]>;

/** An application that speaks SQL; `same` makes a comparison by bytes. */
function application(
  run: Run,
  bytes: (hex: string) => string,
  same: (column: string, value: string) => string,
): Application {
  const pairs = (cells: Cells, separator: string): string =>
    Object.entries(cells)
      .map(([name, cell]) =>
        separator === ', '
          ? `${quoted(name)} = ${literal(cell, bytes)}`
          : same(quoted(name), literal(cell, bytes)),
      )
      .join(separator);
  return {
    async insert(table, rows) {
      if (rows.length === 0) return;
      const names = Object.keys(rows[0] ?? {});
      const values = rows.map(
        (row) => `(${names.map((name) => literal(row[name] ?? null, bytes)).join(', ')})`,
      );
      await run(
        `INSERT INTO ${quoted(table)} (${names.map(quoted).join(', ')}) VALUES ${values.join(', ')}`,
      );
    },
    async update(table, where, set) {
      await run(`UPDATE ${quoted(table)} SET ${pairs(set, ', ')} WHERE ${pairs(where, ' AND ')}`);
    },
    async remove(table, where) {
      await run(`DELETE FROM ${quoted(table)} WHERE ${pairs(where, ' AND ')}`);
    },
    rows: (table) => run(`SELECT * FROM ${quoted(table)}`),
    async sql(text) {
      await run(text);
    },
  };
}

function sameInSqlite(column: string, value: string): string {
  return `${column} IS ${value} COLLATE BINARY`;
}

function sameInPostgres(column: string, value: string): string {
  const isText = value.startsWith("'") && !value.startsWith("'\\x");
  return `${column} IS NOT DISTINCT FROM ${value}${isText ? ' COLLATE "C"' : ''}`;
}

let made = 0;

function factsOf({ name, kind, notNull }: ColumnSpec): ColumnFacts {
  return { name, type: kind, kind, nullable: notNull !== true, maxLength: null };
}

export function memory(): Subject {
  const databases = new Map<string, MemoryDatabase>();
  return {
    name: 'memory',
    kind: 'memory',
    adapter: memoryDatabases(databases),
    isHere: true,
    begin: async () => {},
    async make(tables) {
      made += 1;
      const database = emptyDatabase();
      databases.set(`m${made}`, database);
      for (const { name, columns, key } of tables) {
        database.tables.set(name, { columns: columns.map(factsOf), key, rows: [] });
      }
      const rowsOf = (table: string): Record<string, Cell>[] => {
        return database.tables.get(table)?.rows ?? [];
      };
      const matching = (table: string, where: Cells): Record<string, Cell>[] =>
        rowsOf(table).filter((row) => Object.entries(where).every(([name, c]) => row[name] === c));
      return {
        rest: `m${made}`,
        insert: async (table, rows) => {
          rowsOf(table).push(...rows.map((row) => Object.assign({}, row)));
        },
        update: async (table, where, set) => {
          for (const row of matching(table, where)) Object.assign(row, set);
        },
        remove: async (table, where) => {
          for (const row of matching(table, where)) {
            rowsOf(table).splice(rowsOf(table).indexOf(row), 1);
          }
        },
        rows: async (table) => rowsOf(table).map((row) => Object.assign({}, row)),
        sql: () => Promise.reject(new Error('memory has no SQL')),
      };
    },
    end: async () => {},
  };
}

export function sqlite(folder: string): Subject {
  const types = { text: 'TEXT', integer: 'INTEGER', bytes: 'BLOB' };
  const open: Database.Database[] = [];
  return {
    name: 'sqlite',
    kind: 'sqlite',
    adapter: sqliteDatabase,
    isHere: true,
    begin: async () => {},
    async make(tables) {
      made += 1;
      const path = join(folder, `d${made}.db`);
      const db = new Database(path);
      open.push(db);
      // Both journal modes are met.
      if (made % 2 === 0) db.pragma('journal_mode = WAL');
      db.exec('PRAGMA user_version = 1');
      for (const { name, columns, key } of tables) {
        const lines = columns.map(
          (one) =>
            `${quoted(one.name)} ${types[one.kind]}${one.loose === true ? ' COLLATE NOCASE' : ''}${one.notNull === true ? ' NOT NULL' : ''}`,
        );
        db.exec(
          `CREATE TABLE ${quoted(name)} (${lines.join(', ')}, PRIMARY KEY (${key.map(quoted).join(', ')}))${made % 3 === 0 ? ' WITHOUT ROWID' : ''}`,
        );
      }
      db.defaultSafeIntegers(true);
      const run: Run = async (sql) => {
        const statement = db.prepare<[], Record<string, Cell>>(sql);
        if (statement.reader) return statement.all();
        statement.run();
        return [];
      };
      return { rest: path, ...application(run, (hex) => `x'${hex}'`, sameInSqlite) };
    },
    async end() {
      for (const db of open) db.close();
    },
  };
}

const OIDS: ReadonlyMap<number, (text: string) => Cell> = new Map([
  [20, (text: string): Cell => BigInt(text)],
  [23, (text: string): Cell => BigInt(text)],
  [17, (text: string) => Buffer.from(text.slice(2), 'hex')],
]);

/** A server's database, and the server itself, for tests that stop it. */
export interface PostgresSubject extends Subject {
  server(): Postgres;
}

export function postgres(version: number): PostgresSubject {
  let server: Postgres;
  const clients: Client[] = [];
  const types = { text: 'text', integer: 'bigint', bytes: 'bytea' };
  return {
    name: `postgres ${version}`,
    kind: 'postgres',
    adapter: postgresDatabase,
    isHere: postgresHome(version) !== null,
    server: () => server,
    async begin() {
      server = await startPostgres({ version });
    },
    async make(tables) {
      made += 1;
      const name = `d${made}`;
      const statements = tables.map(({ name: table, columns, key }) => {
        const lines = columns.map(
          (one) =>
            `${quoted(one.name)} ${types[one.kind]}${one.loose === true ? ' COLLATE loose' : ''}${one.notNull === true ? ' NOT NULL' : ''}`,
        );
        return `CREATE TABLE ${quoted(table)} (${lines.join(', ')}, PRIMARY KEY (${key.map(quoted).join(', ')}))`;
      });
      const url = await server.create(
        name,
        [
          `CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
          ...statements,
        ].join('; '),
      );
      const client = new Client({
        connectionString: url,
        types: { getTypeParser: (oid: number) => OIDS.get(oid) ?? String },
      });
      client.on('error', () => {});
      await client.connect();
      clients.push(client);
      const run: Run = async (sql) => {
        const found: unknown = await client.query(sql);
        const last = Array.isArray(found) ? found.at(-1) : found;
        return (last as { rows: Record<string, Cell>[] }).rows;
      };
      return {
        rest: server.source(name).slice('postgres:'.length),
        ...application(run, (hex) => `'\\x${hex}'::bytea`, sameInPostgres),
      };
    },
    async end() {
      for (const client of clients) await client.end().catch(() => {});
      await server.stop();
    },
  };
}

export const VARIABLES: Readonly<Record<string, string>> = { PGPASSWORD: PASSWORD };
