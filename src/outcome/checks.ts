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

/**
 * What `sealift scan` takes by name: each check, `schema` for the one of lines, and `checksums` for
 * none of them, as every scan begins with the checksums.
 */
export const SCANNED: ReadonlyMap<string, readonly Check[]> = new Map<string, readonly Check[]>([
  ['checksums', []],
  ['schema', ['lines']],
  ...CHECKS.map((check): [string, readonly Check[]] => [check, [check]]),
]);
