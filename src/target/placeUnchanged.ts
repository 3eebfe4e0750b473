/** What of a place has changed since its reconcile, as the failure that says so. Pure. */

import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import type { PlaceChanges } from './swap.ts';

const TEXTS = {
  to: {
    since: 'what is to go live was written to since it was reconciled, or live',
    hint: 'nothing was changed; find out what writes there, then reconcile it, or load it again',
  },
  from: {
    since: 'what is live holds later writes, which would be lost',
    hint: 'nothing was changed; stop the application, reconcile what is live to see what was written, and save it; or give it up with --accept-data-loss NAME, the name of what is live',
  },
};

/** @throws Failure TARGET with the tables and numbers of rows, if there is any change */
export function assertPlaceUnchanged(
  which: 'to' | 'from',
  { isOther, tables, unsealed }: Omit<PlaceChanges, 'tookMs'>,
  where: string,
): void {
  const { since, hint } = TEXTS[which];
  const changes = tables.map(({ table, written, gone, remade }) => {
    if (remade) return `${table} is another table, or has other columns or partitions`;
    return `${table} has ${counted(written, 'row')} that ${written === 1 ? 'was' : 'were'} written since, and lacks ${counted(gone, 'row')} as ${gone === 1 ? 'it was' : 'they were'}`;
  });
  const others = which === 'from' ? unsealed : [];
  const whole = isOther ? ['the file is not as it was read then'] : [];
  const all = [
    ...whole,
    ...changes,
    ...others.map((table) => `${table} has rows and is not of the seal`),
  ];
  if (all.length === 0) return;
  const [first, ...more] = all;
  const rest = more.length === 0 ? '' : `; and ${counted(more.length, 'table')} more`;
  throw new Failure('TARGET', { what: `${since}: ${first}${rest}`, where, hint });
}
