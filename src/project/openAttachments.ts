/** The attachments of a project, opened as mapping/attachments.json declares them. */

import { resolve, sep } from 'node:path';

import { realFolder } from '../disk/noLinks.ts';
import type { Database, Table } from '../database/database.ts';
import {
  ATTACHMENTS_FILE,
  readAttachments,
  type AttachmentsFile,
  type AttachmentTable,
} from '../mapping/attachmentsFile.ts';
import type { ObjectStore } from '../objects/objectStore.ts';
import { withWholeKeys } from '../objects/wholeKeys.ts';
import { Failure } from '../outcome/failure.ts';
import type { Environment } from '../run/environment.ts';
import { assertFileAsFrozen } from './freezeInForce.ts';
import { projectPaths } from './paths.ts';
import { atPlace, splitUrl } from './schemeUrl.ts';

/** A declared table, opened. */
export interface OpenTable {
  readonly declared: AttachmentTable;
  readonly rows: Table;
}

export interface OpenAttachments {
  readonly database: Database;
  readonly tables: readonly OpenTable[];
  /** Null if it was not wanted. */
  readonly store: ObjectStore | null;
  /** Folder that all files are below, as declared; it need not exist. */
  readonly root: string;
  close(): Promise<void>;
}

/** How the attachments of a project are opened. */
export interface OpenWanted {
  /** Folder of the project. */
  readonly project: string;
  /** Whether rows are changed. */
  readonly changesRows: boolean;
  /** Whether the store is opened, and whether objects are written. */
  readonly store: 'none' | 'reads' | 'writes';
  /** Requests to the store at a time. */
  readonly concurrency: number;
}

const CONNECT_MS = 30_000;
const LOCK_MS = 10_000;
const PROVIDER = 'OBJECT_STORAGE_PROVIDER';
const VARIABLE = /^env:([A-Za-z_][A-Za-z0-9_]*)$/;

/** Opens database, tables and store. @throws Failure */
export async function openAttachments(
  wanted: OpenWanted,
  env: Environment,
): Promise<OpenAttachments> {
  const { root: project, mapping } = projectPaths(wanted.project);
  const file = await readAttachments(mapping);
  await assertFileAsFrozen(project, ATTACHMENTS_FILE, file.fileSha256);
  const root = rootOf(file.root, project, env);
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  const forget = env.onInterrupt(() => {
    void close();
  });
  closing.push(async () => {
    forget();
  });
  try {
    const database = await openDatabase(file, project, wanted, env);
    closing.push(() => database.close());
    const tables = await openTables(file, database);
    const store = wanted.store === 'none' ? null : await openStore(file, project, wanted, env);
    if (store !== null) closing.push(() => store.close());
    assertApart(root, store?.folder ?? null);
    return { database, tables, store, root, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Files and objects in one folder would be taken for each other, and removed. @throws Failure USAGE */
function assertApart(root: string, store: string | null): void {
  if (store === null) return;
  const [files, objects] = [realFolder(root), realFolder(store)].map((path) => `${path}${sep}`);
  if (files === undefined || objects === undefined) return;
  if (!files.startsWith(objects) && !objects.startsWith(files)) return;
  throw new Failure('USAGE', {
    what: 'the files and the store share a folder',
    where: `"root" and "store" in mapping/${ATTACHMENTS_FILE}`,
    hint: 'give the store a folder that is not below the files, nor above them',
  });
}

/** Columns of a declared table that are read: path, key, and those of size, type and SHA-256. */
export function columnsOf({ path, key, size, contentType, sha256 }: AttachmentTable): string[] {
  return [path, key, ...[size, contentType, sha256].filter((name) => name !== null)];
}

async function openDatabase(
  file: AttachmentsFile,
  project: string,
  { changesRows }: OpenWanted,
  env: Environment,
): Promise<Database> {
  const where = `"database" in mapping/${ATTACHMENTS_FILE}`;
  const kind = { name: 'a database', adapters: env.databases, where };
  const url = splitUrl(file.database, kind, env);
  const location = atPlace(() => url.adapter.parse(url.rest, project), url.where);
  const { variables, signal } = env;
  const timeouts = { connectMs: CONNECT_MS, lockMs: LOCK_MS };
  return url.adapter.open(location, { writes: changesRows, variables, signal, ...timeouts });
}

async function openTables({ tables }: AttachmentsFile, database: Database): Promise<OpenTable[]> {
  const open: OpenTable[] = [];
  for (const declared of tables) {
    const { table, id, key } = declared;
    const rows = await database.table({ table, key: id, columns: columnsOf(declared) });
    const column = rows.columns.find(({ name }) => name === key);
    if (column?.kind !== 'text' || !column.nullable) {
      throw new Failure('TARGET', {
        what: 'the column for the key of the object cannot hold a text or null',
        where: `${rows.label}, column ${key}`,
        hint: 'make it a text column without NOT NULL, or name another in mapping/attachments.json',
      });
    }
    open.push({ declared, rows });
  }
  return open;
}

async function openStore(
  file: AttachmentsFile,
  project: string,
  { store, concurrency }: OpenWanted,
  env: Environment,
): Promise<ObjectStore> {
  const where = file.store === null ? PROVIDER : `"store" in mapping/${ATTACHMENTS_FILE}`;
  const kind = { name: 'a store', adapters: env.stores, where };
  const url = splitUrl(file.store ?? storeOfEnvironment(env), kind, env);
  const location = atPlace(() => url.adapter.parse(url.rest, project), url.where);
  const { variables, signal, now } = env;
  const options = { writes: store === 'writes', concurrency, variables, signal, now };
  return withWholeKeys(await url.adapter.open(location, options));
}

/** Returns the URL of the store that the environment names: `s3:` leaves all else to its variables. */
function storeOfEnvironment({ variables }: Environment): string {
  const provider = variables[PROVIDER] ?? '';
  if (provider !== '') return `${provider}:`;
  throw new Failure('USAGE', {
    what: 'nothing says which store the files move to',
    where: PROVIDER,
    hint: `set it to s3, with OBJECT_STORAGE_S3_BUCKET and the others (docs/stores.md), or give "store" in mapping/${ATTACHMENTS_FILE}`,
  });
}

function rootOf(root: string, project: string, { variables }: Environment): string {
  const [, variable] = VARIABLE.exec(root) ?? [];
  if (variable === undefined) return resolve(project, root);
  const path = variables[variable] ?? '';
  if (path !== '') return resolve(project, path);
  throw new Failure('USAGE', {
    what: 'the variable that names the folder of the attachments is not set',
    where: `environment variable ${variable}`,
    hint: 'set it to the folder that the paths of the rows start at',
  });
}
