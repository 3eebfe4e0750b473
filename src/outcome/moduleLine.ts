/** The accounting of modules, as reports show it. */

/** The accounting of a module: each row is filtered, rejected or in a record. */
export interface ModuleLine {
  readonly module: string;
  /** Rows of the source; 0 for a command that reads only a candidate. */
  readonly rows: number;
  readonly records: number;
  readonly rejected: number;
  /** Table or query that the rows come from. */
  readonly table?: string;
  /** Rows that the mapping excludes. */
  readonly filtered?: number;
  /** Records that were merged into an equal one. */
  readonly merged?: number;
  /** Lower-case hex; '' if there is no root. */
  readonly root: string;
}

/** Returns the lines of an accounting, in its order. `rootOf` returns a module's root, or ''. */
export function moduleLines(
  accounting: readonly Required<Omit<ModuleLine, 'root'>>[],
  rootOf: (module: string) => string,
): ModuleLine[] {
  return accounting.map(({ module, rows, records, rejected, table, filtered, merged }) => {
    return { module, rows, records, rejected, table, filtered, merged, root: rootOf(module) };
  });
}
