/**
 * One metric of a rollout as a lane: what can be true as a ribbon, the best guess as a line, its limits, and below
 * them the band of each look, in a colour and a shape of its own. Its title and description say the same. Pure.
 */

import { counted, grouped } from '../../outcome/counted.ts';
import type {
  LaneStage,
  RolloutBand,
  RolloutLane,
  RolloutLimit,
  RolloutLooks,
  StoryRollout,
} from '../../outcome/rolloutStory.ts';
import { BAND_WORDS, limitsText, lookText, metricName, stageName } from '../rolloutWords.ts';
import { laneScale, type LaneScale } from './laneScale.ts';
import { html, type Markup } from './markup.ts';
import { percent, type TimeScale } from './timeScale.ts';

/** Height of a plot and of the strip of bands below it, in px. */
const [PLOT, STRIP] = [72, 10];
const LANE = PLOT + 4 + STRIP;
/** Width of the plot in units of its own, in which lines are drawn. */
const WIDE = 1000;

/** Tone of each band, and the mark that it has in texts. */
export const BAND_LOOKS: Readonly<Record<RolloutBand, readonly [tone: string, mark: string]>> = {
  pass: ['pass', '●'],
  hold: ['warning', '□'],
  unknown: ['info', '?'],
  fail: ['fail', '▲'],
  rollback: ['fail', '◆'],
};

export function bandBadge(band: RolloutBand): Markup {
  const [tone, mark] = BAND_LOOKS[band];
  return html`<span class="badge ${tone}">${mark} ${BAND_WORDS[band]}</span>`;
}

/** Draws a lane; `at` is its number, for its ids. */
export function rolloutLane(
  story: StoryRollout,
  lane: RolloutLane,
  at: number,
  time: TimeScale,
  decides: boolean,
): Markup {
  const last = lane.stages.at(-1);
  const scale = laneScale(lane, PLOT);
  const now = last === undefined ? null : lookText(lane, last, last.last);
  return html`<div class="metric${decides ? ' decides' : ''}">
    <p class="head">
      <b>${metricName(lane)}</b>
      <span class="use">${aboutLane(lane)}</span>
      ${last === undefined ? null : bandBadge(last.last.band)} <span>${now}</span>
      ${decides ? html`<span class="badge fail">it decided</span>` : null}
    </p>
    <svg role="img" aria-labelledby="lane-${at}-title lane-${at}-about" height="${LANE}">
      <title id="lane-${at}-title">${laneTitle(lane)}</title>
      <desc id="lane-${at}-about">${descriptionOf(story, lane)}</desc>
      ${limitMarks(story, lane, scale, time)}${plotOf(lane, scale, time)}
      ${glyphsOf(lane, scale, time)}${stripOf(lane, time)}${limitTexts(lane, scale, endOf(story, lane, time))}
    </svg>
  </div> `;
}

/** What a lane is compared with, in all of its stages. */
function aboutLane(lane: RolloutLane): string {
  if (lane.measure === 'split') return 'users with the new version, beside the share of each stage';
  if (!lane.isCompared && lane.measure !== 'kinds') return '';
  const names = new Set(lane.stages.flatMap(({ against }) => against ?? []));
  return `against ${[...names].join(', then ')}`;
}

function laneTitle(lane: RolloutLane): string {
  const about = aboutLane(lane);
  return about === '' ? metricName(lane) : `${metricName(lane)}, ${about}`;
}

/** Says what a lane was in each stage. */
function descriptionOf({ stages }: StoryRollout, lane: RolloutLane): string {
  return lane.stages
    .map((inStage) => {
      const { looks, bands, last, limits } = inStage;
      const counts = bands.map(([band, count]) => `${grouped(count)} ${BAND_WORDS[band]}`);
      const judged = limitsText(lane, limits);
      const name = `${stageName(stages[inStage.stage])}: ${counted(looks, 'look')}`;
      return `${name} (${counts.join(', ')}), the last ${lookText(lane, inStage, last)}${judged === '' ? '' : `; ${judged}`}.`;
    })
    .join(' ');
}

/** Parts of one band one after the other, within a stage. */
interface Run {
  readonly stage: number;
  readonly band: RolloutBand;
  readonly parts: RolloutLooks[];
  /** The part before it, where that is of the same stage and has a number. */
  readonly before: RolloutLooks | null;
}

/** Joins parts of one band. */
export function runsOf({ parts }: Pick<RolloutLane, 'parts'>): readonly Run[] {
  const runs: Run[] = [];
  for (const [at, part] of parts.entries()) {
    const last = runs.at(-1);
    const { stage, band } = part;
    if (last?.band === band && last.stage === stage) {
      last.parts.push(part);
      continue;
    }
    const earlier = parts[at - 1];
    const before = earlier?.stage === stage && earlier.low !== null ? earlier : null;
    runs.push({ stage, band, parts: [part], before });
  }
  return runs;
}

