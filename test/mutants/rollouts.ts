/** Ways to break the gates of a rollout by percent, by which a bad version would be promoted, or a stage skipped. */

import { killedByTest as of, type Mutant } from './mutant.ts';

const ENGINE = 'test/cutover/rollout/engine.test.ts';
const SEVERITIES = 'test/cutover/rollout/severities.test.ts';
const AGAIN = 'test/cutover/rollout/again.test.ts';
const READ = 'test/cutover/rollout/readFigure.test.ts';
const LINT = 'test/cutover/rollout/lintRollout.test.ts';

export const ROLLOUTS: readonly Mutant[] = [
  ...of('cutover/rollout/stageSoak.ts', ENGINE, [
    [
      'begins its soak anew after a failure',
      'a failure does not begin the soak anew',
      '        passed = 0;\n',
      '        passed += 0;\n',
    ],
    [
      'does not count the time around a checkpoint that was missed',
      'time that no look has seen counts',
      'if (isMissed) missed += 1;\n        else passed',
      'if (isMissed) missed += 1;\n        passed',
    ],
    [
      'is held, and not promoted, while too few users have been seen',
      'a stage is done while a metric is not decided',
      'const isDone = passed >= plan.stage.soak && open.length === 0;',
      'const isDone = passed >= plan.stage.soak;',
    ],
    [
      'is extended while the old version has calls',
      'a stage ends while the old version is used',
      'at - zero.begun(key, at) >= stage.zeroFor',
      'at - zero.begun(key, at) >= 0',
    ],
  ]),
  ...of('cutover/rollout/judged.ts', ENGINE, [
    [
      'does not go back by fewer samples than the runbook wants',
      'few samples decide',
      "return of < least && band !== 'unknown' ? 'hold' : band;",
      "return of < least && band === 'unknown' ? 'hold' : band;",
    ],
  ]),
  ...of('cutover/rollout/stageSoak.ts', SEVERITIES, [
    [
      'goes back where too much is slow for six hours, and not before',
      'a breach rolls back at once, however long it has to last',
      'if (at - worstSince >= lasts) return judged;',
      'if (at - worstSince >= 0) return judged;',
    ],
  ]),
  ...of('cutover/rollout/judgeStage.ts', SEVERITIES, [
    [
      'holds where 13 % of the users have the new version instead of 10',
      'another split passes',
      "return percent < low || least > high ? 'fail' : 'hold';",
      "return percent < low || least > high ? 'pass' : 'hold';",
    ],
  ]),
  ...of('cutover/engine/guardStage.ts', SEVERITIES, [
    [
      'goes back while the run waits for a person to promote it',
      'nothing is looked at while the run waits for people',
      "  const isAtIt = state.steps[at] === 'STARTED' && state.status !== 'PAUSED';\n",
      "  const isAtIt = state.steps[at] !== 'PENDING';\n",
    ],
  ]),
  ...of('cutover/evidence/stagesAgain.ts', AGAIN, [
    [
      'are found where a look was left out',
      'a stage is proven that its looks do not show to have passed',
      "verdict === 'PASS' && !stage.state.isDone",
      "verdict === 'PASS' && stage.state.dueAt < 0",
    ],
  ]),
  ...of('cutover/rollout/usersInLog.ts', READ, [
    [
      'counts users and not requests',
      'each request counts as a user',
      'seen.set(digest, isNew);',
      'seen.set(`${digest}${seen.size}`, isNew);',
    ],
  ]),
  ...of('cutover/rollout/rolloutSteps.ts', LINT, [
    [
      'has stages that none can skip',
      'a stage begins before the one before has passed',
      'requires: approval.length > 0 ? [`approve-${name}`] : before,',
      'requires: approval.length > 0 ? [`approve-${name}`] : [],',
    ],
  ]),
];
