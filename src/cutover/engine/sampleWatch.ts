/** One look of a watch: a monitor's check, or the number of a metric. Its result is a line of the journal. */

import { bandOfNumber } from '../rollout/bands.ts';
import { readMetric } from '../rollout/readFigure.ts';
import { sayNumber } from '../rollout/sayJudged.ts';
import type { Metric } from '../runbook.ts';
import type { StepResult } from '../steps/stepType.ts';
import { attempt } from './attempt.ts';
import { outputFacts, type LiveRun } from './liveRun.ts';
import { stepsEndedAt, type Watch } from './watches.ts';

/** Longest time of a look, in ms: watches look one after the other. */
const LOOK_MS = 30_000;

/** Looks once, and writes down what was seen. */
export async function sampleWatch(run: LiveRun, watch: Watch): Promise<void> {
  const given = breachOf(run, watch);
  const result = given === null ? await resultOf(run, watch) : numberResult(given);
  const { verdict, results = {}, says } = result;
  const value = results.count ?? results.failed ?? null;
  const facts = { says, ...outputFacts(run, watch.id ?? watch.key) };
  run.held.commit({ event: 'sampled', of: watch.key, verdict, value }, facts);
}

/** The number that a rehearsal gives a watch, once all steps are over; null for none. */
export function breachOf({ rehearsal, held }: LiveRun, { id }: Watch): number | null {
  if (rehearsal === null || id === null || stepsEndedAt(held.record) === null) return null;
  return rehearsal.breaches.get(id) ?? null;
}

function numberResult(count: number): StepResult {
  return { verdict: 'PASS', says: 'the number of the rehearsal', results: { count } };
}

async function resultOf(run: LiveRun, { looks, id, key }: Watch): Promise<StepResult> {
  const signal = AbortSignal.timeout(LOOK_MS);
  try {
    if ('monitor' in looks) return await attempt(run, id ?? key, looks.monitor, 'apply', signal);
    return await metricOf(run, looks.metric, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    return { verdict: 'INCONCLUSIVE', says: 'there was no answer within 30s' };
  }
}

/** A metric that a trigger names has one number; what a person says comes from a request. */
async function metricOf(
  { world, runbook, held }: LiveRun,
  metric: Metric,
  signal: AbortSignal,
): Promise<StepResult> {
  const begun = Date.parse(held.record.begun?.at ?? '');
  const window = { from: begun, to: world.now().getTime() };
  const versions = runbook.rollout?.versions ?? { old: '', new: '' };
  const figure = await readMetric({ world, signal }, metric, window, versions);
  if ('unknown' in figure) return { verdict: 'INCONCLUSIVE', says: figure.unknown };
  if (!('number' in figure)) return { verdict: 'INCONCLUSIVE', says: 'it is not one number' };
  const { number: count } = figure;
  const band = bandOfNumber(count, metric);
  return { verdict: band === 'pass' ? 'PASS' : 'FAIL', says: sayNumber(count), results: { count } };
}
