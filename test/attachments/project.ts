/** Projects of the tests that declare attachments, and what their commands report. */

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { findingsOf } from '../kit/project.ts';
import { sealift, type Ran, type RunOptions } from '../kit/run.ts';
import type { StoredRow } from './rowPlaces.ts';
import type { StorePlace } from './storePlaces.ts';
import type { Upload } from './uploads.ts';

export interface Declared {
  readonly database: string;
  readonly root: string;
  readonly store: string;
}

/** Writes mapping/attachments.json of a new project. */
export function declareAttachments(project: string, { database, root, store }: Declared): void {
  mkdirSync(join(project, 'mapping'), { recursive: true });
  const table = {
    table: 'attachments',
    id: 'id',
    path: 'disk_path',
    key: 'storage_key',
    size: 'size',
    sha256: 'sha256',
  };
  const content = { format: 1, database, root, store, tables: [table] };
  writeFileSync(join(project, 'mapping/attachments.json'), JSON.stringify(content));
}

/** Runs `sealift attachments ARGS` in a project. */
export function attachments(
  project: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  return sealift(['attachments', ...args, '--project', project], options);
}

/** What a command prints with `--json`. */
export interface Said {
  readonly status: string;
  readonly facts: Readonly<Record<string, number | string | null>>;
  readonly failure?: { readonly line: string };
  readonly places: readonly { readonly name: string; readonly rows: number }[];
}

/** Runs a command with `--json`, and returns what it printed. */
export async function said(
  project: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Said & { readonly code: number | null }> {
  const ran = await attachments(project, [...args, '--json'], options);
  if (ran.stdout === '') throw new Error(`sealift attachments ${args.join(' ')}: ${ran.stderr}`);
  return { ...(JSON.parse(ran.stdout) as Said), code: ran.code };
}

export function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Reasons of the findings of a command's report, by the id of the row. */
export function reasonsOf(project: string, command: string): Map<number, string> {
  const found = findingsOf(project, `latest-${command}`);
  return new Map(
    found.map(({ recordId = '[0]', reason }) => [(JSON.parse(recordId) as [number])[0], reason]),
  );
}

/** A store that crashes while it is tried out may keep the tiny object that says it can be removed. */
function isProof(key: string): boolean {
  return key.startsWith('.sealift-probe-');
}

/** Names what is wrong with rows and objects after a run; empty if every row ended as it has to. */
export async function faultsOf(
  uploads: readonly Upload[],
  rows: readonly StoredRow[],
  store: StorePlace,
  place: string,
): Promise<string[]> {
  const faults: string[] = [];
  const keys = new Set((await store.keys(place)).filter((key) => !isProof(key)));
  const now = new Map(rows.map((row) => [row.id, row]));
  if (rows.length !== uploads.length) faults.push(`${rows.length} rows of ${uploads.length}`);
  for (const { row, content } of uploads) {
    const key = now.get(row.id)?.key ?? null;
    if (content === null) {
      if (key !== null) faults.push(`row ${row.id} has a key`);
      continue;
    }
    const expected = `attachments/${row.id}/${sha256Of(content)}`;
    if (key !== expected) faults.push(`row ${row.id} has the key ${key}`);
    if (!keys.delete(expected)) faults.push(`row ${row.id} has no object`);
    const stored = await store.content(place, expected);
    if (stored?.equals(content) !== true) faults.push(`row ${row.id} has another content`);
  }
  faults.push(...[...keys].map((key) => `no row has ${key}`));
  faults.push(...(await store.unfinished(place)).map((key) => `${key} is not ended`));
  return faults;
}
