/**
 * Runs of runbooks whose steps are played: each `exec` step or check does what the test says, on a clock of its
 * own. The journal, the lock and all states are the real ones, on disk.
 */

import { mkdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

import { advance, type Pause } from '../../../src/cutover/engine/advance.ts';
import { drive } from '../../../src/cutover/engine/drive.ts';
import type { LiveRun, Rehearsal, StepTypes } from '../../../src/cutover/engine/liveRun.ts';
import { openRun } from '../../../src/cutover/engine/openRun.ts';
import { probeUnknown, recover } from '../../../src/cutover/engine/recover.ts';
import { nextRun, placesOf, runsOf } from '../../../src/cutover/engine/runPlaces.ts';
import { parseRunbook, type LoadedRunbook } from '../../../src/cutover/readRunbook.ts';
import type {
  DoneStep,
  Members,
  Presence,
  StepResult,
} from '../../../src/cutover/steps/stepType.ts';
import { STEP_TYPES } from '../../../src/cutover/steps/stepTypes.ts';
import type { World } from '../../../src/cutover/world/world.ts';
import { projectPaths } from '../../../src/project/paths.ts';

/** The world of a test: what is there, which clock it has, and how its steps behave. */
export interface Stage {
  /** Effects that are there, in the order in which they came. */
  readonly effects: string[];
  /** Milliseconds since 1970. */
  clock: number;
  /** By id of the step, or by `id:verify`; PASS where nothing is said. */
  readonly acts: Record<string, (signal: AbortSignal) => StepResult | Promise<StepResult>>;
  /** Called before each effect and after it, and before each line of the journal and after it. */
  readonly moments: (name: string) => void;
  readonly said: string[];
  /** Why another operator could be at work; null if none can. */
  others: string | null;
  /** What it has otherwise than the world of other tests, which has nothing. */
  world: Partial<World>;
}

/** Least time that a pause takes on the clock of a test. */
const LEAST_MS = 5000;

export function stage(moments: (name: string) => void = () => {}): Stage {
  return {
    effects: [],
    clock: Date.parse('2026-12-06T02:00:00Z'),
    acts: {},
    moments,
    said: [],
    others: null,
    world: {},
  };
}

const passes: StepResult = { verdict: 'PASS', says: '' };

/** What a step is played as: the program that it names, or its id. */
function keyOf(id: string, { run }: Members): string {
  return (run as readonly string[] | undefined)?.[0] ?? id;
}

/** Types whose steps are played; an undo of a step `a` has the effect `undo a`. */
function playedTypes(play: Stage): StepTypes {
  const act = async (key: string, signal: AbortSignal): Promise<StepResult> =>
    (await play.acts[key]?.(signal)) ?? passes;
  const played = (type: DoneStep): DoneStep => ({
    ...type,
    plan: () => 'play',
    async apply({ id, members, signal }) {
      const key = keyOf(id, members);
      if (members['changes'] === false || type.kind === 'check') return act(key, signal);
      play.moments(`before ${key}`);
      const result = await act(key, signal);
      if (result.verdict !== 'FAIL') play.effects.push(key);
      play.moments(`after ${key}`);
      return result;
    },
    verify: async ({ id, signal }) => act(`${id}:verify`, signal),
    async probe({ id, members }): Promise<Presence> {
      const key = keyOf(id, members);
      return play.effects.includes(key) ? 'there' : 'absent';
    },
  });
  const all = Object.entries(STEP_TYPES).map(([name, type]) => [
    name,
    type.kind === 'gate' ? type : played(type),
  ]);
  return Object.fromEntries(all) as StepTypes;
}

const none = (): never => {
  throw new Error('not played');
};

function playedWorld(play: Stage): World {
  return {
    now: () => new Date(play.clock),
    async pause(ms, signal) {
      // Real time passes, too, so that what is under way can end.
      await wait(1, undefined, { signal });
      play.clock += Math.max(ms, LEAST_MS);
    },
    variables: {},
    redactor: { add() {}, text: (text) => text, bytes: (bytes) => Buffer.from(bytes) },
    input: (name) => `value of ${name}`,
    runId: 'played-1',
    run: none,
    programState: () => 'there',
    runSealift: none,
    request: none,
    openSql: none,
    files: { read: none, place: none, matching: none },
    artifacts: { folder: '', keep: none },
    ...play.world,
  };
}

export interface PlayedRun extends LiveRun {
  readonly loaded: LoadedRunbook;
}

/** Opens the last run of a runbook in a project, or the first one, which begins. */
export function openPlayed(
  folder: string,
  text: string,
  play: Stage,
  rehearsal: Rehearsal | null = null,
): PlayedRun {
  mkdirSync(folder, { recursive: true });
  const loaded = parseRunbook(text, 'played.yaml');
  const { runbook, planHash } = loaded;
  const paths = projectPaths(folder);
  const last = runsOf(paths, runbook.name).at(-1);
  const places = placesOf(paths, last ?? nextRun(paths, runbook.name));
  const live = openRun({
    paths,
    places,
    runbook,
    plan: { path: 'played.yaml', planHash },
    world: playedWorld(play),
    outputsOf: () => [],
    othersAtWork: async () => play.others,
    types: playedTypes(play),
    command: 'cutover run',
    who: 'ada',
    pid: process.pid,
    rehearsal,
    say: (line) => play.said.push(line),
    shows: () => () => {},
    stopping: new AbortController().signal,
    judge: async (reviewer) => ({ reviewer, signer: null, refused: null }),
  });
  const { held } = live;
  const run: PlayedRun = {
    ...live,
    loaded,
    held: {
      ...held,
      get record() {
        return held.record;
      },
      commit(event, facts) {
        play.moments(`before line ${event.event}`);
        held.commit(event, facts);
        play.moments(`after line ${event.event}`);
      },
    },
  };
  if (held.record.begun === null) {
    const who = { who: 'ada', operator: 'ada' };
    const facts = { runbook: runbook.name, planHash, files: {}, tool: '0.2.0', ...who };
    const subject = { target: '0'.repeat(64), signers: null, rehearsal: rehearsal !== null };
    try {
      run.held.commit({ event: 'run-begun' }, { ...facts, ...subject });
    } catch (error) {
      held.close();
      throw error;
    }
  }
  return run;
}

/** Takes up a run as a new process does, and goes on as far as it gets. */
export async function goOn(run: PlayedRun, until: 'waits' | 'end' = 'end'): Promise<Pause> {
  try {
    if (recover(run)) {
      const unclear = await probeUnknown(run);
      const isHeld = run.held.record.state.status === 'PAUSED';
      if (isHeld && unclear.length === 0) run.held.commit({ event: 'resumed' });
    }
    return until === 'end' ? await drive(run, () => {}) : await advance(run);
  } finally {
    run.held.close();
  }
}

/** Plays a runbook from the beginning to where it stops. */
export async function played(folder: string, text: string, play: Stage): Promise<PlayedRun> {
  const run = openPlayed(folder, text, play);
  await goOn(run);
  return run;
}
