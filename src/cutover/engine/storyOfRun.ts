/**
 * The story of a run (outcome/runStory.ts), from its journal and its runbook alone: equal journals give equal
 * stories. The states are those of the engine (runRecord.ts), so that a report says what the run went by. Pure.
 */

import type { RunStory, StoryStretch, StoryWindow } from '../../outcome/runStory.ts';
import type { Journal } from '../../journal/line.ts';
import { actedOn } from '../actedOn.ts';
import { openingAt } from '../openings.ts';
import type { Runbook } from '../runbook.ts';
import { isFinal, isOver, type RunState } from '../runState.ts';
import { runStepsOf } from '../runSteps.ts';
import { textOf } from '../steps/stepMembers.ts';
import { boundPlan } from './openRun.ts';
import { beginningIn, recordOf, type RunBeginning } from './runRecord.ts';
import { openPeople } from './storyPeople.ts';
import { openRollout } from './storyRollout.ts';
import { openSeries } from './storySeries.ts';
import { openSteps, staysOf, type Moved } from './storySteps.ts';
import { openTriggers } from './storyTriggers.ts';
import { watchesOf } from './watches.ts';

/** Tells a run; null if it has not begun. @throws Failure JOURNAL if a line cannot be in its place */
export function storyOfRun(
  run: string,
  runbook: Runbook,
  { entries, head }: Pick<Journal, 'entries' | 'head'>,
): RunStory | null {
  const begun = beginningIn(entries);
  if (begun === null) return null;
  const watches = watchesOf(runbook);
  const book = recordOf(runStepsOf(runbook), { path: run, ...begun }, [], run);
  const { record } = book;
  const series = openSeries(runbook, watches);
  const steps = openSteps(runbook);
  const people = openPeople(runbook);
  const triggers = openTriggers(runbook, watches, begun.isRehearsal);
  const rollout = openRollout(runbook);
  const stretches: OpenStretch[] = [];
  for (const entry of entries) {
    const before = record.state;
    book.add(entry);
    const moved = { entry, at: Date.parse(entry.at), before, after: record.state };
    if (entry.event === 'sampled') series.add(entry);
    steps.add(moved);
    people.add(entry, moved.at);
    triggers.add(entry, moved.at);
    rollout?.add(moved);
    addStretch(stretches, runbook, moved);
  }
  const waysBack = steps.waysBack();
  return {
    ...identityOf(run, runbook, begun, textOf(lineOf(entries, 'run-begun'), 'who')),
    status: record.state.status,
    why: record.why,
    isRehearsed: record.isRehearsed,
    lastAt: Date.parse(record.lastAt),
    isOver: isFinal(record.state.status),
    steps: steps.steps(record),
    stretches,
    gates: people.gates(record),
    series: series.series(),
    triggers: triggers.triggers(),
    waysBack,
    stays: waysBack.length === 0 ? [] : staysOf(runbook, record.state),
    deeds: people.deeds(),
    ...(rollout === null ? {} : { rollout: rollout.story() }),
    proof: {
      plan: begun.planHash,
      bound: boundPlan(begun),
      target: begun.target,
      inputs: [...actedOn(runbook)],
      signers: begun.signers,
      head,
      lines: entries.length,
      tool: textOf(lineOf(entries, 'run-begun'), 'tool') ?? '',
      files: Object.entries(begun.files).map(([path, sha256]) => [path, sha256]),
    },
  };
}

function lineOf(entries: Journal['entries'], event: string): Readonly<Record<string, unknown>> {
  return entries.find((entry) => entry.event === event) ?? {};
}

function identityOf(
  run: string,
  runbook: Runbook,
  { at, isRehearsal }: RunBeginning,
  who: string | null,
): Pick<
  RunStory,
  'run' | 'runbook' | 'title' | 'target' | 'isRehearsal' | 'begunAt' | 'begunBy' | 'window'
> {
  const begunAt = Date.parse(at);
  const { name, title, target } = runbook;
  return {
    run,
    runbook: name,
    title,
    target: isRehearsal ? null : target,
    isRehearsal,
    begunAt,
    begunBy: who ?? '',
    window: windowAt(runbook, begunAt),
  };
}

/** The window in which a run began, or the next one after that. */
function windowAt({ window }: Runbook, begunAt: number): StoryWindow | null {
  if (window === null) return null;
  const date = new Date(0);
  date.setTime(begunAt);
  const opening = openingAt(window, date);
  return opening === null ? null : { zone: window.zone, start: window.start, ...opening };
}

type OpenStretch = { -readonly [Name in keyof StoryStretch]: StoryStretch[Name] };

function addStretch(
  stretches: OpenStretch[],
  { steps }: Runbook,
  { entry, at, before, after }: Moved,
): void {
  const [from, to] = [stretchOf(before), stretchOf(after)];
  if (from === to) return;
  const last = stretches.at(-1);
  if (from !== null && last !== undefined) last.to = at;
  if (to === null) return;
  const current = steps[after.steps.findIndex((status) => !isOver(status))];
  const step = textOf(entry, 'step') ?? (to === 'back' ? null : (current?.id ?? null));
  const says = textOf(entry, 'why') ?? textOf(entry, 'says') ?? '';
  stretches.push({ kind: to, from: at, to: null, step, says });
}

function stretchOf({ status, waitsFor }: RunState): StoryStretch['kind'] | null {
  if (status === 'WAITING') return waitsFor;
  if (status === 'PAUSED') return 'held';
  return status === 'ROLLING_BACK' ? 'back' : null;
}
