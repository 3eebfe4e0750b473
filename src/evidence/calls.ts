/** Calls to worker threads for the files of a bag, many of a folder at a time; `worker/` answers them. */

import type { Secret } from '../redact/redactor.ts';
import { defineCall, type Call } from '../threads/call.ts';

export interface CopyFilesInput {
  /** Absolute paths of folders, both of which are there. */
  readonly source: string;
  readonly target: string;
  /** Names of files in `source` that are not in `target`. */
  readonly names: readonly string[];
  readonly secrets: readonly Secret[];
}

/** What files were found to be, in the order of their names. */
export interface SeenFiles {
  /** Lower-case hex; null for what is not a plain file, or cannot be read. */
  readonly sha256: readonly (string | null)[];
  readonly bytes: readonly number[];
}

export interface CopiedFiles extends SeenFiles {
  /** Number of a file in which a secret is, in any form; -1 if there is none. */
  readonly secretIn: number;
}

/** Copies files, and syncs each. A link or device is not read: the call is rejected. */
export const COPY_FILES: Call<CopyFilesInput, CopiedFiles> = defineCall('copy-files');

export interface HashFilesInput {
  /** Absolute path, without links. */
  readonly folder: string;
  readonly names: readonly string[];
}

/** Hashes files in a folder. */
export const HASH_FILES: Call<HashFilesInput, SeenFiles> = defineCall('hash-files');

/** Files of one call at most. */
const BATCH = 2048;

/** Groups files that are in one folder, by the key of the folder, into batches of a call. */
export function batchesOf<T>(
  files: readonly T[],
  keyOf: (file: T) => string,
): readonly (readonly T[])[] {
  const open = new Map<string, T[]>();
  const batches: T[][] = [];
  for (const file of files) {
    const key = keyOf(file);
    let batch = open.get(key);
    if (batch === undefined || batch.length === BATCH) {
      batch = [];
      open.set(key, batch);
      batches.push(batch);
    }
    batch.push(file);
  }
  return batches;
}
