/** The checks of records. */

/** Names of the checks, in the order in which they run on each module. */
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
