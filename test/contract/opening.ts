/** Sources as tests open them: a path as a location, waiting times, one reader in a snapshot. */

import type {
  PreparedSource,
  PrepareOptions,
  SourceAdapter,
  SourceHandle,
  SourceLocation,
  SourceReader,
} from '../../src/source/source.ts';

/** A signal that never aborts. */
export const NEVER: AbortSignal = new AbortController().signal;

/** What tests of an adapter leave as it is: no variables, no cancellation, so long for a lock. */
export function waiting(lockMs: number): Omit<PrepareOptions, 'scratch'> {
  const timeouts = { connectMs: 5000, lockMs, queryMs: 0 };
  return { variables: {}, timeouts, signal: NEVER };
}

/** Prepares what follows the colon of a URL, an absolute path mostly. */
export function prepareAt(
  adapter: SourceAdapter,
  rest: string,
  options: PrepareOptions,
): Promise<PreparedSource> {
  return adapter.prepare(adapter.parse(rest, '/'), options);
}

/** What follows the colon of a URL that names the location from anywhere; '' of none. */
export function restOf(adapter: SourceAdapter, location: SourceLocation | undefined): string {
  return location === undefined ? '' : adapter.format(location, '/far/off/from/all/else');
}

/** The handle of a new snapshot, as it arrives in another thread. */
export async function handleOf(source: PreparedSource): Promise<SourceHandle> {
  return structuredClone(await source.inOneSnapshot(async (handle) => handle));
}

/** A reader in a snapshot of its own. */
export async function readerOf(
  adapter: SourceAdapter,
  source: PreparedSource,
): Promise<SourceReader> {
  return adapter.open(await handleOf(source), NEVER);
}
