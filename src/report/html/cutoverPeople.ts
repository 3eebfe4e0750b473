/** The people of a run: the gates that they opened, and all that they did, in order. Pure. */

import { counted } from '../../outcome/counted.ts';
import type { GateStory, RunStory, StoryApproval } from '../../outcome/runStory.ts';
import { formatDuration } from '../../record/duration.ts';
import { html, type Content, type Markup } from './markup.ts';
import { duration } from './parts.ts';
import { digest } from './runLooks.ts';
import { stackTable } from './stackTable.ts';
import { utcTimes, type TimeText } from './utcTimes.ts';

export function gatesPart(story: RunStory): Markup {
  if (story.gates.length === 0) return html``;
  const time = utcTimes(story.begunAt, story.lastAt);
  return html`<h2 id="gates">Gates</h2>
    ${story.gates.map((gate, at) => {
      const isPast = gate.openedAt !== null || story.isOver;
      return gatePart(gate, at, isPast, time);
    })}`;
}

function gatePart(gate: GateStory, at: number, isPast: boolean, time: TimeText): Markup {
  const { number, step, title, reachedAt, openedAt, statement } = gate;
  return html`<section class="card gate" aria-labelledby="gate-${at}">
    <h3 id="gate-${at}">${number} ${step} ${stateBadge(gate)}</h3>
    <p>${title === null ? '' : `${title}. `}${needsText(gate, isPast)}</p>
    ${statement === null ? null : html`<blockquote>${statement}</blockquote>`}
    ${reachedAt === null ? null : html`<p>Reached at ${time(reachedAt, openedAt)}${openedText(gate, time)}.</p>`}
    ${approvalsTable(gate, at, time)}
  </section> `;
}

function stateBadge({ openedAt, reachedAt }: GateStory): Markup {
  if (openedAt !== null) return html`<span class="badge pass">✓ opened</span>`;
  return reachedAt === null
    ? html`<span class="badge info">· not reached</span>`
    : html`<span class="badge info">… not opened</span>`;
}

function openedText({ openedAt, reachedAt, says }: GateStory, time: TimeText): Markup {
  const said = says === '' ? '' : `: ${says}`;
  if (openedAt === null || reachedAt === null) return html`${said}`;
  return html`, opened at ${time(openedAt, reachedAt)} after
  ${duration(openedAt - reachedAt)}${said}`;
}

/** Says what a gate needs, or needed where it is opened or its run is over. */
function needsText(
  { role, people, needed, mayOperate, expires, requires }: GateStory,
  isPast: boolean,
): string {
  const before =
    requires.length === 0
      ? ''
      : ` Steps that ${isPast ? 'had' : 'have'} to pass first: ${requires.join(', ')}.`;
  if (role === null) return `${isPast ? 'Waited' : 'Waits'} for the window.${before}`;
  const count = `${isPast ? 'Needed' : 'Needs'} ${counted(needed, 'approval')}`;
  const operator = mayOperate ? '' : ', not an operator';
  const until = expires === null ? '' : ` An approval counts for ${formatDuration(expires)}.`;
  return `${count} by the role ${role} (${people.join(', ')})${operator}.${before}${until}`;
}

function approvalsTable({ approvals }: GateStory, at: number, time: TimeText): Markup {
  const rows = approvals.map((one): Content[] => [
    html`${one.who}${one.isEarlier ? html` <span class="use">of an earlier look of the gate</span>` : null}`,
    time(one.at),
    keyOf(one),
    digest(one.digest),
  ]);
  const heading = { id: `approvals-${at}`, title: 'Approvals', level: 3, about: null } as const;
  return stackTable(heading, ['who', 'when', 'key', 'SHA-256'], rows);
}

function keyOf({ signer }: StoryApproval): Markup {
  return signer === null ? html`no key has signed it` : html`<code>${signer}</code>`;
}

/** Shows every line of the journal that has a person, in order. */
export function deedsPart(story: RunStory): Markup {
  const time = utcTimes(story.begunAt, story.lastAt);
  const rows = story.deeds.map(({ at, who, did, why }): Content[] => [time(at), who, did, why]);
  const by = story.begunBy === '' ? '' : `, by ${story.begunBy} unless it says otherwise`;
  const about = `In the order of the journal, in UTC. Steps are in the timeline${by}.`;
  const heading = { id: 'people', title: 'Who did what', level: 2, about } as const;
  return stackTable(heading, ['when', 'who', 'did', 'why'], rows);
}
