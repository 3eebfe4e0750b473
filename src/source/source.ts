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
import type { SqlDialect } from '../sql/dialect.ts';
import type { CellPage } from './cellPage.ts';
import type { DamageCheck } from './damageCheck.ts';
import type { DeclaredType } from './declared.ts';

export interface ColumnSchema {
  readonly name: string;
  /** As declared in the source, '' where it declares none. */
  readonly declaredType: string;
  readonly notNull: boolean;
  readonly generated: boolean;
  /**
   * How the source compares the values of a unique set that the column is part of, where it is not byte
   * by byte: without the case of ASCII letters, or without blanks at the end.
   */
  readonly collation?: Collation;
}

export type Collation = 'NOCASE' | 'RTRIM';

export interface ForeignKey {
  readonly columns: readonly string[];
  /** The parent's name, spelled as the parent itself is where it exists. */
  readonly table: string;
  /** The parent's columns; its primary key where the declaration names none. */
  readonly to: readonly string[];
  /**
   * Declared so: no row may have some of its columns null and others not (ISO 9075 MATCH FULL). Left
   * out, such rows refer to nothing.
   */
  readonly match?: 'full';
}

/** A column that the source declares and cannot read. */
export interface UnreadableColumn {
  readonly name: string;
  /** A clause that holds no value: what the source says. */
  readonly why: string;
  /** The source computes it from other columns: it holds nothing of its own. */
  readonly computed: boolean;
}

/** What locates a row: a rowid, its ordinal from 1 in reading order, or page and place of its storage. */
export type LocatorKind = 'rowid' | 'ordinal' | 'ctid';

export interface TableSchema {
  /** As a mapping writes it: with the schema before it, where that is not the source's usual one. */
  readonly name: string;
  /** The schema that it is in; left out of sources without schemas. */
  readonly schema?: string;
  /** What the locators of its rows are; left out where that is a rowid if it has one, else an ordinal. */
  readonly locator?: LocatorKind;
  /** Views and queries are read like tables; a view is migrated only where a mapping asks for it. */
  readonly kind: 'table' | 'view' | 'file' | 'query';
  readonly columns: readonly ColumnSchema[];
  /** Columns of the declared primary key, in key order; empty where there is none. */
  readonly primaryKey: readonly string[];
  /** Declared unique sets besides the primary key; partial and expression indexes are left out. */
  readonly unique: readonly (readonly string[])[];
  readonly foreignKeys: readonly ForeignKey[];
  /** Left out where every column can be read. */
  readonly unreadable?: readonly UnreadableColumn[];
  /** Why it holds no data of its own, as an index of texts elsewhere; left out where it does. */
  readonly derived?: string;
  /** Names of unique indexes that are partial or over expressions; left out where there are none. */
  readonly conditionalUnique?: readonly string[];
  /** The source never gives a key twice, and counts for it (AUTOINCREMENT). */
  readonly counter?: true;
}

/** An object that is no table to be read. */
export interface OtherObject {
  readonly name: string;
  readonly kind: 'table' | 'view' | 'virtual table';
  /** A clause that holds no value: why it cannot be read. */
  readonly why: string;
  /** The table that keeps its data in this one, and has made it; null where it stands for itself. */
  readonly partOf: string | null;
  /** Nothing of the source is stored in it. */
  readonly derived: boolean;
}

/** Tables ascending by the UTF-8 bytes of their names; everything in a stable order. */
export interface SourceSchema {
  readonly tables: readonly TableSchema[];
  /** All else that could be taken for a table, by name; left out where there is nothing. */
  readonly others?: readonly OtherObject[];
}

/** An object as the source's own catalogue lists it. */
export interface CataloguedObject {
  readonly name: string;
  readonly kind: 'table' | 'view' | 'virtual table' | 'entry';
}

/** The base table whose rows a query or a view accounts for. */
export interface BaseKey {
  readonly table: string;
  /** Column of the base table → result column with the same value. */
  readonly key: Readonly<Record<string, string>>;
  /** Result column that says how many rows of the base a row of the result stands for. */
  readonly count?: string;
}

/** What a mapping reads by a name: a query of its own, or (without `sql`) a table or view. */
export interface RelationRequest {
  /** A query's name is that of no table: `query <module>`. */
  readonly name: string;
  readonly sql: string | null;
  readonly base: BaseKey | null;
}

