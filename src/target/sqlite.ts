/**
 * The SQLite target: one new file. Promises: the file of the target's name is complete whenever it is
 * there, and rows and their progress are one transaction.
 */

import { resolve } from 'node:path';

import type Database from 'better-sqlite3';

import { statOf } from '../disk/noLinks.ts';
import { Failure } from '../outcome/failure.ts';
import { quote } from '../sql/quote.ts';
import { openSwap } from './sqlite/openSwap.ts';
import {
  assertFolder,
  draftOf,
  foundAt,
  foundIn,
  onSqlite,
  openDraft,
  publishDraft,
} from './sqlite/file.ts';
import {
  boundValue,
  constraintNames,
  CREATE_LEDGER,
  LEDGER,
  sqliteTables,
  type Bound,
  type SqliteTable,
} from './sqlite/tables.ts';
import type { TableForm } from './tableForm.ts';
import {
  blobProblems,
  type Chunk,
  type FinishStep,
  type LoadInto,
  type LoadState,
  type Progress,
  type ReadBlob,
  type Target,
  type TargetAdapter,
  type TargetLocation,
} from './target.ts';

const SCHEME = 'sqlite';

/** Bytes of a blob: a row of SQLite has at most 10^9, and some are left for the other cells. */
const MAX_BLOB = 10 ** 9 - 2 ** 20;

interface FileLocation extends TargetLocation {
  readonly path: string;
}

export const sqliteTarget: TargetAdapter = {
  scheme: SCHEME,
  usage: 'sqlite:FILE',
  parse: (rest, base): FileLocation => ({ scheme: SCHEME, path: resolve(base, rest) }),
  open: async (location, load) => open(pathOf(location), load),
  swaps: { open: (location, options) => openSwap(pathOf(location), options) },
};

function pathOf(location: TargetLocation): string {
  if (location.scheme === SCHEME && 'path' in location && typeof location.path === 'string') {
    return location.path;
  }
  throw new TypeError(`not a location of ${SCHEME}`);
}

function open(path: string, load: LoadInto): Target {
  assertOptions(load);
  assertNames(load.tables);
  assertFolder(path);
  const { sealId } = load.seal;
  const exists = statOf(path) !== undefined;
  if (exists) {
    const state = foundAt(path, sealId, false);
    if (state.kind === 'complete') return targetOf({ path, db: null, state, load });
    throw new Failure('TARGET', {
      what: 'the database is a load that is not complete, under a name that only a complete one gets',
      where: path,
      hint: 'move it away, then run again',
    });
  }
  if (load.dryRun) {
    const state = statOf(draftOf(path)) === undefined ? NEW : foundAt(draftOf(path), sealId, true);
    return targetOf({ path, db: null, state, load });
  }
  const db = openDraft(path);
  try {
    const isEmpty = db.prepare('SELECT 1 FROM sqlite_master').get() === undefined;
    return targetOf({
      path,
      db,
      state: isEmpty ? NEW : foundIn(db, draftOf(path), sealId, true),
      load,
    });
  } catch (error) {
    db.close();
    throw error;
  }
}

const NEW: LoadState = { kind: 'new' };

/** @throws Failure USAGE for options that a file has no use for */
function assertOptions({ into, name, throttle, tables, without, allowRows }: LoadInto): void {
  const given = [
    [allowRows, '--allow-rows'],
    [into !== null, '--into'],
    [name !== null, '--schema'],
    [throttle.lag !== null, '--max-lag'],
  ] as const;
  const wrong = given.find(([is]) => is)?.[1];
  if (wrong !== undefined) {
    throw new Failure('USAGE', {
      what: 'an SQLite target is a file of its own, without schemas or standbys',
      where: wrong,
      hint: 'leave this option out, or name a PostgreSQL target',
    });
  }
  const unknown = without.find((name) => !constraintNames(tables).includes(name));
  if (unknown === undefined) return;
  throw new Failure('USAGE', {
    what: `the load makes no constraint ${JSON.stringify(unknown)}`,
    where: '--without',
    hint: 'see the statements that the same command with --dry-run shows',
  });
}

/** @throws Failure TARGET for names that SQLite takes for one, as it ignores the case of ASCII letters */
function assertNames(tables: readonly TableForm[]): void {
  const reserved = tables.find(({ module }) => module.startsWith('sqlite_') || module === LEDGER);
  if (reserved !== undefined) {
    throw new Failure('TARGET', {
      what: 'the name of the module is reserved in SQLite',
      where: `module ${reserved.module}`,
      hint: 'give the module another name in the mapping',
    });
  }
  for (const { module, columns } of tables) {
    const seen = new Map<string, string>();
    for (const { name } of columns) {
      const folded = name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
      const other = seen.get(folded);
      seen.set(folded, name);
      if (other === undefined) continue;
      throw new Failure('TARGET', {
        what: `the fields ${JSON.stringify(other)} and ${JSON.stringify(name)} differ in case only, and SQLite ignores that`,
        where: `module ${module}`,
        hint: 'give one of them another name in the mapping',
      });
    }
  }
}

interface Opened {
  readonly path: string;
  /** The draft; null where nothing is written. */
  readonly db: Database.Database | null;
  readonly state: LoadState;
  readonly load: LoadInto;
}

