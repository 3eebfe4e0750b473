/**
 * The story of a rollout by percent, as its picture shows it: stages, what each metric was at each look, and the
 * moments of decision, in plain data. Times are in ms since 1970 (UTC), durations in ms. Shares are in percent. Texts
 * are those of a journal and a runbook, and not to be trusted. What is repeated has a bounded size here. Pure.
 */

/**
 * What a look says of a metric.
 * - `pass`: shown to be good
 * - `hold`: not decided
 * - `fail`: shown not to be good, though not so bad that it rolls back
 * - `rollback`: shown to be so bad
 * - `unknown`: there is no number
 */
export type RolloutBand = 'pass' | 'hold' | 'fail' | 'rollback' | 'unknown';

/** A condition on a number. */
export interface RolloutLimit {
  readonly comparison: '==' | '!=' | '<' | '<=' | '>' | '>=';
  readonly value: number;
}

/** The limits of a metric in its unit; `margin` widens `pass`. */
export interface RolloutLimits {
  readonly pass: RolloutLimit | null;
  readonly rollback: RolloutLimit | null;
  readonly margin: number;
}

/** One metric at one look. */
export interface RolloutLook {
  readonly at: number;
  /** The best guess; null where only the interval is known, or nothing. */
  readonly seen: number | null;
  /** What can be true; `low` is null where nothing is known, `high` also where there is no upper end. */
  readonly low: number | null;
  readonly high: number | null;
  /** How many were counted; null for a number that stands for itself. */
  readonly of: number | null;
  readonly band: RolloutBand;
}

/** Looks of one stage, one after the other, of which the extremes are kept. */
export interface RolloutLooks {
  /** Index of the stage. */
  readonly stage: number;
  readonly from: number;
  readonly to: number;
  readonly looks: number;
  /** The worst one. */
  readonly band: RolloutBand;
  /** The last number; null without one. */
  readonly seen: number | null;
  readonly lowest: number | null;
  readonly highest: number | null;
  /** The lowest and the highest end of an interval; as in {@link RolloutLook}. */
  readonly low: number | null;
  readonly high: number | null;
}

/** A metric in one stage. */
export interface LaneStage {
  /** Index of the stage. */
  readonly stage: number;
  /** What it was compared with, such as `v1` or `10 %`; null for its own limits. */
  readonly against: string | null;
  readonly limits: RolloutLimits;
  readonly looks: number;
  /** Looks by band, without those that had none. */
  readonly bands: readonly (readonly [band: RolloutBand, looks: number])[];
  readonly last: RolloutLook;
}

/**
 * What is counted. `split`: the share of users with the new version. `kinds`: the share of errors of a kind that
 * the baseline does not have.
 */
export type LaneMeasure = 'split' | 'number' | 'share' | 'quantile' | 'kinds';

/** One hypothesis: a metric and its own limits, or a metric and a baseline. */
export interface RolloutLane {
  /** Name of the metric; empty for the split. */
  readonly metric: string;
  readonly measure: LaneMeasure;
  /** Between 0 and 1; null for another measure. */
  readonly quantile: number | null;
  /** Whether its numbers are how many times as bad as a baseline it is. */
  readonly isCompared: boolean;
  /** Stages with a look of it, in their order. */
  readonly stages: readonly LaneStage[];
  /** In order; at most 240, whatever the number of looks, where there are not as many stages. */
  readonly parts: readonly RolloutLooks[];
}

/**
 * A time of a soak.
 * - `counted`: it counts
 * - `lost`: it did, until a failure began the soak anew
 * - `failed`: a metric did not pass at its end
 * - `missed`: no look came in time, so it is not known
 */
export interface SoakStretch {
  readonly kind: 'counted' | 'lost' | 'failed' | 'missed';
  readonly from: number;
  readonly to: number;
}

/** Something that people have to do before a stage begins, or for it to pass. */
export interface GateOfStage {
  readonly step: string;
  readonly kind: 'approval' | 'attestation';
  readonly role: string;
  readonly needed: number;
  /** Those who have, one after the other. */
  readonly people: readonly string[];
  /** Whether it comes before the stage. */
  readonly isBefore: boolean;
  /** Null while it is not open. */
  readonly openedAt: number | null;
}

export interface RolloutStage {
  /** Share of users with the new version, in percent; null where the old one is deprecated. */
  readonly percent: number | null;
  /** What is deprecated; null for a percentage. */
  readonly deprecates: string | null;
  /** When its first change began; null before. */
  readonly begunAt: number | null;
  /** When its soak began, for the last time; null before. */
  readonly soakFrom: number | null;
  readonly endedAt: number | null;
  readonly ended: 'not reached' | 'under way' | 'held' | 'passed' | 'rolled back' | 'ended';
  /** How long it has to soak, and how much of that counts. */
  readonly soak: number;
  readonly passed: number;
  readonly looks: number;
  /** How often the soak began anew, and how many checkpoints no look has come to in time. */
  readonly restarts: number;
  readonly missed: number;
  /** In order; at most 240. */
  readonly stretches: readonly SoakStretch[];
  /** When a look has come to a checkpoint of the soak that counts; at most 60. */
  readonly reached: readonly number[];
  /** How many checkpoints there are. */
  readonly checkpoints: number;
  readonly gates: readonly GateOfStage[];
}

/** A share of users that had the new version from a time on, in percent. */
export interface RolloutLevel {
  readonly at: number;
  readonly percent: number;
}

/**
 * A moment of decision.
 * - `begun`, `promoted`: a stage began, the first one or another
 * - `anew`: its soak began anew
 * - `back`: the way back began; `back over`, `back failed`: how it ended
 * - `over`: all stages have passed
 */
export type MomentKind =
  | 'begun'
  | 'promoted'
  | 'anew'
  | 'held'
  | 'resumed'
  | 'approved'
  | 'attested'
  | 'back'
  | 'back over'
  | 'back failed'
  | 'ended'
  | 'over';

export interface RolloutMoment {
  readonly kind: MomentKind;
  readonly at: number;
  /** Index of the stage. */
  readonly stage: number;
  /** Index of the lane that decided, and what it was; null where another thing did. */
  readonly lane: number | null;
  readonly look: RolloutLook | null;
  /** Null where no person did it. */
  readonly who: string | null;
  /** In the words of the line; may be empty. */
  readonly says: string;
}

export interface StoryRollout {
  readonly versions: { readonly old: string; readonly new: string };
  readonly from: number;
  readonly to: number;
  readonly stages: readonly RolloutStage[];
  /** With at least one look, in the order of the runbook. */
  readonly lanes: readonly RolloutLane[];
  readonly levels: readonly RolloutLevel[];
  /** In order: the first 20, and the last 40. */
  readonly moments: readonly RolloutMoment[];
  /** How many are left out between these. */
  readonly leftOut: number;
}
