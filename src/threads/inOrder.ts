/** Runs work concurrently and yields its results in order. */

/** Yields results of `work` in the order of `items`; at most `ahead` are running or unread. */
export async function* inOrder<T, R>(
  items: readonly T[],
  ahead: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const started: Promise<R>[] = [];
  let next = 0;
  const start = (): void => {
    const item = items[next];
    if (item === undefined) return;
    next += 1;
    const result = work(item);
    // The error is thrown when the result is read.
    result.catch(() => {});
    started.push(result);
  };
  try {
    for (let index = 0; index < ahead; index += 1) start();
    for (let result = started.shift(); result !== undefined; result = started.shift()) {
      const value = await result;
      start();
      yield value;
    }
  } finally {
    await Promise.allSettled(started);
  }
}
