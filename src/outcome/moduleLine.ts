/** What became of the rows of each module, as reports show it. */

/** A line of the accounting. Rows are those that are filtered, rejected or in a record. */
export interface ModuleLine {
  readonly module: string;
  /** Of the source, 0 for commands that read only a candidate. */
  readonly rows: number;
  readonly records: number;
  readonly rejected: number;
  /** The table or query that the rows are from. */
  readonly table?: string;
  /** Rows that the mapping leaves out, and records that were equal to another one. */
  readonly filtered?: number;
  readonly merged?: number;
  /** Lower-case hex; '' where there is none. */
  readonly root: string;
}

/** The lines of an accounting, in its order. `rootOf` gives the root of a module, '' where it has none. */
export function moduleLines(
  accounting: readonly Required<Omit<ModuleLine, 'root'>>[],
  rootOf: (module: string) => string,
): ModuleLine[] {
  return accounting.map(({ module, rows, records, rejected, table, filtered, merged }) => {
    return { module, rows, records, rejected, table, filtered, merged, root: rootOf(module) };
  });
}
