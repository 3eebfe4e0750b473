/**
 * Chooses the type of a column's field: the first type that holds every value without loss, of
 * those that the declaration suggests and then of those that the values suggest.
 */

import { MAX_BYTES } from '../record/convert.ts';
import { isOrdered } from '../record/keyOrder.ts';
import type { FieldType, ScalarKind } from '../record/type.ts';
import type { ColumnProfile, ValueKind } from './columnProfile.ts';
import type { DeclaredType } from '../source/declared.ts';

/** Longer content is stored in a file beside the record, in bytes. */
const MAX_INLINE_BYTES = 1024;
/** Most fraction digits of a second, and most digits of a key part. */
const MAX_FRACTION = 12;
const MAX_KEY_DIGITS = 290;
const KINDS: readonly ValueKind[] = ['number', 'text', 'invalidText', 'bytes', 'boolean', 'json'];
const NUMBERS: readonly FieldType[] = scalars('integer', 'bigint', 'float', 'decimal');

function scalars(...kinds: ScalarKind[]): FieldType[] {
  return kinds.map((kind) => ({ kind }));
}

/** Whether the type is one of numbers. */
export function isNumeric(type: FieldType): boolean {
  return NUMBERS.some(({ kind }) => kind === type.kind);
}

/** Lists the kinds of values in a column; none if it is empty or all null. */
export function valueKinds(profile: ColumnProfile): readonly ValueKind[] {
  return KINDS.filter((kind) => profile.counts[kind] > 0);
}

/** Whether a field of this type holds each value of the column unchanged. */
export function fits(profile: ColumnProfile, type: FieldType): boolean {
  const [kind, ...others] = valueKinds(profile);
  if (type.kind === 'tagged') return profile.accepted.has('tagged');
  if (kind === undefined) return true;
  if (others.length > 0) return false;
  switch (type.kind) {
    case 'string':
      return kind === 'text';
    case 'bytes':
      return kind === 'bytes' && profile.longestBytes <= MAX_BYTES;
    case 'blob':
      return kind === 'bytes';
    case 'boolean':
      // Negative zero would pass as false.
      return profile.accepted.has('boolean') && kind !== 'text' && profile.unusual === 0;
    case 'decimal':
      return profile.accepted.has('decimal') && profile.fractionDigits <= (type.digits ?? Infinity);
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return profile.accepted.has(type.kind) && sameClock(profile, type);
    case 'uuid':
      return profile.accepted.has('uuid') && kind === 'text' && profile.lowerCaseUuids;
    case 'json':
      return profile.accepted.has('json') && (kind === 'text' || kind === 'json');
    case 'array':
    case 'enum':
      return false;
    default:
      return profile.accepted.has(type.kind);
  }
}

/**
 * One separator, one number of digits, UTC as Z: the source's text can be restored from the record.
 */
function sameClock(profile: ColumnProfile, type: FieldType & { kind: ScalarKind }): boolean {
  if (profile.certain !== null) return profile.certain.clock === type.kind;
  const form = profile.clockForm;
  if (form === null || form.digits !== type.digits) return false;
  return type.kind === 'timestamptz' ? form.zone === 'Z' : form.zone === '';
}

/** Chooses the type for the values found; `tagged` if no other type holds them all. */
export function chooseType(declared: DeclaredType, profile: ColumnProfile): FieldType {
  if (valueKinds(profile).length === 0) return typeWithoutValues(declared);
  const candidates = [...suggested(declared, profile), ...typesByValue(profile)];
  return candidates.find((type) => fits(profile, type)) ?? { kind: 'tagged' };
}

function suggested(declared: DeclaredType, profile: ColumnProfile): FieldType[] {
  const { digits } = declared;
  switch (declared.family) {
    case 'decimal':
      return [...(digits === undefined ? [] : [{ kind: 'decimal' as const, digits }]), DECIMAL];
    case 'float':
      return profile.counts.number > 0 ? scalars('float') : [];
    case 'boolean':
    case 'uuid':
    case 'json':
      return scalars(declared.family);
    case 'temporal':
      return clockTypes(profile);
    default:
      return [];
  }
}

const DECIMAL: FieldType = { kind: 'decimal' };

/** Lists the date and time types that hold the texts of a column, whatever it declares. */
export function clockTypes(profile: ColumnProfile): FieldType[] {
  const { certain } = profile;
  if (certain?.clock !== undefined) return [withDigits(certain.clock, certain.digits)];
  const digits = profile.clockForm?.digits ?? Infinity;
  const types: FieldType[] = [{ kind: 'date' }];
  if (digits > MAX_FRACTION) return types;
  for (const kind of ['timestamp', 'timestamptz', 'time'] as const) types.push({ kind, digits });
  return types;
}

/** Lists the types that the values suggest. A text of digits stays a text. */
function typesByValue(profile: ColumnProfile): readonly FieldType[] {
  const { counts, longestBytes } = profile;
  if (counts.number > 0) return NUMBERS;
  if (counts.boolean > 0) return scalars('boolean');
  if (counts.json > 0) return scalars('json');
  return scalars('string', longestBytes <= MAX_INLINE_BYTES ? 'bytes' : 'blob');
}

/** Chooses the type by the declaration alone, as there are no values. */
function typeWithoutValues({ family, clock, digits }: DeclaredType): FieldType {
  switch (family) {
    case 'temporal':
      return withDigits(clock ?? 'timestamp', digits);
    case 'decimal':
      return withDigits('decimal', digits);
    case 'text':
    case 'unknown':
      return { kind: 'string' };
    default:
      return { kind: family };
  }
}

function withDigits(kind: ScalarKind, digits: number | undefined): FieldType {
  return digits === undefined ? { kind } : { kind, digits };
}

/**
 * Returns the type of the column as a part of a key, one that has an order and keeps different
 * values different. Null if there is none.
 */
export function keyType(type: FieldType, profile: ColumnProfile): FieldType | null {
  const [kind] = valueKinds(profile);
  if (kind === undefined) return isOrdered(type) ? type : orderedWithoutValues(type);
  const { wholeDigits, fractionDigits: digits, beyondSafe } = profile;
  // Beyond 2^53 the shortest digits of a double may be those of another integer.
  if (beyondSafe.integers > 0 && beyondSafe.doubles > 0) return null;
  const numbers = [...NUMBERS, { kind: 'decimal', digits } as const];
  const candidates = [type, ...(kind === 'number' ? numbers : scalars('string', 'bytes'))];
  const found = candidates.find((candidate) => isOrdered(candidate) && fits(profile, candidate));
  if (found?.kind !== 'decimal') return found ?? null;
  return wholeDigits + (found.digits ?? 0) > MAX_KEY_DIGITS ? null : found;
}

function orderedWithoutValues(type: FieldType): FieldType | null {
  switch (type.kind) {
    case 'decimal':
      return { kind: 'integer' };
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return { kind: 'string' };
    default:
      return null;
  }
}
