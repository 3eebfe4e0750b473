/** Batches that are read ahead: the server works on the next one while the ciphers work on one. */

/** Has the next batch on its way while one is worked on. */
export async function* ahead<T>(batches: AsyncIterable<T>): AsyncGenerator<T> {
  const reading = batches[Symbol.asyncIterator]();
  const ask = (): Promise<IteratorResult<T>> => {
    const next = reading.next();
    next.catch(() => {});
    return next;
  };
  try {
    for (let next = ask(); ;) {
      const { done, value } = await next;
      if (done === true) return;
      next = ask();
      yield value;
    }
  } finally {
    await reading.return?.();
  }
}
