/**
 * The contract of going live in a target: what a load has filled gets the name that applications read,
 * and what had it gets another, in one step. Whatever a client writes meanwhile is in what is live
 * afterwards, or the client gets an error.
 *
 * A swap is known by the random number of its intent, so that a command that was killed learns from the
 * target whether it took place. Errors are Failures with code TARGET, or BUSY if another session holds a lock.
 */

import type { Missing, Parity } from './parity.ts';
import type { Outside, TargetLocation } from './target.ts';

export interface SwapControl {
  /**
   * Opens a target once no other command moves in it, and keeps it so unless it only reads: a session that was
   * lost has ended then, and what the ledger says is final. @throws Failure
   */
  open(location: TargetLocation, options: SwapOptions): Promise<OpenTarget>;
}

/** An opened target of which only the ledger was read, to tell how a move ended that was broken off. */
export interface OpenTarget {
  /** Server and database, or the link, for messages and the journal. */
  readonly label: string;
  /** Whether a swap was done, by its intent. @throws Failure if the target is lost */
  isDone(intent: string): Promise<boolean>;
  /** Finds what is live and what would be. @throws Failure */
  find(): Promise<Swap>;
  close(): Promise<void>;
}

export interface SwapOptions {
  /** Seal that is to go live; null for a rollback, which goes to what was live before. */
  readonly sealId: string | null;
  /** Schema into which the seal was loaded; null for the one that holds it. */
  readonly schema: string | null;
  /** Name that applications read; null for the default. */
  readonly live: string | null;
  /** Folder to which paths are relative. */
  readonly base: string;
  /** Moves as the journal of the project has them now, for targets without a ledger of their own. */
  readonly journaled: (label: string) => JournaledSwaps;
  readonly dryRun: boolean;
  readonly outside: Outside;
}

/** Something that can be live: a schema, or a file. */
export interface Placed {
  readonly name: string;
  /** Seal that was loaded into it, as its ledger says; null if no load has completed it. */
  readonly sealId: string | null;
}

/** A move that took place. */
export interface SwapEntry {
  readonly move: 'promote' | 'rollback';
  /** Name that applications read. */
  readonly live: string;
  /** What got that name, under the name that it had. */
  readonly to: Placed;
  /** What had it, under the name that it got; null for nothing. */
  readonly from: Placed | null;
  readonly intent: string;
}

export interface JournaledSwaps {
  /** Those that took place, in order. */
  readonly done: readonly SwapEntry[];
  /** The one that was begun, of which the journal has no end; null for none. */
  readonly open: SwapEntry | null;
}

/** What the journal has of a reconcile. */
export interface ReconciledPlace {
  /** Label of the source that was read. */
  readonly target: string;
  /** What it saw. */
  readonly seen: string;
}

/** Differences between what a target holds and what a reconcile saw. */
export interface PlaceChanges {
  /** Whether anything differs, where a target does not tell in which tables. */
  readonly isOther: boolean;
  readonly tables: readonly PlaceChange[];
  /** Tables with rows that the reconcile has not seen, as they are not of the seal. */
  readonly unsealed: readonly string[];
  /** Milliseconds that it took to find out. */
  readonly tookMs: number;
}

export interface PlaceChange {
  /** Name of the table, quoted if it needs to be. */
  readonly table: string;
  /** Rows written since. */
  readonly written: number;
  /** Rows that are no longer as they were seen. */
  readonly gone: number;
  /** Whether it is another table, or has other columns or partitions. */
  readonly remade: boolean;
}

/** What is moved, and what has to hold when it is. */
export interface SwapOrder {
  readonly move: 'promote' | 'rollback';
  readonly intent: string;
  readonly to: Placed;
  /** What its reconcile saw, which it has to hold; null if it need not. */
  readonly toSeen: string | null;
  /** What is live now, and the name that it gets; null for nothing. */
  readonly from: Placed | null;
  /** What its reconcile saw, which it has to hold; null if it has none, so that no table may have rows. */
  readonly fromSeen: string | null;
  /** Whether what was written to it later is given up. */
  readonly lossAccepted: boolean;
  /** Whether what is bound to what is live may be missing in what goes live. */
  readonly mayMiss: boolean;
  /** Milliseconds for which clients wait at most, in all. */
  readonly waitMs: number;
  readonly tool: string;
  readonly who: string | null;
}

export interface Swap extends Pick<OpenTarget, 'label' | 'isDone'> {
  /** Name that applications read. */
  readonly live: string;
  /** What a person types to give up later writes. */
  readonly confirmation: string;
  /** What is live, under the name that it would get; null for nothing. */
  readonly now: Placed | null;
  /** What would go live, under the name that it has; null if it is live already. */
  readonly next: Placed | null;
  /** For a rollback: what `next` held when it was live last, as the target has noted it; null if it has not. */
  readonly nextSeen: string | null;
  /** Whether a reconcile was of this place. */
  isOf(placed: Placed, reconciled: ReconciledPlace): Promise<boolean>;
  /** The options by which reconcile reads this place. */
  optionsOf(placed: Placed): { readonly target: string; readonly schema: string | null };
  /** Compares a place with what a reconcile saw; null: with nothing, so all tables with rows are unsealed. */
  changes(placed: Placed, seen: string | null): Promise<PlaceChanges>;
  /**
   * Lists what is bound to what is live beside what would be. `tookMs`: milliseconds for which clients wait
   * while the swap does it once more; 0 if it does not.
   */
  parity(): Promise<Parity & { readonly tookMs: number }>;
  /** Returns the text of a file that makes what is missing. */
  paritySql(missing: readonly Missing[]): string;
  /** What a swap does, for a person: a line for each step, without values. */
  readonly plan: readonly string[];
  /** Swaps in one step. @throws Failure; then nothing was changed, or `isDone` tells that it was */
  swap(order: SwapOrder): Promise<void>;
}
