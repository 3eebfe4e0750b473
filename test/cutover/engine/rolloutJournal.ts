/**
 * Journals of rollouts that were never run: figures of a truth that a test chooses, judged as a run judges them, in
 * the lines that a run would write. The same truth gives the same lines.
 */

import { SPLIT, type Figure, type Figures } from '../../../src/cutover/rollout/figures.ts';
import type { Judged } from '../../../src/cutover/rollout/judged.ts';
import { openStageJudge } from '../../../src/cutover/rollout/judgeStage.ts';
import { baselineOf, judgePlanOf, metricsOf } from '../../../src/cutover/rollout/stageOfStep.ts';
import { openSoak, type SoakState } from '../../../src/cutover/rollout/stageSoak.ts';
import { parseRunbook } from '../../../src/cutover/readRunbook.ts';
import type { Metric, Runbook, Stage, Step } from '../../../src/cutover/runbook.ts';
import { storyOfRun } from '../../../src/cutover/engine/storyOfRun.ts';
import type { JournalEntry } from '../../../src/journal/line.ts';
import type { RunStory } from '../../../src/outcome/runStory.ts';

const HOUR = 3_600_000;

/** Four weeks: 10, 50 and 100 %, then the end of v1. */
export const FOUR_WEEKS: string = `runbook: gradual-v2
title: The second import pipeline
roles: { operator: [ada], lead: [bo], support: [dee] }
inputs: { db: "sqlite:app.db", app: "http://127.0.0.1:8080" }
rollout:
  set: { key: V2_ROLLOUT_PERCENT, file: flags.json }
  observe: { log: route.log, test: sample-ratio, minSamples: 400 }
  stages:
    - { percent: 10, soak: 24h, checkAt: [1h, 6h, 24h], look: 1h }
    - { percent: 50, soak: 48h, every: 12h, look: 1h, baseline: 10, approve: lead }
    - { percent: 100, soak: 7d, every: 1d, look: 3h, zero: v1_calls, approve: lead }
    - { deprecate: v1, url: /process-full, soak: 14d, every: 1d, zero: v1_calls, then: remove }
metrics:
  - { id: success, sql: q1.sql, measure: share, pass: ">=95", rollback: "<95", margin: 1, minSamples: 100, baseline: { pass: "<=2.5", rollback: ">1" } }
  - { id: stuck, sql: q2.sql, pass: "==0", rollback: ">10", grace: 2h }
  - { id: p99, sql: q3.sql, measure: quantile, quantile: 0.99, pass: "<=60", baseline: { pass: "<=1.8", rollback: ">1" } }
  - { id: errors, sql: q4.sql, measure: kinds, pass: "<=0.1", rollback: ">0.1", margin: 0.5 }
  - { id: v1_calls, log: service.log, pattern: DEPRECATED, pass: "==0" }
  - { id: complaints, attest: support, pass: "==0" }
onRollback: { percent: 0, restartAt: 10 }
`;

/** What is true at a stage, so many hours after its beginning. */
export interface Truth {
  /** Percent of imports that succeed with the new version. */
  readonly success: number;
  /** Number that is stuck; null where the query fails. */
  readonly stuck: number | null;
  /** How many times as long imports take. */
  readonly slow: number;
  /** Percent of imports with an error of a new kind. */
  readonly errors: number;
  readonly v1Calls: number;
  /** Percent of users with the new version, of those that should have it. */
  readonly split: number;
}

export const HEALTHY: Truth = {
  success: 97,
  stuck: 0,
  slow: 1,
  errors: 0,
  v1Calls: 0,
  split: 100,
};

export interface Story {
  readonly text?: string;
  readonly begin?: number;
  readonly truth?: (stage: string, hour: number) => Partial<Truth>;
  /** Whether the process is not there. */
  readonly isAway?: (stage: string, hour: number) => boolean;
  /** Imports an hour, of all users. */
  readonly traffic?: number;
  /** Ends the lines where it returns true, before a step. */
  readonly stopsAt?: (step: string) => boolean;
  /** Ends them after so many hours of a stage. */
  readonly endsAt?: (stage: string, hour: number) => boolean;
}

interface Writer {
  readonly runbook: Runbook;
  readonly lines: JournalEntry[];
  readonly story: Required<Story>;
  readonly random: () => number;
  readonly last: Map<string, Figures>;
  clock: number;
}

