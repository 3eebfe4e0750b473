/** Calls to worker threads for the files of a bag, many at a time; `worker/` answers them. */

import type { Secret } from '../redact/redactor.ts';
import { defineCall, type Call } from '../threads/call.ts';

export interface CopyFilesInput {
  /** Absolute paths; the folders of `to` are there, and the files are not. */
  readonly files: readonly { readonly from: string; readonly to: string }[];
  readonly secrets: readonly Secret[];
}

/** What a file was found to be. */
export interface SeenFile {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
}

export interface CopiedFile extends SeenFile {
  /** Whether a secret is in it, in any form. */
  readonly hasSecret: boolean;
}

/** Copies files, and syncs each. A link or device is not read: the call is rejected. */
export const COPY_FILES: Call<CopyFilesInput, readonly CopiedFile[]> = defineCall('copy-files');

export interface HashFilesInput {
  /** Real path of the folder. */
  readonly folder: string;
  /** Relative, with `/`. */
  readonly paths: readonly string[];
}

/** Hashes files in a folder; null for what is not a plain file, or cannot be read. */
export const HASH_FILES: Call<HashFilesInput, readonly (SeenFile | null)[]> =
  defineCall('hash-files');
