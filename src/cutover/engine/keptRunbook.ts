/**
 * The runbook as a run began with it, and the files that its steps read, kept beside its journal: what was edited
 * since can neither hide the state of a run, nor stand in its way back, nor take away what was done by it.
 */

import { hash } from 'node:crypto';
import { join } from 'node:path';

import { makeFolder, syncFolder, writeFileDurably } from '../../disk/durable.ts';
import { statOf } from '../../disk/noLinks.ts';
import { decodeUtf8 } from '../../record/jsonText.ts';
import { readPlainFile } from '../../seal/files.ts';
import { parseRunbook, type LoadedRunbook } from '../readRunbook.ts';
import type { RunPlaces } from './runPlaces.ts';

/** Name of the runbook in the folder of a run. */
export const KEPT_RUNBOOK = 'runbook.yaml';
/** Folder there of the files that steps read, each named by its SHA-256. */
export const KEPT_FILES = 'files';
const MAX_BYTES = 1024 * 1024;

/** Name of the allowed signers there. */
export const KEPT_SIGNERS = 'allowed_signers';

/** Keeps the allowed signers that a run begins with; durable when it returns. */
export function keepSigners({ folder }: RunPlaces, signers: string | null): void {
  const path = join(folder, KEPT_SIGNERS);
  if (signers === null || statOf(path) !== undefined) return;
  writeFileDurably(path, signers);
  syncFolder(folder);
}

/** Keeps the text of a runbook; durable when it returns. */
export function keepRunbook({ folder }: RunPlaces, { text }: LoadedRunbook): void {
  const path = join(folder, KEPT_RUNBOOK);
  if (statOf(path) !== undefined) return;
  writeFileDurably(path, Buffer.from(text));
  syncFolder(folder);
}

/** Returns the runbook of a run as it was kept; the given one where none was. */
export function runbookOf(places: RunPlaces, given: LoadedRunbook): LoadedRunbook {
  return keptRunbook(places, given.name) ?? given;
}

/** Returns the runbook of a run as it was kept; null where none was. `name` is said in failures. */
export function keptRunbook({ folder }: RunPlaces, name: string): LoadedRunbook | null {
  const bytes = readPlainFile(join(folder, KEPT_RUNBOOK), MAX_BYTES);
  const text = bytes === null ? null : decodeUtf8(bytes);
  return text === null ? null : parseRunbook(text, name);
}

/**
 * Keeps files that steps read, by their digests; durable when it returns. What is there is left, as its name
 * says what is in it. A file that is not what it was a moment ago is left out: the run will not begin with it.
 */
export function keepFiles(
  { folder }: RunPlaces,
  digests: Readonly<Record<string, string>>,
  read: (path: string) => Uint8Array | null,
): void {
  const files = join(folder, KEPT_FILES);
  makeFolder(files);
  for (const [path, sha256] of Object.entries(digests)) {
    const fresh = join(files, sha256);
    const bytes = statOf(fresh) === undefined ? read(path) : null;
    if (bytes === null || hash('sha256', bytes, 'hex') !== sha256) continue;
    writeFileDurably(fresh, bytes);
  }
  syncFolder(files);
}
