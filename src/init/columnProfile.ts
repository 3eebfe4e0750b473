/**
 * Profile of the values of one column, made in one pass and in bounded memory. It depends on the
 * values alone, not on their order, and holds none of them.
 */

import { findPii } from '../pii/findPii.ts';
import type { PiiClass } from '../pii/piiClass.ts';
import { codePoints, converter } from '../record/convert.ts';
import { RawJson, Rejection, type Converter } from '../record/converted.ts';
import { fractionDigits } from '../record/decimal.ts';
import type { ScalarKind } from '../record/type.ts';
import { isUuid } from '../record/uuid.ts';
import { InexactNumber, InvalidText, JsonNode, type SourceValue } from '../record/value.ts';
import type { DeclaredType } from '../source/declared.ts';

export type ValueKind = 'number' | 'text' | 'invalidText' | 'bytes' | 'boolean' | 'json';

/** Number of cells of each kind in a column. */
type ValueCounts = Readonly<Record<ValueKind | 'null', number>>;

export interface ColumnProfile {
  /** What the source guarantees of every value; null if its declaration is a hint. */
  readonly certain: DeclaredType | null;
  readonly counts: ValueCounts;
  /**
   * Kinds of types whose converter has accepted every value so far. A type is chosen among these
   * only.
   */
  readonly accepted: ReadonlySet<ScalarKind>;
  /** Number of negative zeros and infinities, which only `tagged` holds. */
  readonly unusual: number;
  /** Number of integers beyond ±(2^53−1), and of doubles with such a value. */
  readonly beyondSafe: { readonly integers: number; readonly doubles: number };
  /** Most digits before and after the point of a decimal, except of integers within ±(2^53−1). */
  readonly wholeDigits: number;
  readonly fractionDigits: number;
  /** Number of JSON texts that are not in canonical form. */
  readonly rewrittenJson: number;
  /** Number of values with more digits or characters than the declaration allows. */
  readonly beyondDeclared: number;
  /** The form shared by all times: separator, fraction digits, zone. Null if forms differ. */
  readonly clockForm: ClockForm | null;
  /** Whether all texts are UUIDs in lower case. */
  readonly lowerCaseUuids: boolean;
  /** Size of the longest value of kind bytes, in bytes. */
  readonly longestBytes: number;
  /** Whether every text is ASCII, so that letters have the same two cases everywhere. */
  readonly ascii: boolean;
  /** Whether no text has outer whitespace other than trailing spaces. */
  readonly spacesAtEnd: boolean;
  /**
   * Number of texts with personal data of each class, and of long integers whose digits are such
   * data.
   */
  readonly personal: Readonly<Partial<Record<PiiClass, number>>>;
}

interface ClockForm {
  readonly separator: string;
  readonly digits: number;
  readonly zone: string;
}

export interface ColumnTally {
  add(value: SourceValue): void;
  profile(): ColumnProfile;
}

const NUMERIC: readonly ScalarKind[] = ['integer', 'bigint', 'float', 'decimal'];
const CLOCKS: readonly ScalarKind[] = ['date', 'time', 'timestamp', 'timestamptz'];
const TRIED: readonly ScalarKind[] = ['boolean', ...NUMERIC, ...CLOCKS, 'uuid', 'json', 'tagged'];

const CONVERTERS: ReadonlyMap<ScalarKind, Converter> = new Map(
  TRIED.map((kind) => [kind, converter({ type: { kind } })]),
);

/** The profile so far; mutable, unlike the profile that it becomes. */
interface State {
  readonly declared: DeclaredType;
  readonly expected: readonly PiiClass[];
  readonly counts: Record<ValueKind | 'null', number>;
  readonly accepted: Set<ScalarKind>;
  readonly beyondSafe: { integers: number; doubles: number };
  unusual: number;
  wholeDigits: number;
  fractionDigits: number;
  rewrittenJson: number;
  beyondDeclared: number;
  /** Undefined before the first text. */
  clockForm: ClockForm | null | undefined;
  lowerCaseUuids: boolean;
  longestBytes: number;
  ascii: boolean;
  spacesAtEnd: boolean;
  readonly personal: Partial<Record<PiiClass, number>>;
}

/** Starts the profile of a column, whose name may suggest classes of personal data. */
export function columnTally(
  declared: DeclaredType,
  expected: readonly PiiClass[] = [],
): ColumnTally {
  const state: State = {
    declared,
    expected,
    counts: { null: 0, number: 0, text: 0, invalidText: 0, bytes: 0, boolean: 0, json: 0 },
    accepted: new Set(TRIED),
    beyondSafe: { integers: 0, doubles: 0 },
    unusual: 0,
    wholeDigits: 0,
    fractionDigits: 0,
    rewrittenJson: 0,
    beyondDeclared: 0,
    clockForm: undefined,
    lowerCaseUuids: true,
    longestBytes: 0,
    ascii: true,
    spacesAtEnd: true,
    personal: {},
  };
  return {
    add: (value) => add(state, value),
    profile: () => {
      const certain = declared.certain === true ? declared : null;
      return { ...state, certain, clockForm: state.clockForm ?? null };
    },
  };
}

