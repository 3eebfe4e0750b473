/** A step of a type, done in a world of a test. */

import type {
  DoneStep,
  Kept,
  Members,
  StepResult,
  StepWork,
} from '../../../src/cutover/steps/stepType.ts';
import { compileShape } from '../../../src/mapping/check/schemaErrors.ts';
import type { World } from '../../../src/cutover/world/world.ts';
import { Failure } from '../../../src/outcome/failure.ts';

export interface WorkOptions {
  readonly id?: string;
  readonly kept?: Readonly<Record<string, Kept>>;
  readonly signal?: AbortSignal;
  /** What the run has deployed so far. */
  readonly knownGood?: string;
}

/** Makes the work of a step; its members have to match the schema of its type. */
export function workOf(
  type: DoneStep,
  members: Members,
  world: World,
  {
    id = 'a',
    kept = {},
    signal = new AbortController().signal,
    knownGood = '{}\n',
  }: WorkOptions = {},
): StepWork {
  const properties = type.members;
  const check = compileShape({
    type: 'object',
    additionalProperties: false,
    properties,
    required: type.required ?? [],
  });
  const fault = check(members);
  if (fault !== null) throw new Error(`${fault.pointer} ${fault.what}`);
  return {
    id,
    members,
    input: null,
    kept: (step) => kept[step] ?? {},
    knownGood: () => Buffer.from(knownGood),
    world,
    signal,
  };
}

/** What came of it, as one line: `PASS exit code 0`, or `USAGE …` of a failure. */
export async function line(work: Promise<StepResult>): Promise<string> {
  try {
    const { verdict, says } = await work;
    return `${verdict} ${says}`;
  } catch (error) {
    if (error instanceof Failure) return `${error.code} ${error.line()}`;
    throw error;
  }
}
