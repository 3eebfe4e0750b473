/** The people of a run: the gates that they opened, and all that they did, in order. Pure. */

import type { GateStory, RunStory, StoryApproval } from '../../outcome/runStory.ts';
import { html, type Content, type Markup } from './markup.ts';
import { duration } from './parts.ts';
import { digest } from './runLooks.ts';
import { stackTable } from './stackTable.ts';
import { utcTimes, type TimeText } from './utcTimes.ts';

export function gatesPart(story: RunStory): Markup {
  if (story.gates.length === 0) return html``;
  const time = utcTimes(story.begunAt, story.lastAt);
  return html`<h2 id="gates">Gates</h2>
    ${story.gates.map((gate, at) => gatePart(gate, at, time))}`;
}

function gatePart(gate: GateStory, at: number, time: TimeText): Markup {
  const { number, step, title, openedAt, reachedAt, says, statement } = gate;
  const [tone, words] =
    openedAt !== null
      ? ['pass', '✓ opened']
      : reachedAt !== null
        ? ['info', '… not opened']
        : ['info', '· not reached'];
  const waited =
    reachedAt === null
      ? null
      : html`, reached at
        ${time(reachedAt)}${openedAt === null ? '' : html`, opened at ${time(openedAt)} after ${duration(openedAt - reachedAt)}`}`;
  return html`<section class="card gate" aria-labelledby="gate-${at}">
    <h3 id="gate-${at}">${number} ${step} <span class="badge ${tone}">${words}</span></h3>
    <p>${title === null ? '' : `${title}. `}It waits for ${waitsFor(gate)}${waited}.</p>
    ${says === '' ? null : html`<p>${says}</p>`}
    ${statement === null ? null : html`<blockquote>${statement}</blockquote>`}
    ${approvalsTable(gate, at, time)}
  </section> `;
}

function waitsFor({ role, people, needed, mayOperate, expires, requires }: GateStory): string {
  if (role === null) return 'the window';
  const who = `${needed} of the role ${role} (${people.join(', ')})`;
  const operator = mayOperate ? '' : ', who does not operate the run';
  const after = requires.length === 0 ? '' : `; ${requires.join(', ')} had to pass before`;
  const until = expires === null ? '' : `; an approval counts for ${duration(expires)}`;
  return `${who}${operator}${after}${until}`;
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
  const people = new Set(story.deeds.map(({ who }) => who)).size;
  const about = `${people === 1 ? '1 person' : `${people} people`}, in the order of the journal, in UTC. Who has begun a step stands with it in the timeline where it was begun more than once.`;
  const heading = { id: 'people', title: 'Who did what', level: 2, about } as const;
  return stackTable(heading, ['when', 'who', 'did', 'why'], rows);
}
