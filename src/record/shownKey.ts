/**
 * What of a record's key a report may show. Numbers and UUIDs are shown; text may be the name of a
 * person, and is shown only where the mapping says that it is harmless. The values are not trusted:
 * what is in the place of a number and is none is not shown. Pure.
 */

import { canonicalJson } from './canonical.ts';

/** A part of a key, in a record. */
export interface ShownPart {
  readonly value: unknown;
  /** Kind of its type, such as `integer`. */
  readonly kind: string;
  /** Whether the mapping says that its values tell nothing of a person. */
  readonly harmless: boolean;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NUMBER = /^-?\d{1,1000}(\.\d{1,1000})?$/;

/** Texts that are no text of a person, by the kind of their type. */
const FORMS: ReadonlyMap<string, RegExp> = new Map([
  ['uuid', UUID],
  ['bigint', NUMBER],
  ['decimal', NUMBER],
]);

/** The key as canonical JSON; undefined where a part of it is not to be shown. */
export function shownKey(parts: readonly ShownPart[]): string | undefined {
  if (!parts.every(isShown)) return undefined;
  return canonicalJson(parts.map(({ value }) => value));
}

function isShown({ value, kind, harmless }: ShownPart): boolean {
  if (typeof value === 'number' || typeof value === 'boolean') return true;
  return typeof value === 'string' && (harmless || FORMS.get(kind)?.test(value) === true);
}

/** The id that a record was given; undefined where there is something else in its place. */
export function shownId(value: unknown): string | undefined {
  return typeof value === 'string' && UUID.test(value) ? value : undefined;
}
