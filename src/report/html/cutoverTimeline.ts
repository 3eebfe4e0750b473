/**
 * The timeline of a run: each step as bars in wall-clock time, with begin, end, verdict and what it said; above
 * them what the run itself did: it worked, waited, was held, went back. What a bar shows is text beside it. Pure.
 */

import type { RunStory, StoryAttempt, StoryStep, StoryStretch } from '../../outcome/runStory.ts';
import { hasFailed } from './cutoverCause.ts';
import { html, type Content, type Markup } from './markup.ts';
import { duration } from './parts.ts';
import { badge, lookOf } from './runLooks.ts';
import { stackTable } from './stackTable.ts';
import { percent, timeScale, type TimeScale } from './timeScale.ts';
import { dayAndTime, dayOf, utcTimes, type TimeText } from './utcTimes.ts';

/** Height of a lane and of its bars, in px. */
const [LANE, BAR, TALL, THIN] = [20, 10, 16, 6];

export function storyTimeline(story: RunStory): Markup {
  const scale = timeScale(story.begunAt, story.lastAt);
  const time = utcTimes(story.begunAt, story.lastAt);
  const groups = Map.groupBy(story.steps, ({ phase }) => phase ?? '');
  const bodies = [...groups].map(
    ([phase, steps]) =>
      html`<tbody>
        ${phase === '' ? null : phaseRow(phase)}${steps.map((step) => stepRow(step, story, scale, time))}
      </tbody> `,
  );
  return html`<h2 id="timeline">Timeline</h2>
    <div class="scroll" role="region" aria-labelledby="timeline" tabindex="0">
      <table class="lanes${isOneDay(story) ? '' : ' days'}">
        <caption>
          Times are in UTC. ${windowText(story)}${legend(story)}
        </caption>
        <thead>
          <tr>
            <th scope="col">step</th>
            <th scope="col">when, and message</th>
            <th scope="col" class="n">begin</th>
            <th scope="col" class="n">end</th>
            <th scope="col" class="n">took</th>
            <th scope="col">verdict</th>
          </tr>
        </thead>
        <tbody class="whole">
          ${runRow(story, scale, time)}
        </tbody>
        ${bodies}
      </table>
    </div>
    ${stretchesPart(story, time)}`;
}

function isOneDay({ begunAt, lastAt }: RunStory): boolean {
  return lastAt - begunAt < 86_400_000 && dayOf(begunAt) === dayOf(lastAt);
}

function windowText({ window }: RunStory): string {
  if (window === null) return '';
  const { start, zone, from, to } = window;
  return `The window, ${start} ${zone}, is from ${dayAndTime(from)} to ${dayAndTime(to)}. `;
}

function legend({ window, steps, stretches }: RunStory): Markup {
  const has = (...kinds: readonly string[]): boolean =>
    stretches.some((one) => kinds.includes(one.kind));
  const attempts = steps.flatMap((step) => step.attempts);
  const came = (tone: string): boolean =>
    attempts.some(({ kind, ended }) => kind !== 'undo' && lookOf(ended ?? '')[0] === tone);
  const keys: readonly (readonly [isShown: boolean, look: string, words: string])[] = [
    [true, 'work', 'at work'],
    [came('pass'), 'done pass', 'passed'],
    [came('warning'), 'done warning', 'WARN, or no verdict'],
    [attempts.some(({ ended }) => isBad(ended)), 'done fail', 'failed'],
    [has('approval', 'window', 'soak'), 'waits', 'waits'],
    [has('held'), 'held', 'held'],
    [attempts.some(({ kind }) => kind === 'undo'), 'undo', 'taken back'],
    [has('back'), 'back', 'way back'],
    [window !== null, 'window', 'window'],
  ];
  const shown = keys.flatMap(([isShown, look, words]) =>
    isShown
      ? [
          html`<span
            ><svg aria-hidden="true" width="22" height="12">
              <rect class="${look}" x="1" y="2" width="20" height="8" /></svg
            >${words}</span
          > `,
        ]
      : [],
  );
  return html`<span class="legend">${shown}</span>`;
}

