/** A pool without threads: for work that takes less time than it takes to start one. */

import type { Handler, Pool } from './pool.ts';

/** Answers each call in the thread that makes it; `close` is called when the pool is closed. */
export function inlinePool(
  handlers: Readonly<Record<string, Handler>>,
  close: () => Promise<void> = async () => {},
): Pool {
  const call = async <T>(name: string, input: unknown): Promise<T> => {
    const handler = handlers[name];
    if (handler === undefined) throw new Error(`no handler for ${name}`);
    const { result } = await handler(input as never);
    return result as T;
  };
  return {
    size: 1,
    call,
    callEach: async <T>(name: string, input: unknown) => [await call<T>(name, input)],
    close,
  };
}
