/**
 * What the steps of a run did, and what was undone, by the moves of their states: an attempt begins where a step
 * gets under way, and ends where it is not any more, whatever ended it. Pure.
 */

import type {
  StoryAttempt,
  StoryOutput,
  StoryStep,
  StoryUndo,
  StoryUndoPart,
  StoryWayBack,
} from '../../outcome/runStory.ts';
import type { JournalEntry } from '../../journal/line.ts';
import { kindOf, losesWrites, type Runbook, type Step } from '../runbook.ts';
import { isUnderWay, type RunState, type StepStatus } from '../runState.ts';
import { numberOf, textOf } from '../steps/stepMembers.ts';
import { RESULTS, WITH_EFFECT } from '../steps/stepType.ts';
import { waits } from './liveRun.ts';
import type { RunRecord } from './runRecord.ts';
import { outputsIn } from './storyOutputs.ts';

/** Lines of a run with the states before and after each. */
export interface Moved {
  readonly entry: JournalEntry;
  readonly at: number;
  readonly before: RunState;
  readonly after: RunState;
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** What is collected of a step. */
interface OpenStep {
  readonly attempts: Mutable<StoryAttempt>[];
  readonly outputs: StoryOutput[];
  waived: StoryStep['waived'];
  isLeftOut: boolean;
}

type OpenWayBack = Omit<Mutable<StoryWayBack>, 'undos'> & {
  readonly undos: OpenUndo[];
};
type OpenUndo = Omit<Mutable<StoryUndo>, 'parts'> & {
  /** By the number of the action. */
  readonly parts: Map<number, StoryUndoPart>;
};

export interface StepsBook {
  add(moved: Moved): void;
  steps(record: RunRecord): readonly StoryStep[];
  waysBack(): readonly StoryWayBack[];
}

export function openSteps(runbook: Runbook): StepsBook {
  const open = runbook.steps.map((): OpenStep => ({
    attempts: [],
    outputs: [],
    waived: null,
    isLeftOut: false,
  }));
  const waysBack: OpenWayBack[] = [];
  return {
    add(moved) {
      const id = textOf(moved.entry, 'step');
      for (const [at, one] of open.entries()) {
        const [from = 'PENDING', to = 'PENDING'] = [moved.before.steps[at], moved.after.steps[at]];
        const isOf = runbook.steps[at]?.id === id;
        if (from !== to) move(one, from, to, moved, isOf);
        if (isOf) noteLine(one, moved.entry);
      }
      addWayBack(waysBack, runbook, moved);
    },
    steps: (record) =>
      runbook.steps.map((step, at) => storyStep(step, at, open[at], runbook, record)),
    waysBack: () => waysBack.map(storyWayBack),
  };
}

function storyWayBack({ undos, ...rest }: OpenWayBack): StoryWayBack {
  return { ...rest, undos: undos.map(storyUndo) };
}

function storyUndo({ parts, ...rest }: OpenUndo): StoryUndo {
  return { ...rest, parts: [...parts.values()] };
}

function move(
  one: OpenStep,
  from: StepStatus,
  to: StepStatus,
  { entry, at }: Moved,
  isOf: boolean,
): void {
  if (isUnderWay(from) && !isUnderWay(to)) {
    const last = one.attempts.at(-1);
    // What was cut off has no words of its own in the line that ended it.
    const says = isOf ? (textOf(entry, 'says') ?? '') : (textOf(entry, 'why') ?? '');
    if (last !== undefined) Object.assign(last, { to: at, ended: to, says });
  }
  if (!isUnderWay(from) && isUnderWay(to)) {
    const kind = to === 'UNDOING' ? 'undo' : to === 'VERIFYING' ? 'verify' : 'do';
    const who = textOf(entry, 'who');
    one.attempts.push({ kind, from: at, to: null, ended: null, says: '', who });
  }
}

function noteLine(one: OpenStep, entry: JournalEntry): void {
  one.outputs.push(...outputsIn(entry));
  if (entry.event === 'step-left-out') one.isLeftOut = true;
  if (entry.event === 'step-waived') {
    one.waived = { who: textOf(entry, 'who') ?? '', why: textOf(entry, 'why') ?? '' };
  }
}

function storyStep(
  step: Step,
  at: number,
  open: OpenStep | undefined,
  { titles }: Runbook,
  { state, steps }: RunRecord,
): StoryStep {
  const { attempts = [], outputs = [], waived = null, isLeftOut = false } = open ?? {};
  const { says = '', results = {}, kept = {} } = steps.get(step.id) ?? {};
  const { phase } = step;
  const status = state.steps[at] ?? 'PENDING';
  return {
    number: at + 1,
    id: step.id,
    title: step.title,
    use: step.use,
    kind: kindOf(step),
    phase: phase === null ? null : (titles.get(phase) ?? phase),
    owner: step.owner,
    isPointOfNoReturn: step.pointOfNoReturn,
    waits: waits(step),
    status: isLeftOut && status === 'WAIVED' ? 'LEFT OUT' : status,
    attempts,
    says,
    waived,
    results: RESULTS.flatMap((name): [string, number][] => {
      const number = results[name];
      return typeof number === 'number' ? [[name, number]] : [];
    }),
    kept: Object.entries(kept).map(([name, value]) => [name, String(value)] as const),
    outputs,
  };
}

function addWayBack(waysBack: OpenWayBack[], runbook: Runbook, moved: Moved): void {
  const { entry, at, after } = moved;
  if (entry.event === 'rollback-begun') waysBack.push(wayBackOf(runbook, moved));
  const last = waysBack.at(-1);
  if (last === undefined) return;
  const step = textOf(entry, 'step') ?? '';
  const undo = last.undos.findLast((one) => one.step === step);
  if (entry.event === 'undo-intended') {
    const parts = new Map<number, StoryUndoPart>();
    last.undos.push({ step, from: at, to: null, succeeded: null, says: '', parts });
  } else if (entry.event === 'undo-ended' && undo !== undefined) {
    const succeeded = entry['succeeded'] === true;
    Object.assign(undo, { to: at, succeeded, says: textOf(entry, 'says') ?? '' });
  } else if (entry.event === 'undo-part' && undo !== undefined) {
    addPart(undo, runbook, entry, at);
  }
  if (last.to === null && after.status !== 'ROLLING_BACK') last.to = at;
}

function addPart(
  { step, parts }: OpenUndo,
  { steps }: Runbook,
  entry: JournalEntry,
  at: number,
): void {
  const number = numberOf(entry, 'action') ?? 0;
  const action = steps.find(({ id }) => id === step)?.undo[number];
  const who = textOf(entry, 'who');
  parts.set(number, {
    use: action?.use ?? '',
    at,
    progress: textOf(entry, 'progress') ?? '',
    says: textOf(entry, who === null ? 'says' : 'why') ?? '',
    who,
  });
}

function wayBackOf({ steps }: Runbook, { entry, at, before }: Moved): OpenWayBack {
  const isThere = (_: Step, number: number): boolean => before.effects[number] === true;
  const there = steps.filter(isThere);
  const [who, why] = [textOf(entry, 'who'), textOf(entry, 'why') ?? ''];
  const passed = there.filter(({ pointOfNoReturn }) => pointOfNoReturn).map(({ id }) => id);
  const loses = there.some(({ undo }) => undo.some(losesWrites));
  const lost = loses ? 'given up' : 'kept';
  return {
    from: at,
    to: null,
    who,
    // Without a reason of theirs, the line says no more than who it was.
    why: why === `${who} took it back` ? '' : why,
    isEndOfRehearsal: entry['rehearsed'] === true,
    passed,
    laterWrites: passed.length === 0 ? 'none' : lost,
    undos: [],
  };
}

/** Returns steps that have changed something, and whose effect may still be there. */
export function staysOf({ steps }: Runbook, { effects }: RunState): readonly string[] {
  return steps
    .filter((step, at) => effects[at] === true && WITH_EFFECT.has(kindOf(step)))
    .map(({ id }) => id);
}
