/** What the picture of a rollout shows, as tables: its stages, and each metric in each of them. Pure. */

import { grouped } from '../../outcome/counted.ts';
import type {
  LaneStage,
  RolloutLane,
  RolloutLooks,
  StoryRollout,
} from '../../outcome/rolloutStory.ts';
import {
  laneName,
  limitsText,
  lookText,
  soakText,
  stageName,
  BAND_WORDS,
} from '../rolloutWords.ts';
import { html, type Content, type Markup } from './markup.ts';
import { bandBadge, runsOf } from './rolloutLane.ts';
import { numberText } from './sampleChart.ts';
import { stackTable } from './stackTable.ts';
import { utcTimes, type TimeText } from './utcTimes.ts';

/** Most changes of a band that are listed of a metric in a stage. */
const MOST_CHANGES = 12;

export function rolloutTables(story: StoryRollout): Markup {
  const time = utcTimes(story.from, story.to);
  const stages = story.stages.map((stage): Content[] => [
    stageName(stage),
    stage.ended,
    time(stage.begunAt),
    time(stage.endedAt),
    soakText(stage),
    `${stage.reached.length} of ${stage.checkpoints}`,
    stretchesText(stage.stretches, time),
  ]);
  const lanes = story.lanes.flatMap((lane) =>
    lane.stages.map((inStage) => laneRow(story, lane, inStage, time)),
  );
  return html`<details class="numbers">
    <summary>The same as tables</summary>
    ${stackTable(
      { id: 'rollout-stages', title: 'Stages', level: 3, about: 'Times are in UTC.' },
      ['stage', 'came to', 'begin', 'end', 'soak', 'checkpoints', 'its time'],
      stages,
    )}
    ${stackTable(
      { id: 'rollout-metrics', title: 'Metrics', level: 3, about: null },
      ['metric', 'stage', 'looks', 'range', 'last', 'limits', 'bands'],
      lanes,
    )}
  </details> `;
}

/** Most stretches of a soak that are listed. */
const MOST_STRETCHES = 12;

function stretchesText(
  stretches: StoryRollout['stages'][number]['stretches'],
  time: TimeText,
): Markup {
  if (stretches.length === 0) return html`–`;
  const lines = stretches
    .slice(-MOST_STRETCHES)
    .map(
      ({ kind, from, to }) => html`<li>${WORDS[kind]} ${time(from, to)} to ${time(to, from)}</li> `,
    );
  return html`<ol class="attempts">
    ${lines}
  </ol>`;
}

const WORDS = {
  counted: 'counts',
  lost: 'did not count any more',
  failed: 'failed',
  missed: 'no look in time',
} as const;

function laneRow(
  { stages }: StoryRollout,
  lane: RolloutLane,
  inStage: LaneStage,
  time: TimeText,
): Content[] {
  const parts = lane.parts.filter(({ stage }) => stage === inStage.stage);
  const { looks, last, limits } = inStage;
  return [
    laneName(lane, inStage),
    stageName(stages[inStage.stage]),
    grouped(looks),
    `${extreme(parts, 'lowest', Math.min)} to ${extreme(parts, 'highest', Math.max)}`,
    html`${bandBadge(last.band)} ${lookText(lane, inStage, last)}`,
    limitsText(lane, limits),
    changesText(parts, time),
  ];
}

/** The lowest or highest best guess; the ends of the interval where there is none. */
function extreme(
  parts: readonly RolloutLooks[],
  name: 'lowest' | 'highest',
  of: (...numbers: readonly number[]) => number,
): string {
  const ends = name === 'lowest' ? 'low' : 'high';
  const numbers = parts.flatMap((part) => part[name] ?? part[ends] ?? []);
  return numbers.length === 0 ? '–' : numberText(numbers.reduce((one, other) => of(one, other)));
}

/** When the band changed, of the last times that it did. */
function changesText(parts: readonly RolloutLooks[], time: TimeText): Markup {
  const runs = runsOf({ parts });
  const shown = runs.slice(-MOST_CHANGES);
  const lines = shown.map(({ band, parts: [first] }) => {
    const from = first === undefined ? null : time(first.from);
    return html`<li>${BAND_WORDS[band]} from ${from}</li> `;
  });
  const more = runs.length - shown.length;
  return html`<ol class="attempts">
    ${more === 0 ? null : html`<li>${grouped(more)} changes before</li>`}${lines}
  </ol>`;
}
