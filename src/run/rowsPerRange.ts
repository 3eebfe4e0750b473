/** Numbers of rows in the ranges in which tables are read. */

/** For a table that several workers read, or whose ranges take memory by their rows. */
export const ROWS_PER_RANGE = 65_536;

/** For a table that one thread reads from start to end. */
export const ROWS_PER_LONG_RANGE = 1_000_000;
