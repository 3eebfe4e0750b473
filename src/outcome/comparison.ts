/** A target compared with a seal, as reports show it. Pure. */

/** A module of the seal in the target. */
export interface ComparedModule {
  readonly module: string;
  /** Records in the seal. */
  readonly sealed: number;
  /** Rows in the target; null if the module could not be compared. */
  readonly rows: number | null;
  readonly missing: number;
  readonly extra: number;
  readonly changed: number;
  /** Ranges of the seal, and how many of them differ. */
  readonly ranges: number;
  readonly differing: number;
  /** The ranges in order, at most 200 cells: a cell is 1 if one of its ranges differs, else 0. */
  readonly strip: readonly number[];
}

export interface Comparison {
  /** The place of the rows, without secrets. */
  readonly target: string;
  /** Schema of the tables; '' in a target without schemas. */
  readonly schema: string;
  /** By name. */
  readonly modules: readonly ComparedModule[];
}

/** Whether a module is as it was sealed. */
export function isEqual({ rows, missing, extra, changed }: ComparedModule): boolean {
  return rows !== null && missing + extra + changed === 0;
}
