/**
 * The contract of a source: it is read only, from one snapshot, and yields exact rows.
 *
 * A source is prepared once per run, in the main thread, and read by any number of readers, each in
 * its own thread. Values are exact (see record/value.ts). Every adapter passes
 * test/contract/source.test.ts.
 *
 * Errors are Failures with SOURCE_… codes; they name the file or table, never a value.
 */

import type { SourceValue } from '../record/value.ts';
import type { SqlDialect } from '../sql/sqlDialect.ts';
import type { CellPage } from './cellPage.ts';
import type { DamageCheck } from './damageCheck.ts';
import type { DeclaredType } from './declared.ts';
import type { LinePage } from './linePage.ts';
import type { ReadStatements } from './readStatements.ts';
import type { Told } from './told.ts';
import type { Unchanged } from './unchanged.ts';
import type { WriteControl } from './writeControl.ts';

export interface ColumnSchema {
  readonly name: string;
  /** Type as declared in the source; '' if none is. */
  readonly declaredType: string;
  readonly notNull: boolean;
  readonly generated: boolean;
  /**
   * How the source compares values in a unique set of the column, unless byte by byte: ignoring the
   * case of ASCII letters, or ignoring spaces at the end.
   */
  readonly collation?: Collation;
}

export type Collation = 'NOCASE' | 'RTRIM';

export interface ForeignKey {
  readonly columns: readonly string[];
  /** The parent's name, in the parent's own spelling if it exists. */
  readonly table: string;
  /** The parent's columns; its primary key if the declaration names none. */
  readonly to: readonly string[];
  /** MATCH FULL (ISO 9075): partial nulls are errors. If left out, such rows refer to nothing. */
  readonly match?: 'full';
}

/** A column that the source declares and cannot read. */
export interface UnreadableColumn {
  readonly name: string;
  /** The source's reason: a clause without values. */
  readonly why: string;
  /** Whether the source computes it from other columns, so that it holds no data of its own. */
  readonly computed: boolean;
}

/** Kind of a row's locator: a rowid, its ordinal from 1 in reading order, or its page and slot. */
export type LocatorKind = 'rowid' | 'ordinal' | 'ctid';

export interface TableSchema {
  /** Name as in a mapping: prefixed with the schema unless that is the source's default. */
  readonly name: string;
  /** Schema of the table; left out in sources without schemas. */
  readonly schema?: string;
  /** Kind of its locators; if left out, a rowid if it has one, otherwise an ordinal. */
  readonly locator?: LocatorKind;
  /** Views and queries are read like tables. A view is migrated only if a mapping reads it. */
  readonly kind: 'table' | 'view' | 'file' | 'query';
  readonly columns: readonly ColumnSchema[];
  /** Columns of the declared primary key, in key order; empty if there is none. */
  readonly primaryKey: readonly string[];
  /** Declared unique sets besides the primary key; partial and expression indexes are left out. */
  readonly unique: readonly (readonly string[])[];
  readonly foreignKeys: readonly ForeignKey[];
  /** Tables that inherit from it: a query of it sees their rows, too. Left out if there are none. */
  readonly heirs?: readonly string[];
  /** Left out if every column can be read. */
  readonly unreadable?: readonly UnreadableColumn[];
  /** Reason why it holds no data of its own, such as an index; left out if it does. */
  readonly derived?: string;
  /** Names of unique indexes that are partial or over expressions; left out if there are none. */
  readonly conditionalUnique?: readonly string[];
  /** Whether a counter ensures that no key is given twice (AUTOINCREMENT). */
  readonly counter?: true;
}

/** An object that is not read as a table. */
export interface OtherObject {
  readonly name: string;
  readonly kind: 'table' | 'view' | 'virtual table';
  /** Reason why it cannot be read: a clause without values. */
  readonly why: string;
  /** The table that created it and stores its data in it; null if it is independent. */
  readonly partOf: string | null;
  /** Whether it stores no data of the source. */
  readonly derived: boolean;
}

/** Schema of a source. Tables ascend by the UTF-8 bytes of their names; all orders are stable. */
export interface SourceSchema {
  readonly tables: readonly TableSchema[];
  /** All other objects that might be taken for a table, by name; left out if there are none. */
  readonly others?: readonly OtherObject[];
}

/** An object as listed in the source's own catalogue. */
export interface CataloguedObject {
  readonly name: string;
  readonly kind: 'table' | 'view' | 'virtual table' | 'entry';
}

/** The base table whose rows a query or a view accounts for. */
export interface BaseKey {
  readonly table: string;
  /** Column of the base table → result column with the same value. */
  readonly key: Readonly<Record<string, string>>;
  /** Result column with the number of base rows that a result row stands for. */
  readonly count?: string;
}

