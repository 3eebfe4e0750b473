/**
 * The stages of a rollout as stairs over time: the share of users as a line, the soak of each stage as a bar on its
 * step, and the moments of decision as numbers above, whose lines go through all that is below. Pure.
 */

import type {
  MomentKind,
  RolloutMoment,
  RolloutStage,
  SoakStretch,
  StoryRollout,
} from '../../outcome/rolloutStory.ts';
import { soakText, stageName } from '../rolloutWords.ts';
import { html, type Markup } from './markup.ts';
import { percent, type TimeScale } from './timeScale.ts';

/** Height of a row of numbers, of the axis, and of a bar, in px. */
const [ROW, AXIS, BAR] = [15, 18, 10];
/** Height of a step and of all of them together, in px. */
const [STEP, STAIRS] = [27, 190];
const WIDE = 1000;
/** Width of a digit on a phone, in percent of the picture. */
const DIGIT = 2.1;

/** How the line of a moment looks, by what it decided. */
export const MOMENT_LOOKS: Readonly<Record<MomentKind, string>> = {
  begun: 'on',
  promoted: 'on',
  over: 'on',
  approved: 'aside',
  attested: 'aside',
  resumed: 'aside',
  anew: 'slow',
  held: 'slow',
  back: 'stop',
  'back over': 'aside',
  'back failed': 'stop',
  ended: 'stop',
};

/** Lines of the moments and of the axis, through all of the picture. */
export function momentLines({ moments }: StoryRollout, time: TimeScale): Markup {
  const grid = time.ticks.map(
    ({ percent: x }) => html`<line class="tick" x1="${x}" x2="${x}" y1="0" y2="100%" />`,
  );
  // What stops the rollout is drawn last, over all else.
  const order = ['aside', 'on', 'slow', 'stop'];
  const lines = moments
    .toSorted(
      (one, other) =>
        order.indexOf(MOMENT_LOOKS[one.kind]) - order.indexOf(MOMENT_LOOKS[other.kind]),
    )
    .map(({ kind, at }) => {
      const x = percent(time.at(at));
      return html`<line
        class="moment ${MOMENT_LOOKS[kind]}"
        x1="${x}"
        x2="${x}"
        y1="0"
        y2="100%"
      />`;
    });
  return html`<svg class="through" aria-hidden="true" width="100%" height="100%">
    ${grid}${lines}
  </svg> `;
}

/** Draws the stairs, with the numbers of the moments above. */
export function rolloutStairs(story: StoryRollout, time: TimeScale): Markup {
  const { stages } = story;
  const marks = placedMarks(story.moments, time);
  const top = (Math.max(-1, ...marks.map(({ row }) => row)) + 1) * ROW + 14;
  const step = Math.min(STEP, STAIRS / Math.max(1, stages.length));
  const stairs = { top, step, ground: top + step * stages.length };
  const height = stairs.ground + AXIS + 4;
  const steps = stages.map((stage, at) => stepOf(stage, yOf(stairs, at), time, story.to));
  const restarts = story.moments
    .filter(({ kind }) => kind === 'anew')
    .map(({ at, stage }) => {
      const [x, y] = [percent(time.at(at)), yOf(stairs, stage) - 8];
      return html`<text class="restart" x="${x}" y="${y}" text-anchor="middle">↻</text>`;
    });
  const numbers = marks.map(
    ({ at, row, text, kind }) =>
      html`<text
        class="number ${MOMENT_LOOKS[kind]}"
        x="${percent(at)}"
        y="${row * ROW + 12}"
        text-anchor="${anchorOf(at)}"
        >${text}</text
      >`,
  );
  return html`<svg
    class="stairs"
    role="img"
    aria-labelledby="stairs-title stairs-about"
    height="${height}"
  >
    <title id="stairs-title">Stages over time</title>
    <desc id="stairs-about">${descriptionOf(story)}</desc>
    ${levelOf(story, stairs, time, height)}${steps}${restarts}${numbers}${axisTexts(time, stairs.ground + AXIS)}
  </svg> `;
}

/** Names the times that are marked. */
function axisTexts(time: TimeScale, y: number): Markup {
  const texts = time.ticks.map(({ percent: x, label }) => {
    const anchor = anchorOf(Number.parseFloat(x));
    return html`<text x="${x}" y="${y}" text-anchor="${anchor}">${label}</text>`;
  });
  return html`${texts}`;
}

/** The axis of times once more, below all lanes. */
export function timeAxis(time: TimeScale): Markup {
  return html`<svg class="axis" aria-hidden="true" height="${AXIS + 2}">
    ${axisTexts(time, AXIS - 4)}
  </svg> `;
}

interface Stairs {
  readonly top: number;
  readonly step: number;
  readonly ground: number;
}

/** Position of the step of a stage, by its index, in px from the top. */
function yOf({ top, step, ground }: Stairs, at: number): number {
  return Number(Math.max(top, ground - step * (at + 1)).toFixed(1));
}

function descriptionOf({ stages }: StoryRollout): string {
  return stages
    .map((stage) => {
      const text = stage.ended === 'not reached' ? '' : `, ${soakText(stage)}`;
      return `${stageName(stage)}: ${stage.ended}${text}.`;
    })
    .join(' ');
}

function anchorOf(position: number): string {
  if (position < 4) return 'start';
  return position > 96 ? 'end' : 'middle';
}

