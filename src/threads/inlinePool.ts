/** A pool without threads, for work that takes less time than the start of a thread. */

import { dispatcher, type Answer, type Call } from './call.ts';
import type { Pool } from './pool.ts';

/** Answers each call in the caller's thread; `close` is called when the pool is closed. */
export function inlinePool(
  answers: readonly Answer[],
  close: () => Promise<void> = async () => {},
): Pool {
  const dispatch = dispatcher(answers);
  const call = async <I, O>({ name }: Call<I, O>, input: I): Promise<O> => {
    const { result } = await dispatch(name, input);
    return result as O;
  };
  return {
    size: 1,
    call,
    callEach: async (each, input) => [await call(each, input)],
    close,
  };
}
