/** Parts of the schema of a runbook that are about a rollout by percent: its stages, its metrics, its way back. */

import { MEASURES } from '../runbook.ts';
import { STEP_TYPES } from '../steps/stepTypes.ts';
import {
  about,
  closed,
  CONDITION,
  DURATION,
  FILE,
  listOf,
  NAME,
  ROLE,
  TEXT,
  URL,
  type Schema,
} from './runbookParts.ts';

const PERCENT = about({ type: 'integer', minimum: 0, maximum: 100 }, 'Share of users, in percent.');
const SAMPLES = about({ type: 'integer', minimum: 1 }, 'Fewer samples hold.');
const NUMBER: Schema = { type: 'number' };
const LENGTH: Schema = { type: 'number', minimum: 0 };
const ON = about(NAME, 'Input with the database or host; "db" or "app" if left out.');

const { set: _, ...OF_SETTING } = STEP_TYPES['config.set'].members;
const { url: __, ...OF_DEPRECATION } = STEP_TYPES['http.deprecation'].members;
const SETTING: Readonly<Record<string, Schema>> = { ...OF_SETTING, on: ON };

const STAGE = closed('A stage of a rollout.', ['soak'], {
  percent: PERCENT,
  deprecate: about(NAME, 'What is deprecated, instead of `percent`.'),
  url: about(URL, 'Address of what is deprecated.'),
  deprecation: closed(
    'Members of `http.deprecation` for that address, such as `method` or `sunset`.',
    [],
    OF_DEPRECATION,
  ),
  soak: about(DURATION, 'How long all metrics have to be good, one look after the other.'),
  checkAt: listOf('Checkpoints, after the beginning of the stage.', DURATION),
  every: about(DURATION, 'Checkpoints, so often.'),
  look: about(DURATION, 'How often metrics are read between checkpoints, to go back sooner.'),
  within: about(DURATION, 'After how long a stage that is not decided is held.'),
  baseline: about(PERCENT, 'The stage that metrics are compared with; the one before if left out.'),
  zero: about(NAME, 'Metric that has to be zero, and extends the stage while it is not.'),
  zeroFor: about(DURATION, 'How long it has to be zero; 24h, or the soak if that is shorter.'),
  approve: about(ROLE, 'Role that approves the stage before it begins.'),
  // oxlint-disable-next-line unicorn/no-thenable -- a member of the runbook
  then: about({ type: 'string', enum: ['remove'] }, 'What follows a deprecation.'),
  remove: about({ $ref: '#/$defs/action' }, 'The step that removes it; a person does if left out.'),
  expect: about({ type: 'integer' }, 'Status that is expected of what was removed.'),
  stable: about(DURATION, 'How long that status has to stay.'),
});

const OBSERVE = closed('How the share that was reached is observed.', ['test', 'minSamples'], {
  log: about(FILE, 'Log with a line of JSON for each decision.'),
  sql: about(TEXT, 'File with a query of distinct users: columns version, n.'),
  on: ON,
  user: about(TEXT, 'Member of a line with the user; `user` if left out.'),
  version: about(TEXT, 'Member of a line with the version; `version` if left out.'),
  test: about({ enum: ['sample-ratio'] }, 'Statistical test.'),
  minSamples: about({ type: 'integer', minimum: 1 }, 'Users that it needs.'),
  tolerance: about(LENGTH, 'Points of percent that it may be off.'),
  sees: about(NUMBER, 'Share that has to be seen in the first stage, for plans and simulations.'),
});

export const ROLLOUT: Schema = closed('A rollout by percent.', ['set', 'stages'], {
  set: closed(
    'Where the percentage is set: members of `config.set`, without `set`.',
    ['key'],
    SETTING,
  ),
  versions: closed('Names of the versions, as queries and logs have them.', ['old', 'new'], {
    old: about(TEXT, 'The version that all have before.'),
    new: about(TEXT, 'The version that is rolled out.'),
  }),
  observe: OBSERVE,
  traffic: about(
    { type: 'integer', minimum: 1 },
    'Distinct users a day, for plans and simulations.',
  ),
  stages: listOf('Stages, in their order.', STAGE),
});

const BASELINE: Schema = {
  ...closed('How many times as bad as the baseline it may be.', [], {
    pass: about(CONDITION, 'When it passes, such as "<=2".'),
    rollback: about(CONDITION, 'When it rolls back, such as ">1".'),
  }),
  minProperties: 1,
};

export const METRIC: Schema = closed(
  'A number with bands: pass, rollback, and hold between them.',
  ['id'],
  {
    id: about(NAME, 'Name of the metric.'),
    measure: about(
      { enum: MEASURES },
      'What its source has: a number; a share, with columns part and of; a histogram for a quantile; or kinds of errors.',
    ),
    quantile: about(
      { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
      'Of a histogram, such as 0.99.',
    ),
    on: ON,
    sql: about(TEXT, 'File with a query.'),
    http: about(URL, 'Address of JSON with the number.'),
    json: about(TEXT, 'Path of the number in it.'),
    log: about(FILE, 'Log whose lines are counted.'),
    pattern: about(TEXT, 'Lines that count, in RE2 syntax.'),
    of: about(TEXT, 'Lines that are judged, for a share; in RE2 syntax.'),
    attest: about(NAME, 'Role of the person who says that it passes.'),
    pass: about(CONDITION, 'When it passes, such as ">=95".'),
    rollback: about(CONDITION, 'When it rolls back, such as "<95".'),
    margin: about(LENGTH, 'By how much it may be worse than `pass`, in its unit.'),
    baseline: BASELINE,
    grace: about(DURATION, 'How long it may fail before the soak begins anew.'),
    for: about(DURATION, 'How long a breach has to last before it rolls back.'),
    every: about(DURATION, 'How often it is read where a trigger names it; 1m if left out.'),
    minSamples: SAMPLES,
    usual: about(NUMBER, 'What it usually is, for plans and simulations.'),
    sees: about(NUMBER, 'What has to be seen, for plans and simulations.'),
  },
);

export const ON_ROLLBACK: Schema = closed(
  'What a rollback of a rollout does.',
  ['percent', 'restartAt'],
  {
    percent: {
      description:
        'Share of users to go back to, in percent, or `before`: that of the stage before.',
      title: 'a percentage, or `before`',
      anyOf: [
        { title: 'a percentage, or `before`', type: 'integer', minimum: 0, maximum: 100 },
        { title: 'a percentage, or `before`', const: 'before' },
      ],
    },
    verify: about(CONDITION, 'The observed split after it, such as "v1==100%".'),
    within: about(DURATION, 'How long that may take; 10m if left out.'),
    drain: about(DURATION, 'How long what is under way may take.'),
    drained: about(NAME, 'Metric that passes when nothing is under way.'),
    restartAt: PERCENT,
  },
);
