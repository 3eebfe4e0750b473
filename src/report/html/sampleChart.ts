/**
 * Samples as small charts: the numbers over time on the bands that judge them, the verdict of each look below, and
 * the moments at which a trigger fired. Each has the same in words. Pure.
 */

import { counted, grouped } from '../../outcome/counted.ts';
import type {
  RunStory,
  SeenNumber,
  StoryBand,
  StoryFiring,
  StoryLooks,
  StorySeries,
} from '../../outcome/runStory.ts';
import { formatDuration } from '../../record/duration.ts';
import { html, type Markup } from './markup.ts';
import { lookOf } from './runLooks.ts';
import { percent, timeScale, type TimeScale } from './timeScale.ts';
import { dayAndTime, utcTimes, type TimeText } from './utcTimes.ts';

/** Height of the plot and of the strip of verdicts, and where they begin, in px. */
const [PLOT_TOP, PLOT, STRIP_TOP, STRIP, TEXT] = [14, 100, 122, 12, 150];
/** Width of the plot in units of its own, in which lines are drawn. */
const WIDE = 1000;

export function samplesPart(story: RunStory): Markup {
  const { series } = story;
  if (series.length === 0) return html``;
  const time = utcTimes(story.begunAt, story.lastAt);
  return html`<h2 id="samples">What was watched</h2>
    <div class="charts">
      ${series.map((one, at) => chartPart(one, at, firingsOf(story, one), time))}
    </div> `;
}

/** When triggers and monitors fired by the numbers of a series. */
function firingsOf({ triggers }: RunStory, { id, isStep }: StorySeries): readonly StoryFiring[] {
  if (isStep) return [];
  return triggers
    .filter((trigger) => trigger.series === id)
    .flatMap(({ firings }) => firings)
    .toSorted((one, other) => one.at - other.at);
}

function chartPart(
  series: StorySeries,
  at: number,
  firings: readonly StoryFiring[],
  time: TimeText,
): Markup {
  const { id, use, isStep, every, verdicts } = series;
  const what = isStep
    ? `${use}, which had to pass for ${formatDuration(series.for)}, every ${formatDuration(every)}`
    : `${use}, every ${formatDuration(every)}`;
  const marks = firings.map(
    ({ at: when, why, followed }, number) =>
      html`<li><span class="mark">▼${number + 1}</span> ${time(when)} ${why}: ${followed}</li> `,
  );
  const counts = verdicts.map(([verdict, looks]) => {
    const [tone, mark, words] = lookOf(verdict);
    return html`<span class="badge ${tone}">${mark} ${grouped(looks)} ${words}</span> `;
  });
  return html`<figure class="card chart" aria-labelledby="series-${at}">
    <figcaption>
      <h3 id="series-${at}">${id} <span class="use">${what}</span></h3>
      <p>${counts}</p>
    </figcaption>
    ${svgOf(series, firings)}
    <dl>
      ${numberLine('lowest', series.lowest, time)}${numberLine('highest', series.highest, time)}${lastLine(series, time)}
      <div>
        <dt>looks</dt>
        <dd>${looksText(series)}</dd>
      </div>
      ${bandLines(series)}
    </dl>
    ${
      marks.length === 0
        ? null
        : html`<ol class="marks">
            ${marks}
          </ol>`
    }
  </figure> `;
}

function numberLine(name: string, seen: SeenNumber | null, time: TimeText): Markup {
  if (seen === null) return html``;
  return html`<div>
    <dt>${name}</dt>
    <dd>${numberText(seen.value)} at ${time(seen.at)}</dd>
  </div>`;
}

function lastLine({ last }: StorySeries, time: TimeText): Markup {
  if (last === null) return html``;
  const { value, verdict, at, says } = last;
  const number = value === null ? '' : `${numberText(value)}, `;
  return html`<div>
    <dt>last</dt>
    <dd>${number}${lookOf(verdict)[2]} at ${time(at)}${says === '' ? '' : ` (${says})`}</dd>
  </div>`;
}

