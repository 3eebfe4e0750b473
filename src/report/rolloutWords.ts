/** A rollout in words: what a metric was, what judges it, what was decided. Texts are not escaped. Pure. */

import { counted, grouped, shortNumber } from '../outcome/counted.ts';
import type {
  LaneStage,
  RolloutBand,
  RolloutLane,
  RolloutLimit,
  RolloutLimits,
  RolloutLook,
  RolloutMoment,
  RolloutStage,
  StoryRollout,
} from '../outcome/rolloutStory.ts';
import { formatDuration } from '../record/duration.ts';

const HOUR = 3_600_000;

export const BAND_WORDS: Readonly<Record<RolloutBand, string>> = {
  pass: 'passes',
  hold: 'not decided',
  fail: 'does not pass',
  rollback: 'rolls back',
  unknown: 'not known',
};

/** `10 %`, or `end of v1`. */
export function stageName(stage: Pick<RolloutStage, 'percent' | 'deprecates'> | undefined): string {
  if (stage === undefined) return '';
  const { percent, deprecates } = stage;
  return percent === null ? `end of ${deprecates ?? ''}` : `${percent} %`;
}

/** Formats how long a soak is, in hours up to three days: `24h`, `13h 30m`, `7d`. */
export function soakTime(time: number): string {
  if (time >= 72 * HOUR || time < HOUR) return formatDuration(time);
  const hours = Math.floor(time / HOUR);
  const rest = time % HOUR;
  return rest < 1000 ? `${hours}h` : `${hours}h ${formatDuration(rest)}`;
}

/** `13h of 48h, 14 looks, begun anew once, 1 checkpoint missed`. */
export function soakText({ passed, soak, looks, restarts, missed }: RolloutStage): string {
  const often = restarts === 1 ? 'once' : counted(restarts, 'time');
  return [
    `${soakTime(passed)} of ${soakTime(soak)}`,
    counted(looks, 'look'),
    ...(restarts === 0 ? [] : [`begun anew ${often}`]),
    ...(missed === 0 ? [] : [`${counted(missed, 'checkpoint')} missed`]),
  ].join(', ');
}

/** Name of a metric for people. */
export function metricName({ metric }: Pick<RolloutLane, 'metric'>): string {
  return metric === '' ? 'the split' : metric;
}

/** `success`, or `success against v1`. */
export function laneName(lane: RolloutLane, stage: LaneStage | undefined): string {
  const { isCompared } = lane;
  const against = stage?.against ?? null;
  return isCompared && against !== null
    ? `${metricName(lane)} against ${against}`
    : metricName(lane);
}

/** What a metric was: `96.2 % of 1,204 (94.4 to 97.6 %)`. */
export function lookText(
  lane: RolloutLane,
  stage: LaneStage | undefined,
  look: RolloutLook,
): string {
  const { measure, isCompared } = lane;
  if (look.low === null || look.band === 'unknown') return 'no number';
  if (isCompared) return timesText(lane, stage, look);
  if (measure === 'number') return valueText(look.seen ?? look.low);
  if (look.of === 0) return 'none was counted yet';
  if (measure === 'quantile') {
    const of = look.of === null ? '' : `, of ${grouped(look.of)}`;
    return `${quantileName(lane)} ${betweenText(look)}${of}`;
  }
  const of =
    look.of === null ? '' : ` of ${grouped(look.of)}${measure === 'split' ? ' users' : ''}`;
  const share = `${shortNumber(look.seen ?? look.low)} %${of} (${rangeText(look, stage?.limits)} %)`;
  return measure === 'kinds' ? `errors of a new kind are ${share}` : share;
}

function timesText(lane: RolloutLane, stage: LaneStage | undefined, look: RolloutLook): string {
  const against = stage?.against ?? 'the baseline';
  const range = rangeText(look, stage?.limits);
  // Baselines are versions, or stages by their share.
  const isStage = against.endsWith(' %');
  if (lane.measure === 'quantile') {
    const that = isStage ? `at ${against}` : `of ${against}`;
    return `${quantileName(lane)} ${range} times that ${that}`;
  }
  const as = `as often bad as ${isStage ? 'at ' : ''}${against}`;
  const { seen } = look;
  return seen === null ? `${range} times ${as}` : `${shortNumber(seen)} times ${as} (${range})`;
}

function quantileName({ quantile }: RolloutLane): string {
  return `P${plain((quantile ?? 0) * 100)}`;
}

/** Formats a number of a runbook, without what a division has left. */
function plain(number: number): string {
  return String(Number(number.toFixed(6)));
}

/** Formats a number that stands for itself. */
function valueText(value: number): string {
  return Number.isInteger(value) ? grouped(value) : shortNumber(value);
}

function rangeText({ low, high }: RolloutLook, limits: RolloutLimits | undefined): string {
  const from = endText(low ?? 0, limits);
  return high === null ? `${from} or more` : `${from} to ${endText(high, limits)}`;
}

/** Formats an end of an interval so that it is not taken for a limit that it is beside. */
function endText(end: number, limits: RolloutLimits | undefined): string {
  const values = [limits?.pass, limits?.rollback].flatMap((limit) => limit?.value ?? []);
  const isLimit = (text: string): boolean =>
    values.some((value) => value !== end && value === Number(text));
  const forms = [shortNumber(end), end.toFixed(2), end.toFixed(3), end.toFixed(4)];
  return forms.find((text) => !isLimit(text)) ?? String(end);
}

