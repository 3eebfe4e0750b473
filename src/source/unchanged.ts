/** The part of the contract of a source by which promote knows that it holds what was read before. */

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
  /** Whether the source itself refuses every write; only if it can. */
  isFrozen?(): Promise<boolean>;
}

/** A table, and how many rows of it were read. */
export interface SeenRows {
  readonly table: string;
  readonly rows: number;
}
