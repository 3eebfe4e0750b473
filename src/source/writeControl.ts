/**
 * The contract for stopping the writes of a source. The source itself refuses them, so that every
 * writer is stopped, and goes on being stopped when Sealift has ended. It is an optional part of an
 * adapter: {@link SourceAdapter.writes} in source.ts.
 *
 * The caller keeps what restores the source, `before`, and records each step. An implementation
 * makes no change before `intend` has returned.
 */

import type { RelationRequest, SourceLocation, Timeouts } from './source.ts';

export interface WriteOptions {
  /** Environment variables, which may hold credentials. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly timeouts: Timeouts;
  /** What the mapping reads, for sources that refuse writes by table; others refuse all. */
  readonly relations?: readonly RelationRequest[];
  /** What the journal says, for sources that cannot tell by themselves whose doing their state is. */
  readonly journaled?: JournaledWrites;
}

export interface JournaledWrites {
  /** `unsettled`: a command was killed between its intent and its result. */
  readonly state: 'writable' | 'frozen' | 'unsettled';
  /** What the last freeze noted; null if none did. */
  readonly before: string | null;
  /** Where the last freeze ended, if it noted that. */
  readonly barrier: string | null;
}

/** Whether a source refuses writes, according to the source itself. */
export type WritesFound =
  | { readonly kind: 'writable' }
  /** Exactly as a freeze that noted `before` leaves it. */
  | { readonly kind: 'frozen' }
  /** A change that noted `before` was begun and not finished; `why` is a clause. */
  | { readonly kind: 'unfinished'; readonly why: string }
  /** Frozen as noted, and then made writable in part; `why` is a clause. An unfreeze restores it. */
  | { readonly kind: 'reopened'; readonly why: string; readonly hint: string }
  /** It refuses writes, but not as noted; it must not be touched. `why` is a clause. */
  | { readonly kind: 'other'; readonly why: string };

/** What became of an attempt to write, which changes nothing. */
export type WriteAttempt = 'refused' | 'accepted';

/** How a freeze ended. */
export interface Frozen {
  /** Position in the source's own log after the last writer that it stops; for the journal. */
  readonly barrier?: string;
}

export interface WriteControl {
  /** Clauses that say what {@link WriteControl.tryWrite} has shown. */
  readonly proof: Readonly<Record<WriteAttempt, string>>;
  /**
   * Whether a freeze that has refused all new writers waits for those in flight, for which an unfreeze
   * need not wait.
   */
  readonly waitsForWriters?: true;
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
  ): Promise<Frozen>;
  /** Allows writes again. @throws Failure SOURCE_WRITES if it is not frozen as noted */
  unfreeze(location: SourceLocation, before: string, options: WriteOptions): Promise<void>;
  /**
   * Tries to write, as any other process would, or asks the source whether it would be refused.
   * @throws Failure SOURCE_LOCKED if a lock was in the way, which proves neither
   */
  tryWrite(location: SourceLocation, options: WriteOptions): Promise<WriteAttempt>;
  /** Names what could write in spite of a freeze; a line for each kind. */
  others?(location: SourceLocation, options: WriteOptions): Promise<readonly string[]>;
}
