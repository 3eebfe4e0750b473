/**
 * An application's PostgreSQL database, changed while the application goes on. Promises: a batch with
 * its lines of the log is one statement, nothing is changed that was not expected by its bytes, and
 * without `writes` the server itself refuses to write.
 */

import { Failure } from '../outcome/failure.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { parseAddress, USAGE, type PostgresAddress } from '../postgres/address.ts';
import { lockKey, takeAdvisoryLock } from '../postgres/advisoryLock.ts';
import type { Connection } from '../postgres/connect.ts';
import { openSession } from '../postgres/session.ts';
import { completeAddress } from '../postgres/settings.ts';
import { quote } from '../sql/quote.ts';
import type {
  Database,
  DatabaseAdapter,
  DatabaseLocation,
  ListedTable,
  OpenDatabase,
  Row,
  TableRequest,
} from './database.ts';
import {
  DEFAULT_SCHEMA,
  findEntry,
  isKeyType,
  keyCollations,
  listEntries,
  nameOf,
  readColumns,
  readRights,
  type ColumnEntry,
  type TableEntry,
} from './postgres/catalogue.ts';
import { cellOf } from './postgres/cellText.ts';
import { databaseFailure } from './postgres/databaseFailure.ts';
import { createLog, dropLog, logIdentifier, readLog } from './postgres/log.ts';
import { postgresTable, type FoundTable } from './postgres/table.ts';
import { noColumn, noTable, noTableButView, noUniqueKey, nullKey, refused } from './refusals.ts';

const SCHEME = 'postgres';

export const postgresDatabase: DatabaseAdapter = {
  scheme: SCHEME,
  usage: USAGE,
  parse: (rest) => ({ scheme: SCHEME, ...parseAddress(rest) }),
  open,
};

function addressOf(location: DatabaseLocation): PostgresAddress {
  const { scheme, ...address } = location;
  if (scheme !== SCHEME) throw new TypeError(`not a location of ${SCHEME}`);
  return address as unknown as PostgresAddress;
}

/** Rows are found by their key, in its order; each statement is planned for what it is called with. */
const SETTINGS = [
  `SET default_transaction_isolation = 'read committed'`,
  'SET enable_hashjoin = off',
  'SET enable_mergejoin = off',
  'SET plan_cache_mode = force_custom_plan',
  'SET jit = off',
].join('; ');

type Connect = () => Promise<Connection>;

async function open(location: DatabaseLocation, options: OpenDatabase): Promise<Database> {
  const { writes, variables, signal, connectMs, lockMs } = options;
  const settings = completeAddress(addressOf(location), variables);
  const connectAgain = async (mayWrite: boolean): Promise<Connection> => {
    const { connection, facts } = await openSession(settings, {
      connectMs,
      signal,
      failure: databaseFailure,
      writes: mayWrite,
    });
    try {
      if (mayWrite && facts.isStandby) {
        const what = 'the server is a standby, which only lets read';
        throw refused(what, connection.label, 'name the primary');
      }
      await connection.query(
        `SET lock_timeout = '${Math.max(1, Math.trunc(lockMs))}ms'; ${SETTINGS}`,
      );
      await assertEncoding(connection);
      return connection;
    } catch (error) {
      connection.end();
      throw error;
    }
  };
  return databaseOf(await connectAgain(writes), () => connectAgain(false), options);
}

/** A database without an encoding holds texts that may be read in more than one way. */
async function assertEncoding(connection: Connection): Promise<void> {
  const [[encoding] = []] = await connection.query(`SELECT current_setting('server_encoding')`);
  if (encoding !== 'SQL_ASCII') return;
  const hint = 'restore a dump of it into a database with encoding UTF8';
  throw refused('the database has no encoding (SQL_ASCII)', connection.label, hint);
}

function databaseOf(
  connection: Connection,
  connectAgain: Connect,
  { writes, signal, lockMs }: OpenDatabase,
): Database {
  const { label } = connection;
  const scans = new Set<Connection>();
  // The log is beside the first table that is looked up.
  let schema: string | null = null;
  const logSchema = (): string => schema ?? DEFAULT_SCHEMA;
  const logName: FoundTable['logName'] = (log) => logIdentifier(logSchema(), log);
  const assertWrites = (): void => {
    signal.throwIfAborted();
    if (!writes)
      throw refused('the database was opened to be read only', label, 'open it with writes');
  };
  return {
    label,
    async table(request) {
      const { entry, found } = await findTable(connection, request, writes);
      schema ??= entry.schema;
      return postgresTable({ ...found, assertWrites, logName });
    },
    tables: () => listTables(connection),
    scan: (table, columns) => scan(connectAgain, scans, table, columns),
    async createLog(log) {
      assertWrites();
      await createLog(connection, logSchema(), log);
    },
    readLog: (log) => readLog(connection, logSchema(), log),
    async dropLog(log) {
      assertWrites();
      await dropLog(connection, logSchema(), log);
    },
    async lock(name) {
      const what = `this database (${name})`;
      const place = { what, where: label, patienceMs: lockMs };
      await takeAdvisoryLock(connection, lockKey('database', name), place, signal);
    },
    async close() {
      for (const one of scans) one.end();
      connection.end();
    },
  };
}

interface TableThere {
  readonly entry: TableEntry;
  readonly found: Omit<FoundTable, 'assertWrites' | 'logName'>;
}

const NO_TABLES: ReadonlyMap<string, string> = new Map([
  ['v', 'a view'],
  ['m', 'a materialised view'],
  ['f', 'a foreign table'],
]);

