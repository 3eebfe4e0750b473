/**
 * What a snapshot saw of tables, noted so that it can be told later whether they still hold it: under a
 * lock and without reading a value. A row that was written since has a transaction in its xmin that the
 * snapshot did not see; one that was deleted is missing in the count; a table that was made anew has
 * another oid, one with another name, other columns or other partitions another shape. Statistics of the
 * server are not used.
 */

import { Failure } from '../outcome/failure.ts';
import type { Connection, TextRow } from './connect.ts';

/** A table as its reader read it. */
export interface ReadTable {
  /** Schema and name, quoted. */
  readonly identifier: string;
  /** Rows that were read; null to have them counted. */
  readonly rows: number | null;
}

/** What was seen of a table. */
export interface SeenTable {
  readonly oid: string;
  readonly rows: number;
  /** Digest of its name, its columns and what it has the rows of. */
  readonly shape: string;
  /**
   * Digest of the versions of the rows whose transactions may have been running at the snapshot: their
   * numbers alone do not tell, as those of subtransactions are in no snapshot. '' if none was running.
   */
  readonly doubtful: string;
}

export interface Seen {
  /** As `pg_current_snapshot()` writes it. */
  readonly snapshot: string;
  /** Oid of the database. */
  readonly database: string;
  /**
   * The server: its identifier, as servers made alike give the same oids, and the timeline of its log, as one
   * that was restored has another.
   */
  readonly server: string;
  readonly tables: readonly SeenTable[];
}

/** How a table differs from what was seen. */
export interface TableChange {
  readonly oid: string;
  /** Rows that were written since. */
  readonly written: number;
  /** Rows that were seen and are not there as they were: deleted, or written over. */
  readonly gone: number;
  /** Whether it is another table of that name, or has other columns or partitions. */
  readonly remade: boolean;
}

/** The server's identifier; a service may keep it from its users. */
const MAY_IDENTIFY = `SELECT pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')`;
const IDENTIFIER = `(SELECT s.system_identifier FROM pg_catalog.pg_control_system() s) || ' ' || `;

function placeSql(identifier: string): string {
  return `SELECT pg_catalog.pg_current_snapshot(),
    (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database()),
    ${identifier}left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8)`;
}

const SHAPES = `
  SELECT c.oid, left(md5(concat_ws(';', quote_ident(c.relname),
    (SELECT string_agg(concat_ws(' ', a.attnum, quote_ident(a.attname), a.atttypid, a.atttypmod, a.attcollation),
        ',' ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    (WITH RECURSIVE part (oid) AS (
        SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid
        UNION SELECT i.inhrelid FROM part JOIN pg_catalog.pg_inherits i ON i.inhparent = part.oid)
      SELECT string_agg(oid::text, ',' ORDER BY oid) FROM part))), 16)
  FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::oid[])`;

/** Notes what the transaction of a session sees of tables; it must have had one snapshot since they were read. */
export async function noteSeen(
  connection: Connection,
  tables: readonly ReadTable[],
): Promise<Seen> {
  const place = await placeOf(connection);
  const oids: string[] = [];
  for (const { identifier } of tables) {
    const [[oid] = []] = await connection.execute('SELECT $1::regclass::oid', [identifier]);
    oids.push(String(oid));
  }
  const shapes = await shapesOf(connection, oids);
  const running = runningAt(place.snapshot);
  const seen: SeenTable[] = [];
  for (const [at, table] of tables.entries()) {
    const oid = oids[at] ?? '';
    const counted = await countTable(connection, table, running);
    seen.push({ oid, shape: shapes.get(oid) ?? '', ...counted });
  }
  return { ...place, tables: seen };
}

/** Reads a table only if its rows are not counted yet, or some versions of them are doubtful. */
async function countTable(
  connection: Connection,
  { identifier, rows }: ReadTable,
  running: Running | null,
): Promise<Pick<SeenTable, 'rows' | 'doubtful'>> {
  if (running === null && rows !== null) return { rows, doubtful: '' };
  const versions = running === null ? `''` : versionsOf(running);
  const sql = `SELECT count(*), ${versions} FROM ${identifier} t`;
  const [[count, doubtful] = []] = await connection.query(sql, identifier);
  return { rows: rows ?? Number(count), doubtful: String(doubtful) };
}

async function placeOf(connection: Connection): Promise<Omit<Seen, 'tables'>> {
  const [[may] = []] = await connection.query(MAY_IDENTIFY);
  const sql = placeSql(may === 't' ? IDENTIFIER : '');
  const [[snapshot, database, server] = []] = await connection.query(sql);
  return { snapshot: String(snapshot), database: String(database), server: String(server) };
}

async function shapesOf(
  connection: Connection,
  oids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  return pairs(await connection.execute(SHAPES, [oids]));
}

/** First transaction that was running at a snapshot, and the first that had not begun; 64-bit numbers. */
interface Running {
  readonly from: bigint;
  readonly to: bigint;
}

/** Reads the text of a snapshot, `xmin:xmax:xip,…`; null if no transaction with a number was running. */
function runningAt(snapshot: string): Running | null {
  const { from, to } = boundsOf(snapshot);
  return from === to ? null : { from, to };
}

