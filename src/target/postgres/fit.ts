/**
 * Whether a column that is there can hold every value of a field, and return it as it is in the record;
 * where it is narrower than the field, every value has to be seen. Pure.
 */

import type { FieldType } from '../../record/type.ts';
import { codePoints } from '../../record/convert.ts';
import { innermostType, type ColumnForm } from '../tableForm.ts';
import type { Encoding } from './columnTypes.ts';

/** A column of a table that is there. */
export interface ColumnFacts {
  readonly name: string;
  /** As format_type writes it; of a domain, the type that it is made of. */
  readonly type: string;
  /** Labels of an enum type; null for any other. */
  readonly labels: readonly string[] | null;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  /** Whether it is computed from others. */
  readonly generated: boolean;
}

export interface Fit {
  readonly encoding: Encoding;
  /** Null if every value of the field fits. */
  readonly narrow: Narrow | null;
}

export interface Narrow {
  /** What is wrong with a value that does not fit, as a clause. */
  readonly what: string;
  fits(value: unknown): boolean;
}

interface Declared {
  readonly name: string;
  readonly first: number | null;
  readonly second: number | null;
}

const DECLARED = /^([a-z][a-z0-9 ]*?)(?:\((\d+)(?:,(-?\d+))?\))?( with(?:out)? time zone)?$/;
const TIME_TYPES: ReadonlyMap<string, string> = new Map([
  ['time', 'time without time zone'],
  ['timestamp', 'timestamp without time zone'],
  ['timestamptz', 'timestamp with time zone'],
]);
const MICROSECONDS = 6;

/** Returns how a field fits into a column; null if its type does not. */
export function fitOf(form: ColumnForm, column: ColumnFacts): Fit | null {
  const { type } = form;
  if (type.kind !== 'array') return fitScalar(form, type, column.type, column.labels);
  if (column.type === 'jsonb' || column.type === 'json') return exact('json');
  if (!column.type.endsWith('[]') || type.of.kind === 'array') return null;
  const element = fitScalar(form, innermostType(type), column.type.slice(0, -2), column.labels);
  if (element === null) return null;
  const { encoding, narrow } = element;
  if (encoding !== 'text' && encoding !== 'number' && encoding !== 'boolean') return null;
  if (narrow === null) return exact({ array: encoding });
  const fits = (value: unknown): boolean =>
    Array.isArray(value) && value.every((item: unknown) => item === null || narrow.fits(item));
  return { encoding: { array: encoding }, narrow: { what: narrow.what, fits } };
}

function exact(encoding: Encoding): Fit {
  return { encoding, narrow: null };
}

function fitScalar(
  form: ColumnForm,
  { kind, digits }: Exclude<FieldType, { readonly kind: 'array' }>,
  type: string,
  labels: readonly string[] | null,
): Fit | null {
  const declared = readDeclared(type);
  switch (kind) {
    case 'boolean':
      return declared.name === 'boolean' ? exact('boolean') : null;
    case 'integer':
    case 'bigint':
      return fitWhole(kind, declared);
    case 'decimal':
      return fitDecimal(digits ?? null, declared);
    case 'float':
      return declared.name === 'double precision' ? exact('number') : null;
    case 'bytes':
    case 'blob':
      return declared.name === 'bytea' ? exact(kind) : null;
    case 'json':
    case 'tagged':
      return declared.name === 'jsonb' || declared.name === 'json' ? exact('json') : null;
    case 'uuid':
      return declared.name === 'uuid' ? exact('text') : fitText(declared, 36);
    case 'date':
      return declared.name === 'date' ? exact('text') : fitText(declared, 10);
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return fitClock(kind, digits ?? null, declared);
    case 'enum':
      return fitEnum(form.values ?? [], declared, labels);
    default:
      return fitText(declared, form.maxLength);
  }
}

function readDeclared(type: string): Declared {
  const [, name = '', first, second, zone = ''] = DECLARED.exec(type) ?? [];
  return { name: name + zone, first: numberOf(first), second: numberOf(second) };
}

function numberOf(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}

/** `most`: characters of the longest value; null if any is possible. */
function fitText({ name, first }: Declared, most: number | null): Fit | null {
  if (name === 'text') return exact('text');
  if (name !== 'character varying') return null;
  if (first === null || (most !== null && most <= first)) return exact('text');
  const fits = (value: unknown): boolean => codePoints(String(value)) <= first;
  return { encoding: 'text', narrow: { what: `a text is longer than ${first} characters`, fits } };
}

function fitEnum(
  values: readonly string[],
  declared: Declared,
  labels: readonly string[] | null,
): Fit | null {
  if (labels !== null) return values.every((one) => labels.includes(one)) ? exact('text') : null;
  return fitText(declared, Math.max(0, ...values.map(codePoints)));
}

const INTEGERS: ReadonlyMap<string, bigint> = new Map([
  ['smallint', 2n ** 15n],
  ['integer', 2n ** 31n],
  ['bigint', 2n ** 63n],
]);

function fitWhole(kind: 'integer' | 'bigint', declared: Declared): Fit | null {
  const { name } = declared;
  const encoding = kind === 'integer' ? 'number' : 'text';
  const end = INTEGERS.get(name);
  if (end !== undefined) {
    // An integer of JSON is within ±(2^53−1).
    if (kind === 'integer' && name === 'bigint') return exact(encoding);
    const fits = (value: unknown): boolean => {
      const number = BigInt(String(value));
      return number >= -end && number < end;
    };
    return { encoding, narrow: { what: `a number is beyond the range of ${name}`, fits } };
  }
  if (name === 'numeric') return fitNumeric(0, declared, encoding);
  return kind === 'bigint' ? fitText(declared, null) : null;
}

function fitDecimal(digits: number | null, declared: Declared): Fit | null {
  if (declared.name !== 'numeric') return fitText(declared, null);
  if (declared.first === null) return exact('text');
  return digits === null ? null : fitNumeric(digits, declared, 'text');
}

/** A numeric of another scale pads or rounds, so it does not return the digits of the record. */
function fitNumeric(scale: number, { first, second }: Declared, encoding: Encoding): Fit | null {
  if (first === null) return exact(encoding);
  if ((second ?? 0) !== scale) return null;
  const whole = first - scale;
  const fits = (value: unknown): boolean => {
    const [digits = ''] = String(value).replace('-', '').split('.');
    return digits.replace(/^0+/, '').length <= whole;
  };
  return {
    encoding,
    narrow: { what: `a number has more than ${whole} digits before its point`, fits },
  };
}

function fitClock(
  kind: 'time' | 'timestamp' | 'timestamptz',
  digits: number | null,
  declared: Declared,
): Fit | null {
  if (declared.name !== TIME_TYPES.get(kind)) return fitText(declared, null);
  // A number of digits that differs from value to value would be lost.
  return digits !== null && digits <= (declared.first ?? MICROSECONDS) ? exact('text') : null;
}
