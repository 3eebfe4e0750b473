/**
 * The triggers of a runbook, judged by what is known of a run. Each has three bands: it passes, it is
 * breached, or it holds, as there is no number, or only an old one. A breach counts when it has lasted as long
 * as the trigger says; a number that is missing in between does not end it. Pure.
 */

import { formatDuration } from '../../record/duration.ts';
import { isMet, parseCondition, type Condition } from '../condition.ts';
import type { Monitor, Runbook, Trigger } from '../runbook.ts';
import type { ResultName } from '../steps/stepType.ts';
import type { RunRecord, Sample, StepRecord } from './runRecord.ts';
import type { Watch } from './watches.ts';

export type Band = 'pass' | 'hold' | 'breach';

/** What a trigger says now. */
export interface Judgement {
  /** Position among the triggers. */
  readonly number: number;
  readonly trigger: Trigger;
  readonly band: Band;
  /** Since when it has this band, in ms since 1970. */
  readonly since: number;
  /** Whether its action is to be taken: the breach, or the lack of numbers, has lasted long enough. */
  readonly isDue: boolean;
}

/** Judges all triggers at a time. */
export function judgeTriggers(
  { triggers }: Runbook,
  watches: readonly Watch[],
  record: RunRecord,
  now: Date,
): readonly Judgement[] {
  return triggers.map((trigger, number) => {
    const condition = parseCondition(trigger.when);
    const watch = watches.find(({ id }) => id !== null && id === condition?.name);
    const judged = judge(trigger, condition, watch, record, now.getTime());
    return { number, trigger, ...judged };
  });
}

type Judged = Omit<Judgement, 'number' | 'trigger'>;

function judge(
  trigger: Trigger,
  condition: Condition | null,
  watch: Watch | undefined,
  record: RunRecord,
  now: number,
): Judged {
  if (condition === null) return { band: 'pass', since: now, isDue: false };
  if (watch === undefined) {
    const value = resultOf(record, condition);
    const band = value !== null && isMet(condition, value) ? 'breach' : 'pass';
    return { band, since: now, isDue: band === 'breach' };
  }
  const samples = record.samples.get(watch.key) ?? [];
  // What a person says is not missing while there is nothing to say.
  if (samples.length === 0 && !Number.isFinite(watch.every)) {
    return { band: 'pass', since: now, isDue: false };
  }
  const began = Date.parse(record.begun?.at ?? '');
  const { band, since } = bandOf(condition, samples, watch.every, { began, now });
  const lasts = now - since;
  // Without a time of its own, a lack of numbers is told when three looks in a row had none.
  const limit = trigger.for ?? (band === 'hold' ? 3 * watch.every : 0);
  return { band, since, isDue: band !== 'pass' && lasts >= limit };
}

/** Looks back: a breach lasts since the first one after the last pass, a hold since the last number. */
function bandOf(
  condition: Condition,
  samples: readonly Sample[],
  every: number,
  { began, now }: { readonly began: number; readonly now: number },
): { readonly band: Band; readonly since: number } {
  const last = samples.at(-1);
  const known = samples.findLast((sample) => bandOfSample(condition, sample) !== 'hold');
  const isStale = last === undefined || now - last.at > 2 * every;
  if (last === undefined || known === undefined) return { band: 'hold', since: began };
  if (isStale || known !== last) return { band: 'hold', since: known.at };
  if (bandOfSample(condition, last) === 'pass') return { band: 'pass', since: last.at };
  let since = last.at;
  for (const sample of samples.toReversed()) {
    const band = bandOfSample(condition, sample);
    if (band === 'pass') break;
    if (band === 'breach') since = sample.at;
  }
  return { band: 'breach', since };
}

function bandOfSample(condition: Condition, { value, verdict }: Sample): Band {
  if (value === null || Number.isNaN(value) || verdict === 'INCONCLUSIVE') return 'hold';
  return isMet(condition, value) ? 'breach' : 'pass';
}

/** Returns the number that a condition compares: a result of a step; null if there is none yet. */
export function resultOf({ steps }: RunRecord, { name, result }: Condition): number | null {
  const step = steps.get(name ?? '');
  if (step === undefined || step.verdict === null || result === null) return null;
  return resultIn(step, result as ResultName);
}

/** What a step does not count itself follows from its verdict: `failed` is 1 where it has not passed. */
function resultIn({ verdict, results }: StepRecord, name: ResultName): number | null {
  const number = results[name];
  if (name !== 'failed') return number ?? null;
  return verdict === 'FAIL' ? Math.max(1, number ?? 1) : (number ?? 0);
}

/** Returns why a run is held or goes back after a breach of a trigger, as its line says it. */
export function breachReason({ when, for: time, severity }: Trigger): string {
  return `${when}${time === null ? '' : ` for ${formatDuration(time)}`} (${severity})`;
}

/** Returns why a run is held or goes back after a monitor has failed. */
export function monitorReason({ id, use }: Monitor): string {
  return `the monitor ${id ?? use} does not pass`;
}
