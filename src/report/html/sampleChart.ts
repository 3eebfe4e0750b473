/**
 * A series of samples as a small chart: the numbers over time on the bands that judge them, the verdict of each look
 * below, and the moments at which a trigger fired. Its label says the same in words. Pure.
 */

import { counted, grouped } from '../../outcome/counted.ts';
import type {
  SeenNumber,
  StoryBand,
  StoryFiring,
  StoryLooks,
  StorySeries,
} from '../../outcome/runStory.ts';
import { html, type Markup } from './markup.ts';
import { lookOf } from './runLooks.ts';
import { percent, timeScale, type TimeScale } from './timeScale.ts';
import { dayAndTime } from './utcTimes.ts';

/** Where the plot begins, how high it and the strip of verdicts are, and where times stand below that, in px. */
const [PLOT_TOP, PLOT, STRIP, TEXT] = [14, 100, 12, 28];
/** Width of the plot in units of its own, in which lines are drawn. */
const WIDE = 1000;

/** Formats a number with 4 digits, or a whole one with all of them. */
export function numberText(value: number): string {
  return Number.isInteger(value) ? grouped(value) : String(Number(value.toPrecision(4)));
}

/** What the picture shows, for all who do not see it. */
function labelOf({ id, parts, lowest, highest, last, looks, breaches }: StorySeries): string {
  const [from, to] = [parts[0]?.from ?? 0, parts.at(-1)?.to ?? 0];
  const range =
    lowest === null || highest === null
      ? 'no number was seen'
      : `lowest ${numberText(lowest.value)}, highest ${numberText(highest.value)}`;
  const end = last?.value === null || last === null ? '' : `, last ${numberText(last.value)}`;
  return `${id}: ${counted(looks, 'look')} from ${dayAndTime(from)} to ${dayAndTime(to)}; ${range}${end}; ${breaches} in breach`;
}

interface Plot {
  readonly time: TimeScale;
  /** Position of a number, in px from the top of the picture. */
  readonly y: (value: number) => number;
}

/** Draws a series, with the moments at which a trigger fired. */
export function sampleChart(series: StorySeries, firings: readonly StoryFiring[]): Markup {
  const { parts } = series;
  const time = timeScale(parts[0]?.from ?? 0, parts.at(-1)?.to ?? 0);
  const values = valuesOf(series);
  const strip = values === null ? PLOT_TOP : PLOT_TOP + PLOT + 8;
  const marks = firings.map(({ at }, number) => {
    const x = percent(time.at(at));
    return html`<line class="fired" x1="${x}" x2="${x}" y1="${PLOT_TOP}" y2="${strip + STRIP}" />
      <text class="fired" x="${x}" y="11" text-anchor="${anchor(time.at(at))}"
        >▼${number + 1}</text
      >`;
  });
  const labels = time.ticks.map(
    ({ percent: x, label }) =>
      html`<text x="${x}" y="${strip + TEXT}" text-anchor="${anchor(Number.parseFloat(x))}">
        ${label}
      </text>`,
  );
  return html`<svg role="img" aria-label="${labelOf(series)}" height="${strip + TEXT + 4}">
    ${values === null ? null : plotOf(series, values, time)}${stripOf(series, strip, time)}${marks}${labels}
  </svg>`;
}

function plotOf(series: StorySeries, values: Values, time: TimeScale): Markup {
  const plot = { time, y: scaleOf(values) };
  return html`${bandRects(series.bands, values, plot)}${lineOf(series, plot)}${dotsOf(series, plot)}${limitTexts(series, plot)}`;
}

function anchor(position: number): string {
  if (position < 6) return 'start';
  return position > 94 ? 'end' : 'middle';
}

interface Values {
  readonly low: number;
  readonly high: number;
}

/** The range of numbers that is drawn; null where there is nothing but one number, and no band. */
function valuesOf({ lowest, highest, bands }: StorySeries): Values | null {
  if (lowest === null || highest === null) return null;
  if (lowest.value === highest.value && bands.length === 0) return null;
  const limits = bands.flatMap(({ from, to }) => [from, to]).filter((limit) => limit !== null);
  const all = [lowest.value, highest.value, ...limits];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const pad = (high - low || Math.abs(high) || 1) * 0.12;
  return { low: low >= 0 && low < pad ? 0 : low - pad, high: high + pad };
}

function scaleOf({ low, high }: Values): Plot['y'] {
  return (value) => {
    const share = (Math.min(Math.max(value, low), high) - low) / (high - low);
    return Number((PLOT_TOP + PLOT * (1 - share)).toFixed(2));
  };
}

function bandRects(bands: readonly StoryBand[], { low, high }: Values, { y }: Plot): Markup {
  const rects = bands.map(({ from, to, kind }) => {
    const [top, bottom] = [y(to ?? high), y(from ?? low)];
    // A band of one number is a line.
    const height = Math.max(2, bottom - top);
    return html`<rect
      class="band ${kind}"
      x="0"
      width="100%"
      y="${bottom - height}"
      height="${height}"
    />`;
  });
  return html`${rects}`;
}

