/**
 * A world of which it is known what is true: it makes the figures of each look, as the queries of a runbook would.
 * Users come at random, evenly over the day, each with one outcome, and none comes twice. Pure.
 */

import type { Metric, Runbook, Stage } from '../../runbook.ts';
import { SPLIT, type Figure, type Figures } from '../figures.ts';
import { metricsOf } from '../stageOfStep.ts';
import { latenciesOf, probabilitiesOf } from './latencies.ts';
import { addParts, binomial, partsOf, poisson } from './sampling.ts';
import type { Random } from './randomNumbers.ts';
import { usualOf, type Fault, type Scenario } from './scenarios.ts';

const DAY_MS = 86_400_000;
/** A quantile whose usual value is not known; only ratios matter then. */
const SOME_TIME = 1000;
/** Kinds of errors that both versions have, in percent of the users. */
const KNOWN_KINDS = [
  ['timeout', 1],
  ['refused', 0.5],
  ['invalid', 0.2],
] as const;
const NEW_KIND = 'new';

/** A stage of such a world, from its beginning on. */
export interface StageWorld {
  /** The figures after so many more milliseconds, of the whole stage so far; valid until the next look. */
  look(milliseconds: number): Figures;
}

/** Users who have come between two looks. */
interface Users {
  readonly fresh: number;
  readonly base: number;
}

/** Gives the figure of one metric, with the users that have come. */
type Source = (users: Users) => Figure;

/** Makes the worlds of a scenario, which repeat nothing: each stage is made of the next random numbers. */
export function worldOf(
  runbook: Runbook,
  { fault }: Scenario,
  random: Random,
): (stage: Stage) => StageWorld {
  const { rollout, stages } = runbook;
  const perMs = (rollout?.traffic ?? 0) / DAY_MS;
  const first = stages.find(({ percent }) => percent !== null)?.percent ?? 100;
  const makers = new Map(
    runbook.metrics.map((metric) => [metric.id, makerOf(metric, fault, random)] as const),
  );
  return (stage) => {
    const isBad = fault !== null && stages.indexOf(stage) >= fault.from;
    const { percent } = stage;
    const times = isBad && fault.metric === SPLIT ? fault.sees / first : 1;
    const share = Math.min(1, ((percent ?? 100) * times) / 100);
    const sources = metricsOf(runbook, stage).map(
      ({ id }) => [id, makers.get(id)?.(isBad, percent !== null && percent < 100)] as const,
    );
    const seen = { part: 0, of: 0 };
    return {
      look(milliseconds) {
        const all = poisson(random, perMs * milliseconds);
        const fresh = binomial(random, all, share);
        const users = { fresh, base: all - fresh };
        seen.part += fresh;
        seen.of += all;
        const figures = new Map<string, Figure>();
        if (percent !== null && rollout?.observe !== null) figures.set(SPLIT, { fresh: seen });
        for (const [id, source] of sources)
          if (source !== undefined) figures.set(id, source(users));
        return figures;
      },
    };
  };
}

/** Makes the source of a metric at the beginning of a stage. */
type Maker = (isBad: boolean, hasBase: boolean) => Source;

function makerOf(metric: Metric, fault: Fault | null, random: Random): Maker {
  const { id, measure } = metric;
  const own = fault?.metric === id ? fault : null;
  const usual = usualOf(metric) ?? SOME_TIME;
  if (measure === 'number') return numberMaker(usual, own, random);
  if (measure === 'share') return shareMaker(metric, usual, own, random);
  if (measure === 'kinds') return kindsMaker(usual, own, random);
  return spreadMaker(metric, usual, own, random);
}

function numberMaker(usual: number, fault: Fault | null, random: Random): Maker {
  return (isBad) => {
    const mean = isBad && fault !== null ? fault.sees : usual;
    return () => ({ number: poisson(random, mean) });
  };
}

/** Lines of a log do not tell which version they are of; rows of a query do. */
function shareMaker({ sql }: Metric, usual: number, fault: Fault | null, random: Random): Maker {
  return (isBad, hasBase) => {
    const rate = (isBad && fault !== null ? fault.sees : usual) / 100;
    const fresh = { part: 0, of: 0 };
    const base = { part: 0, of: 0 };
    return (users) => {
      fresh.of += users.fresh;
      fresh.part += binomial(random, users.fresh, rate);
      if (sql === null || !hasBase) return { fresh };
      base.of += users.base;
      base.part += binomial(random, users.base, usual / 100);
      return { fresh, base };
    };
  };
}

function spreadMaker(
  { quantile }: Metric,
  usual: number,
  fault: Fault | null,
  random: Random,
): Maker {
  const latencies = latenciesOf(usual, quantile, fault?.sees ?? 1);
  const { bounds } = latencies;
  const ordinary = partsOf(probabilitiesOf(latencies, { times: 1, what: 'all' }));
  const slower =
    fault === null
      ? ordinary
      : partsOf(probabilitiesOf(latencies, { times: fault.sees, what: fault.slower }));
  return (isBad, hasBase) => {
    const fresh = Array.from({ length: bounds.length + 1 }, () => 0);
    const base = [...fresh];
    return (users) => {
      addParts(random, users.fresh, isBad ? slower : ordinary, fresh);
      if (!hasBase) return { bounds, fresh };
      addParts(random, users.base, ordinary, base);
      return { bounds, fresh, base };
    };
  };
}

function kindsMaker(usual: number, fault: Fault | null, random: Random): Maker {
  return (isBad, hasBase) => {
    const shares = [
      ...KNOWN_KINDS,
      [NEW_KIND, isBad && fault !== null ? fault.sees : usual] as const,
    ];
    const kinds: Record<string, number> = {};
    const baseKinds: string[] = [];
    let of = 0;
    return (users) => {
      of += users.fresh;
      for (const [kind, percent] of shares) {
        const count = binomial(random, users.fresh, percent / 100);
        if (count > 0) kinds[kind] = (kinds[kind] ?? 0) + count;
        if (!hasBase || kind === NEW_KIND || baseKinds.includes(kind)) continue;
        if (binomial(random, users.base, percent / 100) > 0) baseKinds.push(kind);
      }
      return hasBase ? { kinds, of, baseKinds } : { kinds, of };
    };
  };
}