function add(state: State, value: SourceValue): void {
  if (value === null) {
    state.counts.null += 1;
    return;
  }
  const kind = kindOf(value);
  state.counts[kind] += 1;
  tryTypes(state, value, kind);
  if (typeof value === 'string') noteText(state, value);
  else if (typeof value === 'number' || typeof value === 'bigint') noteNumber(state, value);
  else if (value instanceof Uint8Array) {
    state.longestBytes = Math.max(state.longestBytes, value.length);
  }
}

function kindOf(value: Exclude<SourceValue, null>): ValueKind {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'boolean';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof InvalidText) return 'invalidText';
  if (value instanceof JsonNode) return value.value instanceof InexactNumber ? 'number' : 'json';
  return 'number';
}

/** Removes each type whose converter rejects the value. */
function tryTypes(state: State, value: SourceValue, kind: ValueKind): void {
  let isInteger = false;
  for (const type of state.accepted) {
    // An integer that fits is also a bigint, a float and a decimal: no need to try.
    if (isInteger && NUMERIC.includes(type)) continue;
    if (type === 'tagged' && kind !== 'json') continue;
    const converted = mayBe(type, kind, state) ? CONVERTERS.get(type)?.(value) : undefined;
    if (converted === undefined || converted instanceof Rejection) {
      state.accepted.delete(type);
    } else if (type === 'integer') {
      isInteger = true;
    } else if (type === 'decimal' && typeof converted === 'string') {
      noteDigits(state, converted);
    } else if (type === 'json' && converted instanceof RawJson && kind === 'text') {
      if (converted.text !== value) state.rewrittenJson += 1;
    }
  }
}

/** Parsing text as JSON costs time: it is tried only if the column declares JSON. */
function mayBe(type: ScalarKind, kind: ValueKind, state: State): boolean {
  if (type !== 'json') return true;
  return kind === 'json' || (kind === 'text' && state.declared.family === 'json');
}

function noteDigits(state: State, decimal: string): void {
  const fraction = fractionDigits(decimal) ?? 0;
  const whole = decimal.length - (fraction === 0 ? 0 : fraction + 1);
  state.fractionDigits = Math.max(state.fractionDigits, fraction);
  state.wholeDigits = Math.max(state.wholeDigits, whole);
  const { family, digits = Infinity } = state.declared;
  if (family === 'decimal' && fraction > digits) state.beyondDeclared += 1;
}

function noteText(state: State, text: string): void {
  const { length = Infinity } = state.declared;
  if (text.length > length && codePoints(text) > length) state.beyondDeclared += 1;
  state.lowerCaseUuids &&= isUuid(text);
  state.ascii &&= isAscii(text);
  state.spacesAtEnd &&= hasSpacesAtEnd(text);
  notePersonal(state, text);
  if (state.clockForm === null || !CLOCKS.some((clock) => state.accepted.has(clock))) return;
  const form = clockForm(text);
  const { clockForm: known } = state;
  state.clockForm = known === undefined || sameForm(known, form) ? form : null;
}

function notePersonal(state: State, text: string): void {
  for (const found of new Set(findPii(text, state).map((match) => match.of))) {
    state.personal[found] = (state.personal[found] ?? 0) + 1;
  }
}

function clockForm(text: string): ClockForm | null {
  const match = /^(?:\d{4}-\d\d-\d\d([T ]))?\d\d:\d\d:\d\d(?:\.(\d+))?(\S*)$/.exec(text);
  if (match === null) return null;
  return { separator: match[1] ?? '', digits: match[2]?.length ?? 0, zone: match[3] ?? '' };
}

function sameForm(a: ClockForm, b: ClockForm | null): boolean {
  return a.separator === b?.separator && a.digits === b.digits && a.zone === b.zone;
}

/** The shortest number that is personal data, a social security number, has 13 digits. */
const PERSONAL_NUMBER = 10 ** 12;

function noteNumber(state: State, value: number | bigint): void {
  if (value >= PERSONAL_NUMBER && Number.isInteger(Number(value)))
    notePersonal(state, String(value));
  if (typeof value === 'bigint') state.beyondSafe.integers += 1;
  else if (!Number.isFinite(value) || Object.is(value, -0)) state.unusual += 1;
  else if (Number.isInteger(value) && !Number.isSafeInteger(value)) state.beyondSafe.doubles += 1;
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 127) return false;
  return true;
}

/** Whether its outer whitespace, if any, is trailing spaces only. */
function hasSpacesAtEnd(text: string): boolean {
  let end = text.length;
  while (text.charCodeAt(end - 1) === 32) end -= 1;
  return text.slice(0, end).trim().length === end;
}
