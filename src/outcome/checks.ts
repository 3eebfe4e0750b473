/** The checks of records, by name, in the order in which they run. */

/** The checks, in the order in which they run on each module. */
export const CHECKS = [
  'lines',
  'mapped',
  'duplicates',
  'references',
  'cycles',
  'copies',
  'invariants',
  'pii',
] as const;
export type Check = (typeof CHECKS)[number];
