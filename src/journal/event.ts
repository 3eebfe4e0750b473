/**
 * Types of the events in a journal. In the file an event is a name and members (docs/journal.md):
 * {@link membersOf} writes them, and only `eventOf` (readEvent.ts) reads them. Pure.
 *
 * Members that no command depends on are optional. An event of a newer version is `unknown`, so
 * that this version can still verify the chain of its journal.
 */

import type { JournalMembers } from './line.ts';
import type { Severity, Verdict } from '../outcome/finding.ts';

/** Commands that change which candidate is live. */
export const MOVES = ['promote', 'rollback'] as const;
export type Move = (typeof MOVES)[number];

/** Changes to whether a source can be written. */
export const WRITE_CHANGES = ['freeze', 'unfreeze'] as const;
export type WriteChange = (typeof WRITE_CHANGES)[number];

/** Steps of a change; `not-done`: the command was killed before it changed anything. */
export const STEPS = ['intended', 'done', 'not-done'] as const;
export type ChangeStep = (typeof STEPS)[number];

/** How promote knew that the candidate holds what the source holds: see docs/commands/promote.md. */
export const PROOFS_OF_CURRENCY = ['frozen', 'same-files', 'compared', 'gone'] as const;
export type ProofOfCurrency = (typeof PROOFS_OF_CURRENCY)[number];

/** Verdict of a full scan. */
export interface ScanVerdict {
  readonly sealId: string;
  /** See checksDigest.ts; null if the candidate did not verify, so that no check was run. */
  readonly checks: string | null;
  readonly verdict: Verdict;
  readonly counts: Readonly<Record<Severity, number>>;
}

/** What a promotion was decided by; in an intent only. */
export interface PromotionBasis {
  /** Number of warnings of the scan that a promotion accepted. */
  readonly warningsAllowed?: number;
  /** Whether the seal id of a promotion was given by `--expect-seal`; absent if not. */
  readonly expected?: true;
  /** How a promotion knew that the source has not changed since the build. */
  readonly currency?: ProofOfCurrency;
  /** Sources whose place was given by `--source`, not by the mapping; absent for none. */
  readonly sourcesGiven?: readonly string[];
  /** SHA-256 of the approvals that a promotion counted. */
  readonly approvals?: readonly string[];
}

/** Step of a move of the live link; in the file an event such as `promote-intended`. */
export interface MoveEvent extends PromotionBasis {
  readonly event: 'move';
  readonly move: Move;
  readonly step: ChangeStep;
  /** Name of the candidate's folder. */
  readonly to: string;
  readonly sealId?: string;
  /** Name of the candidate that was live, or null. This and the next: in an intent only. */
  readonly from?: string | null;
  readonly dataRoot?: string | null;
  /** Whether a later command has recovered how the move ended; absent if not. */
  readonly recovered?: true;
}

/** What a source held when a candidate was built. */
export interface SourceState {
  readonly name: string;
  /** Digest of its files, by its adapter; null if they changed during the build, or there are none. */
  readonly state: string | null;
}

/** A candidate that a migrate has sealed. */
export interface SealedEvent {
  readonly event: 'sealed';
  /** Name of the candidate's folder. */
  readonly candidate: string;
  readonly sealId: string;
  readonly dataRoot?: string;
  readonly runId?: string;
  /** Number of lines in the journal before the sources were read. */
  readonly begunAfter?: number;
  readonly sources?: readonly SourceState[];
}

/** Step of freezing or unfreezing the writes of a source; in the file such as `writes-freeze-done`. */
export interface WritesEvent {
  readonly event: 'writes';
  readonly change: WriteChange;
  readonly step: ChangeStep;
  /** Name of the source in the mapping. */
  readonly source: string;
  /** Its location for a person, without secrets. */
  readonly label: string;
  /**
   * What to restore, by the adapter: for SQLite the bytes of the header, in hex; for PostgreSQL the grants
   * that are revoked. In an intent only.
   */
  readonly before?: string;
  /** Position in the source's log after the last writer that the freeze stops; once it is done. */
  readonly barrier?: string;
  /** Whether a later command has recovered how the change ended; absent if not. */
  readonly recovered?: true;
}

