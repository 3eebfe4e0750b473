/** Names of tables and columns that are there, by module and field: the same, or as a file declares. Pure. */

export interface TargetNames {
  table(module: string): string;
  column(module: string, field: string): string;
}

/** Names of one module. */
export interface DeclaredNames {
  readonly table?: string;
  /** Field → column. */
  readonly columns?: Readonly<Record<string, string>>;
}

/** Returns the names; what is not declared is the same. */
export function targetNames(declared: ReadonlyMap<string, DeclaredNames>): TargetNames {
  return {
    table: (module) => declared.get(module)?.table ?? module,
    column(module, field) {
      const { columns = {} } = declared.get(module) ?? {};
      return Object.hasOwn(columns, field) ? (columns[field] ?? field) : field;
    },
  };
}
