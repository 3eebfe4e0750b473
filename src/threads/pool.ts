/**
 * Worker threads that answer calls. Every worker is set up with the same data; a call goes to one
 * free worker, or to each of them. Closing the pool lets the workers exit by themselves, as a
 * thread with an open database connection must not be terminated.
 */

import {
  parentPort,
  Worker,
  workerData,
  type MessagePort,
  type Transferable,
} from 'node:worker_threads';

import { systemCode } from '../disk/errors.ts';
import { Failure, type SerialisedFailure } from '../outcome/failure.ts';
import { dispatcher, type Answer, type Call, type Dispatch, type WorkerModule } from './call.ts';

export interface Pool {
  readonly size: number;
  /** Makes the call on the next free worker; calls start in the order in which they are made. */
  call<I, O>(call: Call<I, O>, input: NoInfer<I>): Promise<O>;
  /** Makes the call once on every worker; resolves or rejects after all of them have ended. */
  callEach<I, O>(call: Call<I, O>, input: NoInfer<I>): Promise<O[]>;
  /** Tells the workers to exit, and waits until they have. */
  close(): Promise<void>;
}

interface Request {
  readonly name: string;
  readonly input: unknown;
}

type Response =
  | { readonly result: unknown }
  | { readonly failure: SerialisedFailure }
  | { readonly error: SerialisedError };

interface SerialisedError {
  readonly message: string;
  readonly stack: string | undefined;
  /** Code of the operating system or the database driver, which identifies disk errors. */
  readonly code: string | null;
}

interface Thread {
  readonly worker: Worker;
  /** Resolves after all calls made so far. */
  tail: Promise<unknown>;
  /** Set when the thread has ended, for any reason. */
  ended: boolean;
}

/** Starts `size` workers of a module; each receives a structured clone of `data`. */
export function createPool<D>({ entry }: WorkerModule<D>, size: number, data: NoInfer<D>): Pool {
  const threads = Array.from({ length: size }, () => startThread(entry, data));
  const free: Thread[] = [...threads];
  const waiting: ((thread: Thread) => void)[] = [];
  const release = (thread: Thread): void => {
    const next = waiting.shift();
    if (next === undefined) free.push(thread);
    else next(thread);
  };
  const takeFree = (): Promise<Thread> => {
    const thread = free.shift();
    return thread === undefined
      ? new Promise((resolve) => {
          waiting.push(resolve);
        })
      : Promise.resolve(thread);
  };
  return {
    size,
    async call({ name }, input) {
      const thread = await takeFree();
      try {
        return await ask(thread, { name, input });
      } finally {
        release(thread);
      }
    },
    callEach({ name }, input) {
      return allResults(threads.map((thread) => ask(thread, { name, input })));
    },
    async close() {
      // Running calls finish first: their workers may be in the middle of a write.
      await Promise.all(threads.map((thread) => thread.tail.then(() => end(thread))));
    },
  };
}

/** Rows live only for a page; a small young generation bounds their memory at no cost in time. */
const HEAP = { maxYoungGenerationSizeMb: 24 };

function startThread(entry: URL, data: unknown): Thread {
  const worker = new Worker(entry, { workerData: data, resourceLimits: HEAP });
  const thread: Thread = { worker, tail: Promise.resolve(), ended: false };
  worker.on('exit', () => {
    thread.ended = true;
  });
  // Each call has its own listener; this one catches errors between calls.
  worker.on('error', () => {
    thread.ended = true;
  });
  return thread;
}

/** Returns all results or throws the first failure, but only after every call has ended. */
async function allResults<T>(calls: Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(calls);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

function end(thread: Thread): Promise<void> {
  return new Promise((resolve) => {
    if (thread.ended) {
      resolve();
      return;
    }
    thread.worker.once('exit', () => {
      resolve();
    });
    thread.worker.postMessage(null);
  });
}

/** Sends one request at a time per thread, so that responses need no numbers. */
function ask<T>(thread: Thread, request: Request): Promise<T> {
  const answer = thread.tail.then(() => {
    if (thread.ended) throw new Error('a worker thread has ended');
    return exchange<T>(thread.worker, request);
  });
  thread.tail = answer.catch(() => null);
  return answer;
}

function exchange<T>(worker: Worker, request: Request): Promise<T> {
  return new Promise((resolve, reject) => {
    const off = (): void => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
    };
    const onMessage = (response: Response): void => {
      off();
      if ('result' in response) resolve(response.result as T);
      else reject(revive(response));
    };
    const onError = (error: Error): void => {
      off();
      reject(error);
    };
    const onExit = (): void => {
      off();
      reject(new Error('a worker thread ended before it had answered'));
    };
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
    worker.postMessage(request);
  });
}

function revive(response: Exclude<Response, { result: unknown }>): Error {
  if ('failure' in response) return Failure.revive(response.failure);
  const { message, stack, code } = response.error;
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return code === null ? error : Object.assign(error, { code });
}

/**
 * Answers calls in a worker until the pool is closed, then runs `close`.
 * @throws Error if a call has two answers, or outside of a worker thread
 */
export function serve(answers: readonly Answer[], close: () => Promise<void>): void {
  const port = parentPort;
  if (port === null) throw new Error('this module runs only in a worker thread');
  const dispatch = dispatcher(answers);
  port.on('message', (request: Request | null) => {
    if (request === null) {
      void close().finally(() => {
        port.close();
      });
      return;
    }
    void respond(port, dispatch, request);
  });
}

async function respond(port: MessagePort, dispatch: Dispatch, request: Request): Promise<void> {
  const { response, transfer } = await responseTo(dispatch, request);
  port.postMessage(response, transfer);
}

async function responseTo(
  dispatch: Dispatch,
  { name, input }: Request,
): Promise<{ response: Response; transfer: Transferable[] }> {
  try {
    const { result, transfer } = await dispatch(name, input);
    return { response: { result }, transfer: [...(transfer ?? [])] };
  } catch (error) {
    return { response: asResponse(error), transfer: [] };
  }
}

function asResponse(error: unknown): Response {
  if (error instanceof Failure) return { failure: error.toJSON() };
  const known = error instanceof Error ? error : new Error(String(error));
  return { error: { message: known.message, stack: known.stack, code: systemCode(error) } };
}

/** Returns the data that the pool passed to this worker at its start, typed by its module. */
export function poolData<D>(_module: WorkerModule<D>): D {
  return workerData as D;
}
