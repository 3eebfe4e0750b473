/**
 * Field types of a record, and their notation in mapping files: `string`, `decimal(2)`,
 * `array(timestamptz(3))`.
 */

export type ScalarKind =
  | 'string'
  | 'boolean'
  | 'integer' // within ±(2^53−1), a JSON number
  | 'bigint' // any size, a JSON string
  | 'decimal'
  | 'float'
  | 'date'
  | 'time'
  | 'timestamp' // local, without zone
  | 'timestamptz' // an instant, in UTC, ends in Z
  | 'uuid'
  | 'bytes'
  | 'blob'
  | 'enum'
  | 'json'
  | 'tagged'; // any cell, with its kind: {"number":"5"}, {"text":"5"}; for columns of mixed types

export type FieldType =
  | { readonly kind: ScalarKind; readonly digits?: number }
  | { readonly kind: 'array'; readonly of: FieldType };

/** All kinds, for messages and completion. */
export const KINDS: readonly string[] = [
  'array',
  'bigint',
  'blob',
  'boolean',
  'bytes',
  'date',
  'decimal',
  'enum',
  'float',
  'integer',
  'json',
  'string',
  'tagged',
  'time',
  'timestamp',
  'timestamptz',
  'uuid',
];

/** Kinds that may have a number of fraction digits, with its maximum. */
const MAX_DIGITS: Readonly<Record<string, number>> = {
  decimal: 1000,
  time: 12,
  timestamp: 12,
  timestamptz: 12,
};

/** Parses a type in a mapping's notation; null if invalid. Arrays nest at most 8 deep. */
export function parseType(text: string, depth = 0): FieldType | null {
  const array = /^array\((.*)\)$/.exec(text);
  if (array !== null) {
    const of = depth < 8 ? parseType(array[1] ?? '', depth + 1) : null;
    return of === null || of.kind === 'blob' ? null : { kind: 'array', of };
  }
  const [, kind = '', digits] = /^([a-z]+)(?:\((\d{1,4})\))?$/.exec(text) ?? [];
  if (!KINDS.includes(kind) || kind === 'array') return null;
  if (digits === undefined) return { kind: kind as ScalarKind };
  const max = MAX_DIGITS[kind];
  if (max === undefined || Number(digits) > max) return null;
  return { kind: kind as ScalarKind, digits: Number(digits) };
}

/** Formats a type; the inverse of {@link parseType}. */
export function formatType(type: FieldType): string {
  if (type.kind === 'array') return `array(${formatType(type.of)})`;
  return type.digits === undefined ? type.kind : `${type.kind}(${type.digits})`;
}
