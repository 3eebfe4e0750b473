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

export interface Metric {
  readonly id: string;
  readonly pointer: string;
  readonly pass: string;
  readonly rollback: string | null;
  /** Milliseconds between two looks, where a trigger names it. */
  readonly every: number;
  /** File of a query; null without one. */
  readonly sql: string | null;
  /** Role; null if no person gives the number. */
  readonly attest: string | null;
}

export interface Stage {
  readonly pointer: string;
  /** Null where something is deprecated. */
  readonly percent: number | null;
  readonly deprecates: string | null;
  readonly soak: number;
  readonly checkAt: readonly number[];
  readonly every: number | null;
  readonly baseline: number | null;
  /** Metric that has to be zero; null for none. */
  readonly zero: string | null;
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
  readonly stages: readonly Stage[];
  readonly metrics: readonly Metric[];
  readonly triggers: readonly Trigger[];
  /** Percentage with which a rollout begins anew; null without a rollback of a rollout. */
  readonly restartAt: number | null;
}

/** Returns what an action does; an `exec` is a check only if it says so. */
export function kindOf({ use, members }: Pick<Action, 'use' | 'members'>): StepKind {
  return use === 'exec' && members['changes'] === false ? 'check' : STEP_TYPES[use].kind;
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
