/**
 * Patterns of dates and times: `dd.MM.yyyy`, `d.M.yyyy HH:mm`, `yyyy-MM-dd'T'HH:mm:ss.SSS`.
 *
 * Tokens: yyyy, MM, dd, HH, mm, ss of exactly that many digits; M, d, H of one or two; S to
 * SSSSSSSSSSSS that many fraction digits. Text in '…' and any character but a letter matches
 * itself, '' an apostrophe. No locale, no names of months, no years of two digits.
 */

import { isDate, parseTime, parseTimestamp } from './dateTime.ts';

export type Temporal = 'date' | 'time' | 'timestamp';

/** ISO form of a matching text; false if there is no such day or time; null for other text. */
export type DateMatch = string | false | null;
export type DatePattern = (text: string) => DateMatch;

/** Reason why a pattern is invalid, as a clause. */
export interface PatternFault {
  readonly fault: string;
}

interface Token {
  readonly text: string;
  /** Regular expression of the token; the escaped text of a literal. */
  readonly source: string;
  readonly part: Part | null;
}

type Part = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'fraction';

const TOKENS: ReadonlyMap<string, readonly [Part, string]> = new Map([
  ['yyyy', ['year', '\\d{4}']],
  ['MM', ['month', '\\d{2}']],
  ['M', ['month', '\\d{1,2}']],
  ['dd', ['day', '\\d{2}']],
  ['d', ['day', '\\d{1,2}']],
  ['HH', ['hour', '\\d{2}']],
  ['H', ['hour', '\\d{1,2}']],
  ['mm', ['minute', '\\d{2}']],
  ['ss', ['second', '\\d{2}']],
]);

const NEEDED: Readonly<Record<Temporal, readonly Part[]>> = {
  date: ['year', 'month', 'day'],
  time: ['hour', 'minute'],
  timestamp: ['year', 'month', 'day', 'hour', 'minute'],
};
const ALLOWED: Readonly<Record<Temporal, readonly Part[]>> = {
  date: NEEDED.date,
  time: ['hour', 'minute', 'second', 'fraction'],
  timestamp: [...NEEDED.timestamp, 'second', 'fraction'],
};

/** Compiles a pattern, or returns its fault. */
export function datePattern(kind: Temporal, pattern: string): DatePattern | PatternFault {
  const tokens = tokensOf(pattern);
  if ('fault' in tokens) return tokens;
  const fault = faultOf(kind, tokens);
  if (fault !== null) return { fault };
  // At most three parts have variable length, and none is next to a digit: no backtracking.
  const groups = tokens.map(({ part, source }) =>
    part === null ? source : `(?<${part}>${source})`,
  );
  const shape = new RegExp(`^${groups.join('')}$`, 'u');
  return (text) => {
    const parts = shape.exec(text)?.groups;
    if (parts === undefined) return null;
    const iso = isoText(kind, parts);
    return isIso(kind, iso) ? iso : false;
  };
}

/** Whether a text is an existing date or time in ISO 8601 form. */
export function isIso(kind: Temporal, text: string): boolean {
  switch (kind) {
    case 'date':
      return isDate(text);
    case 'time':
      return parseTime(text) !== null;
    default:
      return parseTimestamp(text) !== null;
  }
}

const LITERAL = /^(?:'((?:[^']|'')*)'|([^A-Za-z']))/u;

function tokensOf(pattern: string): Token[] | PatternFault {
  const tokens: Token[] = [];
  let rest = pattern;
  while (rest !== '') {
    const letters = /^([A-Za-z])\1*/.exec(rest)?.[0];
    const literal = LITERAL.exec(rest);
    const text = letters ?? literal?.[0];
    if (text === undefined) return { fault: 'an apostrophe is not closed' };
    if (letters === undefined) {
      const quoted = literal?.[1];
      const plain = quoted === '' ? "'" : (quoted?.replaceAll("''", "'") ?? text);
      tokens.push({ text: plain, source: escaped(plain), part: null });
    } else {
      const token = letterToken(letters);
      if (token === null) return { fault: `"${letters}" is not a pattern token` };
      tokens.push(token);
    }
    rest = rest.slice(text.length);
  }
  return tokens;
}

function letterToken(letters: string): Token | null {
  if (/^S{1,12}$/.test(letters)) {
    return { text: letters, source: `\\d{${letters.length}}`, part: 'fraction' };
  }
  const [part, source] = TOKENS.get(letters) ?? [];
  return part === undefined || source === undefined ? null : { text: letters, source, part };
}

function escaped(text: string): string {
  return text.replaceAll(/[\^$\\.*+?()[\]{}|/]/g, String.raw`\$&`);
}

function faultOf(kind: Temporal, tokens: readonly Token[]): string | null {
  const parts = tokens.flatMap(({ part }) => (part === null ? [] : [part]));
  const twice = parts.find((part, index) => parts.indexOf(part) !== index);
  if (twice !== undefined) return `the ${twice} occurs twice`;
  const missing = NEEDED[kind].find((part) => !parts.includes(part));
  if (missing !== undefined) return `the ${missing} is missing`;
  const surplus = parts.find((part) => !ALLOWED[kind].includes(part));
  if (surplus !== undefined) return `a ${kind} has no ${surplus}`;
  if (parts.includes('fraction') && !parts.includes('second')) return 'the second is missing';
  const unclear = tokens.find(({ text, part }, index) => {
    const [before, after] = [tokens[index - 1], tokens[index + 1]];
    return (
      part !== null &&
      text.length === 1 &&
      part !== 'fraction' &&
      (digits(before, -1) || digits(after, 0))
    );
  });
  return unclear === undefined
    ? null
    : `"${unclear.text}" is next to digits, so its end is ambiguous`;
}

/** Whether a token may match a digit at its end (−1) or start (0). */
function digits(token: Token | undefined, at: number): boolean {
  return token !== undefined && (token.part !== null || /\d/.test(token.text.at(at) ?? ''));
}

function isoText(kind: Temporal, parts: Readonly<Record<string, string | undefined>>): string {
  const two = (part: Part): string => (parts[part] ?? '0').padStart(2, '0');
  const fraction = parts['fraction'] === undefined ? '' : `.${parts['fraction']}`;
  const date = `${parts['year'] ?? ''}-${two('month')}-${two('day')}`;
  const time = `${two('hour')}:${two('minute')}:${two('second')}${fraction}`;
  if (kind === 'date') return date;
  return kind === 'time' ? time : `${date}T${time}`;
}