/** Writes the lines of a rollout, to its end or to where it goes back. */
export function rolloutJournal(given: Story = {}): {
  readonly runbook: Runbook;
  readonly entries: readonly JournalEntry[];
} {
  const story: Required<Story> = {
    text: FOUR_WEEKS,
    begin: Date.parse('2026-12-01T09:00:00Z'),
    truth: () => ({}),
    isAway: () => false,
    traffic: 800,
    stopsAt: () => false,
    endsAt: () => false,
    ...given,
  };
  const { runbook, planHash } = parseRunbook(story.text, 'gradual.yaml');
  const [lines, last] = [[], new Map<string, Figures>()];
  const writer = { runbook, lines, story, random: randomOf(7), last, clock: story.begin };
  const person = { who: 'ada', operator: 'ada' };
  const begun = { runbook: runbook.name, planHash, files: {}, tool: '0.2.0', ...person };
  say(writer, 'run-begun', { ...begun, target: '0'.repeat(64), signers: null, rehearsal: false });
  const isThrough = runbook.steps.every((step) => !story.stopsAt(step.id) && passes(writer, step));
  if (isThrough) say(writer, 'run-ended', {});
  return { runbook, entries: writer.lines };
}

/** The story of such a rollout. */
export function rolloutRun(given: Story = {}): RunStory {
  const { runbook, entries } = rolloutJournal(given);
  const story = storyOfRun('gradual-v2-1', runbook, { entries, head: '0'.repeat(64) });
  if (story === null) throw new Error('the run has not begun');
  return story;
}

export function say(writer: Pick<Writer, 'lines' | 'clock'>, event: string, members: object): void {
  const at = new Date(writer.clock).toISOString();
  writer.lines.push({ ...members, event, at, seq: writer.lines.length + 1, prev: '' });
}

/** Does a step; returns whether the run goes on. */
function passes(writer: Writer, step: Step): boolean {
  const { id, use } = step;
  say(writer, 'step-intended', { step: id, who: 'ada' });
  if (use === 'rollout.soak') return soaks(writer, step);
  if (use === 'gate.approval' || use === 'attest') {
    say(writer, 'wait-begun', { reason: 'approval', says: '0 of 1' });
    writer.clock += 2 * HOUR;
    const who = use === 'attest' ? 'dee' : 'bo';
    say(writer, 'approved', { step: id, who, approval: 'ab'.repeat(32), signer: null });
    say(writer, 'wait-ended', {});
    say(writer, 'step-ended', { step: id, verdict: 'PASS', says: `approved by ${who}` });
    return true;
  }
  writer.clock += 60_000;
  if (use === 'config.set') say(writer, 'step-applied', { step: id, says: 'set' });
  say(writer, 'step-ended', { step: id, verdict: 'PASS', says: 'done' });
  return true;
}

function soaks(writer: Writer, step: Step): boolean {
  const { runbook, story, last } = writer;
  const stage = runbook.stages[Number(step.members['stage'])];
  if (stage === undefined) throw new Error(step.id);
  const begun = writer.clock;
  const baseline = baselineOf(runbook, stage);
  const before = baseline === null ? null : (last.get(baseline.name) ?? null);
  const judge = openStageJudge(judgePlanOf(runbook, stage, before));
  const soak = openSoak({ stage, metrics: metricsOf(runbook, stage) }, begun);
  const figures = figuresOf(writer, stage);
  say(writer, 'wait-begun', { reason: 'soak', says: 'it soaks' });
  for (;;) {
    writer.clock = soak.state.dueAt;
    while (story.isAway(stage.name, (writer.clock - begun) / HOUR)) writer.clock += HOUR / 2;
    const hour = (writer.clock - begun) / HOUR;
    if (story.endsAt(stage.name, hour)) return false;
    const read = figures({ ...HEALTHY, ...story.truth(stage.name, hour) }, hour);
    last.set(stage.name, read);
    const judged = judge.add(read);
    const state = soak.add({ at: writer.clock, judged });
    say(writer, 'sampled', {
      of: `step:${step.id}`,
      verdict: state.open.length === 0 ? 'PASS' : 'WARN',
      value: null,
      figures: Object.fromEntries(read),
      judged: judged.map(bare),
    });
    if (state.rollback !== null) return goesBack(writer, step, state.rollback);
    if (state.isDone) return ends(writer, step, state);
  }
}

/** As a run writes it, without its words. */
function bare({ metric, against, band, seen, low, high, of }: Judged): Omit<Judged, 'says'> {
  return { metric, against, band, seen, low, high, of };
}

