/**
 * A sealed candidate that is loaded into PostgreSQL and SQLite, targets that are copies of it, and what
 * reconcile says of them. Its legacy source is removed before the first target is read.
 */

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

import type { Finding } from '../../src/outcome/finding.ts';
import { quote, quoteText } from '../../src/sql/quote.ts';
import { randomOf, type Random } from '../dogschool/random.ts';
import type { Postgres } from '../kit/postgres.ts';
import { migrate, succeed, writeMapping } from '../kit/project.ts';
import { sealift, type Ran } from '../kit/run.ts';

export type Cell = string | number | null;
export type Item = Readonly<Record<(typeof ITEM_FIELDS)[number], Cell>>;

const ITEM_FIELDS = ['id', 'cents', 'at', 'note', 'a', 'b', 'data', 'n', 'ratio', 'code'] as const;

/** So that the ranges of the seal, of 4,096 records on average, are several. */
export const ITEMS = 12_500;

/** Environment of all commands: the secret key of the blinds. */
export const SECRETS = {
  SEALIFT_KEY_MEMBERS: Buffer.from('thirty-two bytes of these tests.').toString('base64'),
} as const;

const column = (name: string, type: string, more: object = {}): [string, object] => {
  return [name, { column: name, type, ...more }];
};

function itemOf(at: number, random: Random): Item {
  const micro = String(random.integer(0, 999_999)).padStart(6, '0');
  const day = String(1 + (at % 28)).padStart(2, '0');
  return {
    id: at * 2 - 100,
    cents: at % 40 === 0 ? '1.11' : `${random.integer(2, 9999)}.${random.digits(2)}`,
    at: `2024-02-${day}T23:59:59.${micro}Z`,
    note: [null, '', 'Café', 'a note', ' '][at % 5] ?? null,
    a: at % 30 === 0 ? 'ab' : String(random.integer(10, 99)),
    b: at % 30 === 0 ? 'c' : random.pick(['x', 'yy', '']),
    data: at % 3 === 0 ? null : JSON.stringify({ at, list: [at % 7, null, 'é'] }),
    n: at % 11 === 0 ? null : random.integer(-5, 5),
    ratio: random.integer(1, 99_999) / 8,
    code: `${random.digits(8)}-abcd-4000-8000-${random.digits(12)}`,
  };
}

const WORDS = ['a', 'B', 'é', 'e\u0301', 'Ä', '\u{1f600}', 'z', '\uffee', '', ' ', 'ß', 'ss', '中'];

/** Makes a project with a scanned candidate in `project`, and removes what it was made of. */
export async function sealedProject(
  project: string,
  count: number = ITEMS,
): Promise<readonly Item[]> {
  mkdirSync(project, { recursive: true });
  const file = join(project, 'legacy.db');
  const items = writeLegacy(file, count);
  writeMapping(project, {
    sources: { main: 'sqlite:legacy.db' },
    severities: [...ACCEPTED, 'key-similar'].map((rule) => ({ rule, severity: 'INFO' })),
    modules: MODULES,
  });
  await migrate(project, [], { env: SECRETS });
  await succeed(['scan-all', '--project', project], { env: SECRETS });
  rmSync(file);
  return items;
}

const ACCEPTED = ['text-not-nfc', 'pii-undeclared', 'text-invisible', 'format', 'text-control'];

function writeLegacy(file: string, count: number): readonly Item[] {
  const random = randomOf(7, 'reconcile');
  const items = Array.from({ length: count }, (_, at) => itemOf(at, random));
  const db = new Database(file);
  const put = (
    table: string,
    names: readonly string[],
    rows: readonly (readonly Cell[])[],
  ): void => {
    db.exec(`CREATE TABLE ${quote(table)} (${names.map(quote).join(', ')})`);
    const insert = db.prepare(
      `INSERT INTO ${quote(table)} VALUES (${names.map(() => '?').join(', ')})`,
    );
    db.transaction(() => rows.forEach((row) => insert.run(...row)))();
  };
  put(
    'item',
    ITEM_FIELDS,
    items.map((item) => ITEM_FIELDS.map((name) => item[name])),
  );
  const pairs = WORDS.flatMap((word) => [1, 2, 3].map((part) => [word, part, `${word}${part}`]));
  put('pair', ['word', 'part', 'text'], pairs);
  put('nothing', ['id', 'text'], []);
  put(
    'member',
    ['id', 'name'],
    Array.from({ length: 40 }, (_, at) => [at, `member ${at}`]),
  );
  put(
    'line',
    ['text', 'n'],
    Array.from({ length: 60 }, (_, at) => [`line ${at % 20}`, at % 20]),
  );
  db.close();
  return items;
}

const ID = { column: 'id', type: 'integer' };

