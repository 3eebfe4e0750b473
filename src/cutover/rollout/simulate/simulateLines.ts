/** Simulated and replayed rollouts, and what their gates need, as lines for a terminal. Pure. */

import { counted, grouped } from '../../../outcome/counted.ts';
import { formatDuration } from '../../../record/duration.ts';
import { leftAligned } from '../../planLines.ts';
import type { Stage } from '../../runbook.ts';
import { metricName, sayOpen } from '../saySoak.ts';
import type { Need, Needed } from './needs.ts';
import type { ReplayedStage } from './replayRollout.ts';
import type { SimulatedRollout } from './simulateRollout.ts';
import type { Ended, Tally } from './simulateScenario.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const SECOND = 1000;

/** A table of the scenarios, and what is true in each. */
export function tallyLines(tallies: readonly Tally[]): readonly string[] {
  const head = ['scenario', 'promoted', 'rolled back', 'held', 'half within', '95 % within', 'by'];
  return [
    ...leftAligned([head, ...tallies.map(cellsOfTally)]),
    ...tallies.map(({ scenario: { name, says } }) => `${name}: ${says}`),
  ];
}

function cellsOfTally({ scenario, rollouts, ends }: Tally): readonly string[] {
  const main = mainEnd(ends);
  return [
    scenario.name,
    percent(ends.promoted.rollouts, rollouts),
    percent(ends['rolled back'].rollouts, rollouts),
    percent(ends.held.rollouts, rollouts),
    timeOrNone(main.spent.median),
    timeOrNone(main.spent.most),
    causesOf(ends, rollouts),
  ];
}

/** The end that most rollouts have come to. */
function mainEnd(ends: Tally['ends']): Ended {
  const [first] = Object.values(ends).toSorted((one, other) => other.rollouts - one.rollouts);
  return first ?? ends.promoted;
}

/** Causes that are told. */
const TOLD = 2;

function causesOf(ends: Tally['ends'], rollouts: number): string {
  const all = Object.values(ends).flatMap(({ by }) => by);
  const most = all.toSorted((one, other) => other.rollouts - one.rollouts);
  const told = most.slice(0, TOLD).map((cause) => {
    const at = /^\d/.test(cause.stage) ? `${cause.stage} %` : cause.stage;
    return `${metricName(cause)} at ${at} (${percent(cause.rollouts, rollouts)})`;
  });
  return told.join(', ');
}

function percent(part: number, of: number): string {
  return `${Number(((100 * part) / Math.max(1, of)).toFixed(2))} %`;
}

function timeOrNone(time: number | null): string {
  return time === null ? '-' : formatDuration(time);
}

/** Stages of one rollout, by its clock. */
export function timelineLines({ stages, end, at }: SimulatedRollout): readonly string[] {
  const rows = stages.map(({ stage, begun, ended, looks, restarts }) => [
    `+${formatDuration(begun)}`,
    stageName(stage),
    formatDuration(ended - begun),
    `${counted(looks, 'look')}${restarts === 0 ? '' : `, begun anew ${counted(restarts, 'time')}`}`,
  ]);
  return leftAligned([...rows, [`+${formatDuration(at)}`, end, '', '']]);
}

function stageName({ percent: share, deprecates }: Stage): string {
  return share === null ? `${deprecates ?? ''} deprecated` : `${share} %`;
}

/** What each gate needs, and a sentence for each that its soak is too short for. */
export function needLines(needs: readonly Need[]): readonly string[] {
  const head = ['stage', 'metric', 'users', 'passes after', 'has to see', 'after', 'sees from'];
  return [
    ...leftAligned([head, ...needs.map(cellsOfNeed)]),
    'so in 9 of 10 rollouts, at one look',
    ...needs.flatMap(troubleOf),
  ];
}

function cellsOfNeed(need: Need): readonly string[] {
  const { percent: share, users, soak, passes, sees, seen, visible } = need;
  return [
    `${share} %`,
    metricName(need),
    `${grouped(users)} in ${formatDuration(soak)}`,
    neededIn(passes),
    sees === null ? '-' : valueOf(need, sees),
    sees === null ? '-' : neededIn(seen),
    visible === null ? 'nothing' : valueOf(need, visible),
  ];
}

function neededIn(needed: Needed | null): string {
  return needed === null ? 'never' : `${grouped(needed.users)} (${roughly(needed.time)})`;
}

/** In whole seconds of a minute, or minutes, or hours where there are many. */
function roughly(time: number): string {
  const unit = time < MINUTE ? SECOND : time < 10 * HOUR ? MINUTE : HOUR;
  return formatDuration(Math.ceil(time / unit) * unit);
}

/** `93 %`, or `2 times`; with so many digits that it is not what is usual. */
function valueOf({ measure, usual }: Need, value: number): string {
  const least = value < 1 ? 2 : 1;
  const digits = [least, 2, 3, 4].find((one) => Number(value.toFixed(one)) !== usual) ?? 4;
  const number = String(Number(value.toFixed(digits)));
  return measure === 'quantile' ? `${number} times` : `${number} %`;
}

function troubleOf(need: Need): readonly string[] {
  const { percent: share, soak, passes, sees, seen } = need;
  const where = `${metricName(need)} at ${share} %`;
  const soaked = formatDuration(soak);
  const late =
    passes === null
      ? [
          `${where} is never shown to be good: it needs a wider limit or margin, or more users before`,
        ]
      : passes.time > soak
        ? [
            `${where} is shown to be good after ${roughly(passes.time)}, later than its soak of ${soaked}`,
          ]
        : [];
  if (sees === null || (seen !== null && seen.time <= soak)) return late;
  const when = seen === null ? 'never seen' : `seen after ${roughly(seen.time)}`;
  return [...late, `${where} of ${valueOf(need, sees)} is ${when}, and its soak is ${soaked}`];
}

const ENDS: Readonly<Record<ReplayedStage['end'], string>> = {
  passed: 'passes',
  'rolled back': 'rolls back',
  'given up': 'is given up',
  undecided: 'is not decided',
};

/** A replayed run, stage by stage. */
export function replayLines(replayed: readonly ReplayedStage[]): readonly string[] {
  return replayed.map(({ stage, begun, at, end, looks, recorded, by }) => {
    const after = `after ${formatDuration(at - begun)}, at look ${looks} of ${recorded}`;
    const why = by.length === 0 ? '' : `: ${sayOpen({ open: by })}`;
    return `${stageName(stage)} ${ENDS[end]} ${after}${why}`;
  });
}