/** A relation that a mapping reads by name: its own query, or (without `sql`) a table or view. */
export interface RelationRequest {
  /** Name; that of a query, `query <module>`, is the name of no table. */
  readonly name: string;
  readonly sql: string | null;
  readonly base: BaseKey | null;
}

/** A prepared query, or a view that a mapping reads. */
export interface Relation {
  readonly schema: TableSchema;
  /** Table that its locators refer to: its base, or itself if they are ordinals. */
  readonly locates: string;
  /** Columns of the base table that its SQL does not name, so that their values do not arrive. */
  readonly unread: readonly string[];
  /** Columns named only to filter, join, group or order by, so that their values do not arrive. */
  readonly filtering: readonly string[];
}

/** Counts of how the rows of a relation match those of its base, by equal keys without null. */
export interface BaseCounts {
  /** Rows of the base table. */
  readonly rows: number;
  /** Rows that the query yields, including strays. */
  readonly results: number;
  /** Matching pairs of a base row and a result row. */
  readonly pairs: number;
  /** Result rows that match no base row; they are not read. */
  readonly strays: number;
  /** Base rows that no result row matches. */
  readonly lost: number;
  /** Base rows that share their key with another base row. */
  readonly shared: number;
  /** Base rows that more than one result row matches. */
  readonly multiplied: number;
  /** Counts by the results' own count column; null if they have none. */
  readonly counted: CountedByResults | null;
}

/** Differences per key between the base rows that results claim to stand for and real ones. */
export interface CountedByResults {
  /** Base rows beyond those that the results of their key count. */
  readonly uncounted: number;
  /** Counts beyond the base rows of their key, and results whose count is no number above 0. */
  readonly miscounted: number;
}

/** A part of a table for one reader; opaque, made by `plan`, survives structured clone. */
export type ReadRange = Readonly<Record<string, number | string | bigint | null>>;

/**
 * One row: the requested columns in the requested order, then the row's locator as the last
 * element. A locator is a 64-bit integer, represented as text if a double cannot hold it.
 */
export type Row = SourceValue[];

/**
 * Location of a source, opaque to all but its adapter. Survives structured clone and JSON. Never
 * shown, since it may hold a password.
 */
export interface SourceLocation {
  readonly scheme: string;
  readonly [part: string]: string | number | boolean | null;
}

/**
 * Handle of a snapshot, for readers in any thread; survives structured clone. Never shown, since it
 * may hold credentials.
 */
export interface SourceHandle {
  readonly scheme: string;
  readonly [key: string]: unknown;
}

/**
 * The part of a reader for relations, in sources with SQL. A query of a mapping may take any time,
 * so it runs in readers, whose threads can be ended, and never while a source is prepared.
 */
export interface RelationReader {
  /** Returns the exact number of rows that `read` yields, counted independently of it. */
  count(relation: string): Promise<number>;
  /** Counts matches. @throws Failure SOURCE_SCHEMA if the relation has no suitable base */
  baseCounts(relation: string): Promise<BaseCounts>;
  /** Yields pages of locators of base rows that no result row matches, in the order of the base. */
  lostRows(relation: string): AsyncIterable<(number | string)[]>;
}

export interface SourceReader {
  /**
   * Yields the rows of one range, in pages of at most a few thousand rows. Within a range the order
   * is stable. A page's arrays belong to the caller.
   *
   * Numbers in the columns `asWritten` keep the digits of the source's text: for 1.10 in a JSON
   * source the cell is a JsonNode of these digits, not the number 1.1.
   */
  read(
    table: string,
    columns: readonly string[],
    range: ReadRange,
    asWritten?: readonly string[],
  ): AsyncIterable<Row[]>;
  /** Yields the pages of `read` as bytes; only if the source delivers bytes. */
  readCells?(table: string, columns: readonly string[], range: ReadRange): AsyncIterable<CellPage>;
  /** Yields the rows of `read` as lines of COPY; only if the source delivers such. */
  readLines?(table: string, columns: readonly string[], range: ReadRange): AsyncIterable<LinePage>;
  /** Tells what it has run since the call before; only if the source has a language. */
  tellStatements?(): ReadStatements;
  /** Only if the source has SQL. */
  readonly relations?: RelationReader;
  /** Closes the reader. May be called more than once, and while a table is read. */
  close(): Promise<void>;
}

