/**
 * The contract of a source: rows out, exactly, from one snapshot, read-only.
 *
 * A source is prepared once for a run (in the main thread) and read by any number of readers, each
 * in a thread of its own. What a reader yields is exact (see record/value.ts). Every adapter passes
 * test/contract/source.test.ts.
 *
 * Errors are Failures with SOURCE_… codes; they name the file or table, never a value.
 */

import type { SourceValue } from '../record/value.ts';

export interface ColumnSchema {
  readonly name: string;
  /** As declared in the source, '' where it declares none. */
  readonly declaredType: string;
  readonly notNull: boolean;
  readonly generated: boolean;
}

export interface ForeignKey {
  readonly columns: readonly string[];
  /** The parent table, spelled as the parent itself is where it exists. */
  readonly table: string;
  /** The parent's columns; its primary key where the declaration names none. */
  readonly to: readonly string[];
}

export interface TableSchema {
  readonly name: string;
  /** Views are read like tables, but are never migrated unless a mapping asks for it. */
  readonly kind: 'table' | 'view' | 'file';
  readonly columns: readonly ColumnSchema[];
  /** Columns of the declared primary key, in key order; empty where there is none. */
  readonly primaryKey: readonly string[];
  /** Declared unique sets besides the primary key; partial and expression indexes are left out. */
  readonly unique: readonly (readonly string[])[];
  readonly foreignKeys: readonly ForeignKey[];
}

/** Tables ascending by the UTF-8 bytes of their names; everything in a stable order. */
export interface SourceSchema {
  readonly tables: readonly TableSchema[];
}

/** A part of a table that one reader reads; opaque, made by `plan`, survives structured clone. */
export type ReadRange = Readonly<Record<string, number | string | bigint | null>>;

/**
 * One row: the requested columns in the requested order, then the row's locator (SQLite rowid, or
 * 1-based ordinal in reading order) as the last element.
 */
export type Row = SourceValue[];

/** What a reader needs to open the prepared snapshot in another thread; survives structured clone. */
export interface SourceHandle {
  readonly scheme: string;
  readonly [key: string]: unknown;
}

export interface SourceReader {
  /**
   * Rows of one range, in pages of at most a few thousand rows. Within a range the order is stable.
   * A page's arrays belong to the caller.
   */
  read(table: string, columns: readonly string[], range: ReadRange): AsyncIterable<Row[]>;
  close(): Promise<void>;
}

export interface PreparedSource {
  readonly handle: SourceHandle;
  readonly schema: SourceSchema;
  /** Splits a table into ranges of about `rows` rows; together they hold each row exactly once. */
  plan(table: string, rows: number): Promise<ReadRange[]>;
  /** Exact number of rows, counted by the source itself, independently of `read`. */
  count(table: string): Promise<number>;
  /**
   * Runs `begin` (which opens all readers of the run) so that all of them, and this prepared
   * source, see one and the same snapshot; runs it again when the source changed meanwhile.
   */
  inOneSnapshot(begin: () => Promise<void>): Promise<void>;
  /** Throws SOURCE_CHANGED when what was read is no longer what is there and no snapshot held it. */
  assertUnchanged(): Promise<void>;
  close(): Promise<void>;
}

export interface PrepareOptions {
  /** A private folder for copies, when the source cannot be read in place. Removed by the caller. */
  readonly scratch: string;
  /** How long to wait for a lock of somebody else, in milliseconds. */
  readonly lockTimeoutMs: number;
}

export interface SourceAdapter {
  /** What stands before the colon of a source URL: `sqlite`, `csv`, `ndjson`, `json`. */
  readonly scheme: string;
  /** `location` is what follows the colon, its path made absolute by the caller. */
  prepare(location: string, options: PrepareOptions): Promise<PreparedSource>;
  open(handle: SourceHandle): Promise<SourceReader>;
}
