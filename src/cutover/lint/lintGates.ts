/** Checks and gates that could not fail, and gates that no person could open. */

import { pointerTo } from '../../mapping/place.ts';
import { grouped } from '../../outcome/counted.ts';
import { holdsForEveryCount, parseCondition } from '../condition.ts';
import { actionsOf, kindOf, MOST_LOOKS, type Action, type Runbook, type Step } from '../runbook.ts';
import type { Linted, Report } from './report.ts';

export function lintGates({ runbook }: Linted, report: Report): void {
  for (const step of runbook.steps) {
    for (const action of actionsOf(step)) lintCheck(action, report);
    if (step.use === 'gate.approval') lintApproval(step, runbook, report);
    if (/^gate\.|^attest$/.test(step.use) && step.when !== null) {
      report('runbook-gate', `${step.pointer}/when`, 'a gate with a condition can be bypassed');
    }
  }
  for (const monitor of runbook.monitor) {
    lintCheck(monitor, report);
    if (monitor.every > monitor.for) {
      const reason = 'it never runs, as its time is over before that';
      report('runbook-gate', `${monitor.pointer}/every`, reason);
    }
  }
  for (const [name, { exit }] of runbook.commands) {
    lintExit(exit, pointerTo('commands', name, 'exit'), report);
  }
}

function lintCheck(action: Action, report: Report): void {
  const { use, members, pointer, until } = action;
  const fault = FAULTS.get(use)?.(members) ?? null;
  if (fault !== null) report('runbook-gate', pointer, fault);
  lintExit(members['exit'], `${pointer}/exit`, report);
  if (until === null) return;
  if (kindOf(action) === 'gate') {
    const reason = 'a gate waits for people or a time, and repeats no check';
    report('runbook-gate', `${pointer}/until`, reason);
    return;
  }
  // What has to pass once is made of a rollout, and waited for.
  if (until.every > until.for && until.for > 0) {
    const reason = 'it runs only once, which does not show that it holds for that long';
    report('runbook-gate', `${pointer}/until`, reason);
  }
  if (until.for / until.every > MOST_LOOKS) {
    const reason = `it takes more than ${grouped(MOST_LOOKS)} looks, which no run remembers: look less often`;
    report('runbook-gate', `${pointer}/until`, reason);
  }
  if (until.within !== null && until.within < until.for) {
    report('runbook-gate', `${pointer}/until`, 'it is given up before it can pass');
  }
}

type Members = Action['members'];

const RESTORE = 'only a restore proves a backup, so "rehearse" has to be true';
const unrehearsed = ({ rehearse }: Members): string | null => (rehearse === true ? null : RESTORE);
const anyCount = ({ expect }: Members): string | null => {
  const condition = typeof expect === 'string' ? parseCondition(expect) : null;
  return condition !== null && holdsForEveryCount(condition) ? 'any count would pass' : null;
};

/** What makes a check of a type pass whatever it sees; null for nothing. */
const FAULTS: ReadonlyMap<string, (members: Members) => string | null> = new Map([
  ['pg.backup', unrehearsed],
  ['sqlite.backup', unrehearsed],
  ['sql.count', anyCount],
  ['log.watch', anyCount],
  [
    'sql.rows',
    ({ minRows }) =>
      typeof minRows === 'number' && minRows > 0
        ? null
        : 'no row at all would pass, so "minRows" has to be 1 or more',
  ],
]);

function lintExit(exit: unknown, pointer: string, report: Report): void {
  if (typeof exit !== 'object' || exit === null) return;
  for (const [code, verdict] of Object.entries(exit)) {
    if (Number(code) === 0 || verdict !== 'pass') continue;
    report('runbook-gate', `${pointer}/${code}`, 'an exit code other than 0 counts as a pass');
  }
}

function lintApproval(step: Step, { roles }: Runbook, report: Report): void {
  const { members, requires, pointer } = step;
  if (requires.length === 0) {
    report('runbook-gate', pointer, 'it approves nothing, as it requires no step');
  }
  const people = roles.get(String(members['role']));
  if (people === undefined) return;
  const operators = roles.get('operator') ?? [];
  if (members['notOperator'] === false) {
    report('runbook-gate', `${pointer}/notOperator`, 'operators could approve their own work');
    return;
  }
  const others = new Set(people.filter((name) => !operators.includes(name)));
  const needed = typeof members['of'] === 'number' ? members['of'] : 1;
  if (others.size >= needed) return;
  report('runbook-gate', pointer, 'too few people other than the operators have the role');
}
