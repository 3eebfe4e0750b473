/** The columns with secrets of a project, opened as mapping/keys.json declares them, and their keys. */

import { resolve } from 'node:path';

import type { EncryptionKey } from '../crypto/encryptionKey.ts';
import { keyNamed, memoryKeyring, type Keyring } from '../crypto/keyring.ts';
import type { ColumnFacts, Database, Table } from '../database/database.ts';
import { realFolder } from '../disk/noLinks.ts';
import { parseKeySource, readKey, type KeySource } from '../mapping/keyFile.ts';
import { KEYS_FILE, readKeys, type KeysFile, type SecretColumn } from '../mapping/keysFile.ts';
import { Failure } from '../outcome/failure.ts';
import type { Environment } from '../run/environment.ts';
import { assertFileAsFrozen } from './freezeInForce.ts';
import { projectPaths } from './paths.ts';
import { atPlace, splitUrl } from './schemeUrl.ts';

/** A declared column, opened. Its rows have these cells: value, index if there is one, former id. */
export interface OpenColumn {
  readonly declared: SecretColumn;
  readonly rows: Table;
  readonly facts: ColumnFacts;
  /** Null without a blind index. */
  readonly indexFacts: ColumnFacts | null;
}

/** Keys by the names that the mapping gives them. */
export type KeyOf = (name: string) => EncryptionKey;

export interface OpenKeys {
  readonly file: KeysFile;
  readonly database: Database;
  /** Scheme of the database's URL. */
  readonly scheme: string;
  readonly columns: readonly OpenColumn[];
  readonly keyOf: KeyOf;
  close(): Promise<void>;
}

export interface OpenKeysWanted {
  readonly project: string;
  /** Whether cells are changed. */
  readonly changes: boolean;
}

const CONNECT_MS = 30_000;
const LOCK_MS = 10_000;

/** Opens keys, database and columns. @throws Failure */
export async function openKeys(wanted: OpenKeysWanted, env: Environment): Promise<OpenKeys> {
  const { root: project, mapping } = projectPaths(wanted.project);
  const file = await readKeys(mapping);
  await assertFileAsFrozen(project, KEYS_FILE, file.fileSha256);
  const keyOf = await readAllKeys(file, project, env);
  const where = `"database" in mapping/${KEYS_FILE}`;
  const url = splitUrl(file.database, { name: 'a database', adapters: env.databases, where }, env);
  const location = atPlace(() => url.adapter.parse(url.rest, project), url.where);
  const { variables, signal } = env;
  const timeouts = { connectMs: CONNECT_MS, lockMs: LOCK_MS };
  const options = { writes: wanted.changes, variables, signal, ...timeouts };
  const database = await url.adapter.open(location, options);
  const forget = env.onInterrupt(() => {
    void database.close();
  });
  const close = async (): Promise<void> => {
    forget();
    await database.close();
  };
  try {
    const columns: OpenColumn[] = [];
    for (const declared of file.columns) columns.push(await openColumn(declared, database));
    return { file, database, scheme: url.adapter.scheme, columns, keyOf, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Reads every key before anything is opened: half of them is of no use. */
async function readAllKeys(file: KeysFile, project: string, env: Environment): Promise<KeyOf> {
  const host = { env: env.variables, userId: process.geteuid?.() ?? null };
  const root = realFolder(project);
  const keys = [...file.keys].map(([name, source]) =>
    readKey(name, inProject(parseKeySource(source), root), host),
  );
  const keyring: Keyring = memoryKeyring(keys);
  const found = new Map<string, EncryptionKey>();
  for (const { name } of keyring.entries) found.set(name, await keyNamed(keyring, name));
  return (name) => {
    const key = found.get(name);
    if (key === undefined) throw new Error(`the mapping declares no key ${name}`);
    return key;
  };
}

function inProject(source: KeySource, root: string): KeySource {
  return source.from === 'file' ? { ...source, path: resolve(root, source.path) } : source;
}

async function openColumn(declared: SecretColumn, database: Database): Promise<OpenColumn> {
  const { table, id, column, blindIndex, formerly } = declared;
  const columns = [
    ...new Set([
      column,
      ...(blindIndex === null ? [] : [blindIndex.column]),
      ...(formerly?.id ?? []).filter((name) => !id.includes(name)),
    ]),
  ];
  const rows = await database.table({ table, key: id, columns });
  const factsOf = (name: string): ColumnFacts => {
    const facts = rows.columns.find((one) => one.name === name);
    if (facts === undefined) throw new TypeError(`${name} is no column of the request`);
    return facts;
  };
  const facts = factsOf(column);
  assertKind(rows, facts, ['text', 'bytes'], 'make it a column of text, or name another');
  const indexFacts = blindIndex === null ? null : factsOf(blindIndex.column);
  if (indexFacts !== null) assertKind(rows, indexFacts, ['text'], 'make it a column of text');
  return { declared, rows, facts, indexFacts };
}

function assertKind(
  { label }: Table,
  { name, kind, type }: ColumnFacts,
  kinds: readonly ColumnFacts['kind'][],
  hint: string,
): void {
  if (kinds.includes(kind)) return;
  const what = `a column of type ${type} cannot hold what is written there`;
  throw new Failure('TARGET', { what, where: `${label}, column ${name}`, hint });
}
