/** The moments of decision of a rollout, one after the other: the first and the last of them are kept. Pure. */

import type { MomentKind, RolloutMoment, StoryRollout } from '../../outcome/rolloutStory.ts';
import type { JournalEntry } from '../../journal/line.ts';
import type { Judged } from '../rollout/judged.ts';
import type { RunStatus } from '../runState.ts';
import { textOf } from '../steps/stepMembers.ts';
import type { LanesBook } from './storyLanes.ts';

const [FIRST, LAST] = [20, 40];

type About = Pick<RolloutMoment, 'kind' | 'at' | 'stage'> &
  Partial<Pick<RolloutMoment, 'who' | 'says'>>;

/** A moment, and the judgement that decided. */
type OpenMoment = Required<About> & { readonly judged: Judged | null };

/** A line that has turned a run, at a stage, to another status. */
type Turn = Pick<RolloutMoment, 'at' | 'stage'> & { readonly status: RunStatus };

export interface MomentsBook {
  /** Adds a moment, with the judgement that decided. */
  add(about: About, judged?: Judged | null): void;
  /** Notes what the last look says of a way back, which may follow. */
  look(rollback: Judged | null): void;
  /** Adds the moment of a line that has turned the run. */
  turn(entry: JournalEntry, turn: Turn): void;
  has(kind: MomentKind, stage: number): boolean;
  story(lanes: LanesBook): Pick<StoryRollout, 'moments' | 'leftOut'>;
}

export function openMoments(): MomentsBook {
  const moments: OpenMoment[] = [];
  const seen = new Set<string>();
  let leftOut = 0;
  let rollback: Judged | null = null;
  /** Whether the last moment is of a process that has ended, and not of a decision. */
  let isCutOff = false;
  const add = (about: About, judged: Judged | null = null): void => {
    seen.add(`${about.kind} ${about.stage}`);
    moments.push({ who: null, says: '', ...about, judged });
    if (moments.length <= FIRST + LAST) return;
    moments.splice(FIRST, 1);
    leftOut += 1;
  };
  return {
    add,
    look(judged) {
      rollback = judged;
    },
    turn(entry, { at, stage, status }) {
      const who = textOf(entry, 'who');
      const wasCutOff = isCutOff;
      isCutOff = entry.event === 'recovered';
      if (wasCutOff && entry.event === 'resumed' && who === null) {
        moments.pop();
        return;
      }
      const kind = kindOf(entry.event, status);
      if (kind === null) return;
      const says = textOf(entry, 'why') ?? textOf(entry, 'says') ?? '';
      add({ kind, at, stage, who, says }, isByMetric(entry, kind) ? rollback : null);
    },
    has: (kind, stage) => seen.has(`${kind} ${stage}`),
    story: (lanes) => ({ moments: moments.map((one) => momentOf(one, lanes)), leftOut }),
  };
}

/** Whether a metric has decided; a way back that would lose writes is held instead, for the same reason. */
function isByMetric(entry: JournalEntry, kind: MomentKind): boolean {
  if (textOf(entry, 'who') !== null) return false;
  if (kind === 'back') return (textOf(entry, 'of') ?? '').startsWith('stage:');
  return kind === 'held' && entry.event === 'paused';
}

function momentOf({ judged, ...about }: OpenMoment, lanes: LanesBook): RolloutMoment {
  if (judged === null) return { ...about, lane: null, look: null };
  const { seen, low, high, of, band } = judged;
  const look = { at: about.at, seen, low, high, of, band };
  return { ...about, lane: lanes.laneOf(judged), look };
}

function kindOf(event: string, status: RunStatus): MomentKind | null {
  if (event === 'rollback-begun') return 'back';
  if (event === 'resumed') return 'resumed';
  switch (status) {
    case 'PAUSED':
      return 'held';
    case 'ROLLED_BACK':
      return 'back over';
    case 'ROLLBACK_FAILED':
      return 'back failed';
    case 'ABORTED':
      return 'ended';
    case 'COMPLETED':
      return 'over';
    default:
      return null;
  }
}
