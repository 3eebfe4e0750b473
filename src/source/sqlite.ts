/**
 * The SQLite source. Promises: the database's bytes and the files of its folder are unchanged
 * afterwards, all readers see one snapshot, and every cell arrives exactly. The one exception is
 * `writes`, which changes the header (sqlite/writeFreeze.ts).
 *
 * Its location is the path of a database file. `rows` are located by rowid where a table has one,
 * else by their ordinal (in the order of the primary key for WITHOUT ROWID tables).
 */

import { isDeepStrictEqual } from 'node:util';
import { Failure } from '../outcome/failure.ts';
import { SQLITE_DIALECT } from '../sql/allowed.ts';
import { cancellable } from './cancellable.ts';
import { countOnce } from './countOnce.ts';
import { fileLocation, formatPath, pathOf } from './files/path.ts';
import type {
  PreparedSource,
  PrepareOptions,
  SourceAdapter,
  SourceHandle,
  SourceReader,
} from './source.ts';
import {
  assertWhole,
  bytesOf,
  changed,
  chooseAccess,
  fallBackToCopy,
  fingerprintOf,
} from './sqlite/access.ts';
import {
  beginSnapshot,
  connect,
  dataVersion,
  endSnapshot,
  sqliteCode,
  translated,
  type Access,
  type Connection,
} from './sqlite/connection.ts';
import { databaseFiles } from './sqlite/databaseFiles.ts';
import { readDeclaration } from './sqlite/declaredTypes.ts';
import { integrityCheck } from './sqlite/integrityRunner.ts';
import { listObjects } from './sqlite/inventory.ts';
import { tableAccess } from './sqlite/tableAccess.ts';
import { openReader } from './sqlite/reader.ts';
import { rangesOfRows } from './sqlite/rangePlan.ts';
import { planRelations, type RelationAccess } from './sqlite/relation.ts';
import { readSchema } from './sqlite/schema.ts';
import { valuesBeside } from './sqlite/valuesBeside.ts';
import { walkApart } from './sqlite/walk.ts';
import { sqliteWrites } from './sqlite/writeFreeze.ts';
import { standIn, standInNotes, tablesWithoutCollation } from './sqlite/standIn.ts';

const SCHEME = 'sqlite';
const SNAPSHOT_ATTEMPTS = 8;

export const sqliteAdapter: SourceAdapter = {
  scheme: SCHEME,
  usage: 'sqlite:FILE',
  parse: (rest, base) => fileLocation(SCHEME, rest, base),
  format: formatPath,
  dialect: SQLITE_DIALECT,
  declared: ({ declaredType }) => readDeclaration(declaredType),
  prepare: (location, options) => prepare(pathOf(location), options),
  open,
  writes: sqliteWrites,
};

async function open(handle: SourceHandle, signal: AbortSignal): Promise<SourceReader> {
  signal.throwIfAborted();
  const relations = handle['relations'] as readonly RelationAccess[];
  return cancellable(openReader(handle['access'] as Access, relations), signal);
}

async function prepare(location: string, options: PrepareOptions): Promise<PreparedSource> {
  options.signal.throwIfAborted();
  const { access, db, fingerprint } = begin(location, options);
  const { schema, objects, planned } = orClose(db, () => listed(access, db, options));
  const isQuery = (name: string): boolean => planned.relations.get(name)?.schema.kind === 'query';
  let held = fingerprint;
  const verify = (): void => {
    if (fingerprintOf(access) !== held) throw changed(location);
  };
  const files = databaseFiles(access, options.signal);
  const bytes = bytesOf(access);
  const counts = countOnce(async (table) => {
    options.signal.throwIfAborted();
    return (await walkApart(db, access, bytes, { kind: 'count', table })).rows;
  });
  return {
    label: location,
    schema,
    objects,
    notes: access.notes,
    relations: planned.relations,
    estimatedBytes: bytes,
    async plan(table, rows) {
      // Queries run in readers only, as one range.
      if (isQuery(table)) return [{ lo: null, hi: null }];
      const { rows: found } = tableAccess(db, access, table);
      const all = found.kind === 'rowid' ? await counts.count(table) : 0;
      const { ranges } = await walkApart(db, access, bytes, { kind: 'plan', table, all, rows });
      return [...ranges];
    },
    planRows: async (table, locators) =>
      rangesOfRows(tableAccess(db, access, table).rows, locators),
    async count(table) {
      tableAccess(db, access, table);
      return counts.count(table);
    },
    async inOneSnapshot(openReaders) {
      options.signal.throwIfAborted();
      counts.forget();
      const handle = { scheme: SCHEME, access, relations: planned.access };
      await files.begin();
      const opened = await beginTogether(db, access, () => openReaders(handle));
      if (access.kind === 'shared') held = sameFile(held, fingerprintOf(access), location);
      verify();
      const now = translated(access, null, () => readSchema(db));
      const catalogued = translated(access, null, () => listObjects(db));
      const same = isDeepStrictEqual(now, schema) && isDeepStrictEqual(catalogued, objects);
      if (!same) throw changed(location);
      return opened;
    },
    state: () => files.digest(),
    seen: () => files.digest(),
    valuesBeside: async (tables) => valuesBeside(db, access, tables),
    isFrozen: async () => access.frozen,
    checkForDamage: () => integrityCheck(access, bytes, options.scratch),
    async assertUnchanged() {
      verify();
    },
    async close() {
      if (db.open) db.close();
      await files.close();
    },
  };
}

