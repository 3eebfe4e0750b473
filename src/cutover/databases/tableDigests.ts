/**
 * Numbers of rows and digests of all tables of a PostgreSQL database, computed by the server. A row is the
 * text of its columns, in the order of their names, with the settings of a session that only reads
 * (postgres/session.ts); its digest is the first half of its SHA-256. That of a table is the sum of those of its
 * rows, in two numbers of 64 bits: it depends on no order, and counts a row as often as it is there. It finds
 * what was lost or changed; against a person who chooses rows for it, the SHA-256 of the dump stands.
 *
 * Left out is what a dump does not hold: tables of the system and of extensions, temporary ones, the rows of
 * foreign tables; and materialized views, which a restore fills anew.
 */

import { Failure } from '../../outcome/failure.ts';
import { quoteText } from '../../sql/quote.ts';
import type { SqlClient } from '../world/world.ts';

export interface TableDigest {
  /** As an identifier with its schema. */
  readonly name: string;
  readonly rows: number;
  /** Hex digits: 32 of a table of PostgreSQL, 64 of one of SQLite. */
  readonly digest: string;
}

export interface SequenceState {
  readonly name: string;
  readonly last: bigint;
  readonly isCalled: boolean;
}

export interface Table {
  readonly name: string;
  /** Columns as identifiers, by their names. */
  readonly columns: string;
}

const MOST = 1_000_000;
/** Name of what is no table: all large objects, by their pages. */
export const LARGE_OBJECTS = 'large objects';

const OWN = (kind: string): string => `
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = '${kind}' AND c.relpersistence <> 't'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
      AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY 1`;

const NAME = `pg_catalog.format('%I.%I', n.nspname, c.relname) COLLATE "C"`;

/** Lists the tables with rows of their own. */
export async function listTables(client: SqlClient): Promise<readonly Table[]> {
  const { rows } = await client.query(
    `SELECT ${NAME}, coalesce((SELECT pg_catalog.string_agg(pg_catalog.format('t.%I', a.attname), ', ' ORDER BY a.attname COLLATE "C")
      FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '') ${OWN('r')}`,
    [],
    MOST,
  );
  return rows.map(([name, columns]) => ({ name: String(name), columns: String(columns) }));
}

/**
 * Begins a snapshot that no TRUNCATE or ALTER TABLE changes after it: tables are locked before it is taken.
 * For use in a transaction. @throws Failure TARGET if tables come and go meanwhile
 */
async function lockAll(client: SqlClient, tables: readonly Table[]): Promise<void> {
  const names = tables.map(({ name }) => name);
  if (names.length > 0) {
    await client.query(`LOCK TABLE ONLY ${names.join(', ONLY ')} IN ACCESS SHARE MODE`);
  }
  await client.query(`SET LOCAL search_path = ''`);
  const now = (await listTables(client)).map(({ name }) => name);
  if (JSON.stringify(now) === JSON.stringify(names)) return;
  throw new Failure('TARGET', {
    what: 'tables were made or dropped while they were listed',
    where: client.label,
    hint: 'run again when no migration runs',
  });
}

/** Runs `work` in a transaction with one snapshot of all tables. */
export async function inSnapshot<T>(
  client: SqlClient,
  work: (digests: () => Promise<readonly TableDigest[]>) => Promise<T>,
): Promise<T> {
  const tables = await listTables(client);
  return client.transaction(async () => {
    await lockAll(client, tables);
    return work(() => digestAll(client, tables));
  });
}

async function digestAll(
  client: SqlClient,
  tables: readonly Table[],
): Promise<readonly TableDigest[]> {
  const digests: TableDigest[] = [];
  for (const { name, columns } of tables) {
    digests.push(await digestOf(client, name, `SELECT ROW(${columns})::text FROM ONLY ${name} t`));
  }
  const objects = await largeObjects(client);
  return objects === null ? digests : [...digests, await digestOf(client, LARGE_OBJECTS, objects)];
}

