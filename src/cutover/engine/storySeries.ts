/**
 * Samples of a run as series for charts: of watches, and of checks that had to pass for some time. However many
 * looks there were, a series has at most 240 parts; neighbours are joined two by two, which keeps the extremes
 * and the number of breaches of each. Pure.
 */

import type { SeenNumber, StoryLooks, StoryOutput, StorySeries } from '../../outcome/runStory.ts';
import type { JournalEntry } from '../../journal/line.ts';
import { parseCondition, type Condition } from '../condition.ts';
import type { Runbook, Step } from '../runbook.ts';
import { VERDICTS } from '../runState.ts';
import { textOf } from '../steps/stepMembers.ts';
import { bandOfNumber, bandsOf, numberCondition, type Judges } from './storyBands.ts';
import { outputsIn } from './storyOutputs.ts';
import type { Watch } from './watches.ts';

const MOST_PARTS = 240;

/** Collects samples line by line. */
export interface SeriesBook {
  add(entry: JournalEntry): void;
  /** Series with at least one look, watches first, each in the order of the runbook. */
  series(): readonly StorySeries[];
}

/** What is known of a series without its samples. */
type About = Pick<StorySeries, 'id' | 'isStep' | 'use' | 'every' | 'for' | 'pass'> & {
  readonly judges: Judges;
};

interface Collected {
  readonly about: About;
  parts: StoryLooks[];
  /** Looks that a whole part has. */
  size: number;
  looks: number;
  numberless: number;
  breaches: number;
  readonly verdicts: Map<string, number>;
  last: StorySeries['last'];
  outputs: readonly StoryOutput[];
}

export function openSeries(runbook: Runbook, watches: readonly Watch[]): SeriesBook {
  const abouts: [string, About][] = [
    ...watches.map((watch): [string, About] => [watch.key, aboutWatch(runbook, watch)]),
    ...runbook.steps.flatMap((step): [string, About][] =>
      step.until === null ? [] : [[`step:${step.id}`, aboutStep(step, step.until)]],
    ),
  ];
  const all = new Map(abouts.map(([key, about]) => [key, collected(about)]));
  return {
    add(entry) {
      const series = all.get(textOf(entry, 'of') ?? '');
      if (series !== undefined) addLook(series, entry);
    },
    series: () => [...all.values()].filter(({ looks }) => looks > 0).map(seriesOf),
  };
}

function aboutWatch({ triggers }: Runbook, { id, key, every, for: time, looks }: Watch): About {
  const breaches = triggers.flatMap(({ when }): Condition[] => {
    const condition = parseCondition(when);
    const isOf = condition !== null && id !== null && condition.name === id;
    return isOf && typeof condition.value === 'number' ? [condition] : [];
  });
  const [use, expect] =
    'monitor' in looks
      ? [looks.monitor.use, looks.monitor.members['expect']]
      : [looks.metric.attest === null ? 'sql.count' : 'attest', looks.metric.pass];
  const pass = numberCondition(expect);
  // A monitor acts as soon as it fails; a metric that does not pass is a breach only by a trigger.
  const otherwise = 'monitor' in looks && breaches.length === 0 ? 'breach' : 'hold';
  return {
    id: id ?? key,
    isStep: false,
    use,
    every,
    for: time,
    pass: pass === null ? null : String(expect),
    judges: { pass, breaches, otherwise },
  };
}

function aboutStep({ id, use, members }: Step, until: NonNullable<Step['until']>): About {
  const { expect } = members;
  const pass = numberCondition(expect);
  return {
    id,
    isStep: true,
    use,
    every: until.every,
    for: until.for,
    pass: pass === null ? null : String(expect),
    judges: { pass, breaches: [], otherwise: 'hold' },
  };
}

function collected(about: About): Collected {
  return {
    about,
    parts: [],
    size: 1,
    looks: 0,
    numberless: 0,
    breaches: 0,
    verdicts: new Map(),
    last: null,
    outputs: [],
  };
}

function addLook(series: Collected, entry: JournalEntry): void {
  const at = Date.parse(entry.at);
  const { value: given } = entry;
  const value = typeof given === 'number' && Number.isFinite(given) ? given : null;
  const verdict = textOf(entry, 'verdict') ?? 'INCONCLUSIVE';
  const { judges } = series.about;
  const isBreach =
    value !== null && verdict !== 'INCONCLUSIVE' && bandOfNumber(judges, value) === 'breach';
  const seen = value === null ? null : { at, value };
  const breaches = isBreach ? 1 : 0;
  const numbers = { lowest: seen, highest: seen, last: seen };
  const one: StoryLooks = { from: at, to: at, looks: 1, ...numbers, verdict, breaches };
  series.looks += 1;
  series.numberless += value === null ? 1 : 0;
  series.breaches += breaches;
  series.verdicts.set(verdict, (series.verdicts.get(verdict) ?? 0) + 1);
  series.last = { at, value, verdict, says: textOf(entry, 'says') ?? '' };
  const outputs = outputsIn(entry);
  if (outputs.length > 0) series.outputs = outputs;
  const last = series.parts.at(-1);
  if (last !== undefined && last.looks < series.size) series.parts.splice(-1, 1, joined(last, one));
  else series.parts.push(one);
  if (series.parts.length > MOST_PARTS) halve(series);
}

function halve(series: Collected): void {
  const { parts } = series;
  series.parts = parts.flatMap((part, at) => {
    const next = parts[at + 1];
    if (at % 2 === 1) return [];
    return [next === undefined ? part : joined(part, next)];
  });
  series.size *= 2;
}

function joined(one: StoryLooks, other: StoryLooks): StoryLooks {
  return {
    from: one.from,
    to: other.to,
    looks: one.looks + other.looks,
    lowest: lower(one.lowest, other.lowest),
    highest: higher(one.highest, other.highest),
    last: other.last ?? one.last,
    verdict: worse(one.verdict, other.verdict),
    breaches: one.breaches + other.breaches,
  };
}

/** From the best to the worst. */
const ORDER: readonly string[] = ['PASS', 'WARN', 'INCONCLUSIVE', 'FAIL'];

function worse(one: string, other: string): string {
  return ORDER.indexOf(other) > ORDER.indexOf(one) ? other : one;
}

function lower(one: SeenNumber | null, other: SeenNumber | null): SeenNumber | null {
  if (one === null || other === null) return one ?? other;
  return other.value < one.value ? other : one;
}

function higher(one: SeenNumber | null, other: SeenNumber | null): SeenNumber | null {
  if (one === null || other === null) return one ?? other;
  return other.value > one.value ? other : one;
}

function seriesOf(collection: Collected): StorySeries {
  const { about, parts, looks, numberless, breaches, verdicts, last, outputs } = collection;
  const { judges, ...rest } = about;
  return {
    ...rest,
    looks,
    numberless,
    verdicts: VERDICTS.flatMap((verdict): [string, number][] => {
      const count = verdicts.get(verdict) ?? 0;
      return count === 0 ? [] : [[verdict, count]];
    }),
    breaches,
    lowest: parts.map((part) => part.lowest).reduce(lower, null),
    highest: parts.map((part) => part.highest).reduce(higher, null),
    last,
    bands: bandsOf(judges),
    parts,
    outputs,
  };
}
