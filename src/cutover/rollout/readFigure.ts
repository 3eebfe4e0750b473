/**
 * Reads the figures of one look: each metric from its query, its address or its log, and the split from the log of
 * decisions. What cannot be read is a figure, too: one that says why. Values of rows go no further than here.
 */

import { Failure } from '../../outcome/failure.ts';
import { numberIn } from '../databases/cellCondition.ts';
import type { Metric, Observe, RolloutPlan } from '../runbook.ts';
import { countLines } from '../steps/countLines.ts';
import { jsonOf, tryRequest } from '../steps/http/requests.ts';
import { valueAt } from '../steps/jsonPath.ts';
import { readLogFile } from '../steps/logFile.ts';
import { DEFAULT_INPUTS, type StepWork } from '../steps/stepType.ts';
import type { Figure } from './figures.ts';
import { figureOfRows } from './figureOfRows.ts';
import { queryRows } from './queryRows.ts';
import { usersInLog } from './usersInLog.ts';
import { usersOfRows } from './usersOfRows.ts';

/** The world, and when a look ends. */
export type LookWork = Pick<StepWork, 'world' | 'signal'>;

/** What a look counts: from the beginning of the stage to now, in ms since 1970. */
export interface LookWindow {
  readonly from: number;
  readonly to: number;
}

const WITHIN_MS = 10_000;

/** Reads a metric that no person gives. @throws what the signal aborts with */
export function readMetric(
  work: LookWork,
  metric: Metric,
  window: LookWindow,
  versions: RolloutPlan['versions'],
): Promise<Figure> {
  return orUnknown(work, async () => {
    if (metric.sql !== null) {
      const { sql, on, measure } = metric;
      const counts = measure !== 'number';
      const rows = await queryRows(work, { sql, on, window, counts });
      return 'unknown' in rows ? rows : figureOfRows(rows, metric, versions);
    }
    if (metric.http !== null) return readHttp(work, metric.http, metric.on);
    if (metric.log !== null) return readLines(work, metric.log, window);
    return { unknown: 'nothing gives the number' };
  });
}

/** Reads the split: distinct users by the version that they have had last. @throws what the signal aborts with */
export function readSplit(
  work: LookWork,
  observe: Observe,
  window: LookWindow,
  versions: RolloutPlan['versions'],
): Promise<Figure> {
  return orUnknown(work, async () => {
    const { log, sql, on } = observe;
    if (sql !== null) {
      const rows = await queryRows(work, { sql, on, window, counts: true });
      return 'unknown' in rows ? rows : usersOfRows(rows, versions);
    }
    if (log === null) return { unknown: 'nothing tells the split' };
    return usersInLog(work, { file: log, names: observe, window, versions });
  });
}

/** A failure of a source is no number, whatever it is; a defect is not. */
async function orUnknown(
  { signal, world }: LookWork,
  read: () => Promise<Figure>,
): Promise<Figure> {
  try {
    return await read();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    return { unknown: world.redactor.text(error.message) };
  }
}

async function readHttp(
  work: LookWork,
  { url, json }: NonNullable<Metric['http']>,
  on: string | null,
): Promise<Figure> {
  const { signal } = work;
  const answer = await tryRequest(work, {
    url,
    app: on ?? DEFAULT_INPUTS.application ?? null,
    method: 'GET',
    headers: {},
    withinMs: WITHIN_MS,
    signal,
  });
  if ('unanswered' in answer) return { unknown: answer.unanswered };
  if (answer.status !== 200) return { unknown: `status ${answer.status} instead of 200` };
  const value = valueAt(jsonOf(answer), json);
  if (value === undefined) return { unknown: `the answer has no ${json}` };
  const number = typeof value === 'string' ? numberIn(value) : value;
  return typeof number === 'number' && Number.isFinite(number)
    ? { number }
    : { unknown: `${json} of the answer is not a number` };
}

async function readLines(
  work: LookWork,
  { file, pattern, of }: NonNullable<Metric['log']>,
  { from }: LookWindow,
): Promise<Figure> {
  const counts = await countLines({ pattern, of, from }, (reader) =>
    readLogFile(work, { file, rotates: true }, reader),
  );
  if (typeof counts === 'string') return { unknown: counts };
  const { lines, timed, judged, matching } = counts;
  if (lines === 0) return { unknown: 'the log has no lines' };
  if (timed === 0) return { unknown: 'no line of the log has a time' };
  // A log that is silent, or goes elsewhere, does not show that there was nothing.
  if (of === null && judged === 0) return { unknown: 'no line of the log is of this time' };
  return of === null ? { number: matching } : { fresh: { part: matching, of: judged } };
}
