/** Makes the model of a rollout from the values of its file, which match the schema. Pure. */

import { pointerTo } from '../../mapping/place.ts';
import { parseDuration } from '../../record/duration.ts';
import type { Measure, Metric, Observe, RolloutBack, RolloutPlan, Stage } from '../runbook.ts';
import { numberOf, textOf, textsOf, timeOf } from '../steps/stepMembers.ts';
import type { Written } from '../written.ts';
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
      old: textOf(versions ?? {}, 'old') ?? 'v1',
      new: textOf(versions ?? {}, 'new') ?? 'v2',
    },
    observe: observe === undefined ? null : observeOf(observe),
    traffic: numberOf(written, 'traffic'),
  };
}

function observeOf(written: Written): Observe {
  return {
    log: textOf(written, 'log'),
    sql: textOf(written, 'sql'),
    on: textOf(written, 'on'),
    user: textOf(written, 'user') ?? 'user',
    version: textOf(written, 'version') ?? 'version',
    minSamples: numberOf(written, 'minSamples') ?? 1,
    tolerance: numberOf(written, 'tolerance'),
    sees: numberOf(written, 'sees'),
  };
}

export function metricOf(written: Written, at: number): Metric {
  const baseline = written['baseline'] as Written | undefined;
  const [http, log] = [textOf(written, 'http'), textOf(written, 'log')];
  return {
    id: String(written['id']),
    pointer: pointerTo('metrics', at),
    pass: textOf(written, 'pass'),
    rollback: textOf(written, 'rollback'),
    every: timeOf(written, 'every') ?? MINUTE,
    measure: (written['measure'] ?? 'number') as Measure,
    quantile: numberOf(written, 'quantile') ?? QUANTILE,
    on: textOf(written, 'on'),
    sql: textOf(written, 'sql'),
    http: http === null ? null : { url: http, json: textOf(written, 'json') ?? '$' },
    log:
      log === null
        ? null
        : { file: log, pattern: textOf(written, 'pattern') ?? '', of: textOf(written, 'of') },
    attest: textOf(written, 'attest'),
    margin: numberOf(written, 'margin') ?? 0,
    minSamples: numberOf(written, 'minSamples') ?? 1,
    grace: timeOf(written, 'grace') ?? 0,
    lasts: timeOf(written, 'for') ?? 0,
    baseline:
      baseline === undefined
        ? null
        : { pass: textOf(baseline, 'pass'), rollback: textOf(baseline, 'rollback') },
    usual: numberOf(written, 'usual'),
    sees: numberOf(written, 'sees'),
  };
}

export function stageOf(written: Written, at: number): Stage {
  const soak = timeOf(written, 'soak') ?? 0;
  return {
    pointer: pointerTo('rollout', 'stages', at),
    name: stageName(written),
    percent: numberOf(written, 'percent'),
    deprecates: textOf(written, 'deprecate'),
    url: textOf(written, 'url'),
    soak,
    checkAt: textsOf(written, 'checkAt').map((time) => parseDuration(time) ?? 0),
    every: timeOf(written, 'every'),
    look: timeOf(written, 'look'),
    within: timeOf(written, 'within'),
    baseline: numberOf(written, 'baseline'),
    zero: textOf(written, 'zero'),
    zeroFor: timeOf(written, 'zeroFor') ?? Math.min(DAY, soak),
  };
}

export function backOf(written: Written): RolloutBack {
  return {
    percent: numberOf(written, 'percent'),
    drained: textOf(written, 'drained'),
    restartAt: Number(written['restartAt']),
  };
}