/** The share of users with the new version, as a line on the steps and the area below it. */
function levelOf(story: StoryRollout, stairs: Stairs, time: TimeScale, height: number): Markup {
  const { stages, levels, to } = story;
  const ends = stages.flatMap(({ percent: share, begunAt }, at) =>
    share === null && begunAt !== null ? [{ at: begunAt, y: yOf(stairs, at) }] : [],
  );
  const turns = levels.map(({ at, percent: share }) => {
    const step = stages.findIndex((one) => one.percent === share);
    return { at, y: step < 0 ? stairs.ground : yOf(stairs, step) };
  });
  const all = [...turns, ...ends].toSorted((one, other) => one.at - other.at);
  if (all.length === 0) return html``;
  const x = (at: number): string => (time.at(at) * (WIDE / 100)).toFixed(1);
  const line = `M0 ${stairs.ground}${all.map(({ at, y }) => `H${x(at)}V${y}`).join('')}H${x(to)}`;
  return html`<svg
    width="100%"
    height="${height}"
    viewBox="0 0 ${WIDE} ${height}"
    preserveAspectRatio="none"
  >
    <path class="area" d="${line}V${stairs.ground}H0Z" />
    <path class="level" d="${line}" />
  </svg>`;
}

/** The soak of a stage on its step; of one that was not reached, its name. */
function stepOf(stage: RolloutStage, y: number, time: TimeScale, to: number): Markup {
  const name = shortened(stageName(stage));
  if (stage.begunAt === null) {
    return html`<line class="ahead" x1="0" x2="100%" y1="${y}" y2="${y}" />
      <text x="100%" y="${y - 5}" text-anchor="end">${name}, not reached</text>`;
  }
  const bars = stage.stretches.map((stretch) => stretchBar(stretch, y, time));
  const since = stage.stretches.at(-1)?.to ?? stage.soakFrom ?? stage.begunAt;
  const open = stage.ended === 'under way' && to > since ? bar('open', since, to, y, time) : null;
  const ticks = stage.reached.map((at) => {
    const x = percent(time.at(at));
    return html`<line class="check" x1="${x}" x2="${x}" y1="${y - BAR / 2}" y2="${y + BAR / 2}" />`;
  });
  const [from, end] = [time.at(stage.begunAt), time.at(stage.endedAt ?? to)];
  const isLate = from > 75;
  const [tone, mark] = MARKS[stage.ended];
  return html`${bars}${open}${ticks}
    <text
      class="step ${tone}"
      x="${percent(isLate ? end : from)}"
      y="${y - 8}"
      text-anchor="${isLate ? 'end' : 'start'}"
    >
      ${name} ${mark}
    </text>`;
}

/** Most characters of a name in the picture; the list above it has all of them. */
const MOST_CHARACTERS = 22;

function shortened(name: string): string {
  const characters = Array.from(name);
  if (characters.length <= MOST_CHARACTERS) return name;
  return `${characters.slice(0, MOST_CHARACTERS - 1).join('')}…`;
}

/** Tone and mark of how a stage has ended. */
export const MARKS: Readonly<Record<RolloutStage['ended'], readonly [tone: string, mark: string]>> =
  {
    passed: ['pass', '✓'],
    'under way': ['info', '…'],
    held: ['warning', '‖'],
    'rolled back': ['fail', '↶'],
    ended: ['fail', '✗'],
    'not reached': ['info', '·'],
  };

function stretchBar({ kind, from, to }: SoakStretch, y: number, time: TimeScale): Markup {
  if (kind !== 'missed' && kind !== 'failed') return bar(kind, from, to, y, time);
  // A thick line with gaps is hatched, which is seen without colours.
  const [x1, x2] = [from, to].map((at) => percent(time.at(at)));
  return html`<line class="hatch ${kind}" x1="${x1 ?? ''}" x2="${x2 ?? ''}" y1="${y}" y2="${y}" />`;
}

function bar(look: string, from: number, to: number, y: number, time: TimeScale): Markup {
  const width = Math.max(0.3, time.at(to) - time.at(from));
  return html`<rect
    class="soak ${look}"
    x="${percent(Math.min(time.at(from), 100 - width))}"
    y="${y - BAR / 2}"
    width="${percent(width)}"
    height="${BAR}"
  />`;
}

interface Mark {
  /** In percent of the picture. */
  readonly at: number;
  readonly row: number;
  readonly text: string;
  readonly kind: MomentKind;
}

/** From what is said to what stops. */
const WEIGHT: readonly string[] = ['aside', 'on', 'slow', 'stop'];

/**
 * Numbers of the moments, those that are at one place together, in as many rows as they need on a phone. `from` is
 * the number of the first one.
 */
export function placedMarks(
  moments: readonly Pick<RolloutMoment, 'kind' | 'at'>[],
  time: Pick<TimeScale, 'at'>,
): readonly Mark[] {
  const groups: { at: number; first: number; last: number; kind: MomentKind }[] = [];
  for (const [number, { at, kind }] of moments.entries()) {
    const place = time.at(at);
    const last = groups.at(-1);
    if (last !== undefined && place - last.at < DIGIT / 2) {
      last.last = number;
      if (WEIGHT.indexOf(MOMENT_LOOKS[kind]) > WEIGHT.indexOf(MOMENT_LOOKS[last.kind]))
        last.kind = kind;
    } else groups.push({ at: place, first: number, last: number, kind });
  }
  const ends: number[] = [];
  return groups.map(({ at, first, last, kind }) => {
    const text = first === last ? `${first + 1}` : `${first + 1}–${last + 1}`;
    const width = (text.length + 1) * DIGIT;
    const [from, to] =
      at < 4 ? [at, at + width] : at > 96 ? [at - width, at] : [at - width / 2, at + width / 2];
    const free = ends.findIndex((end) => end <= from);
    const row = free < 0 ? ends.length : free;
    ends[row] = to;
    return { at, row, text, kind };
  });
}
