/**
 * The story of a rollout (outcome/rolloutStory.ts), from the lines of its run and its runbook alone: equal lines give
 * equal stories. What a look said is read from its line, and not judged again. Pure.
 */

import type { RolloutLevel, RolloutStage, StoryRollout } from '../../outcome/rolloutStory.ts';
import type { JournalEntry } from '../../journal/line.ts';
import { judgedIn } from '../rollout/judgedIn.ts';
import { metricsOf } from '../rollout/stageOfStep.ts';
import type { Runbook, Stage, Step } from '../runbook.ts';
import { isOver, type RunState, type RunStatus } from '../runState.ts';
import { numberOf, textOf } from '../steps/stepMembers.ts';
import { openGates, type GatesBook } from './storyGates.ts';
import { openLanes, type LanesBook } from './storyLanes.ts';
import { openMoments, type MomentsBook } from './storyMoments.ts';
import { openSoakStory, type SoakBook } from './storyStage.ts';
import type { Moved } from './storySteps.ts';

export interface RolloutBook {
  add(moved: Moved): void;
  story(): StoryRollout;
}

interface OpenStage {
  /** Places of its steps in the run. */
  readonly places: readonly number[];
  readonly steps: readonly Step[];
  readonly soak: SoakBook;
  begunAt: number | null;
  endedAt: number | null;
  isRolledBack: boolean;
}

/** The rollout while its lines are added. */
interface Open {
  readonly stages: readonly OpenStage[];
  /** Indices of stages by the name of their looks. */
  readonly looks: ReadonlyMap<string, number>;
  readonly lanes: LanesBook;
  readonly gates: GatesBook;
  readonly moments: MomentsBook;
  readonly levels: RolloutLevel[];
  /** Time of the last line, and the status after it. */
  to: number;
  status: RunStatus;
  /** Index of the stage at which the last way back began; null before. */
  backAt: number | null;
}

/** Opens the story of a rollout; null for a runbook without one. */
export function openRollout(runbook: Runbook): RolloutBook | null {
  const { rollout } = runbook;
  if (rollout === null) return null;
  const stages = runbook.stages.map((stage) => openStage(runbook, stage));
  const open: Open = {
    stages,
    looks: new Map(
      stages.flatMap(({ steps }, at) => steps.filter(isSoak).map(({ id }) => [`step:${id}`, at])),
    ),
    lanes: openLanes(runbook),
    gates: openGates(runbook),
    moments: openMoments(),
    levels: [],
    to: 0,
    status: 'PLANNED',
    backAt: null,
  };
  return {
    add: (moved) => {
      addLine(open, moved);
    },
    story: () => ({
      versions: rollout.versions,
      from: stages[0]?.begunAt ?? open.to,
      to: open.to,
      stages: runbook.stages.flatMap(({ percent, deprecates }, at): RolloutStage[] => {
        const stage = stages[at];
        if (stage === undefined) return [];
        const { begunAt, endedAt, soak } = stage;
        const ended = endOf(open, stage);
        const gates = open.gates.of(at);
        return [{ percent, deprecates, begunAt, endedAt, ended, gates, ...soak.story() }];
      }),
      lanes: open.lanes.lanes(),
      levels: open.levels,
      ...open.moments.story(open.lanes),
    }),
  };
}

function openStage(runbook: Runbook, stage: Stage): OpenStage {
  const places = [...runbook.steps.keys()].filter(
    (at) => runbook.steps[at]?.pointer === stage.pointer,
  );
  const steps = places.flatMap((at) => runbook.steps[at] ?? []);
  const soak = openSoakStory({ stage, metrics: metricsOf(runbook, stage) });
  return { places, steps, soak, begunAt: null, endedAt: null, isRolledBack: false };
}

function isSoak({ use }: Step): boolean {
  return use === 'rollout.soak';
}

function addLine(open: Open, { entry, at, before, after }: Moved): void {
  open.to = at;
  open.status = after.status;
  if (entry.event === 'sampled') {
    addLook(open, entry, at);
    return;
  }
  const id = textOf(entry, 'step');
  const number = open.stages.findIndex(({ steps }) => steps.some((step) => step.id === id));
  const stage = open.stages[number];
  const step = stage?.steps.find((one) => one.id === id);
  if (stage !== undefined && step !== undefined) {
    addStep(open, stage, { step, number }, entry, at);
    if (isWhole(stage, after)) stage.endedAt ??= at;
  }
  if (before.status !== after.status) addTurn(open, entry, at, { before, after });
}

