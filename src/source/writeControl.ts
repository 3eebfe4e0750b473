/**
 * The contract for stopping the writes of a source. The source itself refuses them, so that every
 * writer is stopped, and goes on being stopped when Sealift has ended. It is an optional part of an
 * adapter: {@link SourceAdapter.writes} in source.ts.
 *
 * The caller keeps what restores the source, `before`, and records each step. An implementation
 * makes no change before `intend` has returned.
 */

import type { SourceLocation, Timeouts } from './source.ts';

export interface WriteOptions {
  /** Environment variables, which may hold credentials. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly timeouts: Timeouts;
}

/** Whether a source refuses writes, according to the source itself. */
export type WritesFound =
  | { readonly kind: 'writable' }
  /** Exactly as a freeze that noted `before` leaves it. */
  | { readonly kind: 'frozen' }
  /** A change that noted `before` was begun and not finished; `why` is a clause. */
  | { readonly kind: 'unfinished'; readonly why: string }
  /** It refuses writes, but not as noted; it must not be touched. `why` is a clause. */
  | { readonly kind: 'other'; readonly why: string };

/** What became of an attempt to write, which is always undone. */
export type WriteAttempt = 'refused' | 'accepted';

export interface WriteControl {
  /** Reads the state, given what the last freeze noted; null if none did. Changes nothing. */
  state(
    location: SourceLocation,
    before: string | null,
    options: WriteOptions,
  ): Promise<WritesFound>;
  /**
   * Stops writes, or finishes a freeze that noted `before`. Passes what restores the source to
   * `intend`, with all writers locked out, once it is certain that the change can be made; calls it
   * again if a writer came first after all.
   * @throws Failure SOURCE_LOCKED if another process is using the source
   */
  freeze(
    location: SourceLocation,
    before: string | null,
    intend: (before: string) => void,
    options: WriteOptions,
  ): Promise<void>;
  /** Allows writes again. @throws Failure SOURCE_WRITES if it is not frozen as noted */
  unfreeze(location: SourceLocation, before: string, options: WriteOptions): Promise<void>;
  /**
   * Tries to write, as any other process would.
   * @throws Failure SOURCE_LOCKED if a lock was in the way, which proves neither
   */
  tryWrite(location: SourceLocation, options: WriteOptions): Promise<WriteAttempt>;
}
