/**
 * The PostgreSQL source. Promises: nothing is written, all readers see one snapshot that also holds
 * against TRUNCATE, every cell arrives exactly, and rows that the role may not see are an error.
 *
 * Tables are read by ranges of their pages, unordered; rows are located by their ctid. Views are read by
 * one reader, their rows located by ordinals.
 */

import { isDeepStrictEqual } from 'node:util';

import { Failure } from '../outcome/failure.ts';
import { formatAddress, parseAddress, USAGE, type PostgresAddress } from '../postgres/address.ts';
import type { Connection } from '../postgres/connect.ts';
import { assertPinned, openSession, type ServerFacts } from '../postgres/session.ts';
import { encodeSeen, noteSeen } from '../postgres/seen.ts';
import { completeAddress } from '../postgres/settings.ts';
import { POSTGRES_DIALECT } from '../sql/postgresQuery.ts';
import { countOnce } from './countOnce.ts';
import { readCatalogue, type Catalogue, type Lockable } from './postgres/catalogue.ts';
import { showCtid } from './postgres/copyCells.ts';
import { columnsBeside } from './postgres/columnsBeside.ts';
import { readType } from './postgres/declaredType.ts';
import { listObjects } from './postgres/inventory.ts';
import { addressOf, SCHEME } from './postgres/location.ts';
import { isRewritten, lockByQuery, lockTables } from './postgres/locking.ts';
import { laterWrites } from './postgres/laterWrites.ts';
import { planRanges, rangesOfRows } from './postgres/rangePlan.ts';
import { BEGIN, openReader, tableNamed, type PostgresHandle } from './postgres/reader.ts';
import { planRelations, type PlannedRelations } from './postgres/relation.ts';
import { unsteadyView } from './postgres/steadyViews.ts';
import { postgresWrites } from './postgres/writeFreeze.ts';
import type { PreparedSource, PrepareOptions, SourceAdapter, Timeouts } from './source.ts';
import type { Unchanged } from './unchanged.ts';

export const postgresAdapter: SourceAdapter = {
  scheme: SCHEME,
  usage: USAGE,
  parse: (rest) => ({ scheme: SCHEME, ...parseAddress(rest) }),
  format: (location) => formatAddress(addressOf(location)),
  dialect: POSTGRES_DIALECT,
  showLocator: showCtid,
  declared: ({ declaredType }) => readType(declaredType),
  prepare: (location, options) => prepare(addressOf(location), options),
  open: (handle, signal) => openReader(handle as PostgresHandle, signal),
  writes: postgresWrites,
};

async function prepare(address: PostgresAddress, options: PrepareOptions): Promise<PreparedSource> {
  const { variables, timeouts, signal } = options;
  const settings = completeAddress(address, variables);
  const session = await openSession(settings, { connectMs: timeouts.connectMs, signal });
  const { connection, facts } = session;
  try {
    await connection.query(BEGIN);
    const catalogue = await readCatalogue(connection);
    const objects = await listObjects(connection);
    const bytes = await databaseBytes(connection);
    await connection.query(`SET LOCAL statement_timeout = ${timeouts.queryMs}`);
    const planned = await planRelations(connection, catalogue, options.relations ?? []);
    await connection.query('SET LOCAL statement_timeout = 0');
    const read = { catalogue, objects, planned, bytes };
    return prepared({ connection, facts, ...read, settings, timeouts, signal });
  } catch (error) {
    connection.end();
    throw error;
  }
}

interface Begun {
  readonly connection: Connection;
  readonly facts: ServerFacts;
  readonly catalogue: Catalogue;
  readonly objects: Awaited<ReturnType<typeof listObjects>>;
  readonly planned: PlannedRelations;
  readonly bytes: number | null;
  readonly settings: PostgresHandle['settings'];
  readonly timeouts: Timeouts;
  readonly signal: AbortSignal;
}