function isBad(ended: string | null): boolean {
  return ended === 'FAIL' || ended === 'UNDO_FAILED';
}

function phaseRow(phase: string): Markup {
  return html`<tr class="phase">
    <th scope="rowgroup" colspan="6">${phase}</th>
  </tr> `;
}

/** The run as one lane, with its axis. */
function runRow(story: RunStory, scale: TimeScale, time: TimeText): Markup {
  const { begunAt, lastAt, isOver } = story;
  const bars = story.stretches.map(({ kind, from, to }) =>
    bar(scale, { look: LOOKS[kind], from, to: to ?? lastAt, height: BAR }),
  );
  const whole = bar(scale, { look: 'work', from: begunAt, to: lastAt, height: BAR });
  const labels = scale.ticks.map(
    ({ percent: x, label }) =>
      html`<text x="${x}" y="32" text-anchor="${anchor(x)}">${label}</text>`,
  );
  return html`<tr>
    <th scope="row">the run</th>
    <td class="lane">
      <svg aria-hidden="true" height="36">
        ${backdrop(story, scale, LANE)}${whole}${bars}${labels}
      </svg>
    </td>
    <td class="n" data-name="begin">${time(begunAt, isOver ? lastAt : null)}</td>
    <td class="n" data-name="end">${time(isOver ? lastAt : null, begunAt)}</td>
    <td class="n" data-name="took">${duration(lastAt - begunAt)}</td>
    <td></td>
  </tr> `;
}

function anchor(x: string): string {
  const position = Number.parseFloat(x);
  if (position < 4) return 'start';
  return position > 96 ? 'end' : 'middle';
}

const LOOKS: Readonly<Record<StoryStretch['kind'], string>> = {
  approval: 'waits',
  window: 'waits',
  soak: 'waits',
  held: 'held',
  back: 'back',
};

/** What lies under the bars of each lane: the window, and lines at the times that are marked. */
function backdrop({ window }: RunStory, scale: TimeScale, height: number): Markup {
  const lines = scale.ticks.map(
    ({ percent: x }) => html`<line x1="${x}" x2="${x}" y1="0" y2="${height}" />`,
  );
  const isSeen = window !== null && window.from < scale.to && window.to > scale.from;
  const open = isSeen
    ? bar(scale, { look: 'window', from: window.from, to: window.to, height, lane: height })
    : null;
  return html`${open}${lines}`;
}

interface Bar {
  readonly look: string;
  readonly from: number;
  readonly to: number;
  readonly height: number;
  readonly lane?: number;
}

function bar(scale: TimeScale, { look, from, to, height, lane = LANE }: Bar): Markup {
  const width = Math.max(0.5, scale.at(to) - scale.at(from));
  // What has ended at the last moment is drawn within the lane.
  const x = Math.min(scale.at(from), 100 - width);
  return html`<rect
    class="${look}"
    x="${percent(x)}"
    y="${(lane - height) / 2}"
    width="${percent(width)}"
    height="${height}"
  />`;
}

function stepRow(step: StoryStep, story: RunStory, scale: TimeScale, time: TimeText): Markup {
  const { number, id, title, use, owner, attempts, isPointOfNoReturn, status, waived } = step;
  const done = attempts.filter(({ kind }) => kind !== 'undo');
  const [first, last] = [done[0], done.at(-1)];
  const took = first === undefined ? null : (last?.to ?? story.lastAt) - first.from;
  const by = [...new Set(attempts.flatMap(({ who }) => who ?? []))].filter(
    (who) => who !== story.begunBy,
  );
  const notes = [
    title,
    owner === null ? null : `answered for by ${owner}`,
    by.length === 0 ? null : `begun by ${by.join(', ')}`,
  ].filter((note) => note !== null);
  return html`<tr>
    <th scope="row">
      <span class="number">${number}</span> ${id} <span class="use">${use}</span>
      ${notes.map((note) => html`<span class="use">${note}</span>`)}
      ${isPointOfNoReturn ? html`<span class="use">point of no return</span>` : null}
    </th>
    <td class="lane">
      <svg aria-hidden="true" height="${LANE}">
        ${backdrop(story, scale, LANE)}${attempts.map((one) => attemptBars(one, step, story, scale))}
      </svg>
      ${step.says === '' || attempts.length > 1 ? null : html`<p>${step.says}</p>`}
      ${waived === null ? null : html`<p>waived by ${waived.who}: ${waived.why}</p>`}
      ${attemptsText(step, time)}${outputsText(step)}
    </td>
    <td class="n" data-name="begin">${time(first?.from ?? null, last?.to ?? null)}</td>
    <td class="n" data-name="end">${time(last?.to ?? null, first?.from ?? null)}</td>
    <td class="n" data-name="took">${took === null ? '–' : duration(took)}</td>
    <td class="came">${badge(status)}</td>
  </tr> `;
}

