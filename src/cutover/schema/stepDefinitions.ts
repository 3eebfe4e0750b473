/** Definitions of the steps of a runbook, as JSON Schema (2020-12): what all have, with what each type has. */

import { about, CONDITION, DURATION, NAME, ON_BREACH, TEXT, type Schema } from './runbookParts.ts';
import type { StepFacts } from '../steps/stepType.ts';
import { STEP_NAMES, STEP_TYPES } from '../steps/stepTypes.ts';

/** Members of a step of any type. */
const MEMBERS: Readonly<Record<string, Schema>> = {
  id: about(NAME, 'Name of the step.'),
  use: { description: 'Type of the step.', enum: STEP_NAMES },
  title: about(TEXT, 'What the step is for.'),
  owner: about(NAME, 'Role that answers for the step.'),
  on: about(NAME, 'Input with the database or host; "db" or "app" if left out.'),
  requires: about(
    { type: 'array', uniqueItems: true, items: NAME },
    'Steps that have to pass before.',
  ),
  when: about(CONDITION, 'The step is left out unless this holds.'),
  takes: about(DURATION, 'How long it is expected to take.'),
  timeout: about(DURATION, 'After how long it has failed.'),
  until: {
    description: 'The check is repeated until it has passed all through `for`.',
    type: 'object',
    additionalProperties: false,
    required: ['for', 'every'],
    properties: {
      for: about(DURATION, 'How long it has to pass.'),
      every: about(DURATION, 'How often it runs.'),
      within: about(DURATION, 'When it is given up.'),
    },
  },
  pointOfNoReturn: about({ type: 'boolean' }, 'Whether going back loses data after this step.'),
};
/** Members of a monitor, which is a check without a name of a step. */
const OF_MONITOR: Readonly<Record<string, Schema>> = {
  every: about(DURATION, 'Of a monitor: how often.'),
  for: about(DURATION, 'Of a monitor: how long.'),
  onFail: about(ON_BREACH, 'Of a monitor: rollback, freeze (of writes) or page (of the on-call).'),
};
const ACTION = { $ref: '#/$defs/action' };
const RELATED: Readonly<Record<string, Schema>> = {
  verify: about(ACTION, 'A check that shows that the step has worked.'),
  probe: about(ACTION, 'A check that tells whether the effect is there, after a crash.'),
  undo: about(
    {
      title: 'a step, or a list of them',
      anyOf: [{ type: 'object' }, { type: 'array', minItems: 1, items: { type: 'object' } }],
    },
    'Way back: a step, or several; without `use` the same type with other members.',
  ),
};

const COMMON: Readonly<Record<string, Schema>> = { ...MEMBERS, ...OF_MONITOR, ...RELATED };

function typeSchema({ text, members, required = [] }: StepFacts): Schema {
  const own = Object.entries(members);
  const common = Object.keys(COMMON).map((name) => {
    return [name, { $ref: `#/$defs/member.${name}` }] as const;
  });
  return {
    description: text,
    type: 'object',
    additionalProperties: false,
    required,
    properties: Object.fromEntries([...common, ...own]),
  };
}

function whenUsed(use: Schema, type: string): Schema {
  return {
    if: { required: ['use'], properties: { use } },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { $ref: `#/$defs/use.${type}` },
  };
}

/** A step of any type that needs these members, too. */
function actionWith(required: readonly string[]): Schema {
  const properties = required.map((name) => [name, { $ref: `#/$defs/member.${name}` }] as const);
  return {
    type: 'object',
    allOf: [ACTION],
    required,
    properties: Object.fromEntries(properties),
  };
}

/** Commands of Sealift have one definition: their members are the same. */
const COMMAND = 'sealift';

/** Types by the name of their definition. */
function definitions(): ReadonlyMap<string, StepFacts> {
  return new Map(
    STEP_NAMES.map((name) => [isCommand(name) ? COMMAND : name, STEP_TYPES[name]] as const),
  );
}

function isCommand(name: string): boolean {
  return name.startsWith(`${COMMAND}.`);
}

/** Definitions for a schema with steps: `action`, any step; `step`, one with a name; `monitor`. */
export function stepDefinitions(): Schema {
  const own = STEP_NAMES.filter((name) => !isCommand(name));
  return {
    ...Object.fromEntries(Object.entries(COMMON).map(([name, one]) => [`member.${name}`, one])),
    ...Object.fromEntries(
      [...definitions()].map(([name, one]) => [`use.${name}`, typeSchema(one)]),
    ),
    action: {
      type: 'object',
      required: ['use'],
      properties: { use: MEMBERS['use'] },
      allOf: [
        ...own.map((name) => whenUsed({ const: name }, name)),
        whenUsed({ enum: STEP_NAMES.filter(isCommand) }, COMMAND),
      ],
    },
    step: actionWith(['id']),
    monitor: actionWith(Object.keys(OF_MONITOR)),
  };
}
