/** A rollout: its stages rise, are judged on time, and can be held; its way back is observed, and ends. */

import { grouped } from '../../outcome/counted.ts';
import { canBothHold, isMet, parseCondition, type Condition } from '../condition.ts';
import { metricsOf } from '../rollout/stageOfStep.ts';
import { MOST_LOOKS, type Metric, type Runbook, type Stage } from '../runbook.ts';
import type { Linted, Report } from './report.ts';

export function lintRollout({ runbook, value }: Linted, report: Report): void {
  for (const { use, pointer } of runbook.steps) {
    if (!use.startsWith('rollout.') || pointer.startsWith('/rollout')) continue;
    report('runbook-gate', pointer, `${use} belongs to a rollout; write its stage under "rollout"`);
  }
  const { rollout, stages } = runbook;
  if (rollout === null) return;
  lintShares(stages, report);
  for (const stage of stages) lintStage(runbook, stage, report);
  const { observe, versions } = rollout;
  if (versions.old === versions.new) {
    report('runbook-gate', '/rollout/versions', 'nothing tells the versions apart');
  }
  if (observe === null) {
    const reason = 'nothing observes which share was reached; add "observe"';
    report('runbook-verify', '/rollout', reason);
  } else if ((observe.log === null) === (observe.sql === null)) {
    const reason = 'exactly one of "log" and "sql" has to give the users';
    report('runbook-gate', '/rollout/observe', reason);
  }
  lintBack(runbook, value, report);
}

function lintShares(stages: readonly Stage[], report: Report): void {
  let before = 0;
  for (const { percent, deprecates, pointer } of stages) {
    if ((percent === null) === (deprecates === null)) {
      const reason = 'exactly one of "percent" and "deprecate" has to be given';
      report('runbook-gate', pointer, reason);
    }
    if (percent !== null && percent <= before) {
      const reason = 'the share of a stage has to be larger than that of the one before';
      report('runbook-gate', `${pointer}/percent`, reason);
    }
    if (percent === null && before < 100) {
      report('runbook-order', pointer, 'something is deprecated that not all users have left');
    }
    before = percent ?? before;
  }
}

function lintStage(runbook: Runbook, stage: Stage, report: Report): void {
  const { pointer, soak, checkAt, every, look, within, percent, zero, url } = stage;
  if (metricsOf(runbook, stage).length === 0) {
    report('runbook-gate', pointer, 'without a metric, nothing could hold the stage');
  }
  if (checkAt.length === 0 && every === null) {
    const reason = 'it has no checkpoint before its end; add "checkAt" or "every"';
    report('runbook-gate', pointer, reason);
  }
  if (checkAt.some((at) => at > soak)) {
    report('runbook-gate', `${pointer}/checkAt`, 'the stage is over before that');
  }
  if (every !== null && every > soak) {
    report('runbook-gate', `${pointer}/every`, 'the stage is over before that');
  }
  const often = Math.min(every ?? soak, stage.look ?? soak);
  if (soak / often > MOST_LOOKS) {
    const reason = `it takes more than ${grouped(MOST_LOOKS)} looks, which no run remembers: look less often`;
    report('runbook-gate', pointer, reason);
  }
  if (within !== null && within < soak) {
    report('runbook-gate', `${pointer}/within`, 'it is given up before it can pass');
  }
  if (percent === null && zero === null) {
    report('runbook-gate', pointer, 'nothing tells whether it is still used; add "zero"');
  }
  if (percent === null && url === null) {
    report('runbook-verify', pointer, 'nothing tells whether it is gone; add "url"');
  }
  const looks = soak / Math.min(...[every, look, soak].filter((time) => time !== null));
  if (looks > MOST_LOOKS) {
    const reason = `it takes more than ${grouped(MOST_LOOKS)} looks, which no run remembers: look less often`;
    report('runbook-gate', pointer, reason);
  }
  const told = runbook.metrics.find(({ id }) => id === zero);
  if (told !== undefined && !isZero(told)) {
    const reason =
      'only a number that a source gives, and that passes at 0 alone, is shown to be 0';
    report('runbook-gate', `${pointer}/zero`, reason);
  }
  if (percent === 100 && runbook.stages[0] === stage && hasBaseline(runbook)) {
    const reason = 'the first stage leaves no old version that metrics could be compared with';
    report('runbook-gate', `${pointer}/percent`, reason);
  }
}

function isZero({ measure, attest, pass }: Metric): boolean {
  const condition = pass === null ? null : parseCondition(pass);
  if (measure !== 'number' || attest !== null || condition === null) return false;
  return isMet(condition, 0) && !canBothHold(condition, ONE_OR_MORE);
}

const ONE_OR_MORE: Condition = { name: null, result: null, comparison: '>=', value: 1 };

function hasBaseline({ metrics }: Runbook): boolean {
  return metrics.some(({ baseline, measure }) => baseline !== null || measure === 'kinds');
}

function lintBack(runbook: Runbook, value: unknown, report: Report): void {
  const { onRollback, stages, steps, metrics } = runbook;
  if (onRollback === null) {
    report('runbook-undo', '/rollout', 'nothing says how it goes back; add "onRollback"');
    return;
  }
  const first = stages.find(({ percent }) => percent !== null)?.percent;
  if (first !== undefined && onRollback.restartAt !== first) {
    report('runbook-gate', '/onRollback/restartAt', 'a restart would skip the first stage');
  }
  const { verify, drain } = writtenBack(value);
  if (drain !== undefined && onRollback.drained === null) {
    const reason = 'nothing tells when that is over; name a metric that passes then with "drained"';
    report('runbook-gate', '/onRollback/drain', reason);
  }
  const drained = metrics.find(({ id }) => id === onRollback.drained);
  if (drained !== undefined && (drained.sql === null || drained.measure !== 'number')) {
    report('runbook-gate', '/onRollback/drained', 'a query has to count what is under way');
  }
  if (typeof verify === 'string') lintVerify(verify, runbook, report);
  if (onRollback.percent === 0) return;
  for (const { undo, pointer } of steps) {
    if (undo.length === 0 || pointer.startsWith('/rollout')) continue;
    const reason =
      'the rollout does not go back to 0 %, so the way back of this step would take away what is in use';
    report('runbook-undo', `${pointer}/undo`, reason);
  }
}

function writtenBack(value: unknown): Readonly<Record<string, unknown>> {
  const { onRollback } = Object(value) as Record<string, unknown>;
  return Object(onRollback) as Record<string, unknown>;
}

/** The split is verified against the percentage; a sentence that says otherwise is wrong. */
function lintVerify(verify: string, { rollout, onRollback }: Runbook, report: Report): void {
  const { name, comparison, value } = parseCondition(verify) ?? {};
  const { old, new: fresh } = rollout?.versions ?? { old: '', new: '' };
  const pointer = '/onRollback/verify';
  if (name !== old && name !== fresh) {
    report('runbook-name', pointer, `it names neither ${old} nor ${fresh}`);
    return;
  }
  const percent = onRollback?.percent ?? null;
  const expected = percent === null ? null : name === fresh ? percent : 100 - percent;
  if (comparison === '==' && (expected === null || value === expected)) return;
  report('runbook-gate', pointer, 'it contradicts "percent", by which the split is verified');
}
