/** The part of the contract of a source by which promote knows that it holds what was read before. */

import type { RelationRequest } from './source.ts';

export interface Unchanged {
  /**
   * Returns a digest of the content of the snapshot, equal as long as not a byte has changed; null
   * if it changed after the snapshot began, or if there is no such digest. Only for sources made of
   * files. Rows can be read meanwhile.
   */
  state?(): Promise<string | null>;
  /**
   * Notes what the snapshot holds of tables, so that the target of a load can tell later, and quickly,
   * whether they still hold it; an opaque text. Called while the snapshot lasts. Null if that cannot be told.
   */
  seen?(tables: readonly SeenRows[]): Promise<string | null>;
  /**
   * Returns the columns besides those that were read in which a row has a value, as `table.column`. Called
   * while the snapshot lasts. Only for what can be the target of a load.
   */
  valuesBeside?(tables: readonly SeenRows[]): Promise<readonly string[]>;
  /**
   * Returns the tables that these relations read that were written to since the snapshot. For sources whose
   * freeze does not stop every writer; it may take as long as a reading.
   */
  laterWrites?(relations: readonly RelationRequest[]): Promise<readonly LaterWrite[]>;
  /** Whether the source itself refuses every write; only if it can. */
  isFrozen?(): Promise<boolean>;
}

/** A table, how many rows of it were read, and which columns. */
export interface SeenRows {
  readonly table: string;
  readonly rows: number;
  readonly columns: readonly string[];
}

/** How a table differs from what the snapshot saw. */
export interface LaterWrite {
  readonly table: string;
  /** Rows written since. */
  readonly written: number;
  /** Rows that are not there as they were. */
  readonly gone: number;
  /** Whether it is another table, or has other columns or partitions. */
  readonly remade: boolean;
}
