/**
 * Converts cells to values of a field's type, exactly or not at all. A cell that the type cannot
 * represent unchanged yields a {@link Rejection}, which becomes a finding.
 */

import { canonicalJson, NotCanonicalError } from './canonical.ts';
import { decimalConverter } from './convertDecimal.ts';
import { temporalConverter } from './convertTemporal.ts';
import { BlobContent, RawJson, Rejection, type Converted, type Converter } from './converted.ts';
import { sameDecimal } from './decimal.ts';
import { parseJson } from './jsonText.ts';
import type { FieldType } from './type.ts';
import { isUuid, uuidText } from './uuid.ts';
import { InexactNumber, InvalidText, JsonNode, type JsonValue, type SourceValue } from './value.ts';

export interface ConvertOptions {
  readonly type: FieldType;
  readonly required?: boolean;
  /** Maximum length in Unicode code points. */
  readonly maxLength?: number;
  /** Values of an enum. */
  readonly values?: readonly string[];
  /** Zone of local times in a timestamptz. */
  readonly zone?: string;
  readonly encoding?: 'base64' | 'hex';
}

/** Maximum number of bytes in a bytes field; longer content needs a blob. */
export const MAX_BYTES = 65_536;

const NOT_UNICODE = new Rejection('encoding', 'the text is not valid Unicode');
const MISSING = new Rejection('required', 'the value is null, the field is required');

/** Makes the converter of a field. Options are trusted: the mapping has been checked. */
export function converter(options: ConvertOptions): Converter {
  const convert = present(options);
  const whenNull = options.required === true ? MISSING : null;
  return (value) => {
    if (value === null) return whenNull;
    if (value instanceof InvalidText && options.type.kind !== 'tagged') return NOT_UNICODE;
    return convert(value);
  };
}

/** Makes the converter of values that are not null. */
function present(options: ConvertOptions): Converter {
  const { type } = options;
  switch (type.kind) {
    case 'string':
      return stringConverter(options.maxLength);
    case 'boolean':
      return convertBoolean;
    case 'integer':
      return convertInteger;
    case 'bigint':
      return convertBigint;
    case 'decimal':
      return decimalConverter(type.digits);
    case 'float':
      return convertFloat;
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return temporalConverter(type.kind, type.digits, options.zone);
    case 'uuid':
      return convertUuid;
    case 'bytes':
      return bytesConverter(options.encoding);
    case 'blob':
      return blobConverter(options.encoding);
    case 'enum':
      return enumConverter(options.values ?? []);
    case 'json':
      return convertJson;
    case 'tagged':
      return convertTagged;
    default:
      return arrayConverter(type.of, options);
  }
}

function stringConverter(maxLength: number | undefined): Converter {
  const wrong = new Rejection('type', 'the value is not text');
  const long = new Rejection('max-length', `the text is longer than ${maxLength} characters`);
  return (value) => {
    if (typeof value !== 'string') return wrong;
    // There are at least as many UTF-16 units as code points, so the cheap test comes first.
    const exceeds =
      maxLength !== undefined && value.length > maxLength && codePoints(value) > maxLength;
    return exceeds ? long : value;
  };
}