/** A query as it was prepared, or a view that a mapping reads. */
export interface Relation {
  readonly schema: TableSchema;
  /** The table whose rows its locators are of: its base, or itself where they are ordinals. */
  readonly locates: string;
  /** Columns of the base table that its SQL names nowhere, so that nothing of them arrives. */
  readonly unread: readonly string[];
  /** Those that it names, but only to filter, join, group or order by: nothing of them arrives. */
  readonly filtering: readonly string[];
}

/** How the rows of a relation and those of its base belong together, by equal keys without null. */
export interface BaseCounts {
  /** Rows of the base table. */
  readonly rows: number;
  /** Rows that the query yields, strays included. */
  readonly results: number;
  /** (base row, result row) that belong together. */
  readonly pairs: number;
  /** Result rows that belong to no base row; they are not read. */
  readonly strays: number;
  /** Base rows to which no result row belongs. */
  readonly lost: number;
  /** Base rows whose key another base row has, too. */
  readonly shared: number;
  /** Base rows to which more than one result row belongs. */
  readonly multiplied: number;
  /** By the results' own count, where they have one; null where they have none. */
  readonly counted: CountedByResults | null;
}

/** What results say of the rows that they stand for, key by key, against the rows that there are. */
export interface CountedByResults {
  /** Base rows beyond those that the results of their key count. */
  readonly uncounted: number;
  /** Counts beyond the base rows of their key, and results whose count is no number above 0. */
  readonly miscounted: number;
}

/** A part of a table that one reader reads; opaque, made by `plan`, survives structured clone. */
export type ReadRange = Readonly<Record<string, number | string | bigint | null>>;

/**
 * One row: the requested columns in the requested order, then the row's locator as the last element. A
 * locator is an integer of 64 bits, as a text where a double does not hold it.
 */
export type Row = SourceValue[];

/**
 * Where a source is, as its adapter takes it; opaque to all others. Survives structured clone and
 * JSON. Never shown: it may hold a password.
 */
export interface SourceLocation {
  readonly scheme: string;
  readonly [part: string]: string | number | boolean | null;
}

/**
 * A snapshot, for readers in any thread; survives structured clone. Never shown: it may hold what opens
 * the source.
 */
export interface SourceHandle {
  readonly scheme: string;
  readonly [key: string]: unknown;
}

/**
 * What readers of sources with SQL offer besides. A query of a mapping may take any time: it runs
 * where readers are, in threads that can be ended, and never where a source is prepared.
 */
export interface RelationReader {
  /** Exact number of rows that `read` yields of a relation, counted independently of it. */
  count(relation: string): Promise<number>;
  /** @throws Failure SOURCE_SCHEMA where the relation has no base that fits */
  baseCounts(relation: string): Promise<BaseCounts>;
  /** Locators of base rows to which no result row belongs, in the order of the base, in pages. */
  lostRows(relation: string): AsyncIterable<(number | string)[]>;
}

export interface SourceReader {
  /**
   * Rows of one range, in pages of at most a few thousand rows. Within a range the order is stable.
   * A page's arrays belong to the caller.
   *
   * Numbers in the columns `asWritten` keep the digits of a text that has them: where a JSON source
   * has 1.10, the cell is a JsonNode of these digits, not the number 1.1.
   */
  read(
    table: string,
    columns: readonly string[],
    range: ReadRange,
    asWritten?: readonly string[],
  ): AsyncIterable<Row[]>;
  /** What `read` yields, in the same pages, as bytes; only where the source hands it over so. */
  readCells?(table: string, columns: readonly string[], range: ReadRange): AsyncIterable<CellPage>;
  /** Only where the source has SQL. */
  readonly relations?: RelationReader;
  /** May be called more than once, and while a table is read. */
  close(): Promise<void>;
}

