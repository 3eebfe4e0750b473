/** A binary min-heap. */

export interface Heap<T> {
  /** The least item; undefined if the heap is empty. */
  readonly top: () => T | undefined;
  readonly push: (item: T) => void;
  /** Restores the order after the least item has changed in place. */
  readonly siftDown: () => void;
  /** Removes the least item. */
  readonly drop: () => void;
}

/** Makes an empty heap; `before` is a strict order. */
export function heapOf<T>(before: (a: T, b: T) => boolean): Heap<T> {
  const items: T[] = [];
  const siftDown = (): void => {
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
    siftDown,
    drop() {
      const last = items.pop();
      if (last === undefined || items.length === 0) return;
      items[0] = last;
      siftDown();
    },
  };
}
