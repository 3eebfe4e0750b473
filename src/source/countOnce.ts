/** Rows of tables, counted once a snapshot, as the contract of a source says. */

export interface Counts {
  /** As counted before in this snapshot, else counted now. A count that failed is tried again. */
  count(table: string): Promise<number>;
  /** Another snapshot begins. */
  forget(): void;
}

/** Remembers what `count` says; callers that ask at the same time share one count. */
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
