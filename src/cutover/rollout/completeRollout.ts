/** Makes the model of a rollout from the values of its file, which match the schema. Pure. */

import { pointerTo } from '../../mapping/place.ts';
import { parseDuration } from '../../record/duration.ts';
import type { Measure, Metric, Observe, RolloutBack, RolloutPlan, Stage } from '../runbook.ts';
import { namesIn, numberIn, textIn, timeIn, type Written } from '../written.ts';
import { stageName } from './rolloutSteps.ts';

/** How often a metric is read where nothing is said. */
const MINUTE = 60_000;
const DAY = 86_400_000;
const QUANTILE = 0.99;

export function rolloutOf(written: Written): RolloutPlan {
  const { set, versions, observe } = written as Readonly<Record<string, Written | undefined>>;
  return {
    set: set ?? {},
    versions: {
      old: textIn(versions ?? {}, 'old') ?? 'v1',
      new: textIn(versions ?? {}, 'new') ?? 'v2',
    },
    observe: observe === undefined ? null : observeOf(observe),
    traffic: numberIn(written, 'traffic'),
  };
}

function observeOf(written: Written): Observe {
  return {
    log: textIn(written, 'log'),
    sql: textIn(written, 'sql'),
    on: textIn(written, 'on'),
    user: textIn(written, 'user') ?? 'user',
    version: textIn(written, 'version') ?? 'version',
    minSamples: numberIn(written, 'minSamples') ?? 1,
    tolerance: numberIn(written, 'tolerance'),
    sees: numberIn(written, 'sees'),
  };
}

export function metricOf(written: Written, at: number): Metric {
  const baseline = written['baseline'] as Written | undefined;
  const [http, log] = [textIn(written, 'http'), textIn(written, 'log')];
  return {
    id: String(written['id']),
    pointer: pointerTo('metrics', at),
    pass: textIn(written, 'pass'),
    rollback: textIn(written, 'rollback'),
    every: timeIn(written, 'every') ?? MINUTE,
    measure: (written['measure'] ?? 'number') as Measure,
    quantile: numberIn(written, 'quantile') ?? QUANTILE,
    on: textIn(written, 'on'),
    sql: textIn(written, 'sql'),
    http: http === null ? null : { url: http, json: textIn(written, 'json') ?? '$' },
    log:
      log === null
        ? null
        : { file: log, pattern: textIn(written, 'pattern') ?? '', of: textIn(written, 'of') },
    attest: textIn(written, 'attest'),
    margin: numberIn(written, 'margin') ?? 0,
    minSamples: numberIn(written, 'minSamples') ?? 1,
    grace: timeIn(written, 'grace') ?? 0,
    lasts: timeIn(written, 'for') ?? 0,
    baseline:
      baseline === undefined
        ? null
        : { pass: textIn(baseline, 'pass'), rollback: textIn(baseline, 'rollback') },
    usual: numberIn(written, 'usual'),
    sees: numberIn(written, 'sees'),
  };
}

export function stageOf(written: Written, at: number): Stage {
  const soak = timeIn(written, 'soak') ?? 0;
  return {
    pointer: pointerTo('rollout', 'stages', at),
    name: stageName(written),
    percent: numberIn(written, 'percent'),
    deprecates: textIn(written, 'deprecate'),
    url: textIn(written, 'url'),
    soak,
    checkAt: namesIn(written, 'checkAt').map((time) => parseDuration(time) ?? 0),
    every: timeIn(written, 'every'),
    look: timeIn(written, 'look'),
    within: timeIn(written, 'within'),
    baseline: numberIn(written, 'baseline'),
    zero: textIn(written, 'zero'),
    zeroFor: timeIn(written, 'zeroFor') ?? Math.min(DAY, soak),
  };
}

export function backOf(written: Written): RolloutBack {
  return {
    percent: numberIn(written, 'percent'),
    drained: textIn(written, 'drained'),
    restartAt: Number(written['restartAt']),
  };
}
