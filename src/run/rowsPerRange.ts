/** How many rows the ranges have in which tables are read. */

/** Of a table that workers share, or of whose rows a part of the memory is taken for each range. */
export const ROWS_PER_RANGE = 65_536;

/** Of a table that one thread reads from end to end. */
export const ROWS_PER_LONG_RANGE = 1_000_000;
