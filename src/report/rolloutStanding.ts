/** Where a rollout stands, in a sentence, and what is still missing for its next stage. Pure. */

import { counted } from '../outcome/counted.ts';
import type {
  LaneStage,
  MomentKind,
  RolloutBand,
  GateOfStage,
  RolloutLane,
  StoryRollout,
} from '../outcome/rolloutStory.ts';
import {
  BAND_WORDS,
  laneName,
  levelText,
  lookText,
  reasonText,
  soakTime,
  stageName,
} from './rolloutWords.ts';

/** A lane in one stage. */
export interface StagedLane {
  readonly lane: RolloutLane;
  readonly inStage: LaneStage;
}

/** Index of the stage that a rollout is at: the last one that has begun; -1 before the first. */
export function currentStage({ stages }: StoryRollout): number {
  return stages.findLastIndex(({ begunAt }) => begunAt !== null);
}

/** Metrics of a stage by their last look. */
export function lanesAt({ lanes }: StoryRollout, stage: number): readonly StagedLane[] {
  return lanes.flatMap((lane) => {
    const inStage = lane.stages.find((one) => one.stage === stage);
    return inStage === undefined ? [] : [{ lane, inStage }];
  });
}

/** Index of the lane that stopped a rollout; null where none has, or it went on since. */
export function decidingLane(story: StoryRollout): number | null {
  const last = story.moments.findLast(({ kind }) => kind !== 'back failed' && isTurn(kind));
  return last === undefined || STOPS[last.kind] === undefined ? null : last.lane;
}

/** How bad it is, for its colour, and what it is. */
export interface Standing {
  readonly tone: 'pass' | 'info' | 'warning' | 'fail';
  readonly title: string;
  /** When it came to that, in ms since 1970; null for now. */
  readonly at: number | null;
  readonly says: string;
}

export function standingOf(story: StoryRollout): Standing {
  const { stages, moments } = story;
  const at = currentStage(story);
  const stage = stages[at];
  const now = { at: null, says: missingText(story) };
  if (stage === undefined) return { tone: 'info', title: 'No stage has begun', ...now };
  const stopped = stoppedAt(story);
  if (stopped !== null) return stopped;
  const name = stageName(stage);
  if (stage.ended === 'passed') {
    const isLast = at === stages.length - 1;
    const since = isLast ? (moments.at(-1)?.at ?? null) : stage.endedAt;
    return {
      tone: 'pass',
      title: isLast ? 'All stages have passed' : `${name} has passed`,
      ...now,
      at: since,
    };
  }
  const isBad = lanesAt(story, at).some(({ inStage }) => isFailing(inStage.last.band));
  const title = `At ${name}: ${soakTime(stage.passed)} of ${soakTime(stage.soak)} count`;
  return { tone: isBad ? 'warning' : 'info', title, ...now };
}

const STOPS: Readonly<
  Partial<Record<MomentKind, readonly [tone: Standing['tone'], title: string]>>
> = {
  back: ['fail', 'Rolled back'],
  'back failed': ['fail', 'The way back failed'],
  held: ['warning', 'Held'],
  ended: ['fail', 'Ended'],
};

/** What has stopped it, and why; null while it goes on. */
function stoppedAt(story: StoryRollout): Standing | null {
  const { stages, moments, to } = story;
  const last = moments.findLast(({ kind }) => kind !== 'back over' && isTurn(kind));
  const [tone, words] = STOPS[last?.kind ?? 'resumed'] ?? [];
  if (last === undefined || tone === undefined || words === undefined) return null;
  const title = `${words} at ${stageName(stages[last.stage])}`;
  const level = `Now ${levelText(story, to).replace(' had ', ' have ')}.`;
  const reason = reasonText(story, last);
  return { tone, title, at: last.at, says: `${reason === '' ? '' : `Why: ${reason}. `}${level}` };
}

/** Whether a moment makes a rollout stop or go on. */
function isTurn(kind: MomentKind): boolean {
  return STOPS[kind] !== undefined || ['begun', 'promoted', 'resumed', 'over'].includes(kind);
}

/** Whether a metric of this band keeps a soak from counting. */
export function isFailing(band: RolloutBand): boolean {
  return band === 'fail' || band === 'rollback' || band === 'unknown';
}

function missingText(story: StoryRollout): string {
  const missing = missingFor(story);
  if (missing.length === 0) return '';
  const next = story.stages[currentStage(story) + 1];
  const goal = next === undefined ? 'the end' : stageName(next);
  return `Missing for ${goal}: ${missing.join('; ')}.`;
}

/** What is missing for the next stage, or for the end after the last one; nothing once it is over. */
export function missingFor(story: StoryRollout): readonly string[] {
  const { stages } = story;
  const at = currentStage(story);
  const [stage, next] = [stages[at], stages[at + 1]];
  if (stage !== undefined && /^(?:rolled back|ended)$/.test(stage.ended)) return [];
  const before = next?.gates.filter(({ isBefore }) => isBefore) ?? [];
  if (stage === undefined || stage.ended === 'passed') return before.flatMap(gateText);
  const left = stage.soak - stage.passed;
  const open = lanesAt(story, at).filter(({ inStage }) => inStage.last.band !== 'pass');
  return [
    // Rounded up, as what has passed is rounded down.
    ...(left > 0 ? [`${soakTime(Math.ceil(left / 1000) * 1000)} of the soak`] : []),
    ...open.map(
      ({ lane, inStage }) =>
        `${laneName(lane, inStage)}, ${BAND_WORDS[inStage.last.band]} (${lookText(lane, inStage, inStage.last)})`,
    ),
    ...stage.gates.filter(({ isBefore }) => !isBefore).flatMap(gateText),
    ...before.flatMap(gateText),
  ];
}

function gateText({ kind, role, needed, people, openedAt, step }: GateOfStage): readonly string[] {
  if (openedAt !== null) return [];
  const what = kind === 'approval' ? 'approval' : 'statement';
  const so = people.length === 0 ? '' : `, so far ${people.join(', ')}`;
  return [`${counted(needed, what)} by the role ${role} at ${step}${so}`];
}
