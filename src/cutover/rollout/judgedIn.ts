/** What a look of a rollout was judged, as a line of the journal has it. Pure. */

import type { RolloutBand } from '../../outcome/rolloutStory.ts';
import type { Judged } from './judged.ts';

const BANDS: readonly RolloutBand[] = ['pass', 'hold', 'fail', 'rollback', 'unknown'];
/** Most judgements of a line; a runbook has no more hypotheses. */
const MOST = 1000;

/** Reads judgements; what has not their form is left out. Their words are not in the line. */
export function judgedIn(written: unknown): readonly Judged[] {
  return Array.isArray(written) ? written.slice(0, MOST).flatMap(oneIn) : [];
}

function oneIn(written: unknown): readonly Judged[] {
  const { metric, against, band, seen, low, high, of } = Object(written) as Record<string, unknown>;
  const known = BANDS.find((one) => one === band);
  if (typeof metric !== 'string' || known === undefined) return [];
  const about = { metric, against: typeof against === 'string' ? against : null, band: known };
  const numbers = {
    seen: numberIn(seen),
    low: numberIn(low),
    high: numberIn(high),
    of: numberIn(of),
  };
  return [{ ...about, says: '', ...numbers }];
}

function numberIn(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
