/** The beginning of the report of a cutover run: what it came to, in words for a person who was not there. Pure. */

import { counted, grouped } from '../../outcome/counted.ts';
import type { RunStory, StoryStep, StoryStretch, StoryWayBack } from '../../outcome/runStory.ts';
import { firstFailure, hasFailed, withNumber } from './cutoverCause.ts';
import { html, type Markup } from './markup.ts';
import { duration } from './parts.ts';
import { lookOf, type Look } from './runLooks.ts';
import { dayAndTime } from './utcTimes.ts';

export function storyVerdict(story: RunStory): Markup {
  const [tone, mark, words] = storyLook(story);
  const { title, runbook, run, begunAt, begunBy, lastAt, isRehearsal, target, isOver } = story;
  const by = begunBy === '' ? '' : ` by ${begunBy}`;
  const on = target === null ? '' : ` on ${target}`;
  const took = duration(lastAt - begunAt);
  const end = isOver
    ? `Ended on ${dayAndTime(lastAt)}, after ${took}.`
    : `As it was on ${dayAndTime(lastAt)}, after ${took}.`;
  return html`<section class="card verdict ${tone}" aria-labelledby="verdict">
      <span class="mark" aria-hidden="true">${mark}</span>
      <div>
        <h1 id="verdict">${run} ${words}</h1>
        <p>${sentence(story)}</p>
      </div>
    </section>
    <p class="about">
      ${title ?? runbook}. ${isRehearsal ? 'Rehearsal' : 'Run'}${on}, begun${by} on
      ${dayAndTime(begunAt)}. ${end}
    </p> `;
}

/** Returns what a run came to. */
export function storyLook(story: RunStory): Look {
  const { status, isRehearsal, isRehearsed, steps } = story;
  const has = (one: string): boolean => steps.some((step) => step.status === one);
  if (status === 'ROLLED_BACK' && isRehearsal && isRehearsed) {
    return has('FAIL')
      ? ['fail', '✗', 'did not pass its rehearsal']
      : ['pass', '✓', 'passed its rehearsal, and went back'];
  }
  if (status === 'COMPLETED') {
    const minor = has('WARN') || has('WAIVED');
    return minor
      ? ['warning', '!', 'was completed, with reservations']
      : ['pass', '✓', 'was completed'];
  }
  return RUNS[status] ?? ['info', '·', status];
}

const RUNS: Readonly<Record<string, Look>> = {
  RUNNING: ['info', '…', 'is under way'],
  WAITING: ['info', '…', 'is waiting'],
  PAUSED: ['warning', '!', 'is held'],
  ROLLING_BACK: ['warning', '↶', 'is going back'],
  ROLLED_BACK: ['warning', '↶', 'was rolled back'],
  ROLLBACK_FAILED: ['fail', '✗', 'could not be rolled back as a whole'],
  ABORTED: ['fail', '✗', 'was aborted'],
};

/** The sentence for a manager. */
function sentence(story: RunStory): string {
  const { status, stretches } = story;
  const last = stretches.at(-1);
  if (status === 'WAITING') return `It waits ${waitText(last)}. ${stepsText(story)}`;
  if (status === 'PAUSED') {
    return `${heldText(story, last)} ${stepsText(story)}`;
  }
  if (status === 'ABORTED') {
    return `${failureText(story)}It was ended where it was${asText(story.why)}: what it had done stays as it is. ${stepsText(story)}`;
  }
  if (story.waysBack.length > 0) return backText(story);
  return `${stepsText(story)}${approvedText(story)}`;
}

function heldText(story: RunStory, last: StoryStretch | undefined): string {
  const failed = firstFailure(story);
  const [step, says] = [last?.step ?? null, last?.says ?? ''];
  if (failed !== null && failed.id === step) return `It is held at ${step}, which ${failed.says}.`;
  const why = `${asText(says)}${withNumber(story, says)}`;
  return `${failureText(story)}It is held${step === null ? '' : ` at ${step}`}${why}.`;
}

/** Names the first step that did not pass; empty if all have. */
function failureText(story: RunStory): string {
  const failed = firstFailure(story);
  return failed === null ? '' : `${failed.id} ${failed.says}. `;
}

function approvedText({ gates }: RunStory): string {
  const opened = gates.filter(({ openedAt }) => openedAt !== null);
  const valid = opened.flatMap(({ approvals }) => approvals.filter((one) => !one.isEarlier));
  const people = [...new Set(valid.map(({ who }) => who))];
  return people.length === 0 ? '' : ` Approved by ${people.join(', ')}.`;
}

function asText(why: string | null | undefined): string {
  return why === null || why === undefined || why === '' ? '' : `, as ${why}`;
}

const WAITS: Readonly<Record<StoryStretch['kind'], string>> = {
  approval: 'for people',
  window: 'for its window',
  soak: 'for a check that has to pass for some time',
  held: 'for a decision',
  back: 'for nothing',
};

function waitText(last: StoryStretch | undefined): string {
  if (last === undefined) return 'for nothing';
  if (last.kind === 'soak' && last.step === null) return 'out the hours after the last step';
  const at = last.step === null ? '' : ` at ${last.step}`;
  return `${WAITS[last.kind]}${at}${last.says === '' ? '' : ` (${last.says})`}`;
}