/** How many records of a target differ from their seal, and modules that could not be compared. */
export interface ReconciledCounts {
  readonly missing: number;
  readonly extra: number;
  readonly changed: number;
  readonly incomparable: number;
}

/** A target was compared with the seal of a candidate; `target` is its place for a person. */
export interface ReconciledEvent {
  readonly event: 'reconciled';
  readonly sealId: string;
  readonly target: string;
  /** '' in a target without schemas. */
  readonly schema: string;
  readonly verdict: Verdict;
  readonly counts: ReconciledCounts;
  readonly dataRoot?: string;
  /** Digest of the statements and settings by which it was read (outcome/reading.ts), which its report has. */
  readonly reading?: string;
  /** What the tables held, by the adapter, for a promote or rollback in the target; absent if not told. */
  readonly seen?: string;
  /** Columns that are not of the seal and hold values, as `table.column`; absent if there are none. */
  readonly beside?: readonly string[];
}

/**
 * Step of a change of what is live in a target; in the file an event such as `target-promote-intended`.
 * `live` is the name that applications read, a schema or a link, and `to` what gets it.
 */
export interface TargetMoveEvent extends PromotionBasis {
  readonly event: 'target-move';
  readonly move: Move;
  readonly step: ChangeStep;
  /** Its place for a person. */
  readonly target: string;
  readonly live: string;
  readonly to: string;
  /** Seal of what gets the name; null if no load has made it. */
  readonly sealId: string | null;
  /** A random number of the move, by which the ledger of the target knows it. */
  readonly intent: string;
  /** What was live, and the name that it gets; null for nothing. In an intent only, as the next. */
  readonly from?: TargetPlaced | null;
  /** Whether later writes of what was live were given up; absent if not. */
  readonly lossAccepted?: true;
  /** Whether a later command has recovered how the move ended; absent if not. */
  readonly recovered?: true;
}

/** What was live in a target. */
export interface TargetPlaced {
  /** Null if no load has made it. */
  readonly sealId: string | null;
  /** Its name once it is not live any more. */
  readonly name: string;
}

/** A command that moves attachments began or ended; `line` and `head` are the end of the run's journal. */
export interface AttachmentsEvent {
  readonly event: 'attachments';
  readonly step: 'begun' | 'ended';
  readonly command: string;
  readonly run: string;
  readonly line: number;
  readonly head: string;
  /** Numbers of rows by what became of them; absent at the beginning, and of a command that failed. */
  readonly counts?: Readonly<Record<string, number>>;
}

/** A command that works on a run of a cutover began, waits or ended; `line` and `head` are the end of its journal. */
export interface CutoverEvent {
  readonly event: 'cutover';
  readonly step: 'begun' | 'waits' | 'ended';
  readonly command: string;
  readonly run: string;
  readonly line: number;
  readonly head: string;
  /** State of the run, such as COMPLETED; absent at the beginning, and of a command that failed. */
  readonly status?: string;
}

/** Changes to the secrets of an endpoint. */
export const SECRET_CHANGES = ['rotate', 'promote', 'retire', 'replace'] as const;
export type SecretChange = (typeof SECRET_CHANGES)[number];

/** Step of a change to the secrets of an endpoint; in the file an event such as `secret-rotate-done`. */
export interface SecretEvent {
  readonly event: 'secret';
  readonly change: SecretChange;
  readonly step: 'intended' | 'done';
  /** Name of the endpoint. */
  readonly endpoint: string;
  /** Ids of the secrets whose state changes. */
  readonly ids: readonly string[];
  /** SHA-256 of the endpoint's file that is about to be written, or is written. */
  readonly file: string;
  /** Whether it was forced; absent if not. */
  readonly forced?: true;
}

