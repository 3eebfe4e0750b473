/**
 * Reports on disk: each run's report is a folder in `history/`, and `latest-<command>` is a link to
 * the newest, replaced atomically. Reports are never read back as the input of a check or a move.
 */

import { inTheWay } from './inTheWay.ts';
import { closeSync, fsyncSync } from 'node:fs';
import { join } from 'node:path';

import type { Failure } from '../outcome/failure.ts';
import {
  createFile,
  linkState,
  makeFolder,
  makeNewFolder,
  swapLink,
  syncFolder,
  writeAll,
} from './durable.ts';
import { acquireLockPatiently, type Holder } from './lock.ts';
import { entriesOf, remove, rename, statOf } from './noLinks.ts';

const HISTORY = 'history';

/** Content of a file: a text, or bytes in chunks, which are written one by one. */
export type ReportFile = string | Iterable<Uint8Array>;

/** Writes the files of the report of a command in process `pid`, and returns the path of its `latest-…` link. */
export function writeReport(
  folder: string,
  { command, pid }: Pick<Holder, 'command' | 'pid'>,
  files: ReadonlyMap<string, ReportFile>,
): string {
  const latest = join(folder, `latest-${command}`);
  const history = join(folder, HISTORY);
  refuseUnexpected(folder, latest, history);
  makeFolder(history);
  // Reports are written one after the other; the longest takes a minute or less.
  const holder = { command, pid, since: '-' };
  const lock = acquireLockPatiently(history, holder, 60_000);
  try {
    publish({ history, latest, command, files });
  } finally {
    lock.release();
  }
  return latest;
}

interface Report {
  readonly history: string;
  readonly latest: string;
  readonly command: string;
  readonly files: ReadonlyMap<string, ReportFile>;
}

function publish({ history, latest, command, files }: Report): void {
  const draft = join(history, `.${command}.new`);
  remove(draft);
  makeNewFolder(draft);
  for (const [name, content] of files) writeDurably(join(draft, name), content);
  syncFolder(draft);
  const name = `${command}-${String(nextNumber(history, command)).padStart(6, '0')}`;
  rename(draft, join(history, name));
  syncFolder(history);
  swapLink(latest, `${HISTORY}/${name}`);
}

function writeDurably(path: string, content: ReportFile): void {
  const file = createFile(path);
  try {
    const chunks = typeof content === 'string' ? [Buffer.from(content)] : content;
    for (const chunk of chunks) writeAll(file, chunk);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function nextNumber(history: string, command: string): number {
  // A longer number is not ours: no command has run so often.
  const pattern = new RegExp(`^${command}-(\\d{6,12})$`);
  const names = new Set(entriesOf(history).map((entry) => entry.name));
  let number = 1;
  for (const name of names) number = Math.max(number, Number(pattern.exec(name)?.[1] ?? 0) + 1);
  return number;
}

/** Fails if a folder is a file or a link, or if `latest` is not a link into the history. */
function refuseUnexpected(folder: string, latest: string, history: string): void {
  for (const path of [folder, history]) {
    const stat = statOf(path);
    if (stat !== undefined && !stat.isDirectory()) throw unexpected(path);
  }
  const link = linkState(latest);
  if (link === 'absent') return;
  if (link === 'occupied' || !link.target.startsWith(`${HISTORY}/`)) throw unexpected(latest);
}

function unexpected(path: string): Failure {
  return inTheWay('DISK', 'an unexpected file or link is in the place of the reports', path);
}
