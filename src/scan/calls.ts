/** What worker threads are asked for when a candidate is scanned. Answered in `worker/`. */

import type { ExpectedLines, InspectedLines } from '../seal/lineForm.ts';
import type { PackedIds } from '../seal/packedIds.ts';
import type { FileChunk } from '../seal/readChunk.ts';
import { defineCall, type Call } from '../threads/call.ts';
import type { SearchedField, UndeclaredPii } from './piiInValue.ts';

/** What is searched for in a file; survives JSON. */
export interface Search {
  readonly lines: Omit<ExpectedLines, 'wanted'>;
  /** Members of type uuid whose values are wanted. */
  readonly idFields: readonly string[];
  /** Members that are searched for personal data. */
  readonly searched: readonly SearchedField[];
}

export interface ScanChunkInput extends FileChunk {
  /** A {@link Search} as JSON: chunks of one file have the same, and it takes a while to prepare. */
  readonly search: string;
}

/** Personal data in a line. */
export interface ScannedPii extends UndeclaredPii {
  /** 0-based, in the chunk. */
  readonly line: number;
  readonly field: string;
  /** The key's members. */
  readonly key: Readonly<Record<string, unknown>>;
}

export interface ScannedChunk extends InspectedLines {
  /** True when the file ends without LF. */
  readonly unterminated: boolean;
  /** For each of the members that are wanted. */
  readonly ids: readonly PackedIds[];
  readonly pii: readonly ScannedPii[];
}

/** Scans the lines that begin in a chunk of a module's file. */
export const SCAN_CHUNK: Call<ScanChunkInput, ScannedChunk> = defineCall('scan-chunk');