function boundsOf(snapshot: string): Running {
  const [, from, to] = /^(\d+):(\d+):[\d,]*$/.exec(snapshot) ?? [];
  if (from === undefined || to === undefined) throw new TypeError('not the text of a snapshot');
  return { from: BigInt(from), to: BigInt(to) };
}

/** The age of a transaction, by the 32 bits of its number that a row has; computed once in a statement. */
function ageOf(transaction: bigint): string {
  return `(SELECT age('${BigInt.asUintN(32, transaction)}'::xid))`;
}

function isDoubtful({ from, to }: Running): string {
  return `age(t.xmin) > ${ageOf(to)} AND age(t.xmin) <= ${ageOf(from)}`;
}

/** Digest of the doubtful versions of rows, in any order. */
function versionsOf(running: Running): string {
  const only = `FILTER (WHERE ${isDoubtful(running)})`;
  return `count(*) ${only} || ' ' || coalesce(sum(pg_catalog.hashtextextended(
    t.tableoid || ' ' || t.ctid::text || ' ' || t.xmin::text, 0)::numeric) ${only}, 0)`;
}

/** Half of the numbers that 32 bits tell apart: beyond that, an age means nothing. */
const MOST_AGE = 2n ** 31n - 1_000_000n;

const NAMES = `
  SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = ANY ($1::oid[])`;

/**
 * Compares tables with what was seen of them, and returns those that differ. Each statement sees what is
 * committed before it begins, so a caller that has locked them learns what is there until it unlocks.
 * @throws Failure TARGET if this is not the database that was seen
 */
export async function changesSince(
  connection: Connection,
  { tables, ...before }: Seen,
): Promise<TableChange[]> {
  const now = await placeOf(connection);
  const running = boundsOf(before.snapshot);
  const age = boundsOf(now.snapshot).to - running.to;
  const isSame = now.database === before.database && now.server === before.server;
  if (!isSame || age < 0n || age > MOST_AGE) throw another(connection.label);
  const oids = tables.map(({ oid }) => oid);
  const shapes = await shapesOf(connection, oids);
  const names = pairs(await connection.execute(NAMES, [oids]));
  const changes: TableChange[] = [];
  for (const table of tables) {
    const name = names.get(table.oid);
    const isThere = name !== undefined && shapes.get(table.oid) === table.shape;
    const change = isThere
      ? await changeOf(connection, name, table, running)
      : { oid: table.oid, written: 0, gone: 0, remade: true };
    if (change !== null) changes.push(change);
  }
  return changes;
}

/** The age of the first number that no transaction has that this statement sees. */
const AGE_OF_NEXT =
  '(SELECT age((pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::numeric % 4294967296)::text::xid))';

/**
 * Counts, in one reading, the rows, and those written since: by a transaction from the first that the
 * snapshot did not see to the last that this statement sees. An age is relative to a transaction that may
 * be older than the last one, so it can be below zero; so can that of a row as old as the database.
 */
async function changeOf(
  connection: Connection,
  name: string,
  { oid, rows, doubtful }: SeenTable,
  running: Running,
): Promise<TableChange | null> {
  const since = `age(t.xmin) > ${AGE_OF_NEXT} AND age(t.xmin) <= ${ageOf(running.to)}`;
  const versions = doubtful === '' ? `''` : versionsOf(running);
  const [[count, written, digest] = []] = await connection.query(
    `SELECT count(*), count(*) FILTER (WHERE ${since}), ${versions}
      FROM ${name} t`,
    name,
  );
  const gone = rows - (Number(count) - Number(written));
  if (Number(written) > 0 || gone !== 0)
    return { oid, written: Number(written), gone, remade: false };
  // Equal numbers of other versions: a transaction that was running wrote over at least one.
  return digest === doubtful ? null : { oid, written: 1, gone: 1, remade: false };
}

function pairs(rows: readonly TextRow[]): ReadonlyMap<string, string> {
  return new Map(rows.map(([key, value]) => [String(key), String(value)]));
}

function another(where: string): Failure {
  return new Failure('TARGET', {
    what: 'this is not the database that was reconciled, or it was restored from a backup since',
    where,
    hint: 'run sealift reconcile again, then the same command',
  });
}

/** Writes it as a text that JSON holds in one string. */
export function encodeSeen({ snapshot, database, server, tables }: Seen): string {
  const rows = tables.map(({ oid, rows, shape, doubtful }) => [oid, rows, shape, doubtful]);
  return JSON.stringify([snapshot, database, server, rows]);
}

/** Reads what {@link encodeSeen} wrote; null if it is none. */
export function decodeSeen(text: string): Seen | null {
  try {
    const [snapshot, database, server, rows] = JSON.parse(text) as [string, string, string, []];
    const tables = rows.map((row): SeenTable => {
      const [oid, count, shape, doubtful] = row as readonly unknown[];
      return {
        oid: digits(oid),
        rows: whole(count),
        shape: String(shape),
        doubtful: String(doubtful),
      };
    });
    boundsOf(snapshot);
    return { snapshot, database: digits(database), server, tables };
  } catch {
    return null;
  }
}

function digits(value: unknown): string {
  if (typeof value === 'string' && /^\d{1,10}$/.test(value)) return value;
  throw new TypeError('not an oid');
}

function whole(value: unknown): number {
  if (Number.isSafeInteger(value)) return Number(value);
  throw new TypeError('not a number of rows');
}