const MODULES = {
  item: {
    source: { table: 'item' },
    key: [ID],
    id: { rule: 'keep' },
    fields: Object.fromEntries([
      column('id', 'integer'),
      column('cents', 'decimal(2)'),
      column('at', 'timestamptz(6)'),
      ...['note', 'a', 'b'].map((name) => column(name, 'string')),
      column('data', 'json'),
      column('n', 'integer'),
      column('ratio', 'float'),
      column('code', 'uuid'),
    ]) as object,
  },
  pair: {
    source: { table: 'pair' },
    key: [
      { column: 'word', type: 'string' },
      { column: 'part', type: 'integer' },
    ],
    id: { rule: 'keep' },
    fields: Object.fromEntries([
      column('word', 'string', { harmless: true }),
      column('part', 'integer'),
      column('text', 'string'),
    ]) as object,
  },
  nothing: {
    source: { table: 'nothing' },
    minimumRows: 0,
    key: [ID],
    id: { rule: 'keep' },
    fields: Object.fromEntries([column('id', 'integer'), column('text', 'string')]) as object,
  },
  member: {
    source: { table: 'member' },
    key: [ID],
    id: { rule: 'keep' },
    blind: 'members',
    fields: Object.fromEntries([column('id', 'integer'), column('name', 'string')]) as object,
  },
  line: {
    source: { table: 'line' },
    key: [],
    id: { rule: 'keyless', key: 'members' },
    fields: Object.fromEntries([column('text', 'string'), column('n', 'integer')]) as object,
  },
};

/** A database that holds the load, with what the tests change in it. */
export interface Target {
  readonly kind: 'postgres' | 'sqlite';
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  /** Name of a module's table, for SQL. */
  readonly table: (module: string) => string;
  run(sql: string): Promise<void>;
  /** Takes away what keeps keys unique and not null, and cells of their types where it can. */
  loosen(module: string): Promise<void>;
  /** A copy of the target as it is now. */
  copy(): Promise<Target>;
}

/** Loads the candidate of a project into a new database of a server. */
export async function postgresTarget(
  server: Postgres,
  project: string,
  database: string,
  options = '',
): Promise<Target> {
  await server.run('postgres', `CREATE DATABASE ${quote(database)} ${options}`);
  const env = { ...server.env, ...SECRETS };
  await succeed(['load', '--project', project, '--target', server.source(database)], { env });
  const [[schema = ''] = []] = await server.run(
    database,
    `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'sealift%'`,
  );
  return inDatabase(server, database, String(schema));
}

let copies = 0;

function inDatabase(server: Postgres, database: string, schema: string): Target {
  const table = (module: string): string => `${quote(schema)}.${quote(module)}`;
  const run = async (sql: string): Promise<void> => {
    await server.run(database, sql);
  };
  return {
    kind: 'postgres',
    url: server.source(database),
    env: { ...server.env, ...SECRETS },
    table,
    run,
    async loosen(module) {
      const key = MODULES_KEYS[module] ?? [];
      const nullable = key.map((name) => `ALTER COLUMN ${quote(name)} DROP NOT NULL`);
      const identity =
        key.length === 1 ? [`ALTER COLUMN ${quote(key[0] ?? '')} DROP IDENTITY IF EXISTS`] : [];
      const dropped = [`DROP CONSTRAINT ${quote(`${module}_pkey`)}`, ...identity];
      await run(`ALTER TABLE ${table(module)} ${dropped.join(', ')};
        ALTER TABLE ${table(module)} ${nullable.join(', ')}`);
    },
    async copy() {
      copies += 1;
      const name = `${database}_${copies}`;
      await server.run('postgres', `CREATE DATABASE ${quote(name)} TEMPLATE ${quote(database)}`);
      return inDatabase(server, name, schema);
    },
  };
}

/** Fields that order the records of a module. */
export const MODULES_KEYS: Readonly<Record<string, readonly string[]>> = {
  item: ['id'],
  pair: ['word', 'part'],
  nothing: ['id'],
  member: ['id'],
  line: ['id'],
};

/** Loads the candidate of a project into a new file. */
export async function sqliteTarget(project: string, file: string): Promise<Target> {
  await succeed(['load', '--project', project, '--target', `sqlite:${file}`], { env: SECRETS });
  return inFile(file);
}

function inFile(file: string): Target {
  const run = async (sql: string): Promise<void> => {
    const db = new Database(file);
    try {
      db.exec(sql);
    } finally {
      db.close();
    }
  };
  return {
    kind: 'sqlite',
    url: `sqlite:${file}`,
    env: SECRETS,
    table: quote,
    run,
    // Made anew without types, so that a cell can be anything.
    loosen: (module) =>
      run(`ALTER TABLE ${quote(module)} RENAME TO loosened;
        CREATE TABLE ${quote(module)} AS SELECT * FROM loosened; DROP TABLE loosened`),
    async copy() {
      copies += 1;
      const copy = `${file}.${copies}`;
      copyFileSync(file, copy);
      return inFile(copy);
    },
  };
}

/** Writes a cell as a literal of SQL. */
export function literal(cell: Cell): string {
  if (cell === null) return 'NULL';
  return typeof cell === 'number' ? String(cell) : quoteText(cell);
}

export interface Reconciled extends Ran {
  /** As `rule module recordId field`, in the order of the report. */
  readonly found: readonly string[];
  readonly findings: readonly Finding[];
}

/** Reconciles a target with the candidate of a project. */
export async function reconciled(
  project: string,
  target: Pick<Target, 'url' | 'env'>,
  args: readonly string[] = [],
): Promise<Reconciled> {
  const reports = join(project, 'storage_reports/latest-reconcile');
  rmSync(reports, { recursive: true, force: true });
  const all = ['reconcile', '--project', project, '--target', target.url, ...args];
  const ran = await sealift(all, { env: target.env });
  const path = join(reports, 'findings.ndjson');
  // A command that was used wrongly writes no report.
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const findings = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Finding);
  return { ...ran, findings, found: findings.map(briefly) };
}

function briefly({ rule, module, recordId, field }: Finding): string {
  return [rule, module ?? '-', recordId ?? '-', field ?? '-'].join(' ');
}