/** Counts Unicode code points. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

const NOT_BOOLEAN = new Rejection('type', 'the value is not a boolean (true, false, 1, 0)');

function convertBoolean(value: SourceValue): Converted | Rejection {
  if (value === true || value === 1 || value === 'true') return true;
  if (value === false || value === 0 || value === 'false') return false;
  return NOT_BOOLEAN;
}

const NOT_INTEGER = new Rejection('type', 'the value is not an integer');
const TOO_LARGE = new Rejection(
  'exactness',
  'the integer is beyond ±(2^53−1): use bigint for this field',
);
const INTEGER_TEXT = /^(0|-?[1-9]\d*)$/;

function convertInteger(value: SourceValue): Converted | Rejection {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return Object.is(value, -0) ? NOT_INTEGER : value;
    return Number.isInteger(value) ? TOO_LARGE : NOT_INTEGER;
  }
  if (typeof value === 'bigint') return TOO_LARGE;
  if (typeof value !== 'string' || !INTEGER_TEXT.test(value)) return NOT_INTEGER;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : TOO_LARGE;
}

function convertBigint(value: SourceValue): Converted | Rejection {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') {
    const exact = Number.isSafeInteger(value) && !Object.is(value, -0);
    return exact ? String(value) : NOT_INTEGER;
  }
  return typeof value === 'string' && INTEGER_TEXT.test(value) ? value : NOT_INTEGER;
}

const NOT_FLOAT = new Rejection('type', 'the value is not a number');
const INEXACT = new Rejection('exactness', 'a double would change the number: use decimal');
const NOT_FINITE = new Rejection('exactness', 'NaN, infinity and −0 have no canonical form');

function convertFloat(value: SourceValue): Converted | Rejection {
  if (typeof value === 'number') {
    return Number.isFinite(value) && !Object.is(value, -0) ? value : NOT_FINITE;
  }
  if (typeof value === 'bigint') return BigInt(Number(value)) === value ? Number(value) : INEXACT;
  if (value instanceof JsonNode && value.value instanceof InexactNumber) return INEXACT;
  if (typeof value !== 'string' || value.length > 400) return NOT_FLOAT;
  if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(value)) return NOT_FLOAT;
  const number = Number(value);
  if (!Number.isFinite(number) || Object.is(number, -0)) return NOT_FINITE;
  return sameDecimal(String(number), value) ? number : INEXACT;
}

const NOT_UUID = new Rejection('type', 'the value is not a UUID');

function convertUuid(value: SourceValue): Converted | Rejection {
  if (value instanceof Uint8Array) {
    return value.length === 16 ? uuidText(Buffer.from(value).toString('hex')) : NOT_UUID;
  }
  if (typeof value !== 'string') return NOT_UUID;
  const lower = value.toLowerCase();
  return isUuid(lower) ? lower : NOT_UUID;
}

const NOT_BYTES = new Rejection('type', 'the value is not bytes');
const TOO_MANY_BYTES = new Rejection('max-length', 'more than 64 KiB: use blob for this field');

function bytesOf(value: SourceValue, encoding: 'base64' | 'hex' | undefined): Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'string' || encoding === undefined) return null;
  const bytes = Buffer.from(value, encoding);
  const back = bytes.toString(encoding);
  return back === (encoding === 'hex' ? value.toLowerCase() : value) ? bytes : null;
}

function bytesConverter(encoding: 'base64' | 'hex' | undefined): Converter {
  return (value) => {
    const bytes = bytesOf(value, encoding);
    if (bytes === null) return NOT_BYTES;
    return bytes.length > MAX_BYTES ? TOO_MANY_BYTES : base64(bytes);
  };
}

function blobConverter(encoding: 'base64' | 'hex' | undefined): Converter {
  return (value) => {
    const bytes = bytesOf(value, encoding);
    return bytes === null ? NOT_BYTES : new BlobContent(bytes);
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function enumConverter(values: readonly string[]): Converter {
  const allowed = new Set(values);
  const other = new Rejection('enum', 'the value is not one of the values that the field allows');
  return (value) => (typeof value === 'string' && allowed.has(value) ? value : other);
}

const NOT_JSON = new Rejection('type', 'the text is not strict JSON (RFC 8259, no duplicate keys)');

function convertJson(value: SourceValue): Converted | Rejection {
  if (value instanceof Uint8Array || typeof value === 'bigint') return NOT_JSON;
  if (Object.is(value, -0)) return INEXACT; // canonical JSON would write it as 0
  try {
    return new RawJson(canonicalJson(jsonOf(value)));
  } catch (error) {
    return error instanceof NotCanonicalError ? INEXACT : NOT_JSON;
  }
}

/** Parses text; returns a value that a JSON source has parsed unchanged. */
function jsonOf(value: SourceValue): JsonValue {
  if (value instanceof JsonNode) return value.value;
  return typeof value === 'string' ? parseJson(value) : (value as JsonValue);
}

/** Makes an object whose only member is named after the value's kind, so that 5 is not "5". */
function convertTagged(value: SourceValue): Converted | Rejection {
  if (value instanceof InvalidText) return tagged('invalidText', base64(value.bytes));
  if (value instanceof Uint8Array) return tagged('bytes', base64(value));
  if (value instanceof JsonNode) return taggedJson(value);
  switch (typeof value) {
    case 'string':
      return tagged('text', value);
    case 'bigint':
      return tagged('number', String(value));
    case 'boolean':
      return new RawJson(`{"boolean":${value}}`);
    default:
      return tagged('number', Object.is(value, -0) ? '-0' : String(value));
  }
}

/** Writes a number's shortest round-trip digits as a string, which keeps −0 and infinity. */
function tagged(tag: string, text: string): RawJson {
  return new RawJson(`{"${tag}":${JSON.stringify(text)}}`);
}

function taggedJson(node: JsonNode): Converted | Rejection {
  if (node.value instanceof InexactNumber) return tagged('number', node.value.lexeme);
  const json = convertJson(node);
  return json instanceof RawJson ? new RawJson(`{"json":${json.text}}`) : json;
}

const NOT_ARRAY = new Rejection('type', 'the value is not a JSON array');

function arrayConverter(of: FieldType, options: ConvertOptions): Converter {
  const element = converter({ ...options, type: of, required: false });
  return (value) => {
    let items: JsonValue;
    try {
      items = value instanceof Uint8Array || typeof value === 'bigint' ? null : jsonOf(value);
    } catch {
      return NOT_JSON;
    }
    if (!Array.isArray(items)) return NOT_ARRAY;
    const texts: string[] = [];
    for (const item of items as readonly JsonValue[]) {
      const converted = element(asCell(item));
      if (converted instanceof Rejection) return converted;
      texts.push(converted instanceof RawJson ? converted.text : JSON.stringify(converted));
    }
    return new RawJson(`[${texts.join(',')}]`);
  };
}

/** Turns an element of a JSON array into a cell. */
function asCell(item: JsonValue): SourceValue {
  return item !== null && typeof item === 'object' ? new JsonNode(item) : item;
}
