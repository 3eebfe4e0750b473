/** The types of steps by name, for all that read a runbook. */

import * as TYPES from './all.ts';
import type { StepType } from './stepType.ts';

/** What `use` takes. */
export type StepName = keyof typeof TYPES;

export const STEP_TYPES: Readonly<Record<StepName, StepType>> = { ...TYPES };
/** Ascending, as the order of what a module exports is not the same everywhere. */
export const STEP_NAMES: readonly StepName[] = Object.keys(STEP_TYPES).toSorted() as StepName[];
