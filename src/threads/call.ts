/**
 * Calls between threads: each is defined once, with the types of its input and of its result, and both
 * sides read the definition. What crosses to another thread is structured-cloned: a Buffer arrives as
 * a Uint8Array, so that is what results name.
 */

import type { Transferable } from 'node:worker_threads';

/** Stands for types that have no value. */
declare const types: unique symbol;

/** A call that workers answer: input `I` → result `O`. */
export interface Call<I, O> {
  /** What tells calls apart on their way: unique among all calls. */
  readonly name: string;
  readonly [types]?: (input: I) => O;
}

/** Defines a call by its name, which no other call has. */
export function defineCall<I, O>(name: string): Call<I, O> {
  return { name };
}

/** The result of a call; it may name buffers to hand over without a copy. */
export interface Reply<O> {
  readonly result: O;
  readonly transfer?: readonly Transferable[];
}

/** How a worker answers one call. Made by {@link answer}, which holds input and result to the call. */
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
 * Dispatches calls to their answers. Throws if a call has two of them; a call that has none is rejected
 * when it is made.
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
    // Both sides name the same definition of the call, which the clone of the input cannot carry.
    return found.run(input as never);
  };
}

/** A module that runs in worker threads, each of which is given a `D` at its start. */
export interface WorkerModule<D> {
  readonly entry: URL;
  readonly [types]?: (data: D) => D;
}

/** Defines the module at `entry`, for the thread that starts it and for the module itself. */
export function defineWorker<D>(entry: URL): WorkerModule<D> {
  return { entry };
}