/** Reads the schema, and plans the relations that the mapping reads. */
function listed(access: Access, db: Connection, { relations = [] }: PrepareOptions): Listed {
  return translated(access, null, () => {
    const schema = readSchema(db);
    const planned = planRelations(db, access, schema, relations);
    return { schema, objects: listObjects(db), planned };
  });
}

interface Listed {
  readonly schema: ReturnType<typeof readSchema>;
  readonly objects: ReturnType<typeof listObjects>;
  readonly planned: ReturnType<typeof planRelations>;
}

/** Returns the device and inode of a fingerprint. */
function identity(fingerprint: string): string {
  return fingerprint.split(':').slice(0, 2).join(':');
}

/** Returns the newer fingerprint: the content may have changed, but it must be the same file. */
function sameFile(before: string, now: string, shown: string): string {
  if (identity(before) !== identity(now)) throw changed(shown);
  return now;
}

interface Begun {
  readonly access: Access;
  readonly db: Connection;
  readonly fingerprint: string;
}

/**
 * Opens the database in place, or a copy if SQLite reports that it must be recovered first. From
 * here on the file must not be opened by other means: closing it would drop SQLite's locks (POSIX).
 */
function begin(location: string, options: PrepareOptions): Begun {
  const begun = beginAsItIs(location, options);
  const unordered = orClose(begun.db, () =>
    translated(begun.access, null, () => tablesWithoutCollation(begun.db)),
  );
  if (unordered.length === 0) return begun;
  begun.db.close();
  const { access } = begun;
  const copy = access.kind === 'copy' ? access : fallBackToCopy(access, options);
  return translated(copy, null, () => {
    standIn(copy.file, unordered);
    return {
      ...beginOn(copy),
      access: { ...copy, unordered, notes: [...copy.notes, ...standInNotes(unordered)] },
    };
  });
}

function beginAsItIs(location: string, options: PrepareOptions): Begun {
  const access = chooseAccess(location, options);
  try {
    return { access, ...beginOn(access) };
  } catch (error) {
    const recover = /^SQLITE_(READONLY|CANTOPEN)/.test(sqliteCode(error));
    if (access.kind === 'copy' || !recover) return translated(access, null, () => rethrow(error));
    const copy = fallBackToCopy(access, options);
    return { access: copy, ...translated(copy, null, () => beginOn(copy)) };
  }
}

function beginOn(access: Access): Omit<Begun, 'access'> {
  const before = fingerprintOf(access);
  const db = connect(access);
  return orClose(db, () => {
    beginSnapshot(db);
    assertWhole(db, access);
    // A shared lock prevents changes; those before the lock do not matter.
    return { db, fingerprint: access.kind === 'shared' ? fingerprintOf(access) : before };
  });
}

/**
 * Opens all readers between commits: if the data version is the same before and after, all of them
 * see the snapshot of this connection.
 */
async function beginTogether<T>(
  db: Connection,
  access: Access,
  openReaders: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; attempt <= SNAPSHOT_ATTEMPTS; attempt++) {
    const before = translated(access, null, () => {
      endSnapshot(db);
      return dataVersion(db);
    });
    const opened = await openReaders();
    const after = translated(access, null, () => {
      beginSnapshot(db);
      return dataVersion(db);
    });
    if (after === before) return opened;
  }
  throw new Failure('SOURCE_CHANGED', {
    what: `the database is written so often that ${SNAPSHOT_ATTEMPTS} attempts found no common snapshot`,
    where: access.shown,
    hint: 'stop what writes to it, or read a copy, and run again',
  });
}

function orClose<T>(db: Connection, work: () => T): T {
  try {
    return work();
  } catch (error) {
    db.close();
    throw error;
  }
}

function rethrow(error: unknown): never {
  throw error;
}
