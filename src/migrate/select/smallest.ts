/** Finds the keys of the smallest ranks among any number of keys. */

export interface Ranked {
  readonly key: string;
  /** A digest, lower-case hex; equal keys have equal ranks. */
  readonly rank: string;
}

export interface Smallest {
  add(item: Ranked): void;
  /** Returns the keys, ascending by rank. */
  take(): Ranked[];
}

/** Collects `count` distinct keys; memory: about twice as many. */
export function smallest(count: number): Smallest {
  const kept = new Map<string, Ranked>();
  let limit = '';
  const cut = (): void => {
    const ordered = [...kept.values()].sort(byRank).slice(0, count);
    kept.clear();
    for (const item of ordered) kept.set(item.key, item);
    if (ordered.length === count) limit = ordered.at(-1)?.rank ?? '';
  };
  return {
    add(item) {
      if (limit !== '' && item.rank > limit) return;
      kept.set(item.key, item);
      if (kept.size >= 2 * count + 1024) cut();
    },
    take() {
      cut();
      return [...kept.values()];
    },
  };
}

function byRank(a: Ranked, b: Ranked): number {
  return a.rank < b.rank ? -1 : Number(a.rank > b.rank);
}