export interface PreparedSource extends Unchanged {
  /** Name for messages: a path, or host and database. Holds no secret. */
  readonly label: string;
  /** Schema of the source itself, independent of the mapping. */
  readonly schema: SourceSchema;
  /** Requested queries and views by name; read by these names like tables. */
  readonly relations: ReadonlyMap<string, Relation>;
  /**
   * Objects of the source's catalogue that must be accounted for, listed by code independent of the
   * schema reader, so that an omission there is noticed. Only if there is a catalogue.
   */
  readonly objects?: readonly CataloguedObject[];
  /** Notes for a person on how it is read, each a clause; for example on files next to it. */
  readonly notes?: readonly string[];
  /**
   * Approximate size in bytes, by which worker threads and free space are planned. Null if it
   * cannot be determined cheaply: then all workers start, and rows are counted before a run.
   */
  readonly estimatedBytes: number | null;
  /** How files are read, if that was determined from their content. */
  readonly told?: Told;
  /** Splits a table into ranges of about `rows` rows; together they hold each row exactly once. */
  plan(table: string, rows: number): Promise<ReadRange[]>;
  /** Returns ranges that hold the rows with these locators, which ascend, and few others. */
  planRows?(table: string, locators: BigInt64Array): Promise<ReadRange[]>;
  /**
   * Returns the exact number of rows of a table, counted by the source itself, independently of
   * `read`. It is counted once per snapshot, so further calls cost nothing.
   */
  count(table: string): Promise<number>;
  /**
   * Returns per column the number of cells with numbers not written in their shortest form, such as
   * 1.10 or 1e2. Only in sources whose numbers are texts.
   */
  readonly otherDigits?: (table: string) => ReadonlyMap<string, number>;
  /**
   * Begins a snapshot and passes its handle to `open`, which opens all readers of the run, so that
   * they and this prepared source see the same data. Repeats both if the source changed in between;
   * `open` closes what it had opened before. The handle is valid until the next call, or until
   * `close`.
   */
  inOneSnapshot<T>(open: (handle: SourceHandle) => Promise<T>): Promise<T>;
  /** Makes a check for damage; only for sources in which a reader may not notice it. */
  checkForDamage?(): DamageCheck;
  /** Throws SOURCE_CHANGED if the source changed while it was read without a snapshot. */
  assertUnchanged(): Promise<void>;
  close(): Promise<void>;
}

/** Timeouts in milliseconds; 0 is no limit, except for `lockMs`, where it means not to wait. */
export interface Timeouts {
  readonly connectMs: number;
  /** For a lock that another process holds. */
  readonly lockMs: number;
  /** For a query of the mapping to be planned, or to yield its next rows; where it can be stopped. */
  readonly queryMs: number;
}

export interface PrepareOptions {
  /** Private folder for copies, if the source cannot be read in place. Removed by the caller. */
  readonly scratch: string;
  /** Environment variables, which may hold credentials. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly timeouts: Timeouts;
  /** Once it aborts, pending calls reject with its reason and release the source. */
  readonly signal: AbortSignal;
  /**
   * Relations that the mapping reads, with SQL only if the adapter has a dialect. The SQL is
   * untrusted: before it runs, `prepare` compiles it and rejects queries that change anything or
   * depend on more than the source.
   */
  readonly relations?: readonly RelationRequest[];
  /**
   * Whether a mapping is yet to be written: if files leave open how they are read, the likeliest
   * reading is chosen, if there is one, and reported. Otherwise such files are rejected.
   */
  readonly explore?: boolean;
}

export interface SourceAdapter {
  /** Scheme of its source URLs: `sqlite`, `csv`, `ndjson`, `json`. */
  readonly scheme: string;
  /** For help and hints: `sqlite:FILE`, `postgres://HOST/DATABASE`. */
  readonly usage: string;
  /**
   * Parses the part of a URL after its colon, `rest`, relative to the folder `base`. Uses only the
   * text. Its Failures hold no part of `rest` that may be a secret.
   * @throws Failure USAGE
   */
  parse(rest: string, base: string): SourceLocation;
  /**
   * Formats the part after the colon for a mapping in the folder `base`; the inverse of `parse`,
   * except for secrets, which are left out.
   */
  format(location: SourceLocation, base: string): string;
  /** SQL dialect of queries in a mapping; null if it has none, so that SQL is rejected. */
  readonly dialect: SqlDialect | null;
  /** Formats a locator of a table that declares its kind; if left out, its digits are shown. */
  readonly showLocator?: (locator: number | string) => string;
  /** Returns what a column of its sources declares about its values. */
  readonly declared: (column: ColumnSchema) => DeclaredType;
  prepare(location: SourceLocation, options: PrepareOptions): Promise<PreparedSource>;
  /**
   * Opens a reader, in any thread. Once `signal` aborts, this call and the reader's `read` reject
   * with its reason, and all that was opened is closed.
   */
  open(handle: SourceHandle, signal: AbortSignal): Promise<SourceReader>;
  /** Stops the writes of a source; only for sources that can refuse them. */
  readonly writes?: WriteControl;
}

/** Adapters by the scheme of their URLs. */
export type Adapters = ReadonlyMap<string, SourceAdapter>;
