/**
 * Checks the lines of a file of records: each has to be the canonical JSON of a record that the
 * schema allows, and the keys have to ascend. One regular expression (linePattern.ts) accepts most
 * lines; {@link recordForm} decides on those that it does not match.
 */

import { isOrdered } from '../record/keyOrder.ts';
import type { FieldType } from '../record/type.ts';
import { uuidWords } from '../record/uuid.ts';
import {
  linePattern,
  type CaptureCheck,
  type LinePattern,
  type LineSchema,
} from './linePattern.ts';
import { isCanonicalJson, recordForm, type FormFault, type RecordForm } from './recordForm.ts';

/** Requirements on the lines of a file; survives structured clone. */
export interface ExpectedLines {
  readonly schema: LineSchema;
  /** Members that order the lines; empty if the lines have no order. */
  readonly keyFields: readonly string[];
  readonly keyTypes: readonly FieldType[];
  /** Members whose values a {@link VisitLine} receives, in this order. */
  readonly wanted: readonly string[];
}

/** Key parts of which `<` gives the key order (docs/format.md). */
export type ComparableKey = readonly (string | number | bigint)[];

export interface LineFault {
  /** 0-based number in the part of the file. */
  readonly line: number;
  readonly fault: FormFault | { readonly kind: 'order' };
  /** Members of the key, without those that are missing. */
  readonly key: Readonly<Record<string, unknown>>;
}

/** Result of the inspection of a part of a file. */
export interface InspectedLines {
  readonly lines: number;
  /** In the order of the lines. */
  readonly faults: readonly LineFault[];
  /** Keys of the first and the last line that have one; the next part has to follow the last. */
  readonly first: ComparableKey | null;
  readonly last: ComparableKey | null;
}

/**
 * Receives the wanted members of a line as raw JSON, each byte of UTF-8 as one character; undefined
 * if null or missing. The line is from `start` to `end` in the part, without its LF.
 */
export type VisitLine = (
  line: number,
  texts: readonly (string | undefined)[],
  start: number,
  end: number,
) => void;

/** Inspects a part of a file: one byte of padding, then whole lines, whose LFs are at `ends`. */
export type LineForm = (data: Buffer, ends: Uint32Array, visit?: VisitLine) => InspectedLines;

/** Bytes of a line above which the regular expression could run out of stack. */
const LONG = 64 * 1024;
/** Bytes of a part above which it is not made a string; such a part is mostly one line. */
const LARGE = 64 * 2 ** 20;

/** Makes the inspector of the lines of a file. */
export function lineForm(
  { schema, keyFields, keyTypes, wanted }: ExpectedLines,
  pattern: LinePattern | null = linePattern(schema, keyFields, wanted),
): LineForm {
  const readKey = keyReader(keyTypes);
  const slow = slowForm({ schema, keyFields, wanted }, readKey);
  return (data, ends, visit) => {
    const faults: LineFault[] = [];
    const text = pattern === null || data.length > LARGE ? null : data.toString('latin1');
    let first: ComparableKey | null = null;
    let last: ComparableKey | null = null;
    let start = 1;
    // A hot loop, so without iterators.
    for (let line = 0; line < ends.length; line += 1) {
      const end = ends[line] ?? start;
      const isQuick = pattern !== null && text !== null && end - start <= LONG;
      const match = isQuick ? matchAt(pattern, text, start, end) : null;
      let key: ComparableKey | null;
      if (isQuick && match !== null) {
        key = keyBy(pattern, match, readKey);
        visit?.(line, textsBy(pattern, match), start, end);
      } else {
        const seen = slow(data.subarray(start, end));
        key = seen.comparable;
        for (const fault of seen.faults) faults.push({ line, fault, key: seen.key });
        visit?.(line, seen.texts, start, end);
      }
      if (key !== null && keyFields.length > 0) {
        if (last !== null && !isAscending(last, key)) {
          const named = slow(data.subarray(start, end)).key;
          faults.push({ line, fault: { kind: 'order' }, key: named });
        }
        first ??= key;
        last = key;
      }
      start = end + 1;
    }
    return { lines: ends.length, faults, first, last };
  };
}

/** Returns the captures of a line that is valid; null if the slow form has to decide. */
function matchAt(
  { regExp, checks }: LinePattern,
  text: string,
  start: number,
  end: number,
): RegExpExecArray | null {
  regExp.lastIndex = start;
  const match = regExp.exec(text);
  // No part of the pattern but its end matches LF, so a match ends where the line does.
  if (match === null || regExp.lastIndex !== end + 1) return null;
  for (let at = 0; at < checks.length; at += 1) {
    const check = checks[at];
    const found = match[at + 1];
    if (check != null && found !== undefined && !passes(check, found)) return null;
  }
  return match;
}

