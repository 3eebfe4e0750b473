/**
 * The story of a run of a cutover, as its report shows it: all that its journal and its runbook say, in plain
 * data. Times are in ms since 1970 (UTC), durations in ms, digests in lower-case hex. Texts are those of the
 * journal and the runbook, and not to be trusted. What is repeated has a bounded size here. Pure.
 */

import type { StoryRollout } from './rolloutStory.ts';

/** A file that a step has left. */
export interface StoryOutput {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A time for which a step was under way. */
export interface StoryAttempt {
  /** `verify`: what was done before is only read back. */
  readonly kind: 'do' | 'verify' | 'undo';
  readonly from: number;
  /** Null if it was not over when the journal ended. */
  readonly to: number | null;
  /** Status of the step when it was over, such as PASS, UNKNOWN or UNDO_FAILED; null if it was not. */
  readonly ended: string | null;
  readonly says: string;
  /** Who has begun it; null for a scheduler. */
  readonly who: string | null;
}

export interface StoryStep {
  /** From 1, as in the runbook. */
  readonly number: number;
  readonly id: string;
  readonly title: string | null;
  readonly use: string;
  readonly kind: string;
  /** Heading of its phase; null in a runbook without phases. */
  readonly phase: string | null;
  readonly owner: string | null;
  readonly isPointOfNoReturn: boolean;
  /** Whether it waits: a gate, or a check that has to pass for some time. */
  readonly waits: boolean;
  /** As the run has left it; `LEFT OUT` where its condition did not hold. */
  readonly status: string;
  readonly attempts: readonly StoryAttempt[];
  readonly says: string;
  readonly waived: { readonly who: string; readonly why: string } | null;
  /** Numbers that it has counted: failed, applied, count. */
  readonly results: readonly (readonly [name: string, number: number])[];
  /** What it has reported for later steps, such as roots and digests. */
  readonly kept: readonly (readonly [name: string, value: string])[];
  readonly outputs: readonly StoryOutput[];
}

/** A time in which the run did not do steps one after the other. */
export interface StoryStretch {
  readonly kind: 'approval' | 'window' | 'soak' | 'held' | 'back';
  readonly from: number;
  readonly to: number | null;
  /** Step at which it was; null for none. */
  readonly step: string | null;
  readonly says: string;
}

export interface StoryWindow {
  readonly zone: string;
  /** Day and time as written in the runbook. */
  readonly start: string;
  readonly from: number;
  readonly to: number;
}

export interface StoryApproval {
  readonly who: string;
  readonly at: number;
  /** Fingerprint of the key; null where no key has signed it. */
  readonly signer: string | null;
  /** SHA-256 of its file. */
  readonly digest: string;
  /** Whether it was of an earlier look of the gate, and so does not count for the last one. */
  readonly isEarlier: boolean;
}

export interface GateStory {
  /** Number of its step. */
  readonly number: number;
  readonly step: string;
  readonly title: string | null;
  readonly use: string;
  /** Null for a gate that waits for a time. */
  readonly role: string | null;
  readonly people: readonly string[];
  /** How many of them it needs. */
  readonly needed: number;
  readonly mayOperate: boolean;
  readonly expires: number | null;
  /** Steps that have to have passed. */
  readonly requires: readonly string[];
  /** What is signed word by word; null for an approval of all that was seen. */
  readonly statement: string | null;
  readonly reachedAt: number | null;
  readonly openedAt: number | null;
  readonly says: string;
  readonly approvals: readonly StoryApproval[];
}

/** Numbers of this range pass, hold or are a breach; null: without limit. */
export interface StoryBand {
  readonly from: number | null;
  readonly to: number | null;
  readonly kind: 'pass' | 'hold' | 'breach';
}

export interface SeenNumber {
  readonly at: number;
  readonly value: number;
}

/** Looks one after the other, of which extremes and breaches are kept. */
export interface StoryLooks {
  readonly from: number;
  readonly to: number;
  readonly looks: number;
  readonly lowest: SeenNumber | null;
  readonly highest: SeenNumber | null;
  readonly last: SeenNumber | null;
  /** The worst one. */
  readonly verdict: string;
  /** Looks at which a condition of a trigger held. */
  readonly breaches: number;
}

/** What was sampled again and again: a watch, or a step that had to pass for some time. */
export interface StorySeries {
  readonly id: string;
  /** Whether these are looks of a step. */
  readonly isStep: boolean;
  readonly use: string;
  readonly every: number;
  /** For how long it had to pass. */
  readonly for: number;
  readonly looks: number;
  readonly numberless: number;
  /** Looks by verdict. */
  readonly verdicts: readonly (readonly [verdict: string, looks: number])[];
  readonly breaches: number;
  readonly lowest: SeenNumber | null;
  readonly highest: SeenNumber | null;
  readonly last: {
    readonly at: number;
    readonly value: number | null;
    readonly verdict: string;
    readonly says: string;
  } | null;
  /** Condition that passes; null where the verdict does not depend on one number. */
  readonly pass: string | null;
  readonly bands: readonly StoryBand[];
  /** In order; at most 240, whatever the number of looks. */
  readonly parts: readonly StoryLooks[];
  /** Of the last look that left any. */
  readonly outputs: readonly StoryOutput[];
}

/** Once that a trigger or monitor has done something. */
export interface StoryFiring {
  readonly at: number;
  /** `hold`: there was no number. */
  readonly band: 'breach' | 'hold';
  readonly why: string;
  /** The number that was compared; null for none. */
  readonly value: number | null;
  readonly followed: string;
  readonly clearedAt: number | null;
}

export interface StoryTrigger {
  readonly kind: 'trigger' | 'monitor';
  readonly when: string;
  /** For how long it has to hold; null for at once. */
  readonly for: number | null;
  readonly severity: string | null;
  readonly action: string;
  /** Id of the series that it judges; null where it judges a result of a step. */
  readonly series: string | null;
  readonly times: number;
  /** The first 50. */
  readonly firings: readonly StoryFiring[];
}

/** An action of the way back of a step, as far as it came. */
export interface StoryUndoPart {
  readonly use: string;
  readonly at: number;
  /** `begun`, `failed` or `done`. */
  readonly progress: string;
  readonly says: string;
  /** Who has told of it; null where it was seen. */
  readonly who: string | null;
}

export interface StoryUndo {
  readonly step: string;
  readonly from: number;
  readonly to: number | null;
  readonly succeeded: boolean | null;
  readonly says: string;
  readonly parts: readonly StoryUndoPart[];
}

export interface StoryWayBack {
  readonly from: number;
  readonly to: number | null;
  /** Null for a trigger, or the end of a rehearsal. */
  readonly who: string | null;
  readonly why: string;
  readonly isEndOfRehearsal: boolean;
  /** Steps after which going back could lose writes, and whose effect was there. */
  readonly passed: readonly string[];
  /** `kept`: no action of the way back loses them. */
  readonly laterWrites: 'none' | 'kept' | 'given up';
  /** In the order in which it was done. */
  readonly undos: readonly StoryUndo[];
}

/** What a person did. */
export interface StoryDeed {
  readonly at: number;
  readonly who: string;
  readonly did: string;
  /** Empty if nothing was said. */
  readonly why: string;
}

/** What the run is bound to, and what proves it. */
export interface StoryProof {
  readonly plan: string;
  /** Of the plan with the files that steps read, to which approvals are bound. */
  readonly bound: string;
  readonly target: string;
  /** Names of the inputs that `target` is made of, ascending, with what they are. */
  readonly inputs: readonly (readonly [name: string, what: 'database' | 'application'])[];
  readonly signers: string | null;
  /** Of the last line of the journal. */
  readonly head: string;
  readonly lines: number;
  readonly tool: string;
  readonly files: readonly (readonly [path: string, sha256: string])[];
}

export interface RunStory {
  readonly run: string;
  readonly runbook: string;
  readonly title: string | null;
  /** Name of what was cut over, as a person typed it; null for none. */
  readonly target: string | null;
  /** As `sealift cutover status` names it. */
  readonly status: string;
  readonly why: string | null;
  readonly isRehearsal: boolean;
  /** Whether all steps of a rehearsal had passed before it went back. */
  readonly isRehearsed: boolean;
  readonly begunAt: number;
  readonly begunBy: string;
  /** Time of the last line. */
  readonly lastAt: number;
  readonly isOver: boolean;
  readonly steps: readonly StoryStep[];
  readonly stretches: readonly StoryStretch[];
  readonly window: StoryWindow | null;
  readonly gates: readonly GateStory[];
  readonly series: readonly StorySeries[];
  readonly triggers: readonly StoryTrigger[];
  readonly waysBack: readonly StoryWayBack[];
  /** Steps that have changed something and have no way back, or were not undone, after a way back. */
  readonly stays: readonly string[];
  readonly deeds: readonly StoryDeed[];
  /** Left out for a run without a rollout. */
  readonly rollout?: StoryRollout;
  readonly proof: StoryProof;
}