function addLook({ stages, looks, lanes, moments }: Open, entry: JournalEntry, at: number): void {
  const number = looks.get(textOf(entry, 'of') ?? '') ?? -1;
  const stage = stages[number];
  if (stage === undefined) return;
  const { judged, state, anew } = stage.soak.look(at, judgedIn(entry['judged']));
  lanes.add(number, at, judged);
  moments.look(state.rollback);
  if (anew !== null) moments.add({ kind: 'anew', at, stage: number }, anew);
}

/** A line of a step of a stage. */
function addStep(
  { gates, moments, levels }: Open,
  stage: OpenStage,
  { step, number }: { readonly step: Step; readonly number: number },
  entry: JournalEntry,
  at: number,
): void {
  const { event } = entry;
  const begins = event === 'step-intended';
  const passes = event === 'step-ended' && /^(?:PASS|WARN)$/.test(textOf(entry, 'verdict') ?? '');
  if (begins && step.use !== 'gate.approval') {
    if (isSoak(step)) beginSoak(stage, moments, number, at);
    stage.begunAt ??= at;
  }
  const first = stage.steps.find(({ use }) => use !== 'gate.approval');
  const kind = number === 0 ? 'begun' : 'promoted';
  if (step === first && (isSoak(step) ? begins : passes) && !moments.has(kind, number)) {
    moments.add({ kind, at, stage: number });
  }
  const percent = step.use === 'config.set' ? numberOf(step.members, 'set') : null;
  if (passes && percent !== null) levels.push({ at, percent });
  if (event === 'undo-part' && entry['progress'] === 'done' && entry['action'] === 0) {
    addBackLevel(levels, step, at);
  }
  const moment = gates.add(step, entry, at);
  if (moment !== null) moments.add({ ...moment, at, stage: number });
}

/** Begins a soak; one that begins once more was held before. */
function beginSoak({ soak }: OpenStage, moments: MomentsBook, stage: number, at: number): void {
  if (soak.story().soakFrom !== null) {
    moments.add({ kind: 'anew', at, stage, says: 'it had been held' });
  }
  soak.begin(at);
}

/** The way back of an earlier stage is left out where that of a later one has set a share. */
function addBackLevel(levels: RolloutLevel[], { undo }: Step, at: number): void {
  const percent = numberOf(undo[0]?.members ?? {}, 'set');
  const last = levels.at(-1)?.percent ?? 0;
  if (percent !== null && percent < last) levels.push({ at, percent });
}

/** A line that turns the run: it is held, goes on, goes back, is over. */
function addTurn(
  open: Open,
  entry: JournalEntry,
  at: number,
  { before, after }: Pick<Moved, 'before' | 'after'>,
): void {
  // What is undone is not over any more, and so does not tell where the run was.
  const number = open.backAt ?? currentOf(open, before);
  const stage = open.stages[number];
  if (stage === undefined) return;
  if (entry.event === 'rollback-begun') {
    open.backAt = number;
    if (stage.endedAt === null) Object.assign(stage, { isRolledBack: true, endedAt: at });
  }
  open.moments.turn(entry, { at, stage: number, status: after.status });
}

/** Index of the stage that a run is at: that of the first step that is not over, if it has begun; -1 for none. */
function currentOf({ stages }: Open, { steps }: RunState): number {
  const at = steps.findIndex((status) => !isOver(status));
  const begun = stages.findLastIndex(({ begunAt }) => begunAt !== null);
  const found = stages.findIndex(({ places }) => places.includes(at));
  return found < 0 ? begun : Math.min(found, begun);
}

function isWhole({ places }: OpenStage, { steps }: RunState): boolean {
  return places.every((at) => isOver(steps[at] ?? 'PENDING'));
}

function endOf({ status }: Open, stage: OpenStage): RolloutStage['ended'] {
  if (stage.isRolledBack) return 'rolled back';
  if (stage.begunAt === null) return 'not reached';
  if (stage.endedAt !== null) return 'passed';
  if (status === 'PAUSED') return 'held';
  return status === 'ABORTED' ? 'ended' : 'under way';
}
