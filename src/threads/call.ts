/**
 * Calls between threads. Each is defined once, with the types of its input and its result, for both
 * sides. Inputs and results are structured-cloned: a Buffer arrives as a Uint8Array, so results are
 * declared as Uint8Array.
 */

import type { Transferable } from 'node:worker_threads';

/** Carries types only; it has no value. */
declare const types: unique symbol;

/** A call that workers answer: input `I` → result `O`. */
export interface Call<I, O> {
  /** Identifies the call in messages; unique among all calls. */
  readonly name: string;
  readonly [types]?: (input: I) => O;
}

/** Defines a call by its unique name. */
export function defineCall<I, O>(name: string): Call<I, O> {
  return { name };
}

/** The result of a call, and the buffers in it to transfer instead of copying. */
export interface Reply<O> {
  readonly result: O;
  readonly transfer?: readonly Transferable[];
}

/** How a worker answers one call. Made by {@link answer}, which checks the types. */
export interface Answer {
  readonly name: string;
  readonly run: (input: never) => Reply<unknown> | Promise<Reply<unknown>>;
}

/** Answers `call` by `run`. */
export function answer<I, O>(
  { name }: Call<I, O>,
  run: (input: NoInfer<I>) => Reply<NoInfer<O>> | Promise<Reply<NoInfer<O>>>,
): Answer {
  return { name, run };
}

/** Runs the answer to a call, given its name and input. */
export type Dispatch = (name: string, input: unknown) => Promise<Reply<unknown>>;

/**
 * Dispatches calls to their answers. A call without an answer is rejected when it is made.
 * @throws Error if a call has two answers
 */
export function dispatcher(answers: readonly Answer[]): Dispatch {
  const byName = new Map<string, Answer>();
  for (const one of answers) {
    if (byName.has(one.name)) throw new Error(`the call ${one.name} has two answers`);
    byName.set(one.name, one);
  }
  return async (name, input) => {
    const found = byName.get(name);
    if (found === undefined) throw new Error(`no answer for the call ${name}`);
    // The clone of the input has lost its type; both sides use the same definition of the call.
    return found.run(input as never);
  };
}

/** A module that runs in worker threads, each of which receives a `D` at its start. */
export interface WorkerModule<D> {
  readonly entry: URL;
  readonly [types]?: (data: D) => D;
}

/** Defines the worker module at `entry`, for its starter and for the module itself. */
export function defineWorker<D>(entry: URL): WorkerModule<D> {
  return { entry };
}
