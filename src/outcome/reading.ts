/** How a target was read, so that another person can read it in the same way; as reports show it. Pure. */

/** How the sessions of readers were begun; all of one run begin alike. */
export interface ReadSession {
  /** Name and version of what answered, such as `PostgreSQL 18.4`. */
  readonly server: string;
  /** Statements that began it, in their order; the name of a snapshot is a variable in them. */
  readonly statements: readonly string[];
  /** Settings by name, as the session itself has reported them after that. */
  readonly settings: Readonly<Record<string, string>>;
  /** Which state of the data was read: its name, or a clause. */
  readonly snapshot: string;
  /** What the bounds in statements are, and which of them read a whole table: a sentence. */
  readonly ranges: string;
}

/** The statements that have read the rows of one module. */
export interface ModuleQueries {
  readonly module: string;
  /** Name of its table, as the target has it. */
  readonly table: string;
  /** Each once, in ascending order. */
  readonly statements: readonly string[];
}

export interface Reading {
  /** SHA-256 of the canonical JSON (RFC 8785) of `{queries, settings}`, lower-case hex. */
  readonly digest: string;
  /** In the order in which modules were read; none of a target without a language. */
  readonly queries: readonly ModuleQueries[];
  readonly settings: {
    /** Name and version of the program. */
    readonly tool: string;
    /** Schema of the tables; '' in a target without schemas. */
    readonly schema: string;
    /** Each once: one, unless readers began in different ways. None of a target without a language. */
    readonly sessions: readonly ReadSession[];
  };
}