function prepared(begun: Begun): PreparedSource {
  const { connection, facts, catalogue, objects, planned, settings, timeouts } = begun;
  const { label } = connection;
  const counts = countOnce(async (table) => {
    const { from } = tableNamed(catalogue.access, table, label);
    const [[rows] = []] = await connection.query(`SELECT pg_catalog.count(*) FROM ${from}`, table);
    return Number(rows);
  });
  let snapshotNote: string | null = null;
  return {
    label,
    schema: catalogue.schema,
    objects,
    relations: planned.relations,
    estimatedBytes: begun.bytes,
    get notes() {
      return [serverNote(facts), ...(snapshotNote === null ? [] : [snapshotNote])];
    },
    plan: async (table, rows) => {
      // Queries run in readers only, as one range.
      if (planned.relations.get(table)?.schema.kind === 'query') return [{}];
      return planRanges(connection, tableNamed(catalogue.access, table, label), rows);
    },
    planRows: async (table, locators) => {
      const whole = tableNamed(catalogue.access, table, label);
      return rangesOfRows(whole, locators) ?? [{}];
    },
    count: async (table) => {
      tableNamed(catalogue.access, table, label);
      return counts.count(table);
    },
    async inOneSnapshot(openReaders) {
      counts.forget();
      // A view is locked with the tables that it reads; one that the mapping does not read may be broken.
      const lockable = catalogue.lockable.filter(({ name, isView }) => {
        return !isView || planned.relations.has(name);
      });
      const { lockMs } = timeouts;
      const { snapshot, lsn } = await beginSnapshot(connection, lockable, lockMs, facts);
      const now = await readCatalogue(connection);
      const listed = await listObjects(connection);
      // A view may have been replaced by one of the same columns.
      const unsteady = await unsteadyView(connection, planned.views);
      const isSame = isDeepStrictEqual(now, catalogue) && isDeepStrictEqual(listed, objects);
      if (!isSame || unsteady !== null) throw changed(label);
      snapshotNote = `snapshot ${snapshot}, at ${lsn}`;
      const handle: PostgresHandle = {
        scheme: SCHEME,
        settings,
        snapshot,
        lsn,
        tables: catalogue.access,
        relations: planned.access,
        connectMs: timeouts.connectMs,
        queryMs: timeouts.queryMs,
        lockable,
        lockMs,
      };
      return openReaders(handle);
    },
    ...unchangedOf(begun),
    async close() {
      connection.end();
    },
  };
}

/** The part of the contract by which it is known later whether the tables hold what was read. */
function unchangedOf({ connection, facts, catalogue, ...begun }: Begun): Unchanged & {
  assertUnchanged(): Promise<void>;
} {
  const { settings, timeouts, signal } = begun;
  const identifier = (table: string): string =>
    tableNamed(catalogue.access, table, connection.label).from.replace(/^ONLY /, '');
  return {
    // The snapshot stays as it is; the locks stay as long as this session lives.
    async assertUnchanged() {
      await connection.query('SELECT 1');
    },
    async seen(tables) {
      // A standby has no log of its own to tell its place by, and cannot go live.
      if (facts.isStandby) return null;
      const read = tables.map(({ table, rows }) => ({ identifier: identifier(table), rows }));
      return encodeSeen(await noteSeen(connection, read));
    },
    async valuesBeside(tables) {
      const found: string[] = [];
      for (const { table, columns } of tables) {
        const names = await columnsBeside(connection, identifier(table), columns);
        found.push(...names.map((name) => `${table}.${name}`));
      }
      return found;
    },
    async laterWrites(requests) {
      const { connectMs } = timeouts;
      const { connection: now } = await openSession(settings, { connectMs, signal });
      try {
        return await laterWrites(connection, now, requests);
      } finally {
        now.end();
      }
    },
    isFrozen: provesNothing,
  };
}

/** Revoked grants stop neither owners nor superusers, so a freeze does not prove that all is as it was. */
async function provesNothing(): Promise<boolean> {
  return false;
}

/** Begins a snapshot of locked tables and exports it. */
async function beginSnapshot(
  connection: Connection,
  lockable: readonly Lockable[],
  lockMs: number,
  { isStandby, major }: ServerFacts,
): Promise<{ readonly snapshot: string; readonly lsn: string }> {
  await connection.query(`ROLLBACK; ${BEGIN}`);
  await lockTables(connection, lockable, lockMs);
  const lsn = isStandby ? 'pg_last_wal_replay_lsn()' : 'pg_current_wal_lsn()';
  const [[snapshot, at] = []] = await connection.query(
    `SELECT pg_catalog.pg_export_snapshot(), pg_catalog.${lsn}`,
  );
  await lockByQuery(connection, lockable);
  await assertPinned(connection, major);
  if (await isRewritten(connection)) throw changed(connection.label);
  return { snapshot: String(snapshot), lsn: String(at) };
}

async function databaseBytes(connection: Connection): Promise<number | null> {
  const [[bytes] = []] = await connection.query(
    `SELECT CASE WHEN has_database_privilege(current_database(), 'CONNECT')
      THEN pg_catalog.pg_database_size(current_database()) END`,
  );
  return bytes === null || bytes === undefined ? null : Number(bytes);
}

function serverNote({ version, role, isStandby }: ServerFacts): string {
  const standby = isStandby ? ', a standby, which may end the snapshot for its recovery' : '';
  return `PostgreSQL ${version}, read as ${JSON.stringify(role)}${standby}`;
}

function changed(where: string): Failure {
  return new Failure('SOURCE_CHANGED', {
    what: 'the tables of the database were changed while their schema was being read',
    where,
    hint: 'wait until that has ended, then run again',
  });
}
