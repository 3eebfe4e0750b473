/**
 * Approvals on disk: `approvals/<sha256>.json` beside the journal of the project or of a run, and its
 * SSH signature in `<sha256>.json.sig`, which is over all bytes of the file. A file counts only if the
 * journal has a line of it: one without is the rest of a command that was killed.
 */

import { hash } from 'node:crypto';
import { join } from 'node:path';

import { makeFolder, syncFolder, writeFileDurably } from '../disk/durable.ts';
import { inTheWay } from '../disk/inTheWay.ts';
import { entriesOf, remove, rename, statOf } from '../disk/noLinks.ts';
import { readPlainFile } from '../seal/files.ts';
import { MAX_APPROVAL } from './approval.ts';

const FOLDER = 'approvals';

/** Returns the digest that names an approval. */
export function approvalDigest(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** Returns the path of an approval in the folder of the journal. */
export function approvalPath(digest: string): string {
  return `${FOLDER}/${digest}.json`;
}

/** An approval as it is kept. */
export interface KeptApproval {
  readonly bytes: Buffer;
  /** Text of its signature; null if it has none. */
  readonly signature: string | null;
}

/** Reads an approval by its digest; null if its file is missing or has other bytes. */
export function readApproval(journal: string, digest: string): KeptApproval | null {
  if (!/^[0-9a-f]{64}$/.test(digest)) return null;
  const path = join(journal, approvalPath(digest));
  const bytes = readPlainFile(path, MAX_APPROVAL);
  if (bytes === null || approvalDigest(bytes) !== digest) return null;
  const signature = readPlainFile(`${path}.sig`, MAX_APPROVAL);
  return { bytes, signature: signature?.toString('latin1') ?? null };
}

/**
 * Keeps an approval; durable when it returns. Removes what a killed command has left: files of
 * approvals that are not in `journaled`.
 */
export function keepApproval(
  journal: string,
  { bytes, signature }: KeptApproval,
  journaled: ReadonlySet<string>,
): void {
  const folder = join(journal, FOLDER);
  assertApprovalsFolder(journal);
  makeFolder(folder);
  syncFolder(journal);
  for (const { name } of entriesOf(folder)) {
    const [, digest] = /^\.?([0-9a-f]{64})\.json(?:\.sig)?(?:\.new)?$/.exec(name) ?? [];
    if (digest !== undefined && !journaled.has(digest)) remove(join(folder, name));
  }
  const digest = approvalDigest(bytes);
  if (signature !== null) put(folder, `${digest}.json.sig`, Buffer.from(signature, 'latin1'));
  put(folder, `${digest}.json`, bytes);
  syncFolder(folder);
}

/** @throws Failure JOURNAL if another kind of file is in place of the folder of approvals */
export function assertApprovalsFolder(journal: string): void {
  const folder = join(journal, FOLDER);
  const stat = statOf(folder);
  if (stat === undefined || stat.isDirectory()) return;
  throw inTheWay('JOURNAL', 'an unexpected file or link is in place of the approvals', folder);
}

/** Writes a file in one step. */
function put(folder: string, name: string, bytes: Uint8Array): void {
  const fresh = join(folder, `.${name}.new`);
  remove(fresh);
  writeFileDurably(fresh, bytes);
  rename(fresh, join(folder, name));
}
