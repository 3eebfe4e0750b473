/** Calls to worker threads that scan a candidate. Answered in `worker/`. */

import type { ExpectedLines, InspectedLines } from '../seal/lineForm.ts';
import type { PackedIds } from '../seal/packedIds.ts';
import type { FileChunk } from '../seal/readChunk.ts';
import { defineCall, type Call } from '../threads/call.ts';
import type { PersonNames } from '../pii/piiClass.ts';
import type { ReadRange } from '../source/source.ts';
import type { Taint } from '../taint/taintSet.ts';
import type { Partition } from './keyTable.ts';
import type { SearchedField } from './pii/searchedField.ts';
import type { FieldCounts, ValueFault } from './pii/searchValue.ts';
import type { SourceFault, TaintedField } from './pii/sourceValues.ts';

/** The members of a file's lines that a scan reads; survives JSON. */
export interface Search {
  readonly lines: Omit<ExpectedLines, 'wanted'>;
  /** Members of type uuid whose values are wanted. */
  readonly idFields: readonly string[];
  /** Members that are searched for personal data. */
  readonly searched: readonly SearchedField[];
  /** Members in which values are looked for that must not be in the candidate. */
  readonly tainted: readonly TaintedField[];
}

export interface ScanChunkInput extends FileChunk {
  /** A {@link Search} as JSON; threads prepare it once for all chunks that have the same text. */
  readonly search: string;
  /** Secret keys by id, by which stored forms of personal data are proven. */
  readonly secrets?: ReadonlyMap<string, Uint8Array>;
  /** The values that must not be in the candidate. */
  readonly taint?: Taint;
  /** Names of people that are known. */
  readonly names?: PersonNames;
}

/** What is wrong with a member of a line. */
export type ScannedPii = (ValueFault | SourceFault) & {
  /** 0-based, in the chunk. */
  readonly line: number;
  readonly field: string;
  /** Members of the record's key. */
  readonly key: Readonly<Record<string, unknown>>;
};

export interface ScannedChunk extends InspectedLines {
  /** True when the file ends without LF. */
  readonly unterminated: boolean;
  /** Ids of each requested member. */
  readonly ids: readonly PackedIds[];
  readonly pii: readonly ScannedPii[];
  /** Cells of the searched members. */
  readonly counts: readonly FieldCounts[];
}

/** Scans the lines that begin in a chunk of a module's file. */
export const SCAN_CHUNK: Call<ScanChunkInput, ScannedChunk> = defineCall('scan-chunk');

interface OfTable {
  readonly module: string;
  /** Table or relation that it reads, or its base. */
  readonly table: string;
}

export interface TextsInput extends OfTable {
  readonly columns: readonly string[];
  readonly range: ReadRange;
}

/** Reads the texts of columns: one list for each column; null for what is no text. */
export const READ_TEXTS: Call<TextsInput, (string | null)[][]> = defineCall('read-texts');

export interface ExpectedInput {
  readonly module: string;
  readonly range: ReadRange;
  readonly partition: Partition;
}

/** Makes the keys of the treated values of a module's rows, four words each. */
export const READ_EXPECTED: Call<ExpectedInput, Uint32Array> = defineCall('read-expected');

/** Counts the rows of a query or view. */
export const COUNT_RELATION: Call<OfTable, number> = defineCall('count-relation');
