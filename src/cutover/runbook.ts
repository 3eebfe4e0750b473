/**
 * The model of a runbook: what a file says, complete. Every part has its JSON pointer in the file, for
 * findings. Times are in milliseconds. Pure.
 */

import { DEFAULT_INPUTS, type StepKind } from './steps/stepType.ts';
import { STEP_TYPES, type StepName } from './steps/stepTypes.ts';

/** Something that is done or checked: a step, its verification, its way back. */
export interface Action {
  readonly pointer: string;
  readonly use: StepName;
  /** Input with the database or host; null if none is named. */
  readonly on: string | null;
  readonly when: string | null;
  readonly until: Until | null;
  /** Milliseconds after which it has failed; null for the limit of its kind. */
  readonly timeout: number | null;
  /** Members of its type, as written. */
  readonly members: Readonly<Record<string, unknown>>;
}

/** Looks of a check whose history is kept, at least: what has to pass for longer would never have. */
export const MOST_LOOKS = 100_000;

export interface Until {
  readonly for: number;
  readonly every: number;
  /** When it is given up; null for never. */
  readonly within: number | null;
}

export interface Step extends Action {
  readonly id: string;
  readonly title: string | null;
  /** Name of its phase; null in a runbook without phases. */
  readonly phase: string | null;
  readonly owner: string | null;
  readonly requires: readonly string[];
  readonly takes: number | null;
  readonly pointOfNoReturn: boolean;
  readonly verify: Action | null;
  readonly probe: Action | null;
  /** In the order in which they are done. */
  readonly undo: readonly Action[];
}

/** What a breach does. */
export type BreachAction = 'rollback' | 'freeze' | 'page';

export interface Monitor extends Action {
  /** Name for triggers; null for none. */
  readonly id: string | null;
  readonly every: number;
  readonly for: number;
  readonly onFail: BreachAction;
}

export interface Trigger {
  readonly pointer: string;
  readonly when: string;
  readonly for: number | null;
  readonly severity: string;
  readonly action: BreachAction;
}

/** A value, or a secret by the name of its variable. */
export type Input = string | number | boolean | { readonly secret: string };

export interface Window {
  readonly zone: string;
  /** Day and time, as written. */
  readonly start: string;
  readonly for: number;
}

export interface Command {
  readonly run: readonly string[];
  readonly exit: Readonly<Record<string, string>> | null;
  /** Names of variables that it gets. */
  readonly env: readonly string[];
  /** Milliseconds; null for the limit of its kind. */
  readonly timeout: number | null;
}

/** What the number of a metric is; see rollout/figures.ts. */
export const MEASURES = ['number', 'share', 'quantile', 'kinds'] as const;
export type Measure = (typeof MEASURES)[number];

export interface Metric {
  readonly id: string;
  readonly pointer: string;
  /** Null where it is judged against its baseline only. */
  readonly pass: string | null;
  readonly rollback: string | null;
  /** Milliseconds between two looks, where a trigger names it. */
  readonly every: number;
  readonly measure: Measure;
  /** Of a quantile, between 0 and 1. */
  readonly quantile: number;
  /** Input with its database or host; null for that of its place. */
  readonly on: string | null;
  /** File of a query; null without one. */
  readonly sql: string | null;
  /** Address of JSON with the number, and its path there; null without one. */
  readonly http: { readonly url: string; readonly json: string } | null;
  /** Lines of a log that match, of those that are judged; null without one. */
  readonly log: {
    readonly file: string;
    readonly pattern: string;
    readonly of: string | null;
  } | null;
  /** Role; null if no person gives the number. */
  readonly attest: string | null;
  /** By how much a number may be worse than `pass` and still pass, in its unit. */
  readonly margin: number;
  /** Fewer samples hold. */
  readonly minSamples: number;
  /** Milliseconds for which it may fail before that counts. */
  readonly grace: number;
  /** Milliseconds for which a breach has to last before it rolls back. */
  readonly lasts: number;
  /** How many times as bad as the baseline it may be; null without a comparison. */
  readonly baseline: { readonly pass: string | null; readonly rollback: string | null } | null;
  /** What it usually is, and what has to be seen, for plans and simulations; null where nothing is said. */
  readonly usual: number | null;
  readonly sees: number | null;
}

/** How the share of users with the new version is observed. */
export interface Observe {
  /** A log with a line of JSON a decision; null without one. */
  readonly log: string | null;
  /** File of a query with distinct users by version; null without one. */
  readonly sql: string | null;
  readonly on: string | null;
  /** Members of a line of the log. */
  readonly user: string;
  readonly version: string;
  readonly minSamples: number;
  /** Points of percent; null for a fifth of the smaller part. */
  readonly tolerance: number | null;
  /** The share, in percent, that has to be seen where ten is expected; null where nothing is said. */
  readonly sees: number | null;
}

