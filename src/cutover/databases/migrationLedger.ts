/**
 * The ledger of migrations, `sealift_migrations`: a row for each file that was applied. In PostgreSQL it is in
 * the schema `sealift_ledger`, which is Sealift's own: `public` may not be writable, and what compares a schema
 * with the models of an application would find a table there that it does not know.
 */

import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { lockKey, takeAdvisoryLock } from '../../postgres/advisoryLock.ts';
import type { SqlClient } from '../world/world.ts';
import type { MigrationFile } from './migrationFiles.ts';

const SCHEMA = 'sealift_ledger';
const NAME = 'sealift_migrations';
/** The server needs some time to notice that the client of a killed run is gone. */
const PATIENCE_MS = 12_000;
const MOST_ROWS = 100_000;

export interface LedgerRow {
  readonly sha256: string;
  /** Whether its effect is whole; a file outside of a transaction is begun before. */
  readonly isFinished: boolean;
}

/** Who applies files, and when. */
export interface Applying {
  readonly run: string;
  readonly now: () => Date;
}

function tableOf({ dialect }: SqlClient): string {
  return dialect === 'postgresql' ? `${SCHEMA}.${NAME}` : NAME;
}

/** Reads the ledger; an empty one if there is none. */
export async function readLedger(client: SqlClient): Promise<ReadonlyMap<string, LedgerRow>> {
  const isThere =
    client.dialect === 'postgresql'
      ? `SELECT pg_catalog.to_regclass('${SCHEMA}.${NAME}') IS NOT NULL`
      : `SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = '${NAME}'`;
  const { rows: found } = await client.query(isThere);
  if (found[0]?.[0] !== true && found[0]?.[0] !== 1n) return new Map();
  const sql = `SELECT name, sha256, finished_at IS NOT NULL FROM ${tableOf(client)}`;
  const { rows } = await client.query(sql, [], MOST_ROWS);
  return new Map(
    rows.map(([name, sha256, finished]) => {
      const isFinished = finished === true || finished === 1n;
      return [String(name), { sha256: String(sha256), isFinished }];
    }),
  );
}

/** Makes the ledger, if it is not there. @throws Failure TARGET if it is of a role that cannot be trusted */
export async function makeLedger(client: SqlClient): Promise<void> {
  if (client.dialect === 'sqlite') {
    await client.script(
      `CREATE TABLE IF NOT EXISTS ${NAME} (name text PRIMARY KEY NOT NULL, sha256 text NOT NULL,
        started_at text NOT NULL, finished_at text, run text NOT NULL)`,
    );
    return;
  }
  const { rows } = await client.query(
    `SELECT pg_catalog.to_regclass('${SCHEMA}.${NAME}') IS NOT NULL`,
  );
  if (rows[0]?.[0] !== true) {
    await client.transaction(() =>
      client.script(
        `CREATE SCHEMA IF NOT EXISTS ${SCHEMA};
         CREATE TABLE IF NOT EXISTS ${SCHEMA}.${NAME} (name text PRIMARY KEY, sha256 text NOT NULL,
           started_at timestamptz NOT NULL, finished_at timestamptz, run text NOT NULL)`,
      ),
    );
  }
  await assertTrusted(client);
}

/** Triggers of a table run as the role that writes to it. */
const STRANGER = `
  SELECT r.rolname FROM pg_catalog.pg_namespace n
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = '${NAME}'
    CROSS JOIN LATERAL (VALUES (n.nspowner), (c.relowner)) o (owner)
    JOIN pg_catalog.pg_roles r ON r.oid = o.owner
    JOIN pg_catalog.pg_roles me ON me.rolname = current_user
  WHERE n.nspname = '${SCHEMA}' AND NOT r.rolsuper AND (me.rolsuper OR NOT pg_catalog.pg_has_role(r.oid, 'USAGE'))
  LIMIT 1`;

async function assertTrusted(client: SqlClient): Promise<void> {
  const { rows } = await client.query(STRANGER);
  if (rows.length === 0) return;
  throw new Failure('TARGET', {
    what: `the ledger of migrations belongs to role ${quoteName(String(rows[0]?.[0]))}, whose code would run as this one`,
    where: `${client.label}, schema ${quoteName(SCHEMA)}`,
    hint: 'connect as that role, or give the ledger to another owner',
  });
}

/** Takes the lock of migrations, until the client is closed. SQLite has one writer at a time anyway. @throws Failure BUSY */
export async function lockMigrations(client: SqlClient, signal: AbortSignal): Promise<void> {
  if (client.dialect === 'sqlite') return;
  const texts = {
    async query(sql: string): Promise<(string | null)[][]> {
      const { rows } = await client.query(sql);
      return rows.map((row) =>
        row.map((cell) => (cell === true ? 't' : cell && String(cell)) || null),
      );
    },
  };
  const place = {
    what: 'the migrations of this database',
    where: client.label,
    patienceMs: PATIENCE_MS,
  };
  await takeAdvisoryLock(texts, lockKey('migrations'), place, signal);
}

/** Writes the row of a file: finished, or begun if it runs outside of a transaction. */
export async function writeRow(
  client: SqlClient,
  { name, sha256, outside }: MigrationFile,
  { run, now }: Applying,
): Promise<void> {
  const marks = client.dialect === 'postgresql' ? '$1, $2, $3, $4, $5' : '?, ?, ?, ?, ?';
  const at = now().toISOString();
  await client.query(
    `INSERT INTO ${tableOf(client)} (name, sha256, started_at, finished_at, run) VALUES (${marks})`,
    [name, sha256, at, outside === null ? at : null, run],
  );
}

/** Notes that the effect of a file is whole. */
export async function finishRow(client: SqlClient, name: string, now: () => Date): Promise<void> {
  const [at, key] = client.dialect === 'postgresql' ? ['$1', '$2'] : ['?', '?'];
  const sql = `UPDATE ${tableOf(client)} SET finished_at = ${at} WHERE name = ${key}`;
  await client.query(sql, [now().toISOString(), name]);
}
