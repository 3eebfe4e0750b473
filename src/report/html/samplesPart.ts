/** What was sampled in a run: a chart for each series, with its extremes, what judges it, and what fired. Pure. */

import { grouped } from '../../outcome/counted.ts';
import type { RunStory, StoryBand, StorySeries, StoryTrigger } from '../../outcome/runStory.ts';
import { formatDuration } from '../../record/duration.ts';
import { html, type Markup } from './markup.ts';
import { lookOf } from './runLooks.ts';
import { numberText, sampleChart } from './sampleChart.ts';
import { utcTimes, type TimeText } from './utcTimes.ts';

export function samplesPart(story: RunStory): Markup {
  const { series } = story;
  if (series.length === 0) return html``;
  const time = utcTimes(story.begunAt, story.lastAt);
  return html`<h2 id="samples">What was watched</h2>
    <div class="charts">
      ${series.map((one, at) => chartPart(one, at, triggersOf(story, one), time))}
    </div> `;
}

/** Triggers and monitors that judge the numbers of a series. */
function triggersOf({ triggers }: RunStory, { id, isStep }: StorySeries): readonly StoryTrigger[] {
  return isStep ? [] : triggers.filter((trigger) => trigger.series === id);
}

function chartPart(
  series: StorySeries,
  at: number,
  triggers: readonly StoryTrigger[],
  time: TimeText,
): Markup {
  const { id, use, isStep, every, verdicts } = series;
  const often = Number.isFinite(every) ? `every ${formatDuration(every)}` : 'said by people';
  const what = isStep
    ? `${use}, which had to pass for ${formatDuration(series.for)}, ${often}`
    : `${use}, ${often}`;
  const firings = triggers
    .flatMap((trigger) => trigger.firings)
    .toSorted((one, other) => one.at - other.at);
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
    ${sampleChart(series, firings)}
    <dl>
      ${numberLine('lowest', series, time)}${numberLine('highest', series, time)}${lastLine(series, time)}
      <div>
        <dt>looks</dt>
        <dd>${looksText(series)}</dd>
      </div>
      ${bandLines(series, triggers)}
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

/** Shows an extreme, where there is more than one number, or something that judges it. */
function numberLine(
  name: 'lowest' | 'highest',
  { bands, ...series }: StorySeries,
  time: TimeText,
): Markup {
  const seen = series[name];
  const isOne = series.lowest?.value === series.highest?.value && bands.length === 0;
  if (seen === null || isOne) return html``;
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
  const some = numberless === 0 ? '' : `, ${grouped(numberless)} without a number`;
  const without = numberless === looks ? ', none with a number' : some;
  const beyond = breaches === 0 ? '' : `, ${grouped(breaches)} in breach`;
  return `${grouped(looks)}${without}${beyond}`;
}

/** Shows what judges the numbers, in the words of the runbook. */
function bandLines({ bands, pass }: StorySeries, triggers: readonly StoryTrigger[]): Markup {
  if (bands.length === 0) return html``;
  const judged = triggers.filter(({ kind }) => kind === 'trigger');
  const isAlone = judged.length === 0 && bands.some(({ kind }) => kind === 'breach');
  const texts = [
    pass === null ? null : key('pass', `${pass} passes`),
    bands.some(({ kind }) => kind === 'hold') ? key('hold', 'all else holds') : null,
    ...judged.map(({ when, for: time, action }) =>
      key('breach', `${when}${time === null ? '' : ` for ${formatDuration(time)}`}: ${action}`),
    ),
    isAlone ? key('breach', 'all else fails') : null,
  ];
  return html`<div class="bands">
    <dt>bands</dt>
    <dd>${texts}</dd>
  </div>`;
}

function key(kind: StoryBand['kind'], text: string): Markup {
  return html`<span class="key ${kind}">${text}</span> `;
}
