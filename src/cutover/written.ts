/** Members of an object of a runbook's file, which matches the schema, as values of a type. Pure. */

import { parseDuration } from '../record/duration.ts';

/** An object of the file. */
export type Written = Readonly<Record<string, unknown>>;

export function textIn(written: Written, name: string): string | null {
  const text = written[name];
  return typeof text === 'string' ? text : null;
}

export function numberIn(written: Written, name: string): number | null {
  const number = written[name];
  return typeof number === 'number' ? number : null;
}

export function timeIn(written: Written, name: string): number | null {
  const text = textIn(written, name);
  return text === null ? null : parseDuration(text);
}

export function listIn(written: Written, name: string): readonly Written[] {
  return (written[name] ?? []) as readonly Written[];
}

export function namesIn(written: Written, name: string): readonly string[] {
  return (written[name] ?? []) as readonly string[];
}

export function mapIn<T>(written: Written, name: string): ReadonlyMap<string, T> {
  const members: unknown = written[name] ?? {};
  return new Map(Object.entries(members as Readonly<Record<string, T>>));
}
