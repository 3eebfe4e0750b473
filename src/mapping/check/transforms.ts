/** Checks a field's transforms, beyond their schema. */

import type { Failure } from '../../outcome/failure.ts';
import { datePattern, type Temporal } from '../../record/datePattern.ts';
import type { DatePatterns, Transform } from '../model.ts';
import { quoteName } from '../../outcome/quoteName.ts';

/** Makes a failure at a place inside the field. */
type Fault = (path: readonly (string | number)[], what: string, hint: string) => Failure;

/** Members that are options of another member. */
const OPTIONS: ReadonlySet<string> = new Set(['otherwise', 'part', 'with']);

/** @throws Failure MAPPING */
export function checkTransforms(transforms: readonly Transform[], fault: Fault): void {
  for (const [index, transform] of transforms.entries()) {
    if (typeof transform !== 'string') checkStep(transform, ['transforms', index], fault);
  }
}

function checkStep(
  step: Exclude<Transform, string>,
  at: readonly (string | number)[],
  fault: Fault,
): void {
  const [kind, other] = Object.keys(step).filter((name) => !OPTIONS.has(name));
  if (kind !== undefined && other !== undefined) {
    const what = `${quoteName(kind)} and ${quoteName(other)} are in one transform`;
    throw fault(
      [...at, other],
      what,
      'write one object for each step, in the order of their application',
    );
  }
  if ('date' in step) checkPatterns('date', step.date, at, fault);
  if ('time' in step) checkPatterns('time', step.time, at, fault);
  if ('timestamp' in step) checkPatterns('timestamp', step.timestamp, at, fault);
  if (!('booleans' in step)) return;
  const { booleans } = step;
  const both = booleans.false.findIndex((word) => booleans.true.includes(word));
  if (both === -1) return;
  const what = 'a word means both true and false';
  throw fault([...at, 'booleans', 'false', both], what, 'remove it from one of the two');
}

function checkPatterns(
  kind: Temporal,
  { pattern, fallbacks = [] }: DatePatterns,
  at: readonly (string | number)[],
  fault: Fault,
): void {
  const places = [
    { text: pattern, path: ['pattern'] },
    ...fallbacks.map((text, index) => ({ text, path: ['fallbacks', index] })),
  ];
  for (const { text, path } of places) {
    const compiled = datePattern(kind, text);
    if (typeof compiled === 'function') continue;
    const what = `pattern ${quoteName(text)} of a ${kind} is wrong: ${compiled.fault}`;
    const hint = 'use yyyy, MM, dd, HH, mm, ss, S, or M, d, H for one or two digits';
    throw fault([...at, kind, ...path], what, hint);
  }
}
