/** Metrics: each is given by one source that can give it, and can pass, hold and roll back. */

import { quoteName } from '../../outcome/quoteName.ts';
import { canBothHold, holdsForEveryCount, parseCondition, type Condition } from '../condition.ts';
import type { Metric } from '../runbook.ts';
import type { Linted, Report } from './report.ts';

export function lintMetrics({ runbook }: Linted, report: Report): void {
  for (const metric of runbook.metrics) {
    lintSource(metric, report);
    lintBands(metric, report);
    lintBaseline(metric, report);
  }
  for (const { when, pointer } of runbook.triggers) {
    const name = parseCondition(when)?.name;
    const metric = runbook.metrics.find(({ id }) => id === name);
    if (metric === undefined || metric.measure === 'number') continue;
    const reason = `${quoteName(metric.id)} is an estimate, which a stage of the rollout judges; a trigger compares a number`;
    report('runbook-gate', `${pointer}/when`, reason);
  }
}

function lintSource(metric: Metric, report: Report): void {
  const { pointer, sql, http, log, attest, measure } = metric;
  const given = [sql, http, log, attest].filter((one) => one !== null).length;
  if (given !== 1) {
    const reason = 'exactly one of "sql", "http", "log" and "attest" has to give the number';
    report('runbook-gate', pointer, reason);
    return;
  }
  if (log !== null && log.pattern === '') {
    report('runbook-gate', `${pointer}/log`, 'without a "pattern", nothing of the log is counted');
  }
  const fits =
    measure === 'number'
      ? log?.of === null || log === null
      : sql !== null || (measure === 'share' && log !== null && log.of !== null);
  if (fits) return;
  const reason =
    measure === 'number'
      ? 'with "of", its number is a share; say so with "measure"'
      : `a query has to give a ${measure}`;
  report(
    'runbook-gate',
    pointer,
    measure === 'share' ? 'a query, or a log with "of", has to give a share' : reason,
  );
}

function lintBands(metric: Metric, report: Report): void {
  const { pointer, pass, rollback, measure, baseline, margin } = metric;
  const [good, bad] = [pass, rollback].map((text) => (text === null ? null : parseCondition(text)));
  if (good === null && (baseline === null || measure === 'number')) {
    report('runbook-gate', pointer, 'nothing says when it passes; add "pass"');
  }
  if (good === null || good === undefined) return;
  if (bad !== null && bad !== undefined && canBothHold(good, bad)) {
    report('runbook-gate', `${pointer}/rollback`, 'the same number can both pass and roll back');
  }
  if (holdsForEveryCount(good)) report('runbook-gate', `${pointer}/pass`, 'any count would pass');
  if (measure === 'number') {
    lintOfNumber(good, `${pointer}/pass`, report);
    if (bad !== null && bad !== undefined) lintOfNumber(bad, `${pointer}/rollback`, report);
    return;
  }
  if (measure !== 'quantile' && holdsForEveryShare(good, margin)) {
    report('runbook-gate', `${pointer}/pass`, 'any share would pass');
  }
  for (const [name, one] of [
    ['pass', good],
    ['rollback', bad],
  ] as const) {
    if (one === null || one === undefined || isLimit(one)) continue;
    const reason = 'an estimate is above or below a limit, and never equal to it';
    report('runbook-gate', `${pointer}/${name}`, reason);
  }
}

function lintOfNumber({ name, value }: Condition, pointer: string, report: Report): void {
  if (name === null && typeof value === 'number') return;
  const reason = 'it compares the number of this metric with another one, and names nothing';
  report('runbook-gate', pointer, reason);
}

/** Whether every percentage satisfies a condition that is wider by a margin. */
function holdsForEveryShare({ comparison, value }: Condition, margin: number): boolean {
  const limit = Number(value);
  if (comparison.startsWith('>')) return limit - margin <= 0;
  return comparison.startsWith('<') && limit + margin >= 100;
}

function isLimit({ comparison, value, name }: Condition): boolean {
  return typeof value === 'number' && name === null && /^[<>]/.test(comparison);
}

function lintBaseline({ pointer, baseline, measure }: Metric, report: Report): void {
  if (baseline === null) return;
  if (measure !== 'share' && measure !== 'quantile') {
    report(
      'runbook-gate',
      `${pointer}/baseline`,
      'a share or a quantile is compared, and nothing else',
    );
  }
  for (const [name, sign] of [
    ['pass', '<'],
    ['rollback', '>'],
  ] as const) {
    const text = baseline[name];
    if (text === null) continue;
    const condition = parseCondition(text);
    if (condition !== null && isLimit(condition) && condition.comparison.startsWith(sign)) continue;
    const reason = `it says how many times as bad as the baseline it is, so it has to begin with "${sign}"`;
    report('runbook-gate', `${pointer}/baseline/${name}`, reason);
  }
}