function betweenText({ low, high }: RolloutLook): string {
  const from = valueText(low ?? 0);
  return high === null ? `above ${from}` : `between ${from} and ${valueText(high)}`;
}

/** What the numbers of a lane are counted in, after a number. */
export function unitOf({ measure, isCompared }: RolloutLane): string {
  if (isCompared) return ' times';
  return measure === 'number' || measure === 'quantile' ? '' : ' %';
}

/** What judges a metric: `passes at 95 % or more, with a margin of 1; rolls back below 95 %`. */
export function limitsText(lane: RolloutLane, { pass, rollback, margin }: RolloutLimits): string {
  if (lane.measure === 'split' && pass !== null) {
    return `passes within ${plain(margin)} points of ${pass.value} %`;
  }
  const within = margin === 0 ? '' : `, with a margin of ${plain(margin)}`;
  return [
    ...(pass === null ? [] : [`passes ${limitText(lane, pass)}${within}`]),
    ...(rollback === null ? [] : [`rolls back ${limitText(lane, rollback)}`]),
  ].join('; ');
}

function limitText(lane: RolloutLane, { comparison, value }: RolloutLimit): string {
  const number = `${value}${value === 1 && lane.isCompared ? ' time' : unitOf(lane)}`;
  switch (comparison) {
    case '>=':
      return `at ${number} or more`;
    case '<=':
      return `at ${number} or less`;
    case '>':
      return `above ${number}`;
    case '<':
      return `below ${number}`;
    case '==':
      return `at ${number}`;
    default:
      return `at all but ${number}`;
  }
}

/** What a moment decided, as a sentence without its time. */
export function momentText(story: StoryRollout, moment: RolloutMoment): string {
  const { kind, who, says } = moment;
  const at = stageName(story.stages[moment.stage]);
  const why = saysOf(says);
  const cause = causeText(story, moment);
  const as = cause === null ? why : `, as ${cause}`;
  switch (kind) {
    case 'begun':
    case 'promoted':
      return begunText(story, moment);
    case 'anew':
      return `The soak of ${at} began anew${as}.`;
    case 'held':
      if (who !== null) return `${who} held it at ${at}${why}.`;
      return `Held at ${at}${as}.`;
    case 'resumed':
      return `${who ?? 'The runner'} went on at ${at}${why}.`;
    case 'approved':
      return `${who ?? 'A person'} approved ${at}.`;
    case 'attested':
      return `${who ?? 'A person'} stated at ${at}${why}.`;
    case 'back':
      if (who !== null) return `${who} rolled back at ${at}${why}.`;
      return `Rolled back at ${at}${as}.`;
    case 'back over':
      return `The way back was over: ${levelText(story, moment.at)}.`;
    case 'back failed':
      return `The way back failed at ${at}${why}.`;
    case 'ended':
      return `${who ?? 'The runner'} ended the rollout at ${at}, where it was${why}.`;
    default:
      return 'All stages had passed, and the rollout was over.';
  }
}

function saysOf(says: string): string {
  return says === '' ? '' : `: ${says.replace(/\.$/, '')}`;
}

function begunText({ stages, versions }: StoryRollout, { kind, stage }: RolloutMoment): string {
  const { percent = null } = stages[stage] ?? {};
  const name = stageName(stages[stage]);
  const what = percent === null ? `the ${name} began` : `${name} of the users had ${versions.new}`;
  if (kind === 'begun') return `The rollout began: ${what}.`;
  const before = stageName(stages[stage - 1]);
  return percent === null
    ? `${before} had passed: ${what}.`
    : `Promoted to ${name}, as ${before} had passed: ${what}.`;
}

/** Why it was decided: what a metric was, or the words of its line; without a full stop. */
export function reasonText(story: StoryRollout, moment: RolloutMoment): string {
  const { who, says } = moment;
  const cause = causeText(story, moment);
  if (cause !== null) return cause;
  const text = says.replace(/\.$/, '');
  return who === null || text === '' ? text : `${who}: ${text}`;
}

/** Which metric decided, and what it was; null where none did. */
function causeText(
  { lanes }: StoryRollout,
  { lane: number, look, stage }: RolloutMoment,
): string | null {
  const lane = lanes[number ?? -1];
  if (lane === undefined || look === null) return null;
  const inStage = lane.stages.find((one) => one.stage === stage);
  const { rollback = null } = inStage?.limits ?? {};
  const beyond =
    look.band !== 'rollback' || rollback === null
      ? ', which does not pass'
      : `, ${lane.measure === 'number' ? '' : 'all of it '}${limitText(lane, rollback)}`;
  const was = lane.measure === 'quantile' || lane.measure === 'kinds' ? ':' : ' was';
  return `${metricName(lane)}${was} ${lookText(lane, inStage, look)}${beyond}`;
}

/** What share has the new version at a time. */
export function levelText({ levels, versions }: StoryRollout, at: number): string {
  const { percent = 0 } = levels.findLast((level) => level.at <= at) ?? {};
  return `${percent} % of the users had ${versions.new}`;
}