/** A command that changes columns with secrets began or ended. */
export interface KeysEvent {
  readonly event: 'keys';
  readonly step: 'begun' | 'ended';
  readonly command: string;
  readonly run: string;
  /** The place for a person, without secrets. */
  readonly database: string;
  /** Numbers of values by what became of them; absent at the beginning. */
  readonly counts?: Readonly<Record<string, number>>;
}

export type JournalEvent =
  | { readonly event: 'begin'; readonly format: number }
  | { readonly event: 'cut'; readonly bytes: number; readonly sha256: string }
  | SealedEvent
  | ({ readonly event: 'scan' } & ScanVerdict)
  | MoveEvent
  | {
      readonly event: 'pointer-found';
      readonly found: string | null;
      readonly expected?: string | null;
    }
  | { readonly event: 'prune'; readonly candidates: readonly string[] }
  | WritesEvent
  /** The mapping was frozen; `digest` as a seal states it, `file` is the SHA-256 of freeze.json. */
  | {
      readonly event: 'mapping-frozen';
      readonly digest: string;
      readonly file?: string;
      /** Whether the mapping requires a freeze; absent if not. */
      readonly required?: true;
    }
  /** A reviewer approved a candidate; `signer` is the fingerprint of the key, null without a key. */
  | {
      readonly event: 'approved';
      readonly sealId: string;
      /** SHA-256 of the approval's file. */
      readonly approval: string;
      readonly signer: string | null;
    }
  /** A snapshot was made of the project; its journal ends with `head`. */
  | { readonly event: 'snapshot'; readonly snapshot: string; readonly head: string }
  /** A snapshot was restored, whose journal ended with `head`. */
  | { readonly event: 'restored'; readonly snapshot: string; readonly head: string }
  /** These names in the project are about to be removed by clean. */
  | { readonly event: 'clean'; readonly removed: readonly string[] }
  /** A load of a candidate into a target began, or went on; `target` is its place for a person. */
  | {
      readonly event: 'load-begun';
      readonly sealId: string;
      readonly target: string;
      readonly dataRoot?: string;
    }
  /** A target holds all records of a candidate; `records` is their number. */
  | {
      readonly event: 'load-done';
      readonly sealId: string;
      readonly target: string;
      readonly records?: number;
    }
  | ReconciledEvent
  | TargetMoveEvent
  | AttachmentsEvent
  | CutoverEvent
  | SecretEvent
  | KeysEvent
  /** The live candidate was read by the project's smoke queries. */
  | { readonly event: 'smoke'; readonly sealId: string; readonly verdict: Verdict };

/** Event that this version does not know, or without its required members; it has no effect. */
export interface UnknownEvent {
  readonly event: 'unknown';
}

/** Event of the live link without its required members; the history ends with a failure. */
export interface MalformedEvent {
  readonly event: 'malformed';
}

/** Event with the operator, if one was named. */
export type SignedEvent = JournalEvent & { readonly who?: string };

/** Adds the operator, if any, to an event. */
export function signed(event: JournalEvent, who: string | null): SignedEvent {
  return who === null ? event : { ...event, who };
}

/** Returns the members of an event as they are in the file. */
export function membersOf(event: SignedEvent): JournalMembers {
  if (event.event === 'move') {
    const { move, step, ...members } = event;
    return { ...members, event: `${move}-${step}` };
  }
  if (event.event === 'target-move') {
    const { move, step, ...members } = event;
    return { ...members, event: `target-${move}-${step}` };
  }
  if (event.event === 'writes') {
    const { change, step, ...members } = event;
    return { ...members, event: `writes-${change}-${step}` };
  }
  if (event.event === 'attachments' || event.event === 'keys' || event.event === 'cutover') {
    const { step, ...members } = event;
    return { ...members, event: `${event.event}-${step}` };
  }
  if (event.event === 'secret') {
    const { change, step, ...members } = event;
    return { ...members, event: `secret-${change}-${step}` };
  }
  return { ...event };
}
