/** What a person wants to know of a run: what is done, what is under way, what it waits for, what to do next. Pure. */

import { isoTime } from '../../outcome/age.ts';
import { counted } from '../../outcome/counted.ts';
import { formatDuration } from '../../record/duration.ts';
import { isSameName } from '../../run/personName.ts';
import { requiredText, textOf } from '../steps/stepMembers.ts';
import { isOpenedByPeople, kindOf, type Runbook, type Step } from '../runbook.ts';
import { isFinal, isOver, type RunStatus, type StepStatus } from '../runState.ts';
import { sayWait } from '../rollout/saySoak.ts';
import { excluded, peopleNeeded, soaked } from './gates.ts';
import { standOf } from './stageLook.ts';
import type { RunRecord } from './runRecord.ts';
import { judgeTriggers, type Band } from './triggers.ts';
import type { Watch } from './watches.ts';

export interface StepView {
  readonly number: number;
  readonly id: string;
  readonly use: string;
  readonly status: StepStatus;
  readonly says: string;
  readonly begunAt: string | null;
  readonly endedAt: string | null;
  /** Role that answers for it; null for none. */
  readonly owner: string | null;
}

export interface WatchView {
  readonly id: string;
  readonly value: number | null;
  readonly verdict: string | null;
  readonly at: string | null;
  readonly looks: number;
}

export interface TriggerView {
  readonly when: string;
  readonly band: Band;
  readonly action: string;
}

export interface RunView {
  readonly run: string;
  readonly runbook: string;
  readonly status: RunStatus;
  readonly waitsFor: string | null;
  readonly why: string | null;
  readonly isRehearsal: boolean;
  readonly begunAt: string | null;
  readonly lastAt: string;
  readonly done: number;
  readonly steps: readonly StepView[];
  readonly watches: readonly WatchView[];
  readonly triggers: readonly TriggerView[];
  /** A command to type. */
  readonly next: string | null;
}

/** Views a run. `path` is the runbook as it is typed. */
export function viewRun(
  run: string,
  path: string,
  runbook: Runbook,
  watches: readonly Watch[],
  record: RunRecord,
  now: Date,
): RunView {
  const { state, begun } = record;
  const steps = runbook.steps.map((step, at): StepView => {
    const { begunAt = null, endedAt = null } = record.steps.get(step.id) ?? {};
    return {
      number: at + 1,
      id: step.id,
      use: step.use,
      status: state.steps[at] ?? 'PENDING',
      says: saysOf(runbook, step, state.steps[at] ?? 'PENDING', record),
      begunAt,
      endedAt,
      owner: step.owner,
    };
  });
  return {
    run,
    runbook: runbook.name,
    status: state.status,
    waitsFor: waitsFor(runbook, record),
    why: record.why,
    isRehearsal: begun?.isRehearsal === true,
    begunAt: begun?.at ?? null,
    lastAt: record.lastAt,
    done: state.steps.filter(isOver).length,
    steps,
    watches: watches.map((watch) => viewOf(watch, record)),
    triggers: judgeTriggers(runbook, watches, record, now).map(({ trigger, band }) => ({
      when: trigger.when,
      band,
      action: trigger.action,
    })),
    next: nextCommand(path, runbook, record),
  };
}

/** What is to be said of a step: not what it did, once it is undone. */
function saysOf(runbook: Runbook, step: Step, status: StepStatus, record: RunRecord): string {
  const { says = '', waived = null } = record.steps.get(step.id) ?? {};
  if (status === 'UNDONE') return '';
  const text = says || (status === 'STARTED' ? soakText(runbook, step, record) : '');
  if (waived !== null) return `waived by ${waived}${text === '' ? '' : `; it said: ${text}`}`;
  const statement = status === 'STARTED' ? textOf(step.members, 'text') : null;
  return statement === null || text !== '' ? text : `to be said: ${statement}`;
}

/** How long a check has passed that has to pass for some time; empty for any other step. */
function soakText(runbook: Runbook, step: Step, record: RunRecord): string {
  if (step.use === 'rollout.soak') return stageText(runbook, step, record);
  const { id, until } = step;
  const { samples } = record;
  const list = samples.get(`step:${id}`) ?? [];
  const last = list.at(-1);
  if (until === null || last === undefined) return '';
  const passed = formatDuration(soaked(list, until.every));
  return `${passed} of ${formatDuration(until.for)} passed, ${counted(list.length, 'look')}, the last ${last.verdict}`;
}

/** Where a stage of a rollout stands. */
function stageText(runbook: Runbook, step: Step, record: RunRecord): string {
  const { stage, state } = standOf(runbook, record, step);
  return sayWait(stage, state);
}

