/** Caches row counts per snapshot, as the contract of a source requires. */

export interface Counts {
  /**
   * Returns the count of this snapshot, counted on first use. A count that failed is tried again.
   */
  count(table: string): Promise<number>;
  /** Drops all counts, since another snapshot begins. */
  forget(): void;
}

/** Caches the results of `count`; concurrent callers share one call. */
export function countOnce(count: (table: string) => Promise<number>): Counts {
  let counts = new Map<string, Promise<number>>();
  return {
    async count(table) {
      const known = counts.get(table);
      if (known !== undefined) return known;
      const held = counts;
      const counting = count(table);
      held.set(table, counting);
      try {
        return await counting;
      } catch (error) {
        held.delete(table);
        throw error;
      }
    },
    forget() {
      counts = new Map();
    },
  };
}