/** The last number of each part as a line, with a bar from its lowest to its highest. */
function lineOf({ parts, every }: StorySeries, { time, y }: Plot): Markup {
  const at = ({ at: when, value }: SeenNumber): string =>
    `${(time.at(when) * (WIDE / 100)).toFixed(1)} ${(y(value) - PLOT_TOP).toFixed(1)}`;
  let line = '';
  let ranges = '';
  let isOpen = false;
  for (const [number, { from, last, lowest, highest }] of parts.entries()) {
    // Nothing is drawn between looks that were missed.
    if (isMissed(parts[number - 1], from, every)) isOpen = false;
    if (last === null || lowest === null || highest === null) {
      isOpen = false;
      continue;
    }
    line += `${isOpen ? 'L' : 'M'}${at(last)}`;
    isOpen = true;
    if (lowest.value !== highest.value) {
      const x = { at: last.at };
      ranges += `M${at({ ...x, value: lowest.value })}L${at({ ...x, value: highest.value })}`;
    }
  }
  return html`<svg
    x="0"
    y="${PLOT_TOP}"
    width="100%"
    height="${PLOT}"
    viewBox="0 0 ${WIDE} ${PLOT}"
    preserveAspectRatio="none"
  >
    ${ranges === '' ? null : html`<path class="range" d="${ranges}" />`}
    <path class="line" d="${line}" />
  </svg>`;
}

/** Whether looks are missing between a part and the next one, as with a check that has to pass for some time. */
function isMissed(before: StoryLooks | undefined, from: number, every: number): boolean {
  return before !== undefined && from - before.to > 2 * every;
}

/** Most parts whose looks are drawn as dots. */
const MOST_DOTS = 40;

/** Looks as dots where there are few, and breaches in any case. */
function dotsOf({ parts, bands }: StorySeries, { time, y }: Plot): Markup {
  const dot = ({ at, value }: SeenNumber, look: string, radius: number): Markup =>
    html`<circle class="${look}" cx="${percent(time.at(at))}" cy="${y(value)}" r="${radius}" />`;
  const few = parts.length <= MOST_DOTS ? parts.flatMap(({ last }) => last ?? []) : [];
  const breaches = parts.flatMap(({ breaches: count, lowest, highest, last }) => {
    if (count === 0) return [];
    const beyond = [lowest, highest].filter((seen) => seen !== null && isBeyond(bands, seen.value));
    const seen = beyond.length === 0 ? [last] : [...new Set(beyond)];
    return seen.filter((one) => one !== null);
  });
  return html`${few.map((seen) => dot(seen, 'seen', 2.5))}${breaches.map((seen) => dot(seen, 'breach', 4.5))}`;
}

function isBeyond(bands: readonly StoryBand[], value: number): boolean {
  return bands.some(
    ({ kind, from, to }) =>
      kind === 'breach' && (from === null || value > from) && (to === null || value < to),
  );
}

/** Least distance of two numbers beside the plot, in px. */
const LINE = 13;

/** The limits of bands beside the plot, or the extremes where there are none. */
function limitTexts({ bands, lowest, highest }: StorySeries, { y }: Plot): Markup {
  const limits = [...new Set(bands.flatMap(({ from }) => from ?? []))];
  const shown = limits.length > 0 ? limits : [lowest?.value ?? 0, highest?.value ?? 0];
  let last = Infinity;
  const texts = shown.map((limit) => {
    const at = y(limit);
    if (last - at < LINE) return null;
    last = at;
    return html`<text x="4" y="${Number((at - 3).toFixed(2))}">${numberText(limit)}</text>`;
  });
  return html`${texts}`;
}

/** The worst verdict of each part; what did not pass is taller. */
function stripOf({ parts, every }: StorySeries, top: number, time: TimeScale): Markup {
  const runs: { from: number; to: number; readonly verdict: string }[] = [];
  for (const [number, { from, to, verdict }] of parts.entries()) {
    const last = runs.at(-1);
    const isNext = last !== undefined && !isMissed(parts[number - 1], from, every);
    if (isNext) last.to = from;
    if (isNext && last.verdict === verdict) last.to = to;
    else runs.push({ from, to, verdict });
  }
  return html`${runs.map(({ from, to, verdict }) => {
    const [tone] = lookOf(verdict);
    const height = tone === 'pass' ? STRIP / 2 : STRIP;
    const width = Math.max(0.7, time.at(to) - time.at(from));
    const x = Math.min(time.at(from), 100 - width);
    return html`<rect
      class="done ${tone}"
      x="${percent(x)}"
      y="${top + STRIP - height}"
      width="${percent(width)}"
      height="${height}"
    />`;
  })}`;
}
