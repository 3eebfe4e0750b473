/**
 * What steps reach of the world, as narrow contracts: programs, hosts, databases, files of the runbook, and
 * the folder of the run. Each has one implementation in this folder, and tests may give others.
 *
 * Promises: whatever passes through here to disk or to a message has the known secrets taken out. A program
 * gets the variables that it names and no others. A host is contacted only if an input of the runbook names it.
 */

import type { Redactor } from '../../redact/redactor.ts';

export interface World {
  /** Id of the run; the same after a resume. */
  readonly runId: string;
  readonly now: () => Date;
  /** Waits; ends at once, with a rejection, when the signal aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly redactor: Redactor;
  /** Value of an input, with that of a secret. @throws Failure USAGE if the variable of a secret is not set */
  readonly input: (name: string) => string;
  readonly run: (program: ProgramCall) => Promise<ProgramEnd>;
  /** Whether `run` would find a program, and this user may execute it. */
  readonly programState: (program: string) => ProgramState;
  /** Runs a command of Sealift on this project. */
  readonly runSealift: (args: readonly string[], call: SealiftCall) => Promise<ProgramEnd>;
  readonly request: (request: HttpRequest) => Promise<HttpAnswer>;
  /** Opens the database of an input. @throws Failure USAGE, TARGET */
  readonly openSql: (input: string, options: SqlOptions) => Promise<SqlClient>;
  /** Files that the runbook names, from its folder. */
  readonly files: RunbookFiles;
  /** What this run makes. */
  readonly artifacts: Artifacts;
}

export interface ProgramCall {
  /** Program and arguments, as they stand. */
  readonly argv: readonly string[];
  /** Names of variables that it gets, besides PATH, HOME and those of the locale. */
  readonly env: readonly string[];
  /** Variables with their values, such as a password for `pg_dump`; they count as secrets. */
  readonly secretEnv?: Readonly<Record<string, string>>;
  readonly input?: Uint8Array;
  /** Name for its outputs in the folder of the run, such as `backup`; null to keep none. */
  readonly keepAs: string | null;
  /** Gets all of standard output as it comes, redacted. */
  readonly onStdout?: (bytes: Uint8Array) => void;
  /** When it aborts, the program and all that it has started are ended, and the call is rejected. */
  readonly signal: AbortSignal;
}

export type ProgramState = 'there' | 'missing' | 'not executable';

export interface SealiftCall {
  readonly keepAs: string | null;
  readonly signal: AbortSignal;
}

export interface ProgramEnd {
  /** Null if a signal ended it. */
  readonly code: number | null;
  /** Name of the signal; null without one. */
  readonly endedBy: string | null;
  /** The last 64 KiB of each, redacted, as UTF-8. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface HttpRequest {
  /** An address, or a path of the application, which begins with `/`. */
  readonly url: string;
  /** Input with the address of the application; null if `url` is complete. */
  readonly app: string | null;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Milliseconds for the whole answer. */
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in small letters; several of one name are several elements. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** At most 4 MiB; a longer answer is a Failure. Not redacted: it is compared, and not kept as it is. */
  readonly body: Buffer;
}

export interface SqlOptions {
  readonly readOnly: boolean;
  readonly signal: AbortSignal;
  /** Another database of the same server of PostgreSQL; that of the input if left out. */
  readonly database?: string;
}

export type SqlDialect = 'postgresql' | 'sqlite';

/** A value of a cell: a whole number is a bigint, any other number and a time are texts as the database writes them. */
export type SqlValue = null | string | bigint | boolean | Uint8Array;

export interface SqlPage {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

/**
 * One session with a database. Where it only reads, the server refuses anything else. Once the signal
 * aborts, what runs is ended on the server, too, and pending calls reject with its reason.
 */
export interface SqlClient {
  readonly dialect: SqlDialect;
  /** The place for messages, without secrets. */
  readonly label: string;
  /** Runs one statement with parameters. Rows come as arrays; at most `most` of them (1,000), else a Failure. */
  query(sql: string, parameters?: readonly SqlValue[], most?: number): Promise<SqlPage>;
  /**
   * Reads what one query yields, page by page, in a transaction that only reads: that of the client, if it
   * is in one. The first page has the columns, even without rows.
   */
  pages(sql: string): AsyncIterable<SqlPage>;
  /**
   * Runs the statements of a text, one after the other; rows are dropped. A failure names the line, in
   * `where` if that is given. Not for a client that only reads.
   */
  script(sql: string, where?: string): Promise<void>;
  /**
   * Runs `work` in one transaction, which is undone if it rejects. One that only reads has one snapshot; of
   * PostgreSQL from its first query on, so that tables can be locked before.
   */
  transaction<T>(work: () => Promise<T>): Promise<T>;
  /** Writes what the transaction sees to a new file; SQLite only. */
  readonly copyTo?: (path: string) => Promise<void>;
  close(): Promise<void>;
}

export interface RunbookFiles {
  /** Reads an ordinary file of at most `most` bytes; null if there is none. @throws Failure for a path outside */
  read(path: string, most: number): Buffer | null;
  /** Absolute path of a file or folder below that of the runbook. @throws Failure USAGE for one outside */
  place(path: string): string;
  /** Names of files that a pattern with `*` in its last part matches, ascending by bytes. */
  matching(pattern: string): readonly string[];
}

export interface Artifacts {
  /** Folder of the run for large files such as dumps: private, on the disk of the project. */
  readonly folder: string;
  /** Keeps an output in the folder of the run, redacted; durable when it returns. */
  keep(name: string, bytes: Uint8Array): KeptOutput;
}

/** An output as it is kept: what was redacted is not in its digest. */
export interface KeptOutput {
  readonly name: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}
