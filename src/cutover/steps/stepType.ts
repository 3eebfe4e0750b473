/**
 * The contract of a type of steps: what it has in a runbook, what it does to the world, and how it is done.
 * A type is one file of this folder, and one line in all.ts. What a type reaches of the world, it has from
 * {@link World}: no file here opens a connection or starts a program by other means.
 *
 * Promises of every type:
 * - `plan` reads nothing but the runbook.
 * - `apply` returns only when the effect is there, or throws a Failure. What it finds is a verdict, not an
 *   error: a check that does not hold is FAIL, one that has seen nothing to judge is INCONCLUSIVE.
 * - What a type says, returns or keeps has neither a secret nor a value of a record in it.
 */

import type { Schema } from '../schema/runbookParts.ts';
import type { World } from '../world/world.ts';

/**
 * - `check`: reads only
 * - `artifact`: makes something new beside what is live, such as a backup; there is nothing to undo
 * - `change`: changes what is live
 * - `gate`: waits for a person or a time, and holds the run until then
 * - `notice`: tells people something
 */
export type StepKind = 'check' | 'artifact' | 'change' | 'gate' | 'notice';

/** Kinds of steps that have an effect, which may be there in part where they are cut off. */
export const WITH_EFFECT: ReadonlySet<StepKind> = new Set<StepKind>(['change', 'artifact']);

/** Where a step acts: with an input of the runbook, or with none. */
export type StepPlace =
  | 'database'
  | 'application'
  | 'files'
  | 'repository'
  | 'person'
  | 'clock'
  | 'project';

/** Inputs with the database and the application, where a step names none. */
export const DEFAULT_INPUTS: Readonly<Partial<Record<StepPlace, string>>> = {
  database: 'db',
  application: 'app',
};

/** What a type is, without how it is done. */
export interface StepFacts {
  /** What it is, as a sentence, for editors. */
  readonly text: string;
  /** Members that a step of this type has of its own, as JSON Schema (2020-12). */
  readonly members: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  /** Members of which exactly one has to be given. */
  readonly oneOf?: readonly string[];
  readonly kind: StepKind;
  readonly place: StepPlace;
  /** Whether it reads its own effect back before it has passed. */
  readonly verifiesItself?: true;
  /** Whether it tells itself, after a crash, if its effect is there. */
  readonly resumes?: true;
  /** Whether data that was written meanwhile is lost by it. */
  readonly losesWrites?: true;
}

/** A type of steps that do or check something. */
export interface DoneStep extends StepFacts {
  readonly kind: Exclude<StepKind, 'gate'>;
  /** Says what a step will do, as a clause such as `dump the database`. */
  plan(members: Members): string;
  /** Files of the runbook that it reads, as paths or patterns: what an approval of the plan is bound to. */
  reads?(members: Members): readonly string[];
  /**
   * Reads what is there before `apply` changes it, for the way back and the evidence: it is in the journal before
   * the effect. A Failure is as nothing found.
   */
  before?(work: StepWork): Promise<Kept>;
  /** Does it, or checks it. @throws Failure if it cannot; the effect may be there then */
  apply(work: StepWork): Promise<StepResult>;
  /** Tells, without effect, whether it could be applied now; a check has none, as it is applied itself. */
  dryRun?(work: StepWork): Promise<StepResult>;
  /** Reads the effect back, after `apply`. */
  verify?(work: StepWork): Promise<StepResult>;
  /** Tells, after a crash, whether the effect is there; has none where a type cannot tell. */
  probe?(work: StepWork): Promise<Presence>;
}

/** What a gate waits for: approvals or attestations of people, the window of the runbook, metrics of a rollout. */
export type GateWait = 'approval' | 'window' | 'metrics';

/** A type of steps that wait. The engine opens them; see engine/gates.ts. */
export interface GateStep extends StepFacts {
  readonly kind: 'gate';
  readonly waitsFor: GateWait;
}

export type StepType = DoneStep | GateStep;

/**
 * - `there`: the effect is there, as a whole
 * - `absent`: nothing of it is there
 * - `begun`: it is there in part, and `apply` finishes it; to go back, it has to be undone
 * - `unclear`: it is there in part, or cannot be told: a person has to look
 */
export type Presence = 'there' | 'absent' | 'begun' | 'unclear';

/** Members of a step; see members.ts for how they are read. Texts have their inputs filled in. */
export type Members = Readonly<Record<string, unknown>>;

/** What a step has to work with. */
export interface StepWork {
  /** Id of the step; of an undo, a check or a probe that of the step it belongs to. */
  readonly id: string;
  readonly members: Members;
  /** Whether it is an action of a way back. */
  readonly goesBack?: boolean;
  /** Input that it acts on, by name; null for none. */
  readonly input: string | null;
  /** What a step of this run has kept; empty if it has not. */
  readonly kept: (step: string) => Kept;
  /** What the run has deployed so far, as bytes of canonical JSON; see engine/lastKnownGood.ts. */
  readonly knownGood: () => Uint8Array;
  readonly world: World;
  /** Aborts when the time of the step is over, or at a panic. Whatever waits, ends then. */
  readonly signal: AbortSignal;
}

export type StepVerdict = 'PASS' | 'WARN' | 'FAIL' | 'INCONCLUSIVE';

/** What a later step, or the way back, needs to know: goes into the journal, and so has no secret. */
export type Kept = Readonly<Record<string, string | number | boolean>>;

export interface StepResult {
  readonly verdict: StepVerdict;
  /** What was seen, as a line without a full stop: `7 of 7 rows pass`, `status 503 instead of 200`. */
  readonly says: string;
  /**
   * Numbers that conditions compare: `failed` (what did not hold), `applied` (what was changed) and `count`
   * (what was seen or counted), each only where it means something.
   */
  readonly results?: Readonly<Partial<Record<ResultName, number>>>;
  readonly kept?: Kept;
}

/** Results of a step, as conditions name them. */
export const RESULTS = ['failed', 'applied', 'count'] as const;
export type ResultName = (typeof RESULTS)[number];
