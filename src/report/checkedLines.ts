/** Lines for people about the basis of a verdict. Pure. */

import { counted } from '../outcome/counted.ts';
import type { Checked, Lowered } from '../outcome/outcome.ts';
import { personalDataLine } from './personalData.ts';

/** Returns lines with the checks, numbers of records, references and cells, and lowered severities. */
export function checkedLines(checked: Checked | undefined): string[] {
  if (checked === undefined) return [];
  const { checks, records, references, lowered, privacy } = checked;
  const over = `${counted(records, 'record')} and ${counted(references, 'reference')}`;
  const lines = [`checked ${over}: ${checks.length === 0 ? 'nothing' : checks.join(', ')}`];
  if (privacy !== undefined) lines.push(personalDataLine(privacy));
  if (lowered.length > 0) {
    const some = lowered.slice(0, MOST).map(told);
    const more = lowered.length - some.length;
    const all = more > 0 ? [...some, `and ${more} more`] : some;
    lines.push(`severities that the project has lowered: ${all.join(', ')}`);
  }
  return lines;
}

const MOST = 20;

function told({ rule, module, field, invariant, from, to }: Lowered): string {
  const places = [module, field, invariant].filter((place) => place !== undefined);
  const where = places.length === 0 ? '' : ` of ${places.join(' · ')}`;
  return `${rule}${where} from ${from} to ${to}`;
}
