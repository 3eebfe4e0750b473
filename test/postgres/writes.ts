/** Freezes of the writes of a database, by the adapter, and what its catalogue says of all rights. */

import { Client } from 'pg';

import { Failure } from '../../src/outcome/failure.ts';
import { postgresAdapter } from '../../src/source/postgres.ts';
import { postgresWrites } from '../../src/source/postgres/writeFreeze.ts';
import type { RelationRequest, SourceLocation } from '../../src/source/source.ts';
import type { JournaledWrites, WriteOptions, WritesFound } from '../../src/source/writeControl.ts';
import { isLong } from '../kit/long.ts';
import { postgresHome, type Postgres } from '../kit/postgres.ts';
import { ROLE_PASSWORD } from './trap.ts';

/**
 * Versions that are on this machine; a notice where an older one is not. The older one is left out where a
 * name is given whose long form is not run.
 */
export function versionsHere(long?: string): readonly (15 | 18)[] {
  if (long !== undefined && !isLong(long)) return [18];
  if (postgresHome(15) !== null) return [18, 15];
  process.stderr.write('notice: PostgreSQL 15 is not here; its tests are skipped\n');
  return [18];
}

export interface Freezer {
  /** Freezes; what the journal would note. */
  freeze(noted?: string | null): Promise<{ readonly before: string; readonly barrier: string }>;
  unfreeze(before: string): Promise<void>;
  state(before: string | null, journaled?: JournaledWrites['state']): Promise<WritesFound>;
  tried(before: string): Promise<string>;
  others(): Promise<readonly string[]>;
}

interface FreezerOptions {
  readonly user?: string;
  readonly lockMs?: number;
  /** What is read besides tables. */
  readonly relations?: readonly RelationRequest[];
}

/** Freezes these tables of a database, as a user, who waits this long for a writer. */
export function freezerOf(
  server: Postgres,
  database: string,
  tables: readonly string[],
  { user = 'postgres', lockMs = 5000, relations = [] }: FreezerOptions = {},
): Freezer {
  const rest = server.source(database, user).slice('postgres:'.length);
  const at: SourceLocation = postgresAdapter.parse(rest, '/');
  const password = user === 'postgres' ? server.env : { PGPASSWORD: ROLE_PASSWORD };
  const plain: WriteOptions = {
    variables: password,
    timeouts: { connectMs: 5000, lockMs, queryMs: 0 },
    relations: [...tables.map((name) => ({ name, sql: null, base: null })), ...relations],
  };
  const told = (before: string | null, state: JournaledWrites['state']): WriteOptions => {
    return { ...plain, journaled: { state, before, barrier: '0/1' } };
  };
  return {
    async freeze(noted = null) {
      let before = noted;
      const { barrier = '' } = await postgresWrites.freeze(
        at,
        noted,
        (text) => (before = text),
        plain,
      );
      return { before: before ?? '', barrier };
    },
    unfreeze: (before) => postgresWrites.unfreeze(at, before, plain),
    state: (before, state = 'frozen') => postgresWrites.state(at, before, told(before, state)),
    tried: (before) => postgresWrites.tryWrite(at, told(before, 'unsettled')),
    others: async () => (await postgresWrites.others?.(at, plain)) ?? [],
  };
}

/** The line of a Failure. Throws where there is none. */
export async function failureOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Failure)) throw new Error('it did not fail', { cause: error });
  return `${error.code}: ${error.line()}`;
}

const RIGHTS = `
  SELECT c.relname, e.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
      SELECT '' AS part, x.* FROM aclexplode(coalesce(c.relacl,
        acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))) x
      UNION ALL SELECT a.attname, x.* FROM pg_attribute a CROSS JOIN LATERAL aclexplode(a.attacl) x
        WHERE a.attrelid = c.oid) e
  WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'S')`;

/** All rights in the schema public, as texts in order; those to write, but the owners', if so asked. */
export async function rightsIn(
  server: Postgres,
  database: string,
  which: 'all' | 'writes' | 'others',
): Promise<string[]> {
  const writes = `NOT (e.grantee = c.relowner AND e.grantor = c.relowner) AND e.privilege_type IN
    ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', CASE c.relkind WHEN 'S' THEN 'USAGE' END)`;
  const where = {
    all: '',
    writes: ` AND ${writes}`,
    others: ` AND NOT coalesce(${writes}, false)`,
  };
  const rows = await server.run(database, `${RIGHTS}${where[which]}`);
  return rows.map((row) => row.join(' ')).toSorted();
}

/** Runs statements as a role in a session of its own; `ok`, or the SQLSTATE of the first that failed. */
export async function tryAs(
  server: Postgres,
  database: string,
  role: string,
  ...statements: readonly string[]
): Promise<string> {
  const client = await clientAs(server, database, role);
  try {
    for (const sql of statements) await client.query(sql);
    return 'ok';
  } catch (error) {
    return String((error as { code?: string }).code);
  } finally {
    await client.end();
  }
}

/** A session of a role, which the test ends. */
export async function clientAs(server: Postgres, database: string, role: string): Promise<Client> {
  const url = new URL(server.url(database));
  url.username = role;
  url.password = encodeURIComponent(ROLE_PASSWORD);
  const client = new Client({ connectionString: String(url) });
  client.on('error', () => {});
  await client.connect();
  return client;
}
