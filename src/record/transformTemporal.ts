/** Transforms dates and times by pattern into ISO form. */

import { Rejection } from './converted.ts';
import { datePattern, isIso, type DatePattern, type Temporal } from './datePattern.ts';
import { parseTimestampTz } from './dateTime.ts';
import type { DatePatterns, Step, TransformNote } from './transform.ts';

/**
 * Tries the first pattern, then ISO form, then the fallbacks, which have to agree and whose use is
 * noted. Cells that are not text pass unchanged.
 */
export function temporalStep(kind: Temporal, patterns: DatePatterns, note: TransformNote): Step {
  const primary = compiled(kind, patterns.pattern);
  const fallbacks = (patterns.fallbacks ?? []).map((pattern) => compiled(kind, pattern));
  const unknown = new Rejection('type', `the text matches no pattern of the ${kind}`);
  const impossible = new Rejection('type', `there is no such ${kind}`);
  const ambiguous = new Rejection('date-ambiguous', `patterns read the ${kind} differently`);
  return (cell) => {
    if (typeof cell !== 'string') return cell;
    const first = primary(cell);
    if (typeof first === 'string') return first;
    if (isIso(kind, cell) || (kind === 'timestamp' && parseTimestampTz(cell) !== null)) return cell;
    const matches = fallbacks.map((match) => match(cell));
    const [found, other] = new Set(matches.filter((match) => typeof match === 'string'));
    if (other !== undefined) return ambiguous;
    if (found === undefined) {
      return [first, ...matches].includes(false) ? impossible : unknown;
    }
    note('fallback', `the ${kind} was read by a fallback pattern`);
    return found;
  };
}

function compiled(kind: Temporal, pattern: string): DatePattern {
  const match = datePattern(kind, pattern);
  if (typeof match !== 'function') throw new TypeError(match.fault);
  return match;
}
