/** Members of a step as values of a type. They match the schema, so that no error is expected here. Pure. */

import { parseDuration } from '../../record/duration.ts';
import type { Members } from './stepType.ts';

export type Scalar = string | number | boolean;

/** Returns a text; null if it is left out. */
export function textOf(members: Members, name: string): string | null {
  const text = members[name];
  return typeof text === 'string' ? text : null;
}

/** Returns a text that the schema requires. */
export function requiredText(members: Members, name: string): string {
  const text = textOf(members, name);
  if (text === null) throw new TypeError(`a step without ${name}`);
  return text;
}

/** Returns a list of texts; an empty one if it is left out. */
export function textsOf(members: Members, name: string): readonly string[] {
  return (members[name] ?? []) as readonly string[];
}

/** Returns values by name; none if they are left out. */
export function valuesOf(members: Members, name: string): ReadonlyMap<string, Scalar> {
  return new Map(Object.entries((members[name] ?? {}) as Readonly<Record<string, Scalar>>));
}

/** Returns a number; null if it is left out. */
export function numberOf(members: Members, name: string): number | null {
  const number = members[name];
  return typeof number === 'number' ? number : null;
}

/** Returns milliseconds; null if the time is left out. */
export function timeOf(members: Members, name: string): number | null {
  const text = textOf(members, name);
  return text === null ? null : parseDuration(text);
}