function looksText({ looks, numberless, breaches }: StorySeries): string {
  const without = numberless === 0 ? '' : `, ${grouped(numberless)} without a number`;
  const beyond = breaches === 0 ? '' : `, ${grouped(breaches)} in breach`;
  return `${grouped(looks)}${without}${beyond}`;
}

const BANDS: Readonly<Record<StoryBand['kind'], string>> = {
  pass: 'passes',
  hold: 'holds',
  breach: 'is a breach',
};

function bandLines({ bands }: StorySeries): Markup {
  if (bands.length === 0) return html``;
  const texts = bands.map(
    (band) => html`<span class="key ${band.kind}">${rangeText(band)} ${BANDS[band.kind]}</span> `,
  );
  return html`<div class="bands">
    <dt>bands</dt>
    <dd>${texts}</dd>
  </div>`;
}

function rangeText({ from, to }: StoryBand): string {
  if (from === to && from !== null) return numberText(from);
  if (from === null) return to === null ? 'any number' : `up to ${numberText(to)}`;
  return to === null ? `from ${numberText(from)}` : `${numberText(from)} to ${numberText(to)}`;
}

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

function svgOf(series: StorySeries, firings: readonly StoryFiring[]): Markup {
  const { parts } = series;
  const time = timeScale(parts[0]?.from ?? 0, parts.at(-1)?.to ?? 0);
  const values = valuesOf(series);
  const drawn = values === null ? null : plotOf(series, values, time);
  const marks = firings.map(({ at }, number) => {
    const x = percent(time.at(at));
    return html`<line
        class="fired"
        x1="${x}"
        x2="${x}"
        y1="${PLOT_TOP}"
        y2="${STRIP_TOP + STRIP}"
      /><text class="fired" x="${x}" y="11" text-anchor="${anchor(time.at(at))}"
        >▼${number + 1}</text
      >`;
  });
  const labels = time.ticks.map(
    ({ percent: x, label }) =>
      html`<text x="${x}" y="${TEXT}" text-anchor="${anchor(Number.parseFloat(x))}"
        >${label}</text
      >`,
  );
  return html`<svg role="img" aria-label="${labelOf(series)}" height="${TEXT + 4}">
    ${drawn}${stripOf(parts, time)}${marks}${labels}
  </svg>`;
}

function plotOf(series: StorySeries, values: Values, time: TimeScale): Markup {
  const plot = { time, y: scaleOf(values) };
  const { parts, bands } = series;
  return html`${bandRects(bands, values, plot)}${lineOf(parts, plot)}${dotsOf(series, plot)}${limitTexts(values, plot)}`;
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
function lineOf(parts: readonly StoryLooks[], { time, y }: Plot): Markup {
  const at = ({ at: when, value }: SeenNumber): string =>
    `${(time.at(when) * (WIDE / 100)).toFixed(1)} ${(y(value) - PLOT_TOP).toFixed(1)}`;
  let line = '';
  let ranges = '';
  let isOpen = false;
  for (const { last, lowest, highest } of parts) {
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

function limitTexts({ low, high }: Values, { y }: Plot): Markup {
  return html`<text x="4" y="${y(high) + 11}">${numberText(high)}</text
    ><text x="4" y="${y(low) - 4}">${numberText(low)}</text>`;
}

/** The worst verdict of each part; what did not pass is taller. */
function stripOf(parts: readonly StoryLooks[], time: TimeScale): Markup {
  const runs: { from: number; to: number; readonly verdict: string }[] = [];
  for (const { from, to, verdict } of parts) {
    const last = runs.at(-1);
    if (last?.verdict === verdict) last.to = to;
    else {
      if (last !== undefined) last.to = from;
      runs.push({ from, to, verdict });
    }
  }
  return html`${runs.map(({ from, to, verdict }) => {
    const [tone] = lookOf(verdict);
    const height = tone === 'pass' ? STRIP / 2 : STRIP;
    const width = Math.max(0.7, time.at(to) - time.at(from));
    const x = Math.min(time.at(from), 100 - width);
    return html`<rect
      class="done ${tone}"
      x="${percent(x)}"
      y="${STRIP_TOP + STRIP - height}"
      width="${percent(width)}"
      height="${height}"
    />`;
  })}`;
}