/** @throws Failure TARGET */
async function findTable(
  connection: Connection,
  { table: name, key, columns }: TableRequest,
  writes: boolean,
): Promise<TableThere> {
  const entries = await listEntries(connection);
  const entry = findEntry(entries, name);
  if (entry === undefined) throw noTable(connection.label, name, entries.map(nameOf));
  const other = NO_TABLES.get(entry.kind);
  if (other !== undefined) throw noTableButView(connection.label, name, other);
  const label = `${entry.schema}.${entry.name}`;
  const where = `${connection.label}, table ${quoteName(label)}`;
  await assertRights(connection, entry, where, writes);
  const all = new Map(
    (await readColumns(connection, entry.oid)).map((one) => [one.facts.name, one]),
  );
  const column = (wanted: string): ColumnEntry => {
    const found = all.get(wanted);
    if (found === undefined) throw noColumn(where, wanted, all.keys());
    return found;
  };
  assertColumns([...key, ...columns].map(column), where, entry);
  const collations = await keyCollations(connection, entry.oid, key);
  if (collations === null) throw noUniqueKey(where, key);
  assertKey(key.map(column), where);
  const from = fromOf(entry);
  return { entry, found: { connection, label, from, key, columns, collations, column } };
}

/** Rows of a table that inherits are its own; rows of a partition are those of the whole. */
function fromOf({ kind, schema, name }: TableEntry): string {
  return `${kind === 'p' ? '' : 'ONLY '}${quote(schema)}.${quote(name)}`;
}

async function assertRights(
  connection: Connection,
  entry: TableEntry,
  where: string,
  writes: boolean,
): Promise<void> {
  const { mayUseSchema, hidesRows, hasRules } = await readRights(connection, entry);
  if (!mayUseSchema) {
    const hint = `GRANT USAGE ON SCHEMA ${quote(entry.schema)} to the user`;
    throw refused('the user may not use the schema', where, hint);
  }
  if (hidesRows) {
    const what = 'a row security policy would hide rows of this table from the user';
    throw refused(what, where, 'take a role with BYPASSRLS');
  }
  if (hasRules && writes) {
    const what = 'the table has rules, which rewrite a change into something else';
    throw refused(what, where, 'disable them while Sealift changes the table');
  }
}

function assertColumns(
  columns: readonly ColumnEntry[],
  where: string,
  { schema, name }: TableEntry,
): void {
  const unread = columns.find(({ mayRead }) => !mayRead);
  if (unread === undefined) return;
  const column = quote(unread.facts.name);
  const hint = `GRANT SELECT (${column}) ON ${quote(schema)}.${quote(name)} to the user`;
  throw refused('the user may not read this column', `${where}, column ${column}`, hint);
}

function assertKey(key: readonly ColumnEntry[], where: string): void {
  if (key.some(({ facts }) => facts.nullable)) {
    throw nullKey(
      where,
      key.map(({ facts }) => facts.name),
    );
  }
  const odd = key.find((column) => !isKeyType(column));
  if (odd === undefined) return;
  const what = `a key of type ${odd.facts.type} is not supported`;
  throw refused(what, `${where}, column ${quote(odd.facts.name)}`, 'name another unique column');
}

async function listTables(connection: Connection): Promise<ListedTable[]> {
  const entries = await listEntries(connection);
  const tables = entries.filter(({ kind, isPartition }) => {
    return (kind === 'r' || kind === 'p') && !isPartition;
  });
  const listed: ListedTable[] = [];
  for (const entry of tables) {
    const columns = await readColumns(connection, entry.oid);
    const key = columns
      .filter(({ place }) => place > 0)
      .toSorted((one, other) => one.place - other.place)
      .map(({ facts }) => facts.name);
    listed.push({ table: nameOf(entry), columns: columns.map(({ facts }) => facts), key });
  }
  return listed.toSorted((one, other) => {
    return Buffer.compare(Buffer.from(one.table), Buffer.from(other.table));
  });
}

/** Bytes of a batch of a scan, as a goal. */
const SCAN_BYTES = 4 * 1024 * 1024;
const FIRST_ROWS = 50;
const MOST_ROWS = 5000;

/** Reads by a cursor, in a session of its own, so that the database is of use meanwhile. */
async function* scan(
  connectAgain: Connect,
  scans: Set<Connection>,
  { table, key }: ListedTable,
  columns: readonly string[],
): AsyncGenerator<Row[]> {
  const connection = await connectAgain();
  scans.add(connection);
  try {
    const entries = await listEntries(connection);
    const entry = findEntry(entries, table);
    if (entry === undefined) throw noTable(connection.label, table, entries.map(nameOf));
    const all = new Map(
      (await readColumns(connection, entry.oid)).map((one) => [one.facts.name, one.facts]),
    );
    const names = [...key, ...columns];
    const kinds = names.map((name) => all.get(name)?.kind ?? 'other');
    const where = `table ${quoteName(nameOf(entry))}`;
    await connection.query(
      `BEGIN READ ONLY; DECLARE sealift_scan NO SCROLL CURSOR FOR SELECT ${names.map(quote).join(', ')} FROM ${fromOf(entry)}`,
      where,
    );
    for (let fetch = FIRST_ROWS; ;) {
      const texts = await connection.query(`FETCH ${fetch} FROM sealift_scan`, where);
      if (texts.length === 0) return;
      const bytes = texts.reduce((sum, row) => sum + row.join('').length, 0);
      const goal = Math.floor((SCAN_BYTES * texts.length) / Math.max(1, bytes));
      fetch = Math.max(1, Math.min(goal, fetch * 4, MOST_ROWS));
      yield texts.map((row): Row => {
        const cells = row.map((text, at) => cellOf(text, kinds[at] ?? 'other'));
        return { key: cells.slice(0, key.length), cells: cells.slice(key.length) };
      });
    }
  } catch (error) {
    throw error instanceof Failure ? databaseFailure(error, connection.label) : error;
  } finally {
    scans.delete(connection);
    connection.end();
  }
}