/** The query of large objects by pages, where the role reads these, or each as a whole; null if there are none. */
async function largeObjects(client: SqlClient): Promise<string | null> {
  const { rows } = await client.query(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata),
      pg_catalog.has_table_privilege('pg_catalog.pg_largeobject', 'SELECT')`,
  );
  const [are, byPage] = rows[0] ?? [];
  if (are !== true) return null;
  return byPage === true
    ? 'SELECT ROW(l.loid, l.pageno, l.data)::text FROM pg_catalog.pg_largeobject l'
    : 'SELECT ROW(l.oid, pg_catalog.lo_get(l.oid))::text FROM pg_catalog.pg_largeobject_metadata l';
}

// More would cost as much again: the server computes the digest for each of them.
const LANES = [1, 9].map(
  (from) =>
    `coalesce(sum(('x' || encode(substr(h, ${from}, 8), 'hex'))::bit(64)::bigint), 0)::text`,
);

async function digestOf(client: SqlClient, name: string, rowTexts: string): Promise<TableDigest> {
  const { rows } = await client.query(
    `SELECT count(*), ${LANES.join(', ')}
      FROM (SELECT sha256(convert_to(r.text, getdatabaseencoding())) FROM (${rowTexts}) r (text)) s (h)`,
  );
  const [count = 0n, ...sums] = rows[0] ?? [];
  const lanes = sums.map((sum) => BigInt.asUintN(64, BigInt(String(sum))));
  const digest = lanes.map((lane) => lane.toString(16).padStart(16, '0')).join('');
  return { name, rows: Number(count), digest };
}

const SEQUENCES_AT_ONCE = 200;

/** Reads all sequences, which are in no snapshot. */
export async function readSequences(client: SqlClient): Promise<readonly SequenceState[]> {
  const { rows: named } = await client.query(`SELECT ${NAME} ${OWN('S')}`, [], MOST);
  const names = named.map(([name]) => String(name));
  const states: SequenceState[] = [];
  for (let at = 0; at < names.length; at += SEQUENCES_AT_ONCE) {
    const queries = names.slice(at, at + SEQUENCES_AT_ONCE).map((name) => {
      return `SELECT ${quoteText(name)}, last_value, is_called FROM ${name}`;
    });
    const { rows } = await client.query(queries.join(' UNION ALL '));
    for (const [name, last, isCalled] of rows) {
      states.push({ name: String(name), last: BigInt(String(last)), isCalled: isCalled === true });
    }
  }
  return states;
}

/** The list as it is kept: its SHA-256 is the root. */
export function digestsText(digests: readonly TableDigest[]): string {
  return `${JSON.stringify(digests, null, 1)}\n`;
}

/** Names what differs, as clauses: `app.orders has 3 rows instead of 5`. */
export function differences(
  wanted: readonly TableDigest[],
  found: readonly TableDigest[],
): string[] {
  const there = new Map(found.map((one) => [one.name, one]));
  const known = new Set(wanted.map(({ name }) => name));
  const missing = wanted.flatMap(({ name, rows, digest }) => {
    const other = there.get(name);
    if (other === undefined) return [`${name} is missing`];
    if (other.rows !== rows) return [`${name} has ${other.rows} rows instead of ${rows}`];
    return other.digest === digest ? [] : [`${name} has other values in its ${rows} rows`];
  });
  const more = found.filter(({ name }) => !known.has(name)).map(({ name }) => `${name} is new`);
  return [...missing, ...more];
}

/**
 * Names sequences that stand elsewhere than in the database while it was dumped: between what was read before
 * and after it.
 */
export function sequenceDifferences(
  before: readonly SequenceState[],
  after: readonly SequenceState[],
  restored: readonly SequenceState[],
): readonly string[] {
  const there = new Map(restored.map((one) => [one.name, one]));
  const later = new Map(after.map((one) => [one.name, one]));
  return before.flatMap((one) => {
    const found = there.get(one.name);
    if (found === undefined) return [`sequence ${one.name} is missing`];
    const last = later.get(one.name) ?? one;
    const [low, high] = one.last <= last.last ? [one.last, last.last] : [last.last, one.last];
    const isCalled = found.isCalled === one.isCalled || found.isCalled === last.isCalled;
    if (isCalled && found.last >= low && found.last <= high) return [];
    return [`sequence ${one.name} stands elsewhere`];
  });
}
