/**
 * Decides whether a report may show a record's key. Numbers and UUIDs are shown. Text may be a
 * person's name and is only shown if the mapping declares it harmless. Values are not trusted: one
 * that does not match its type is not shown. Pure.
 */

import { canonicalJson } from './canonical.ts';

/** A key part of a record. */
export interface ShownPart {
  readonly value: unknown;
  /** Kind of the part's type, such as `integer`. */
  readonly kind: string;
  /** Whether the mapping declares the values harmless. */
  readonly harmless: boolean;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NUMBER = /^-?\d{1,1000}(\.\d{1,1000})?$/;

/** Patterns of texts that are not personal data, by type kind. */
const FORMS: ReadonlyMap<string, RegExp> = new Map([
  ['uuid', UUID],
  ['bigint', NUMBER],
  ['decimal', NUMBER],
]);

/** Returns the key as canonical JSON; undefined if a part may not be shown. */
export function shownKey(parts: readonly ShownPart[]): string | undefined {
  if (!parts.every(isShown)) return undefined;
  return canonicalJson(parts.map(({ value }) => value));
}

function isShown({ value, kind, harmless }: ShownPart): boolean {
  if (typeof value === 'number' || typeof value === 'boolean') return true;
  return typeof value === 'string' && (harmless || FORMS.get(kind)?.test(value) === true);
}

/** Returns an id made by Sealift; undefined if the value is not a UUID. */
export function shownId(value: unknown): string | undefined {
  return typeof value === 'string' && UUID.test(value) ? value : undefined;
}