function targetOf({ path, db, state, load }: Opened): Target {
  const { seal, tables: forms, without, outside } = load;
  const tables = sqliteTables(forms, without);
  const draft = draftOf(path);
  const formOf = new Map(forms.map((form) => [form.module, form]));
  const opened = (): Database.Database => {
    if (db === null) throw new TypeError('nothing is written on a dry run');
    return db;
  };
  return {
    label: path,
    state,
    ddl: [CREATE_LEDGER, ...tables.map(({ create }) => create), ...indexesOf(tables), 'ANALYZE'],
    notes: [
      ...forms.flatMap(({ module, unenforced }) =>
        unenforced.map((reference) => `no foreign key for ${module} · ${reference}`),
      ),
      ...without.map((name) => `left out: constraint ${name}`),
    ],
    problems: blobProblems(load.largestBlobs, MAX_BLOB),
    passes: new Map(),
    order: forms.map(({ module }) => module),
    async begin() {
      if (state.kind !== 'new') return;
      onSqlite(draft, () => {
        const make = opened().transaction(() => {
          for (const sql of [CREATE_LEDGER, ...tables.map(({ create }) => create)])
            opened().exec(sql);
          opened()
            .prepare(`INSERT INTO ${LEDGER} VALUES (?, ?, 'loading', ?, ?, ?, NULL, '{}')`)
            .run(seal.sealId, seal.dataRoot, seal.tool, seal.who, outside.now().toISOString());
        });
        make();
      });
    },
    async write(module, chunks, readBlob, onCommit) {
      const form = formOf.get(module);
      if (form === undefined) throw new TypeError(`${module} is not loaded`);
      await writeRows(opened(), draft, { form, load, readBlob, onCommit }, chunks);
    },
    finishSteps: async () => finishSteps(opened(), draft, tables),
    count: async (module) => onSqlite(draft, () => countRows(opened(), module)),
    async complete() {
      onSqlite(draft, () => {
        opened()
          .prepare(`UPDATE ${LEDGER} SET state = 'complete', completed_at = ?`)
          .run(outside.now().toISOString());
        // So that no empty journal is left beside the file.
        opened().pragma('journal_mode = DELETE');
        opened().close();
      });
      publishDraft(path);
    },
    async close() {
      db?.close();
    },
  };
}

function indexesOf(tables: readonly SqliteTable[]): string[] {
  return tables.flatMap(({ indexes }) => indexes.map(({ sql }) => sql));
}

function countRows(db: Database.Database, module: string): number {
  return Number(
    db
      .prepare(`SELECT count(*) FROM ${quote(module)}`)
      .pluck()
      .get(),
  );
}

interface Rows {
  readonly form: TableForm;
  readonly load: LoadInto;
  readonly readBlob: ReadBlob;
  readonly onCommit: (progress: Progress) => void;
}

/** Writes chunks in transactions of about the same time. */
async function writeRows(
  db: Database.Database,
  draft: string,
  { form, load, readBlob, onCommit }: Rows,
  chunks: AsyncIterable<Chunk>,
): Promise<void> {
  const { module, columns } = form;
  const { outside, throttle } = load;
  const names = columns.map(({ name }) => quote(name)).join(', ');
  const marks = columns.map(() => '?').join(', ');
  const insert = db.prepare<Bound[]>(`INSERT INTO ${quote(module)} (${names}) VALUES (${marks})`);
  const progress = db.prepare(
    `UPDATE ${LEDGER} SET progress = json_set(progress, '$.' || ?, json(?))`,
  );
  const bound = rowOf(form, readBlob);
  const iterator = chunks[Symbol.asyncIterator]();
  let next = await iterator.next();
  while (next.done !== true) {
    outside.signal.throwIfAborted();
    const until = outside.now().getTime() + throttle.batchMs;
    let { after } = next.value;
    onSqlite(draft, () => db.exec('BEGIN IMMEDIATE'));
    do {
      const records = next.value.records();
      ({ after } = next.value);
      const first = after.records - records.length + 1;
      for (const [at, record] of records.entries()) {
        const place = `module ${module}, record ${first + at}`;
        onSqlite(draft, () => insert.run(...bound(record)), place);
      }
      next = await iterator.next();
    } while (next.done !== true && outside.now().getTime() < until);
    onSqlite(draft, () => {
      progress.run(JSON.stringify(module), JSON.stringify(after));
      db.exec('COMMIT');
    });
    onCommit(after);
  }
}

function rowOf(
  { module, columns }: TableForm,
  readBlob: ReadBlob,
): (record: ReturnType<Chunk['records']>[number]) => Bound[] {
  const cells = columns.map((column) => [column.name, boundValue(column)] as const);
  return (record) =>
    cells.map(([name, bind]) => {
      const value = record[name];
      if (value === null || value === undefined) return null;
      if (bind !== null) return bind(value);
      const { sha256, size } = value as { readonly sha256: string; readonly size: number };
      return Buffer.concat([...readBlob(module, sha256, size)]);
    });
}

/** Unique sets, foreign keys, statistics; each may be repeated. */
function finishSteps(
  db: Database.Database,
  draft: string,
  tables: readonly SqliteTable[],
): FinishStep[] {
  const step = (label: string, work: () => void): FinishStep => {
    return { label, run: async () => onSqlite(draft, work, label) };
  };
  return [
    ...tables.flatMap(({ indexes }) =>
      indexes.map(({ name, sql }) => step(`unique set ${name}`, () => db.exec(sql))),
    ),
    step('foreign keys', () => {
      const [missing] = db.pragma('foreign_key_check') as { table: string; parent: string }[];
      if (missing === undefined) return;
      throw new Failure('TARGET', {
        what: 'a record refers to one that is not there',
        where: `table ${JSON.stringify(missing.table)}, foreign key to ${JSON.stringify(missing.parent)}`,
        hint: 'see sealift scan-all, rule reference; move the file away and leave the constraint out with --without NAME',
      });
    }),
    step('statistics', () => db.exec('ANALYZE')),
  ];
}