function passes(check: CaptureCheck, found: string): boolean {
  if ('number' in check) return String(Number(found)) === found;
  if ('json' in check) return isCanonicalJson(Buffer.from(found, 'latin1'));
  return found.length - 2 <= check.maxLength;
}

/** Reads the key of a line that matched. */
function keyBy({ key }: LinePattern, match: RegExpExecArray, readKey: KeyReader): ComparableKey {
  const [only = 0] = key;
  if (key.length === 1) return readKey([match[only + 1] ?? '']);
  return readKey(key.map((at) => match[at + 1] ?? ''));
}

/** Reads the wanted members of a line that matched. */
function textsBy({ wanted }: LinePattern, match: RegExpExecArray): (string | undefined)[] {
  const texts: (string | undefined)[] = [];
  for (let index = 0; index < wanted.length; index += 1) {
    const text = match[(wanted[index] ?? 0) + 1];
    texts.push(text === 'null' ? undefined : text);
  }
  return texts;
}

/** Whether `key` comes after `before`. */
export function isAscending(before: ComparableKey, key: ComparableKey): boolean {
  for (let part = 0; part < key.length; part += 1) {
    const [a, b] = [before[part] ?? '', key[part] ?? ''];
    if (a !== b) return a < b;
  }
  return false;
}

interface SeenLine {
  readonly faults: readonly FormFault[];
  readonly key: Readonly<Record<string, unknown>>;
  /** Null if the key is not of its types. */
  readonly comparable: ComparableKey | null;
  /** The wanted members, as {@link VisitLine} receives them. */
  readonly texts: readonly (string | undefined)[];
}

function slowForm(
  { schema, keyFields, wanted }: Omit<ExpectedLines, 'keyTypes'>,
  readKey: KeyReader,
): (line: Buffer) => SeenLine {
  // Compiled on first use: it takes a while, and few files have a line that needs it.
  let form: RecordForm | null = null;
  return (line) => {
    form ??= recordForm(schema);
    const faults = form(line);
    if (faults.some(({ kind }) => kind === 'no-record'))
      return { faults, key: {}, comparable: null, texts: [] };
    const record = JSON.parse(line.toString('utf8')) as Readonly<Record<string, unknown>>;
    const key = Object.fromEntries(
      keyFields.filter((name) => Object.hasOwn(record, name)).map((name) => [name, record[name]]),
    );
    const hasValidKey = faults.every(
      (fault) => fault.kind !== 'schema' || keyFields.every((name) => !fault.fields.includes(name)),
    );
    const textOf = (name: string): string | undefined => {
      const value = Object.hasOwn(record, name) ? (record[name] ?? null) : null;
      return value === null ? undefined : bytesOf(JSON.stringify(value));
    };
    const comparable = hasValidKey ? readKey(keyFields.map((name) => textOf(name) ?? '')) : null;
    return { faults, key, comparable, texts: wanted.map(textOf) };
  };
}

/** Encodes a text as UTF-8, each byte as one character. */
function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Reads a key from the JSON texts of its members, each byte of UTF-8 as one character. */
type KeyReader = (texts: readonly string[]) => ComparableKey;

function keyReader(types: readonly FieldType[]): KeyReader {
  const parts = types.map(partReader);
  const [only] = parts;
  // Most keys are one UUID, and its words compare faster than its text.
  if (types.length === 1 && types[0]?.kind === 'uuid') return ([text = '']) => uuidWords(text, 1);
  if (only !== undefined && parts.length === 1) return ([text = '']) => [only(text)];
  return (texts) => parts.map((part, index) => part(texts[index] ?? ''));
}

function partReader(type: FieldType): (text: string) => string | number | bigint {
  if (!isOrdered(type)) throw new TypeError(`${type.kind} has no order`);
  switch (type.kind) {
    case 'integer':
      return Number;
    case 'bigint':
    case 'decimal':
      return (text) => BigInt(text.replaceAll(/[".]/g, ''));
    case 'bytes':
      return (text) => Buffer.from(text.slice(1, -1), 'base64').toString('latin1');
    case 'boolean':
    case 'uuid':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      // All have one length and no escapes, so the quotes do not affect the order.
      return (text) => text;
    default:
      // Characters that stand for bytes compare as the bytes do.
      return (text) => (text.includes('\\') ? unescaped(text) : text.slice(1, -1));
  }
}

function unescaped(text: string): string {
  const value = JSON.parse(Buffer.from(text, 'latin1').toString('utf8')) as string;
  return Buffer.from(value, 'utf8').toString('latin1');
}