export interface PreparedSource {
  /** What a person calls it: a path, or host and database. Holds no secret: messages show nothing else. */
  readonly label: string;
  /** The source's own, whatever a mapping asks of it. */
  readonly schema: SourceSchema;
  /** By name, the queries and views that were asked for; read by these names like tables. */
  readonly relations: ReadonlyMap<string, Relation>;
  /**
   * What the source's catalogue lists and has to be accounted for, found by code of its own: what the
   * schema leaves out is missed otherwise. Only where there is a catalogue.
   */
  readonly objects?: readonly CataloguedObject[];
  /** What a person should know of how it is read, each a clause; files beside it, for example. */
  readonly remarks?: readonly string[];
  /**
   * About how many bytes it holds: what worker threads and free space are planned by. Null where that
   * cannot be known cheaply: then all workers start, and rows are counted before a run.
   */
  readonly estimatedBytes: number | null;
  /** How files are read, where that was told from them. */
  readonly told?: Told;
  /** Splits a table into ranges of about `rows` rows; together they hold each row exactly once. */
  plan(table: string, rows: number): Promise<ReadRange[]>;
  /**
   * Exact number of rows of a table, counted by the source itself, independently of `read`. It is
   * counted once a snapshot: callers ask as often as they like. Of a new snapshot it is counted anew.
   */
  count(table: string): Promise<number>;
  /**
   * How many cells of a column hold numbers that are written with other digits than their shortest
   * form, such as 1.10 or 1e2, by column; only of sources whose numbers are texts.
   */
  readonly otherDigits?: (table: string) => ReadonlyMap<string, number>;
  /**
   * Begins a snapshot and gives `open` (which opens all readers of the run) a handle to it, so that
   * all of them, and this prepared source, see one and the same. Does both again when the source
   * changed meanwhile; `open` closes what it had opened before. The handle of the last call is valid
   * until the next one, or until `close`.
   */
  inOneSnapshot<T>(open: (handle: SourceHandle) => Promise<T>): Promise<T>;
  /** Only where the source can be damaged without a reader noticing. */
  checkForDamage?(): DamageCheck;
  /** Throws SOURCE_CHANGED when what was read is no longer what is there and no snapshot held it. */
  assertUnchanged(): Promise<void>;
  close(): Promise<void>;
}

/** How long to wait, in milliseconds; 0 is no limit, but for a lock, where it is no waiting. */
export interface Timeouts {
  readonly connectMs: number;
  /** For a lock that another process holds. */
  readonly lockMs: number;
  /** For a single statement that reads no rows. */
  readonly statementMs: number;
}

export interface PrepareOptions {
  /** A private folder for copies, when the source cannot be read in place. Removed by the caller. */
  readonly scratch: string;
  /** Environment variables, in which credentials are. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly timeouts: Timeouts;
  /** Once it aborts, what waits for the source rejects with its reason, and lets go of the source. */
  readonly signal: AbortSignal;
  /**
   * What the mapping reads, with SQL only where the adapter has a dialect. That is text of other people:
   * `prepare` compiles it and refuses what changes anything, or depends on more than the source, before
   * any of it runs.
   */
  readonly relations?: readonly RelationRequest[];
  /**
   * A first look, for a mapping yet to be written: where files leave open how they are read, the
   * likeliest way is taken, if there is one, and told. Without it they are refused.
   */
  readonly explore?: boolean;
}

/** How files are read: as a location that says it, and for a person. */
export interface Told {
  readonly location: SourceLocation;
  readonly remarks: readonly Remark[];
}

/** What a person should know of how a table is read; clauses without any value. */
export interface Remark {
  readonly table: string;
  readonly severity: 'WARNING' | 'INFO';
  readonly what: string;
  readonly advice: string;
}

export interface SourceAdapter {
  /** What stands before the colon of a source URL: `sqlite`, `csv`, `ndjson`, `json`. */
  readonly scheme: string;
  /** For help and hints: `sqlite:FILE`, `postgres://HOST/DATABASE`. */
  readonly usage: string;
  /**
   * The location that a URL names; `rest` is what follows its colon, relative to the folder `base`. Looks
   * at nothing but the text. Its Failures hold no part of `rest` that may be a secret.
   * @throws Failure USAGE
   */
  parse(rest: string, base: string): SourceLocation;
  /**
   * What follows the colon in a mapping in the folder `base`: `parse` makes the same location of it, but
   * for secrets, which it never holds.
   */
  format(location: SourceLocation, base: string): string;
  /** The SQL that a mapping may have for it; null where it has none, so that such a mapping is refused. */
  readonly dialect: SqlDialect | null;
  /** A locator for a person, of tables that say what their locators are; its digits where left out. */
  readonly showLocator?: (locator: number | string) => string;
  /** What a column of its sources declares about its values. */
  readonly declared: (column: ColumnSchema) => DeclaredType;
  prepare(location: SourceLocation, options: PrepareOptions): Promise<PreparedSource>;
  /**
   * In any thread. Rejects with the reason of `signal` once it aborts, as the reader's `read` does,
   * and closes what it has opened.
   */
  open(handle: SourceHandle, signal: AbortSignal): Promise<SourceReader>;
}

/** By the scheme of their URLs. */
export type Adapters = ReadonlyMap<string, SourceAdapter>;
