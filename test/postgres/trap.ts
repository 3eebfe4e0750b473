/** A project over a database of PostgreSQL, as the tests of its traps use it. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';

import type { Postgres } from '../kit/postgres.ts';
import { candidateOf, succeed } from '../kit/project.ts';
import { sealift, type Ran, type RunOptions } from '../kit/run.ts';

/** Password of all roles that tests make. */
export const ROLE_PASSWORD = 'r0le S3cret';

export type Env = Readonly<Record<string, string>>;

/** Variables of a command that reads as a role of the tests. */
export const ROLE_ENV: Env = { PGPASSWORD: ROLE_PASSWORD };

/** SQL that makes a role anew, without any right. */
export function roleSql(role: string): string {
  return `DO $$ BEGIN
      IF EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN
        EXECUTE 'DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}';
      END IF;
    END $$;
    CREATE ROLE ${role} LOGIN PASSWORD '${ROLE_PASSWORD}'`;
}

/** init of a project over a database. */
export function initAt(project: string, source: string, env: Env): Promise<Ran> {
  return succeed(['init', '--project', project, '--source', source], { env });
}

/** A command of a project; what it printed. */
export function command(
  name: string,
  project: string,
  env: Env,
  more: readonly string[] = [],
  options: RunOptions = {},
): Promise<Ran> {
  return sealift([name, '--project', project, ...more], { ...options, env });
}

/** migrate that has to succeed; the data root. */
export async function rootOf(
  project: string,
  env: Env,
  more: readonly string[] = [],
): Promise<string> {
  const ran = await succeed(['migrate', '--json', '--project', project, ...more], { env });
  return (JSON.parse(ran.stdout) as { readonly dataRoot: string }).dataRoot;
}

/** The one line that a command ended with, after its progress. Throws where it wrote more. */
export function lineOf({ stderr }: Ran): string {
  const lines = stderr.trimEnd().split('\n');
  const [line = '', ...more] = lines.filter((text) => !/^\S+: [\d,]+ rows?$/.test(text));
  if (more.length > 0) throw new Error(`more than one line: ${stderr}`);
  return line;
}

function whole(column: string): object {
  return { column, type: 'integer' };
}

/** Has a project read what init has left out, a view say: of the columns of whole numbers. */
export function readAlso(project: string, table: string, columns: readonly string[]): void {
  const file = join(project, 'mapping/project.json');
  const about = JSON.parse(readFileSync(file, 'utf8')) as { dropped: { table: string }[] };
  const dropped = about.dropped.filter((entry) => entry.table !== table);
  if (dropped.length === about.dropped.length) throw new Error(`${table} was not left out`);
  writeFileSync(file, JSON.stringify({ ...about, dropped }));
  const module = {
    module: table,
    source: { table },
    key: [whole(columns[0] ?? '')],
    id: { rule: 'keep' },
    fields: Object.fromEntries(columns.map((column) => [column, whole(column)])),
  };
  writeFileSync(join(project, `mapping/modules/${table}.json`), JSON.stringify(module));
}

/**
 * SQL of a view, with the column id, at which a run stands still while another session holds the advisory
 * lock of this number. Its function says that it is immutable, since a run reads no view that is volatile,
 * and has the lock in a text, where its body does not show it.
 */
export function gateSql(view: string, lock: number): string {
  return `CREATE FUNCTION passes_${lock}(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
      BEGIN EXECUTE 'SELECT pg_advisory_xact_lock_shared(${lock})'; RETURN true; END $$;
    CREATE VIEW ${view} AS SELECT id FROM generate_series(1, 1) AS one (id) WHERE passes_${lock}(id);`;
}

/** The records of a module that was published. */
export function publishedRecords(project: string, module: string): unknown[] {
  const text = readFileSync(join(candidateOf(project), module, 'data.ndjson'), 'utf8');
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as unknown);
}

/** A session that a test keeps open; ended by `end`. */
export async function sessionAt(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  // A server that is killed on purpose is no error of the test.
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Waits until a query yields a row: a barrier. Throws if the run that it waits for ended before. */
export async function until(
  server: Postgres,
  database: string,
  sql: string,
  run: Promise<Ran>,
): Promise<void> {
  let ended: Ran | null = null;
  run.then((ran) => (ended = ran)).catch(() => {});
  const watcher = await sessionAt(server.url(database));
  try {
    while ((await watcher.query(sql)).rowCount === 0) {
      if (ended !== null) throw new Error(`the run has ended: ${JSON.stringify(ended)}`);
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
  } finally {
    await watcher.end();
  }
}
