/** JSON Schema (2020-12) of a runbook: the contract, and the help that editors show. */

import type { SchemaFile } from '../../mapping/schema/schemaFiles.ts';
import {
  about,
  ARGV,
  CONDITION,
  DURATION,
  ENVIRONMENT,
  EXIT,
  NAME,
  ON_BREACH,
  SCALAR,
  TEXT,
  type Schema,
} from './runbookParts.ts';
import { stepDefinitions } from './stepDefinitions.ts';

/** An object without other members than these. */
function closed(
  description: string,
  required: readonly string[],
  properties: Readonly<Record<string, Schema>>,
): Schema {
  return { description, type: 'object', additionalProperties: false, required, properties };
}

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

function listOf(description: string, items: Schema): Schema {
  return { description, type: 'array', minItems: 1, items };
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

const PERCENT = about({ type: 'integer', minimum: 0, maximum: 100 }, 'Share of users, in percent.');

const STAGE = closed('A stage of a rollout.', ['soak'], {
  percent: PERCENT,
  deprecate: about(TEXT, 'What is deprecated, instead of `percent`.'),
  soak: about(DURATION, 'How long all metrics have to pass.'),
  checkAt: listOf('When metrics are read, after the beginning of the stage.', DURATION),
  every: about(DURATION, 'How often metrics are read.'),
  baseline: about(PERCENT, 'The stage that metrics are compared with.'),
  zero: about(NAME, 'Metric that has to be zero.'),
  // oxlint-disable-next-line unicorn/no-thenable -- a member of the runbook
  then: about({ type: 'string', enum: ['remove'] }, 'What follows a deprecation.'),
  expect: about({ type: 'integer' }, 'Expected status of what was removed.'),
});

const ROLLOUT = closed('A rollout by percent.', ['set', 'stages'], {
  set: about(TEXT, 'Setting with the percentage.'),
  observe: closed('How the share that was reached is measured.', ['log', 'test', 'minSamples'], {
    log: about(TEXT, 'Log with the decisions.'),
    test: about({ enum: ['sample-ratio'] }, 'Statistical test.'),
    minSamples: about({ type: 'integer', minimum: 1 }, 'Users that it needs.'),
  }),
  stages: listOf('Stages, in their order.', STAGE),
});

const METRIC = closed(
  'A number with bands: pass, rollback, and hold between them.',
  ['id', 'pass'],
  {
    id: about(NAME, 'Name of the metric.'),
    sql: about(TEXT, 'File with a query that returns the number.'),
    attest: about(NAME, 'Role of the person who gives the number.'),
    pass: about(CONDITION, 'When it passes, such as ">=95".'),
    rollback: about(CONDITION, 'When it rolls back, such as "<95".'),
    every: about(DURATION, 'How often it is read where a trigger names it; 1m if left out.'),
    minSamples: about({ type: 'integer', minimum: 1 }, 'Fewer samples hold.'),
  },
);

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
    onRollback: closed('What a rollback of a rollout does.', ['percent', 'restartAt'], {
      percent: PERCENT,
      verify: about(CONDITION, 'How it is verified, such as "v1==100%".'),
      drain: about(DURATION, 'How long what is under way may take.'),
      restartAt: PERCENT,
    }),
  },
  $defs: stepDefinitions(),
};

/** The schema as a file for editors, which `init` writes beside those of the mapping. */
export const RUNBOOK_SCHEMA_FILE: SchemaFile = {
  name: 'runbook.schema.json',
  text: `${JSON.stringify(RUNBOOK_SCHEMA, null, 2)}\n`,
};