function viewOf({ key, id }: Watch, { samples }: RunRecord): WatchView {
  const list = samples.get(key) ?? [];
  const last = list.at(-1);
  return {
    id: id ?? key,
    value: last?.value ?? null,
    verdict: last?.verdict ?? null,
    at: last === undefined ? null : isoTime(last.at / 1000),
    looks: list.length,
  };
}

function current({ steps }: Runbook, { state }: RunRecord): Step | undefined {
  return steps[state.steps.findIndex((status) => !isOver(status))];
}

function waitsFor(runbook: Runbook, record: RunRecord): string | null {
  if (record.state.status !== 'WAITING') return null;
  const step = current(runbook, record);
  if (step === undefined) return 'the hours after the last step';
  if (kindOf(step) !== 'gate')
    return `${step.id}, until it has passed for ${formatDuration(step.until?.for ?? 0)}`;
  if (step.use === 'gate.window') return 'the window';
  if (step.use === 'rollout.soak') return `${step.id}, ${stageText(runbook, step, record)}`;
  const role = requiredText(step.members, 'role');
  const out = excluded(step, record);
  const can = (runbook.roles.get(role) ?? []).filter(
    (name) => !out.some((other) => isSameName(name, other)),
  );
  return `${peopleNeeded(step)} of the role ${role} at ${step.id}: ${can.join(', ')}`;
}

/** Returns the commands that a run belongs to, without the one of them: `sealift rollout`. */
export function commandOf({ rollout }: Runbook): string {
  return rollout === null ? 'sealift cutover' : 'sealift rollout';
}

/** Returns the command that a person would type next; null if there is none. */
export function nextCommand(path: string, runbook: Runbook, record: RunRecord): string | null {
  const { status, steps, effects } = record.state;
  const command = commandOf(runbook);
  const isUndone = status === 'ABORTED' && effects.includes(true);
  if (status === 'ROLLBACK_FAILED' || isUndone) return `${command} rollback ${path} --who NAME`;
  if (isFinal(status)) return null;
  // Only `cutover resume` takes what a person says of a step that did not pass.
  const isAsked = steps.some((one) => /^(?:FAIL|INCONCLUSIVE|UNKNOWN)$/.test(one));
  if (status === 'PAUSED' && runbook.rollout !== null && !isAsked) {
    return `${command} advance ${path} --who NAME`;
  }
  if (status !== 'WAITING') return `sealift cutover resume ${path} --who NAME`;
  const step = current(runbook, record);
  if (step === undefined || !isOpenedByPeople(step)) return `${command} tick ${path}`;
  const key = (record.begun?.signers ?? null) === null ? '' : ' --key FILE';
  return `sealift cutover approve ${path} ${step.id} --who NAME${key}`;
}

/** What a person has to know of a run that no process works on. */
function unattended({ status, triggers, watches }: RunView, process: string): readonly string[] {
  if (process !== 'none' || isFinal(status)) return [];
  if (status === 'WAITING') {
    const judged = triggers.length > 0 ? 'triggers' : 'monitors';
    const has = triggers.length + watches.length > 0;
    return has ? [`           ${judged} are judged again by resume or tick`] : [];
  }
  return status === 'PAUSED' ? [] : ['           the one that ran it has ended; resume goes on'];
}

/** Returns the lines of `sealift cutover status`. `process` says who works on it. */
export function statusLines(view: RunView, process: string): readonly string[] {
  const idWidth = Math.max(0, ...view.steps.map(({ id }) => id.length));
  const useWidth = Math.max(0, ...view.steps.map(({ use }) => use.length));
  const numberWidth = String(view.steps.length).length;
  const waits = view.waitsFor === null ? '' : `, for ${view.waitsFor}`;
  const why = view.why === null ? '' : ` (${view.why})`;
  return [
    `run        ${view.run}${view.isRehearsal ? ', a rehearsal' : ''}, begun ${view.begunAt ?? 'not yet'}`,
    `state      ${view.status}${waits}${why}`,
    `process    ${process}`,
    ...unattended(view, process),
    ...view.steps.map(({ number, id, use, status, says }) =>
      [
        String(number).padStart(numberWidth),
        id.padEnd(idWidth),
        use.padEnd(useWidth),
        status.padEnd(12),
        says,
      ]
        .join('  ')
        .trimEnd(),
    ),
    ...view.watches.map(({ id, value, at, looks }) =>
      at === null
        ? `watch      ${id}: not seen yet`
        : `watch      ${id}: ${value ?? 'no number'} at ${at}, ${counted(looks, 'look')}`,
    ),
    ...view.triggers.map(({ when, band, action }) => `trigger    ${action} when ${when}: ${band}`),
    ...(view.next === null ? [] : [`next       ${view.next}`]),
  ];
}
