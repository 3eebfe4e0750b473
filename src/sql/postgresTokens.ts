/**
 * Tokens of a statement as PostgreSQL splits them, with standard_conforming_strings on; comments are
 * dropped. See https://www.postgresql.org/docs/current/sql-syntax-lexical.html.
 */

import type { SqlToken } from './tokens.ts';

const WORD = String.raw`[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*`;

/** Patterns, tried in this order; comments and dollar quotes are found by hand. */
const TOKENS: readonly (readonly [SqlToken['kind'] | 'nothing', RegExp])[] = [
  ['nothing', /[ \t\n\f\r\v]+/y],
  ['nothing', /--[^\n\r]*/y],
  // Texts with escapes of their own, bit strings: what they hold cannot be seen at once.
  ['unknown', /(?:[eEbBxXnN]|[uU]&)'/y],
  ['unknown', /[uU]&"/y],
  ['string', /'(?:[^']|'')*'/y],
  ['quoted', /"(?:[^"]|"")*"/y],
  ['number', /(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?[\w]*/y],
  ['parameter', /\$\d+/y],
  ['name', new RegExp(WORD, 'y')],
  ['sign', /::|:=|=>|[-+*/<>=~!@#%^&|`?]+|[(),;.:[\]]/y],
  ['unknown', /[^]/y],
];

/** The mark at both ends of a text in dollars. */
export const DOLLAR: RegExp = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;

/** Splits SQL into tokens in linear time; never fails, as a character of no token is `unknown`. */
export function postgresTokens(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let apart = false;
  for (let at = 0; at < sql.length;) {
    const comment = sql.startsWith('/*', at) ? endOfComment(sql, at) : null;
    const [kind, text] = comment === null ? tokenAt(sql, at) : ['nothing', sql.slice(at, comment)];
    if (kind !== 'nothing')
      tokens.push({ kind: kind as SqlToken['kind'], text: inside(kind, text), apart });
    apart = kind === 'nothing';
    at += text.length;
  }
  return tokens;
}

/** Where the comment ends that starts there: comments nest; an unclosed one runs to the end. */
export function endOfComment(sql: string, start: number): number {
  let depth = 0;
  const marks = /\/\*|\*\//g;
  marks.lastIndex = start;
  for (let mark = marks.exec(sql); mark !== null; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return mark.index + 2;
  }
  return sql.length;
}

function tokenAt(sql: string, at: number): [SqlToken['kind'] | 'nothing', string] {
  DOLLAR.lastIndex = at;
  const [tag] = DOLLAR.exec(sql) ?? [];
  if (tag !== undefined) {
    const end = sql.indexOf(tag, at + tag.length);
    return ['unknown', end < 0 ? sql.slice(at) : sql.slice(at, end + tag.length)];
  }
  for (const [kind, pattern] of TOKENS) {
    pattern.lastIndex = at;
    const [text] = pattern.exec(sql) ?? [];
    if (text !== undefined) return [kind, text];
  }
  return ['unknown', sql.charAt(at)];
}

function inside(kind: string, text: string): string {
  if (kind === 'string') return text.slice(1, -1).replaceAll("''", "'");
  return kind === 'quoted' ? text.slice(1, -1).replaceAll('""', '"') : text;
}
