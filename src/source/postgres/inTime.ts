/** Ends the wait for what never comes: a query of a mapping may run for ever without yielding a row. */

/**
 * Yields the items; throws `late()` once the next one has not come within `ms`; 0 is no limit. The time in
 * which the consumer asks for none does not count. What the items come from is left to the caller to end.
 */
export async function* inTime<T>(
  items: AsyncIterable<T>,
  ms: number,
  late: () => Error,
): AsyncGenerator<T, void, undefined> {
  if (ms === 0) {
    yield* items;
    return;
  }
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await within(iterator.next(), ms, late);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // Not awaited: it would wait for the item that does not come.
    iterator.return?.().catch(() => {});
  }
}

/** Ends as `pending` does, or throws `late()` after `ms`. */
async function within<T>(pending: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(late());
    }, ms);
  });
  try {
    return await Promise.race([pending, expired]);
  } finally {
    clearTimeout(timer);
  }
}
