/** Where a stage stands, in words. Pure. */

import { counted } from '../../outcome/counted.ts';
import { formatDuration } from '../../record/duration.ts';
import type { Stage } from '../runbook.ts';
import type { RolloutBand } from './bands.ts';
import { SPLIT } from './figures.ts';
import type { Judged } from './judged.ts';
import { tickTime, type SoakState } from './stageSoak.ts';

/** `6h of 24h passed; success is not decided: 96.2 % of 210 (90.1 to 98.9 %)`. */
export function saySoak({ soak }: Stage, state: SoakState): string {
  const { passed, restarts, missed } = state;
  const again = restarts === 0 ? '' : `, begun anew ${counted(restarts, 'time')}`;
  const late = missed === 0 ? '' : `, ${counted(missed, 'checkpoint')} missed`;
  const time = `${formatDuration(passed)} of ${formatDuration(soak)} passed${again}${late}`;
  return state.open.length === 0 ? time : `${time}; ${sayOpen(state)}`;
}

/** The same of a stage that goes on: looks that come too late are those of a scheduler that ticks too seldom. */
export function sayWait(stage: Stage, state: SoakState): string {
  const says = saySoak(stage, state);
  if (state.missed === 0) return says;
  return `${says}; tick at least every ${formatDuration(Math.max(1000, tickTime(stage)))} to miss none`;
}

/** What keeps a stage from its end, by its last look. */
export function sayOpen({ open }: Pick<SoakState, 'open'>): string {
  return open.length === 0 ? 'every metric passes' : open.map(sayOne).join('; ');
}

const BANDS: Readonly<Record<RolloutBand, string>> = {
  pass: 'passes',
  hold: 'is not decided',
  fail: 'does not pass',
  rollback: 'rolls back',
  unknown: 'is not known',
};

function sayOne(judged: Judged): string {
  return `${metricName(judged)} ${BANDS[judged.band]}: ${judged.says}`;
}

/** Name of a metric for people. */
export function metricName({ metric }: Pick<Judged, 'metric'>): string {
  return metric === SPLIT ? 'the split' : metric;
}