function plotOf(lane: RolloutLane, scale: LaneScale, time: TimeScale): Markup {
  const ribbons =
    lane.measure === 'number'
      ? html``
      : html`${runsOf(lane).map((run) => ribbonOf(run, scale, time))}`;
  const line = lineOf(lane, scale, time);
  return html`<svg
    width="100%"
    height="${PLOT}"
    viewBox="0 0 ${WIDE} ${PLOT}"
    preserveAspectRatio="none"
  >
    ${ribbons}${line === '' ? null : html`<path class="guess" d="${line}" />`}
  </svg>`;
}

function x(time: TimeScale, at: number): string {
  return (time.at(at) * (WIDE / 100)).toFixed(1);
}

/** What can be true, as an area; as a bar where there is one look. */
function ribbonOf({ stage, band, parts, before }: Run, scale: LaneScale, time: TimeScale): Markup {
  const known = [...(before === null ? [] : [before]), ...parts].filter(({ low }) => low !== null);
  if (band === 'unknown' || known.length === 0) return html``;
  const tops = known.flatMap((part) => {
    const y = part.high === null ? 0 : scale.y(stage, part.high);
    return timesOf(part, before).map((at) => `${x(time, at)} ${y}`);
  });
  const bottoms = known.flatMap((part) => {
    const y = scale.y(stage, part.low ?? 0);
    return timesOf(part, before).map((at) => `${x(time, at)} ${y}`);
  });
  if (tops.length === 1) {
    return html`<path class="edge one ${band}" d="M${tops[0] ?? ''}L${bottoms[0] ?? ''}" />`;
  }
  const [top, bottom] = [tops.join('L'), bottoms.join('L')];
  const area = `M${top}L${bottoms.toReversed().join('L')}Z`;
  return html`<path class="ribbon ${band}" d="${area}" /><path
      class="edge ${band}"
      d="M${top}M${bottom}"
    />`;
}

/** Times of a part that are drawn; of the part before a run only its end. */
function timesOf(part: RolloutLooks, before: RolloutLooks | null): readonly number[] {
  return part === before || part.from === part.to ? [part.to] : [part.from, part.to];
}

/** The best guess; a number that stands for itself stays until the next look. */
function lineOf({ parts, measure }: RolloutLane, scale: LaneScale, time: TimeScale): string {
  let line = '';
  let before: RolloutLooks | null = null;
  for (const part of parts) {
    if (part.seen === null) {
      before = null;
      continue;
    }
    const y = scale.y(part.stage, part.seen);
    const isNext: boolean = before?.stage === part.stage;
    if (!isNext) line += `M${x(time, part.from)} ${y}`;
    else if (measure === 'number') line += `H${x(time, part.from)}V${y}`;
    else line += `L${x(time, part.from)} ${y}`;
    if (part.to > part.from) line += `H${x(time, part.to)}`;
    before = part;
  }
  return line;
}

/** Most parts of which each has a dot. */
const MOST_DOTS = 80;
const MOST_GLYPHS = 60;

/** The shape of the band where it changes, and at the last look; of a number, a dot at each. */
function glyphsOf(lane: RolloutLane, scale: LaneScale, time: TimeScale): Markup {
  const { parts, measure } = lane;
  const dots =
    measure === 'number' && parts.length <= MOST_DOTS
      ? parts.filter(({ seen }) => seen !== null).map((part) => glyph(part, 'dot', scale, time))
      : [];
  const firsts = runsOf(lane).flatMap((run) => run.parts[0] ?? []);
  const shown = [...new Set([...firsts.slice(-MOST_GLYPHS), ...parts.slice(-1)])];
  return html`${dots}${shown.map((part) => glyph(part, part.band, scale, time))}`;
}

function glyph(
  part: RolloutLooks,
  shape: RolloutBand | 'dot',
  { y }: LaneScale,
  time: TimeScale,
): Markup {
  const { stage, seen, low, high, to } = part;
  const top = high === null ? 0 : y(stage, high);
  const middle = low === null ? PLOT / 2 : (top + y(stage, low)) / 2;
  const at = seen === null ? middle : y(stage, seen);
  return html`<use href="#shape-${shape}" x="${percent(time.at(to))}" y="${at.toFixed(1)}" />`;
}

