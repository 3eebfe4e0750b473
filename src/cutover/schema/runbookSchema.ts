/** JSON Schema (2020-12) of a runbook: the contract, and the help that editors show. */

import type { SchemaFile } from '../../mapping/schema/schemaFiles.ts';
import {
  about,
  ARGV,
  closed,
  CONDITION,
  DURATION,
  ENVIRONMENT,
  EXIT,
  listOf,
  NAME,
  ON_BREACH,
  SCALAR,
  TEXT,
  type Schema,
} from './runbookParts.ts';
import { METRIC, ON_ROLLBACK, ROLLOUT } from './rolloutSchema.ts';
import { stepDefinitions } from './stepDefinitions.ts';

/** An object with members of one kind, by name. */
function byName(description: string, member: Schema): Schema {
  return {
    description,
    type: 'object',
    minProperties: 1,
    propertyNames: NAME,
    additionalProperties: member,
  };
}

const PERSON = about(TEXT, 'Name of a person.');
const ACTION_ON_BREACH = about(ON_BREACH, 'rollback, freeze (of writes) or page (of the on-call).');

const SECRET = closed('A secret.', ['secret'], {
  secret: {
    description: 'Name of the variable with the value; never the value.',
    title: 'the name of a variable',
    type: 'string',
    pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$',
  },
});
const INPUT: Schema = {
  description: 'A value, or the name of the variable that holds a secret.',
  if: { type: 'object' },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: SECRET,
  else: SCALAR,
};

const COMMAND = closed('A program that steps name.', ['run'], {
  run: ARGV,
  purpose: about(TEXT, 'What it is for.'),
  exit: EXIT,
  env: ENVIRONMENT,
  timeout: about(DURATION, 'After how long it has failed.'),
});

const STEPS = listOf('Steps, in their order.', { $ref: '#/$defs/step' });

const PHASE = closed('Steps under a heading.', ['id', 'steps'], {
  id: about(NAME, 'Name of the phase.'),
  title: about(TEXT, 'Heading.'),
  steps: STEPS,
});

const TRIGGER = closed('What ends the run whatever it is doing.', ['when', 'severity', 'action'], {
  when: about(CONDITION, 'A step, metric or monitor, and its limit.'),
  for: about(DURATION, 'How long the limit has to be exceeded.'),
  severity: about({ enum: ['S0', 'S1', 'S2', 'S3'] }, 'S0 is the worst.'),
  action: ACTION_ON_BREACH,
});

export const RUNBOOK_SCHEMA: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://sealift.dev/schema/1/runbook.schema.json',
  title: 'Sealift runbook',
  description: 'A cutover as data: steps, gates, triggers, and the way back.',
  type: 'object',
  additionalProperties: false,
  required: ['runbook'],
  properties: {
    runbook: about(NAME, 'Name of the runbook.'),
    title: about(TEXT, 'What the cutover is.'),
    target: about(TEXT, 'Name of what is cut over, such as production; a run wants it typed.'),
    inputs: byName('Values that differ from run to run; secrets by the name of a variable.', INPUT),
    rehearsal: closed('What a rehearsal works with instead.', ['inputs'], {
      inputs: byName('Inputs that take the place of those of the same name.', INPUT),
      does: listOf(
        'Steps that are done although they change a repository, files, or what a program reaches; others are tried without effect.',
        NAME,
      ),
    }),
    window: closed('The agreed time.', ['tz', 'start', 'for'], {
      tz: about(TEXT, 'Zone by its name, such as Europe/Vienna.'),
      start: about(TEXT, 'Day and time of the beginning, such as "Sun 02:00".'),
      for: about(DURATION, 'How long.'),
    }),
    roles: byName(
      'People by role. The role `operator` runs the cutover.',
      listOf('People.', PERSON),
    ),
    owners: byName('Role that answers for an area.', NAME),
    contacts: listOf(
      'Whom to call, in order.',
      closed('A contact.', ['role', 'contact'], {
        role: about(NAME, 'Role.'),
        contact: about(TEXT, 'How it is reached.'),
        for: about(TEXT, 'In which case.'),
      }),
    ),
    references: byName('Pages by name, such as the break-glass page: path or address.', TEXT),
    commands: byName('Programs that steps name.', COMMAND),
    artifacts: {
      description:
        'What a run leaves as evidence: names of files, each with the step that it is of.',
      type: 'object',
      minProperties: 1,
      additionalProperties: about(NAME, 'Name of the step.'),
    },
    monitor: listOf('Checks for the hours after; each has `every`, `for` and `onFail`.', {
      $ref: '#/$defs/monitor',
    }),
    steps: STEPS,
    phases: listOf('Phases, in their order; instead of `steps`.', PHASE),
    rollout: ROLLOUT,
    metrics: listOf('Numbers that decide a rollout, and that triggers name.', METRIC),
    triggers: listOf('Conditions that are evaluated in every state that is not final.', TRIGGER),
    onRollback: ON_ROLLBACK,
  },
  $defs: stepDefinitions(),
};

/** The schema as a file for editors, which `init` writes beside those of the mapping. */
export const RUNBOOK_SCHEMA_FILE: SchemaFile = {
  name: 'runbook.schema.json',
  text: `${JSON.stringify(RUNBOOK_SCHEMA, null, 2)}\n`,
};
