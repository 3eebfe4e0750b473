/** Steps that change something: verified, with a way back, in an order in which both work. */

import { kindOf, type Action, type Step } from '../runbook.ts';
import { STEP_TYPES } from '../steps/stepTypes.ts';
import type { Linted, Report } from './report.ts';

export function lintSteps({ runbook: { steps, monitor } }: Linted, report: Report): void {
  for (const [at, step] of steps.entries()) {
    for (const one of step.undo) {
      if (one.use === 'sql.migrate') report('runbook-undo', one.pointer, RUNS_ONCE);
    }
    if (kindOf(step) !== 'change') continue;
    const before = steps.slice(0, at);
    const final = step.pointOfNoReturn || before.some(({ pointOfNoReturn }) => pointOfNoReturn);
    if (step.undo.length === 0 && !final) {
      report('runbook-undo', step.pointer, 'the step changes something and has no way back');
    }
    if (!isVerified(step, steps.slice(at + 1))) {
      report('runbook-verify', step.pointer, 'nothing verifies what the step changes');
    }
    if (needsPerson(step)) {
      const reason = 'after a crash nothing tells whether it was done, so a person has to find out';
      report('runbook-resume', step.pointer, reason);
    }
  }
  for (const one of monitor) {
    if (kindOf(one) === 'check') continue;
    report(
      'runbook-verify',
      one.pointer,
      'a monitor has to be a check, and this one changes something',
    );
  }
  for (const { verify, probe } of steps) {
    for (const one of [verify, probe]) {
      if (one === null || kindOf(one) === 'check') continue;
      report('runbook-verify', one.pointer, 'this has to be a check, and it changes something');
    }
  }
}

const RUNS_ONCE =
  'sql.migrate applies a file only once, so a second rollback would undo nothing; use an exec that may run again';

/** Whether a step reads its effect back, or a check does before the next change. */
function isVerified(step: Step, after: readonly Step[]): boolean {
  if (STEP_TYPES[step.use].verifiesItself === true || step.verify !== null) return true;
  const next = after.findIndex((other) => kindOf(other) === 'change');
  return (next < 0 ? after : after.slice(0, next)).some((other) => kindOf(other) === 'check');
}

/** Whether nothing but a person can tell, after a crash, if the step was done. */
function needsPerson({ use, members, probe }: Step): boolean {
  if (probe !== null) return false;
  // Files outside of a transaction, by names alone: without the queries that tell.
  if (STEP_TYPES[use].resumes === true) return Array.isArray(members['outside']);
  return members['idempotent'] !== true;
}

export function lintOrder({ runbook: { steps } }: Linted, report: Report): void {
  let backup = false;
  let changed = false;
  let restores = false;
  let migrated = false;
  for (const step of steps) {
    if (step.use === 'env.require' && changed) {
      report('runbook-order', step.pointer, 'the environment is validated after the first change');
    }
    if (step.use === 'sql.migrate' && !backup) {
      report('runbook-order', step.pointer, 'it changes the database before there is a backup');
    }
    const undoRestores = step.undo.some(losesWrites);
    if (undoRestores && !backup) {
      const reason = 'it restores a backup, and no earlier step makes one';
      report('runbook-order', `${step.pointer}/undo`, reason);
    }
    lintUndo(step, report);
    restores ||= undoRestores;
    if (setsWrites(step, 'on') && restores && !step.pointOfNoReturn) {
      const reason = 'writes are allowed, and the way back of an earlier step would lose them';
      report('runbook-order', step.pointer, reason);
    }
    if (setsWrites(step, 'off') && migrated) {
      report('runbook-order', step.pointer, 'writes are refused after the database was changed');
    }
    const kind = kindOf(step);
    backup ||= step.use.endsWith('.backup') || step.use === 'sealift.snapshot';
    changed ||= kind === 'change';
    migrated ||= step.use === 'sql.migrate';
  }
}

/** A way back restores before it allows writes. */
function lintUndo({ undo }: Step, report: Report): void {
  const open = undo.findIndex((one) => setsWrites(one, 'on'));
  const late = undo.find((one, at) => open >= 0 && at > open && losesWrites(one));
  if (late === undefined) return;
  report(
    'runbook-order',
    late.pointer,
    'the way back allows writes, and then loses them by a restore',
  );
}

function losesWrites({ use }: Action): boolean {
  return STEP_TYPES[use].losesWrites === true;
}

function setsWrites({ use, members }: Action, to: 'on' | 'off'): boolean {
  return use === 'app.writes' && members['set'] === to;
}