/** Shapes of bands, once for all lanes. */
export function bandShapes(): Markup {
  return html`<svg class="shapes" aria-hidden="true" width="0" height="0">
    <defs>
      <circle id="shape-dot" class="shape dot" r="2" />
      <circle id="shape-pass" class="shape pass" r="3.5" />
      <rect id="shape-hold" class="shape hold" x="-3.5" y="-3.5" width="7" height="7" />
      <path id="shape-unknown" class="shape unknown" d="M-4 -4L4 4M-4 4L4 -4" />
      <path id="shape-fail" class="shape fail" d="M0 -5L5 4H-5Z" />
      <path id="shape-rollback" class="shape rollback" d="M0 -7L7 0L0 7L-7 0Z" />
    </defs>
  </svg> `;
}

/** Height of the strip of each band, in px: what is worse is taller. */
const HEIGHTS: Readonly<Record<RolloutBand, number>> = {
  pass: 3,
  hold: 6,
  unknown: 6,
  fail: 8,
  rollback: STRIP,
};

function stripOf(lane: RolloutLane, time: TimeScale): Markup {
  const runs = runsOf(lane);
  const rects = runs.map(({ stage, band, parts }, at) => {
    const next = runs[at + 1];
    const from = time.at(parts[0]?.from ?? 0);
    const end = next?.stage === stage ? next.parts[0]?.from : parts.at(-1)?.to;
    const width = Math.max(0.5, time.at(end ?? 0) - from);
    const height = HEIGHTS[band];
    return html`<rect
      class="strip ${band}"
      x="${percent(Math.min(from, 100 - width))}"
      y="${LANE - height}"
      width="${percent(width)}"
      height="${height}"
    />`;
  });
  return html`${rects}`;
}

/** The limits of each stage, from its first look of the metric to its end. */
function limitMarks(
  { stages, to }: StoryRollout,
  lane: RolloutLane,
  scale: LaneScale,
  time: TimeScale,
): Markup {
  const lines = lane.stages.flatMap((inStage) => {
    const stage = stages[inStage.stage];
    const from = percent(time.at(stage?.begunAt ?? to));
    const end = percent(time.at(stage?.endedAt ?? to));
    return scale
      .limitsOf(inStage)
      .map(
        ({ y, kind }) =>
          html`<line class="limit ${kind}" x1="${from}" x2="${end}" y1="${y}" y2="${y}" />`,
      );
  });
  return html`${lines}`;
}

const SIGNS: Readonly<Record<RolloutLimit['comparison'], string>> = {
  '==': '=',
  '!=': '≠',
  '<': '<',
  '<=': '≤',
  '>': '>',
  '>=': '≥',
};

/** Least distance of two texts in a plot, in px. */
const LINE = 12;

/** Where the last stage of a lane ends, in percent; so far on the right that a text has space before it. */
function endOf({ stages, to }: StoryRollout, lane: RolloutLane, time: TimeScale): number {
  const last = stages[lane.stages.at(-1)?.stage ?? -1];
  return Math.max(40, time.at(last?.endedAt ?? to));
}

/** The limits in words: what passes on the left, what rolls back on the right. */
function limitTexts(lane: RolloutLane, scale: LaneScale, end: number): Markup {
  const [first] = lane.stages;
  if (first === undefined) return html``;
  if (lane.measure === 'split') return splitText(scale, first);
  const { pass, rollback, margin } = first.limits;
  const unit = lane.isCompared
    ? '×'
    : lane.measure === 'share' || lane.measure === 'kinds'
      ? ' %'
      : '';
  const lines = scale.limitsOf(first);
  const [good, bad] = [
    lines.find(({ kind }) => kind === 'pass'),
    lines.find(({ kind }) => kind === 'rollback'),
  ];
  const within = margin === 0 ? '' : ` (margin ${margin})`;
  return html`${
    pass === null || good === undefined
      ? null
      : html`<text class="limit pass" x="0" y="${textY(good.y, bad?.y ?? null)}">
          passes ${SIGNS[pass.comparison]} ${pass.value}${unit}${within}
        </text>`
  }${
    rollback === null || bad === undefined
      ? null
      : html`<text
          class="limit rollback"
          x="${percent(end)}"
          text-anchor="end"
          y="${textY(bad.y, good?.y ?? null)}"
        >
          rolls back ${SIGNS[rollback.comparison]} ${rollback.value}${unit}
        </text>`
  }`;
}

/** Beside its line, away from another one, and within the plot. */
function textY(y: number, other: number | null): number {
  const above = other === null || other >= y;
  if (above) return y < LINE ? y + LINE : y - 3;
  return y > PLOT - 2 * LINE ? y - 3 : y + LINE;
}

/** Tolerances differ from stage to stage, and are drawn alike. */
function splitText(scale: LaneScale, first: LaneStage): Markup {
  const top = Math.min(...scale.limitsOf(first).map(({ y }) => y));
  return html`<text class="limit pass" x="0" y="${top - 3}">passes within its tolerance</text>`;
}