export interface RolloutPlan {
  /** Members of the `config.set` that sets the percentage, without `set`. */
  readonly set: Readonly<Record<string, unknown>>;
  readonly versions: { readonly old: string; readonly new: string };
  readonly observe: Observe | null;
  /** Distinct users a day, for plans and simulations; null where nothing is said. */
  readonly traffic: number | null;
}

export interface Stage {
  readonly pointer: string;
  /** Its name in steps: the percentage, or what is deprecated. */
  readonly name: string;
  /** Null where something is deprecated. */
  readonly percent: number | null;
  readonly deprecates: string | null;
  /** Address of what is deprecated; null without one. */
  readonly url: string | null;
  readonly soak: number;
  readonly checkAt: readonly number[];
  readonly every: number | null;
  /** Milliseconds between looks that come before a checkpoint; null for none. */
  readonly look: number | null;
  /** When it is given up; null for never. */
  readonly within: number | null;
  readonly baseline: number | null;
  /** Metric that has to be zero; null for none. */
  readonly zero: string | null;
  /** Milliseconds for which it has to be zero. */
  readonly zeroFor: number;
}

/** What a rollback of a rollout does. */
export interface RolloutBack {
  /** Null for the stage before. */
  readonly percent: number | null;
  /** Metric that is zero when nothing is in flight; null where nothing is waited for. */
  readonly drained: string | null;
  /** Percentage with which a rollout begins anew. */
  readonly restartAt: number;
}

/** What a rehearsal works with. */
export interface RehearsalPlan {
  /** Inputs that take the place of those of the same name. */
  readonly inputs: ReadonlyMap<string, Input>;
  /** Steps that are done although they change what the rehearsal has no other of. */
  readonly does: readonly string[];
}

export interface Runbook {
  readonly name: string;
  readonly title: string | null;
  /** What a person types to begin a run; null for nothing. */
  readonly target: string | null;
  readonly inputs: ReadonlyMap<string, Input>;
  /** Null without one. */
  readonly rehearsal: RehearsalPlan | null;
  readonly window: Window | null;
  /** Names of people by role. */
  readonly roles: ReadonlyMap<string, readonly string[]>;
  /** Roles by area. */
  readonly owners: ReadonlyMap<string, string>;
  readonly contacts: readonly { readonly role: string; readonly contact: string }[];
  readonly references: ReadonlyMap<string, string>;
  readonly commands: ReadonlyMap<string, Command>;
  /** Steps by the file name of the evidence that is of them. */
  readonly artifacts: ReadonlyMap<string, string>;
  readonly monitor: readonly Monitor[];
  /** As written: in the order of the file. */
  readonly steps: readonly Step[];
  /** Headings of phases that have one, by their id. */
  readonly titles: ReadonlyMap<string, string>;
  /** Null without a rollout. */
  readonly rollout: RolloutPlan | null;
  readonly stages: readonly Stage[];
  readonly metrics: readonly Metric[];
  readonly triggers: readonly Trigger[];
  /** Null without a rollout. */
  readonly onRollback: RolloutBack | null;
}

/** Returns what an action does; an `exec` is a check only if it says so. */
export function kindOf({ use, members }: Pick<Action, 'use' | 'members'>): StepKind {
  return use === 'exec' && members['changes'] === false ? 'check' : STEP_TYPES[use].kind;
}

/** Whether people open a step, by approvals or attestations. */
export function isOpenedByPeople({ use }: Pick<Action, 'use'>): boolean {
  const type = STEP_TYPES[use];
  return type.kind === 'gate' && type.waitsFor === 'approval';
}

/** Whether what was written meanwhile may be lost by an action; a program or SQL may do anything, unless it is said. */
export function losesWrites(action: Action): boolean {
  const { use, members } = action;
  if (kindOf(action) === 'check' || members['keepsWrites'] === true) return false;
  return STEP_TYPES[use].losesWrites === true || use === 'exec' || use === 'sql.migrate';
}

/** Returns the input that an action works with: the one that it names, or that of its place; null for none. */
export function inputOf({ on, use }: Pick<Action, 'on' | 'use'>): string | null {
  return on ?? DEFAULT_INPUTS[STEP_TYPES[use].place] ?? null;
}

/** Returns an action with all that belong to it: verification, probe and way back. */
export function actionsOf(step: Step): readonly Action[] {
  const related = [step.verify, step.probe].filter((one) => one !== null);
  return [step, ...related, ...step.undo];
}