function attemptBars(
  { kind, from, to, ended }: StoryAttempt,
  { waits }: StoryStep,
  { lastAt }: RunStory,
  scale: TimeScale,
): Markup {
  const end = to ?? lastAt;
  if (kind === 'undo') {
    const look = ended === 'UNDO_FAILED' ? 'done fail' : 'undo';
    return bar(scale, { look, from, to: end, height: ended === 'UNDO_FAILED' ? TALL : BAR });
  }
  const [tone] = lookOf(ended ?? 'STARTED');
  const look = ended === null ? 'work' : `done ${tone}`;
  const height = isBad(ended) ? TALL : BAR;
  if (!waits) return bar(scale, { look, from, to: end, height });
  // A wait is thin; what it came to is at its end.
  const wait = bar(scale, { look: 'waits', from, to: end, height: THIN });
  return html`${wait}${ended === null ? null : bar(scale, { look, from: end, to: end, height })}`;
}

/** Says of a step that was begun more than once, or undone, what became of each time. */
function attemptsText({ attempts }: StoryStep, time: TimeText): Markup {
  if (attempts.length < 2) return html``;
  const lines = attempts.map(({ kind, from, to, ended, says }) => {
    const words = ended === null ? 'not over' : lookOf(ended)[2];
    return html`<li>
      ${KINDS[kind]} ${time(from, to)} to ${time(to, from)}:
      ${words}${says === '' ? '' : `, ${says}`}
    </li> `;
  });
  return html`<ol class="attempts">
    ${lines}
  </ol> `;
}

/** Says where the output of a step is that has failed. */
function outputsText(step: StoryStep): Markup {
  const { outputs } = step;
  if (!hasFailed(step) || outputs.length === 0) return html``;
  return html`<p>its output: ${outputs.map(({ name }) => `outputs/${name}`).join(', ')}</p> `;
}

const KINDS: Readonly<Record<StoryAttempt['kind'], string>> = {
  do: 'done',
  verify: 'read back',
  undo: 'taken back',
};

const MOST_STRETCHES = 100;
const NAMES: Readonly<Record<StoryStretch['kind'], string>> = {
  approval: 'waited for people',
  window: 'waited for the window',
  soak: 'waited while it was checked',
  held: 'held',
  back: 'way back',
};

/** Lists the waits and holds of a run: what the lane of the run shows. */
function stretchesPart({ stretches, lastAt }: RunStory, time: TimeText): Markup {
  const rows = stretches
    .slice(0, MOST_STRETCHES)
    .map(({ kind, from, to, step, says }): Content[] => [
      NAMES[kind],
      step ?? '',
      time(from, to),
      to === null ? 'not over' : time(to, from),
      duration((to ?? lastAt) - from),
      says,
    ]);
  const more = stretches.length - MOST_STRETCHES;
  const about = more > 0 ? `The first ${MOST_STRETCHES}; ${more} more are in the journal.` : null;
  const heading = { id: 'waits', title: 'Waits and holds', level: 3, about } as const;
  return stackTable(heading, ['what', 'at step', 'from', 'to', 'took', 'message'], rows);
}
