/**
 * `rollout.split`: which share of the users has had the new version, by the decisions of a router. It is judged on
 * distinct users; with `percent`, that share has to be seen, and at 0 or 100 % no user may be on the other side.
 */

import { readSplit } from '../rollout/readFigure.ts';
import { saySplit } from '../rollout/sayJudged.ts';
import { DURATION, FILE, QUERY, TEXT, about } from '../schema/runbookParts.ts';
import { sqlFileIn } from '../databases/runbookSql.ts';
import { shareInterval, type Share } from '../../sequential/share.ts';
import { numberOf, requiredText, textOf, timeOf } from './stepMembers.ts';
import type { DoneStep, StepResult, StepWork } from './stepType.ts';

/** Level of one look: it is judged once, and waited for until it is as it should be. */
const ALPHA = 0.05;
const RECENT_MS = 60_000;
/** Decisions of this last time are judged first, where it is told what the share was before. */
const SHORTEST_MS = 10_000;

export const rolloutSplit: DoneStep = {
  text: 'Which share of the users has had the new version.',
  members: {
    log: about(FILE, 'Log with a line of JSON for each decision.'),
    query: about(QUERY, 'Query of distinct users: columns version, n; with `:since`.'),
    user: about(TEXT, 'Member of a line with the user; `user` if left out.'),
    version: about(TEXT, 'Member of a line with the version; `version` if left out.'),
    old: about(TEXT, 'Name of the old version.'),
    new: about(TEXT, 'Name of the new version.'),
    percent: about({ type: 'number', minimum: 0, maximum: 100 }, 'Share that has to be seen.'),
    from: about(
      { type: 'number', minimum: 0, maximum: 100 },
      'Share that it was before: so many users are needed that it could be told from that.',
    ),
    tolerance: about({ type: 'number', minimum: 0 }, 'Points of percent that it may be off.'),
    recent: about(
      DURATION,
      'Decisions of this last time, 1m if left out; with `from`, of less if that is enough.',
    ),
  },
  required: ['old', 'new'],
  oneOf: ['log', 'query'],
  kind: 'check',
  place: 'files',
  reads: (members) => sqlFileIn(textOf(members, 'query') ?? ''),
  plan(members) {
    const percent = numberOf(members, 'percent');
    return percent === null ? 'check that decisions are seen' : `check that ${percent} % are seen`;
  },
  async apply(work) {
    const { members, world } = work;
    const now = world.now().getTime();
    const most = timeOf(members, 'recent') ?? RECENT_MS;
    // Where many users come, those of the last seconds are enough, and all of them have the new setting.
    let time = numberOf(members, 'from') === null ? most : Math.min(SHORTEST_MS, most);
    for (;;) {
      const result = await judgedSince(work, now - time, now);
      if (result.verdict !== 'INCONCLUSIVE' || time === most) return result;
      time = Math.min(2 * time, most);
    }
  },
};

async function judgedSince(work: StepWork, from: number, now: number): Promise<StepResult> {
  const { members, input, world, signal } = work;
  const figure = await readSplit(
    { world, signal },
    {
      log: textOf(members, 'log'),
      sql: textOf(members, 'query'),
      on: input,
      user: textOf(members, 'user') ?? 'user',
      version: textOf(members, 'version') ?? 'version',
      minSamples: 1,
      tolerance: null,
      sees: null,
    },
    { from, to: now + 1 },
    { old: requiredText(members, 'old'), new: requiredText(members, 'new') },
  );
  if ('unknown' in figure) return { verdict: 'INCONCLUSIVE', says: figure.unknown };
  if (!('fresh' in figure) || 'bounds' in figure) throw new TypeError('a split without users');
  return judge(figure.fresh, {
    percent: numberOf(members, 'percent'),
    from: numberOf(members, 'from'),
    tolerance: numberOf(members, 'tolerance') ?? 0,
  });
}

interface ExpectedSplit {
  readonly percent: number | null;
  /** What it was before; null for nothing. */
  readonly from: number | null;
  readonly tolerance: number;
}

function judge(seen: Share, { percent, from, tolerance }: ExpectedSplit): StepResult {
  const results = { count: seen.of, failed: 0 };
  if (seen.of === 0) return { verdict: 'INCONCLUSIVE', says: 'no user was seen' };
  const { low, high } = shareInterval(seen, ALPHA);
  const interval = { low: low * 100, high: high * 100 };
  if (percent === null)
    return { verdict: 'PASS', says: saySplit(seen, interval, null, 1), results };
  const isExact = percent === 0 || percent === 100;
  const holds = isExact
    ? seen.part === (percent === 0 ? 0 : seen.of)
    : percent >= interval.low - tolerance && percent <= interval.high + tolerance;
  const says = saySplit(seen, interval, percent, 1);
  // One user on the right side would be so at the percentage before, too.
  const isOpen = from !== null && from !== percent && from >= interval.low && from <= interval.high;
  if (holds && isOpen) {
    return { verdict: 'INCONCLUSIVE', says: `${says}, too few to tell it from ${from} %`, results };
  }
  return { verdict: holds ? 'PASS' : 'FAIL', says, results: { ...results, failed: holds ? 0 : 1 } };
}