function ends(writer: Writer, { id }: Step, { passed }: SoakState): boolean {
  say(writer, 'wait-ended', {});
  say(writer, 'step-ended', { step: id, verdict: 'PASS', says: `${passed / HOUR}h passed` });
  return true;
}

/** Takes all back that was set, the last one first. */
function goesBack(writer: Writer, step: Step, { metric, says }: Judged): boolean {
  const why = `${metric} at ${step.id}, ${says}`;
  say(writer, 'rollback-begun', { lossAccepted: false, why, of: `stage:${step.id}` });
  const { steps } = writer.runbook;
  const done = steps.slice(0, steps.indexOf(step)).filter(({ undo }) => undo.length > 0);
  for (const { id, undo } of done.toReversed()) {
    say(writer, 'undo-intended', { step: id });
    for (const action of undo.keys()) {
      writer.clock += 30_000;
      say(writer, 'undo-part', { step: id, action, progress: 'done', says: '' });
    }
    say(writer, 'undo-ended', { step: id, succeeded: true });
  }
  say(writer, 'run-ended', {});
  return false;
}

/** Reads the figures of a stage, of which the counts grow from look to look. */
function figuresOf(writer: Writer, stage: Stage): (truth: Truth, hour: number) => Figures {
  const { runbook, story } = writer;
  const percent = stage.percent ?? 100;
  let last = 0;
  const share = { fresh: { part: 0, of: 0 }, base: { part: 0, of: 0 } };
  const split = { part: 0, of: 0 };
  const times = { fresh: BOUNDS.map(() => 0).concat(0), base: BOUNDS.map(() => 0).concat(0) };
  const kinds = { known: 0, fresh: 0, of: 0 };
  return (truth, hour) => {
    const all = story.traffic * (hour - last);
    last = hour;
    const [fresh, base] = [percent, 100 - percent].map((one) => Math.round((all * one) / 100));
    count(writer, share.fresh, fresh ?? 0, truth.success);
    count(writer, share.base, base ?? 0, 97);
    count(writer, split, Math.round(all / 2), Math.min(100, (percent * truth.split) / 100));
    for (let one = 0; one < (fresh ?? 0); one += 1) bucket(writer, times.fresh, truth.slow);
    for (let one = 0; one < (base ?? 0); one += 1) bucket(writer, times.base, 1);
    kinds.of += fresh ?? 0;
    kinds.known += binomial(writer, fresh ?? 0, 2);
    kinds.fresh += binomial(writer, fresh ?? 0, truth.errors);
    // Later stages have a query of the new version alone: they are compared with earlier ones.
    const hasBase = stage === runbook.stages[0];
    const read = (metric: Metric): Figure => {
      if (metric.id === 'v1_calls') return { number: truth.v1Calls };
      if (metric.measure === 'number') {
        return truth.stuck === null ? { unknown: 'no answer' } : { number: truth.stuck };
      }
      if (metric.measure === 'share')
        return structuredClone(hasBase ? share : { fresh: share.fresh });
      if (metric.measure === 'kinds') {
        const names = { [KNOWN]: kinds.known, ...(kinds.fresh > 0 ? { [NEW]: kinds.fresh } : {}) };
        return { kinds: names, of: kinds.of, baseKinds: [KNOWN] };
      }
      const counts = structuredClone(hasBase ? times : { fresh: times.fresh });
      return { bounds: BOUNDS, ...counts };
    };
    return new Map<string, Figure>([
      ...(stage.percent === null ? [] : [[SPLIT, { fresh: { ...split } }] as const]),
      ...metricsOf(runbook, stage).map((metric) => [metric.id, read(metric)] as const),
    ]);
  };
}

const BOUNDS: readonly number[] = [5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200];
const [KNOWN, NEW] = ['aaaa000000000001', 'bbbb000000000002'];

function count(
  writer: Writer,
  share: { part: number; of: number },
  of: number,
  percent: number,
): void {
  share.of += of;
  share.part += binomial(writer, of, percent);
}

function bucket({ random }: Writer, counts: number[], slow: number): void {
  const time = 8 * slow * Math.exp(0.6 * normal(random));
  const at = BOUNDS.findIndex((bound) => time <= bound);
  const place = at < 0 ? BOUNDS.length : at;
  counts[place] = (counts[place] ?? 0) + 1;
}

function binomial({ random }: Writer, of: number, percent: number): number {
  let sum = 0;
  for (let one = 0; one < of; one += 1) if (random() * 100 < percent) sum += 1;
  return sum;
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A generator of numbers from 0 to below 1 (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
