/** What ended a run or held it: its triggers and monitors, and its way back. Pure. */

import { grouped } from '../../outcome/counted.ts';
import type { RunStory, StoryTrigger, StoryUndo, StoryWayBack } from '../../outcome/runStory.ts';
import { formatDuration } from '../../record/duration.ts';
import { numberOf } from './cutoverCause.ts';
import { html, type Content, type Markup } from './markup.ts';
import { duration } from './parts.ts';
import { stackTable } from './stackTable.ts';
import { utcTimes, type TimeText } from './utcTimes.ts';

export function triggersPart(story: RunStory): Markup {
  const time = utcTimes(story.begunAt, story.lastAt);
  const rows = story.triggers.map((trigger): Content[] => [
    firedText(trigger),
    whenText(trigger),
    trigger.action,
    firingsText(trigger, time),
  ]);
  const about =
    'A trigger is judged in every state of the run. A monitor acts in the hours after the last step.';
  const heading = { id: 'triggers', title: 'Triggers and monitors', level: 2, about } as const;
  return stackTable(heading, ['state', 'when', 'does', 'what followed'], rows);
}

function firedText({ times }: StoryTrigger): Markup {
  if (times === 0) return html`<span class="badge pass">✓ not fired</span>`;
  const often = times === 1 ? 'fired' : `fired ${grouped(times)} times`;
  return html`<span class="badge fail">✗ ${often}</span>`;
}

function whenText({ when, for: time, severity, kind }: StoryTrigger): Markup {
  const lasts = time === null ? '' : ` for ${formatDuration(time)}`;
  return html`${kind}
  ${kind === 'trigger' ? 'when ' : ''}<b>${when}</b>${lasts}${severity === null ? '' : ` (${severity})`}`;
}

function firingsText({ firings, times }: StoryTrigger, time: TimeText): Markup {
  if (firings.length === 0) return html`–`;
  const lines = firings.map((firing) => {
    const { at, why, followed, clearedAt } = firing;
    const passed = clearedAt === null ? null : html`; it passed again at ${time(clearedAt)}`;
    return html`<li>${time(at)} ${why}${numberOf(firing)}: ${followed}${passed}</li> `;
  });
  const more = times - firings.length;
  return html`<ol class="attempts">
    ${lines}${more > 0 ? html`<li>${grouped(more)} more are in the journal</li>` : null}
  </ol>`;
}

export function waysBackPart(story: RunStory): Markup {
  const { waysBack, stays } = story;
  if (waysBack.length === 0) return html``;
  const time = utcTimes(story.begunAt, story.lastAt);
  const rest =
    stays.length === 0
      ? 'Everything that the run changed has been undone.'
      : `These steps have changed or made something that may still be there: ${stays.join(', ')}.`;
  return html`<h2 id="back">The way back</h2>
    ${waysBack.map((back, at) => wayBackPart(back, at, time))}
    <p class="about">${rest}</p> `;
}

function wayBackPart(back: StoryWayBack, at: number, time: TimeText): Markup {
  const { from, to, who, why, undos } = back;
  const reason = who === null ? `, because ${why}` : `: ${why}`;
  const took =
    to === null ? html`; it is not over` : html` to ${time(to, from)}, ${duration(to - from)}`;
  const rows = undos.map((undo, number): Content[] => [
    number + 1,
    undo.step,
    html`${undoneBadge(undo)} ${undo.says}`,
    time(undo.from, undo.to),
    time(undo.to, undo.from),
    partsText(undo, time),
  ]);
  const heading = {
    id: `undos-${at}`,
    title: 'Undone, in this order',
    level: 3,
    about: null,
  } as const;
  const columns = ['order', 'step', 'result', 'from', 'to', 'actions'];
  return html`<div class="card">
      <p>${beganBy(back)}${why === '' ? '' : reason}. From ${time(from, to)}${took}.</p>
      <p>${LATER[back.laterWrites]}${passedText(back)}</p>
    </div>
    ${stackTable(heading, columns, rows)}`;
}

function beganBy({ who, isEndOfRehearsal }: StoryWayBack): string {
  if (who !== null) return `${who} took the run back`;
  return isEndOfRehearsal
    ? 'The rehearsal went back at its end'
    : 'A trigger or monitor took the run back';
}

const LATER: Readonly<Record<StoryWayBack['laterWrites'], string>> = {
  none: 'No point of no return had been passed, so no later writes were at stake.',
  kept: 'No action of the way back loses what was written later.',
  'given up': 'What was written later was given up.',
};

function passedText({ passed }: StoryWayBack): string {
  return passed.length === 0
    ? ''
    : ` The point of no return had been passed: ${passed.join(', ')}.`;
}

function undoneBadge({ succeeded }: StoryUndo): Markup {
  if (succeeded === null) return html`<span class="badge warning">? not over</span>`;
  return succeeded
    ? html`<span class="badge pass">✓ undone</span>`
    : html`<span class="badge fail">✗ failed</span>`;
}

function partsText({ parts }: StoryUndo, time: TimeText): Markup {
  if (parts.length === 0) return html`–`;
  const lines = parts.map(({ use, at, progress, says, who }) => {
    const told = who === null ? '' : `, as ${who} told`;
    return html`<li>
      ${use} ${progress} at ${time(at)}${told}${says === '' ? '' : `: ${says}`}
    </li> `;
  });
  return html`<ol class="attempts">
    ${lines}
  </ol>`;
}
