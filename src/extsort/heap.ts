/** A binary heap: the least of its items is always at hand. */

export interface Heap<T> {
  /** The least item; undefined where there is none. */
  readonly top: () => T | undefined;
  readonly push: (item: T) => void;
  /** To be called after the least item has changed: it goes where it belongs now. */
  readonly settle: () => void;
  /** Takes the least item away. */
  readonly drop: () => void;
}

/** An empty heap; `before` is a strict order. */
export function heapOf<T>(before: (a: T, b: T) => boolean): Heap<T> {
  const items: T[] = [];
  const settle = (): void => {
    const item = items[0];
    if (item === undefined) return;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      let least = items[child];
      if (least === undefined) break;
      const right = items[child + 1];
      if (right !== undefined && before(right, least)) {
        child += 1;
        least = right;
      }
      if (!before(least, item)) break;
      items[hole] = least;
      hole = child;
    }
    items[hole] = item;
  };
  return {
    top: () => items[0],
    push(item) {
      let hole = items.length;
      while (hole > 0) {
        const parent = (hole - 1) >> 1;
        const above = items[parent];
        if (above === undefined || !before(item, above)) break;
        items[hole] = above;
        hole = parent;
      }
      items[hole] = item;
    },
    settle,
    drop() {
      const last = items.pop();
      if (last === undefined || items.length === 0) return;
      items[0] = last;
      settle();
    },
  };
}
