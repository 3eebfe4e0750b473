/**
 * The contract of an application's own database whose cells are changed in place, while the
 * application goes on: a column with the place of an attachment, a column with a ciphertext.
 *
 * A cell is changed only by compare-and-set: a change names what it expects, and is done only if the
 * cells hold exactly these bytes, with the same type, at that moment. No value is overwritten that was
 * not read. Comparison is by bytes whatever collation a column has. Every adapter passes
 * test/contract/database.test.ts.
 *
 * Errors are Failures with code TARGET, or BUSY for a lock that is held; they name table, column and
 * key, never another value.
 */

/** Where a database is; its members belong to the adapter. */
export interface DatabaseLocation {
  readonly scheme: string;
}

export interface DatabaseAdapter {
  /** What stands before the colon of its URLs. */
  readonly scheme: string;
  /** Form of its URLs, for messages. */
  readonly usage: string;
  /** Parses what follows the colon; a path is relative to `base`. @throws Failure USAGE */
  parse(rest: string, base: string): DatabaseLocation;
  /** Opens the database; without `writes`, whatever would write is refused by the database itself. */
  open(location: DatabaseLocation, options: OpenDatabase): Promise<Database>;
}

export type DatabaseAdapters = ReadonlyMap<string, DatabaseAdapter>;

export interface OpenDatabase {
  readonly writes: boolean;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Milliseconds to connect. */
  readonly connectMs: number;
  /** Milliseconds to wait for a lock of others, before BUSY. */
  readonly lockMs: number;
}

/** A cell: text is exactly its characters, whole numbers are bigint, bytes are bytes. */
export type Cell = null | string | bigint | Uint8Array;

/** Values of the key columns, in their order; none is null. */
export type RowKey = readonly Cell[];

/** A row: its key and the cells of the columns of the request, in that order. */
export interface Row {
  readonly key: RowKey;
  readonly cells: readonly Cell[];
}

/** The columns of a table that a command reads and changes. */
export interface TableRequest {
  /** Name as a mapping writes it: `attachments`, in PostgreSQL also `schema.table`. */
  readonly table: string;
  /** Columns that identify a row: the primary key, or columns under a unique constraint. */
  readonly key: readonly string[];
  readonly columns: readonly string[];
}

/** What the catalogue says about a column. */
export interface ColumnFacts {
  readonly name: string;
  /** As declared, for messages. */
  readonly type: string;
  /** What its cells are; `other` can be read as text, and not be changed. */
  readonly kind: 'text' | 'integer' | 'bytes' | 'other';
  readonly nullable: boolean;
  /** Characters (or bytes, for `bytes`) that fit; null for no limit. */
  readonly maxLength: number | null;
}

/** A condition on the columns of the request: cells that are null, or not. */
export interface RowFilter {
  readonly isNull: readonly string[];
  readonly notNull: readonly string[];
}

/** A change of one row. All changes of a batch expect and set the same columns; no two are of one row. */
export interface Change {
  readonly key: RowKey;
  /** What columns of the request must hold for the change to be done. */
  readonly expect: Readonly<Record<string, Cell>>;
  /** What they then hold. */
  readonly set: Readonly<Record<string, Cell>>;
  /** Cells of a line for the log, in the order of its columns; written only if the change is done. */
  readonly log?: readonly Cell[];
}

/**
 * A table of Sealift's own beside the application's, written in the transaction of a change: in
 * PostgreSQL in the schema of the first table that was opened, else in `public`. Its name has no schema.
 */
export interface LogTable {
  readonly name: string;
  readonly columns: readonly LogColumn[];
}

export interface LogColumn {
  readonly name: string;
  readonly kind: 'text' | 'integer' | 'bytes';
}

export interface Table {
  /** For messages, such as `public.attachments`. */
  readonly label: string;
  /** Of the key, then of the request. */
  readonly columns: readonly ColumnFacts[];
  /** Counts rows. */
  count(filter: RowFilter): Promise<number>;
  /**
   * Reads rows with a key after `after` (null: from the first), at most `limit`, ascending in the order
   * that the database has for the key, which need not be that of bytes.
   * Every row that is there from the first page to the last is on exactly one of them.
   */
  page(after: RowKey | null, limit: number, filter: RowFilter): Promise<Row[]>;
  /** Reads rows by key, in the order of the keys; null for one that is not there. */
  read(keys: readonly RowKey[]): Promise<(Row | null)[]>;
  /**
   * Does the changes of a batch in one transaction, each if its cells are as expected; tells for each
   * whether it was done. With `log`, the line of each change that is done is written with it.
   */
  swap(changes: readonly Change[], log?: LogTable): Promise<boolean[]>;
}

/** A table of the database, with what could hold a text or bytes. */
export interface ListedTable {
  readonly table: string;
  readonly columns: readonly ColumnFacts[];
  /** Columns of the primary key; empty without one. */
  readonly key: readonly string[];
}

export interface Database {
  /** The place, for messages and reports, without secrets. */
  readonly label: string;
  /** Looks a table up. @throws Failure TARGET for what is missing, or may not be read or changed */
  table(request: TableRequest): Promise<Table>;
  /** Lists all tables that hold rows, ascending by name; those of the system left out. */
  tables(): Promise<ListedTable[]>;
  /** Reads all rows of some columns of a table, in any order, in batches; the key is the primary key. */
  scan(table: ListedTable, columns: readonly string[]): AsyncIterable<Row[]>;
  /** Makes a log table if it is not there. @throws Failure TARGET if something else has its name */
  createLog(log: LogTable): Promise<void>;
  /** Reads the lines of a log in the order in which they were written; none if there is no such table. */
  readLog(log: LogTable): AsyncIterable<(readonly Cell[])[]>;
  /** Removes a log table; nothing happens if there is none. */
  dropLog(log: LogTable): Promise<void>;
  /** Takes the database for one operator's command of this name until it is closed. @throws Failure BUSY */
  lock(name: string): Promise<void>;
  /** Closes the database. May be called more than once. */
  close(): Promise<void>;
}