function backText(story: RunStory): string {
  const back = story.waysBack.at(-1);
  if (back === undefined) return '';
  const { undos, isEndOfRehearsal, from, to, laterWrites } = back;
  const undone = undos.filter(({ succeeded }) => succeeded === true).length;
  const failed = undos.find(({ succeeded }) => succeeded === false);
  const took = to === null ? ' so far' : ` in ${duration(to - from)}`;
  const count = `${counted(undone, 'step')} ${undone === 1 ? 'was' : 'were'} undone${took}.`;
  const rest =
    failed === undefined ? '' : ` ${failed.step} could not be undone${asText(failed.says)}.`;
  return `${failureText(story)}${beganText(story, back)} ${count}${rest}${isEndOfRehearsal ? '' : LATER[laterWrites]}`;
}

const LATER: Readonly<Record<StoryWayBack['laterWrites'], string>> = {
  none: '',
  kept: ' Later writes were kept.',
  'given up': ' Later writes were given up.',
};

function beganText(story: RunStory, { who, why, isEndOfRehearsal, from }: StoryWayBack): string {
  if (isEndOfRehearsal) return 'All steps were done, and then the way back.';
  const at = dayAndTime(from);
  if (who === null)
    return `It went back by itself on ${at}${why === '' ? '' : `, because ${why}${withNumber(story, why)}`}.`;
  return `${who} took it back on ${at}${why === '' ? '' : `: ${why}`}.`;
}

/** What became of the steps, each kind by itself. */
function stepsText({ steps }: RunStory): string {
  const parts = countsOf(steps).map(([words, count]) => `${count} ${words}`);
  return `Of ${counted(steps.length, 'step')}: ${parts.join(', ')}.`;
}

const WORDS: readonly (readonly [words: string, statuses: readonly string[]])[] = [
  ['passed', ['PASS']],
  ['passed with a warning', ['WARN']],
  ['failed', ['FAIL']],
  ['inconclusive', ['INCONCLUSIVE']],
  ['unknown', ['UNKNOWN']],
  ['waived', ['WAIVED']],
  ['left out', ['LEFT OUT']],
  ['failed, then undone', ['FAILED UNDONE']],
  ['failed, and not undone', ['FAILED UNDO_FAILED']],
  ['failed, then waived', ['FAILED WAIVED']],
  ['undone', ['UNDONE']],
  ['not undone', ['UNDO_FAILED']],
  ['under way', ['STARTED', 'VERIFYING', 'UNDOING']],
  ['not begun', ['PENDING']],
];

/** What became of a step: its status, and whether it had failed before. */
function becameOf(step: StoryStep): string {
  const isLater = ['UNDONE', 'UNDO_FAILED', 'WAIVED'].includes(step.status);
  return isLater && hasFailed(step) ? `FAILED ${step.status}` : step.status;
}

function countsOf(steps: RunStory['steps']): readonly (readonly [words: string, count: number])[] {
  return WORDS.flatMap(([words, statuses]): [string, number][] => {
    const count = steps.filter((step) => statuses.includes(becameOf(step))).length;
    return count === 0 ? [] : [[words, count]];
  });
}

/** Shows the most important numbers, those of each verdict by themselves. */
export function storyTiles(story: RunStory): Markup {
  const { steps, begunAt, lastAt, stretches, waysBack } = story;
  const waited = sumOf(stretches, ['approval'], lastAt);
  const back = waysBack.reduce((sum, { from, to }) => sum + (to ?? lastAt) - from, 0);
  const tiles: [string, string, string][] = [
    ...countsOf(steps).map(([words, count]): [string, string, string] => [
      `steps ${words}`,
      grouped(count),
      toneOf(words),
    ]),
    ['took', duration(lastAt - begunAt), ''],
    ...(waited > 0
      ? [['waited for people', duration(waited), ''] as [string, string, string]]
      : []),
    ...(back > 0 ? [['way back', duration(back), ''] as [string, string, string]] : []),
  ];
  const items = tiles.map(
    ([name, value, tone]) =>
      html`<div>
        <dt>${name}</dt>
        <dd class="${tone}">${value}</dd>
      </div>`,
  );
  return html`<dl class="tiles">${items}</dl> `;
}

function toneOf(words: string): string {
  const [, statuses = []] = WORDS.find(([one]) => one === words) ?? [];
  const [status = ''] = statuses;
  return lookOf(status.startsWith('FAILED') ? 'FAIL' : status)[0];
}

/** Returns for how long a run was in stretches of some kinds, in ms. */
export function sumOf(
  stretches: readonly StoryStretch[],
  kinds: readonly StoryStretch['kind'][],
  lastAt: number,
): number {
  return stretches
    .filter(({ kind }) => kinds.includes(kind))
    .reduce((sum, { from, to }) => sum + (to ?? lastAt) - from, 0);
}

/** Shows what the command that wrote the report says comes next. */
export function storyNext(next: string | null): Markup {
  if (next === null) return html``;
  return html`<h2 id="next">What to do next</h2>
    <ol class="card next">
      <li>${next}</li>
    </ol> `;
}
