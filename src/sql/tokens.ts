/** Tokens of a statement as SQLite's own tokenizer splits them; comments are dropped. */

import { quote, quoteText } from './quote.ts';

export interface SqlToken {
  readonly kind: 'name' | 'quoted' | 'string' | 'number' | 'parameter' | 'sign' | 'unknown';
  /** A name or a string without its quotes; any other token as written. */
  readonly text: string;
  /** Whether whitespace or a comment precedes it. */
  readonly apart: boolean;
}

/** Patterns, tried in this order; the first match is the token. */
const TOKENS: readonly (readonly [SqlToken['kind'] | 'nothing', RegExp])[] = [
  ['nothing', /[ \t\n\f\r]+/y],
  ['nothing', /--[^\n]*/y],
  // An unclosed comment runs to the end.
  ['nothing', /\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?/y],
  ['unknown', /[xX]'[^']*'?/y],
  ['string', /'(?:[^']|'')*'/y],
  ['quoted', /"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]/y],
  ['number', /(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?[\w$]*/y],
  ['parameter', /\?\d*|[:@#$][\w$]*/y],
  // SQLite reads it as whitespace at the start of a token.
  ['unknown', /\uFEFF/y],
  ['name', /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y],
  ['sign', /->>?|<=|>=|<>|<<|>>|==|!=|\|\||[-+*/%=<>&|~(),;.]/y],
  ['unknown', /[^]/y],
];

/** Splits SQL into tokens in linear time; never fails, as a character of no token is `unknown`. */
export function sqlTokens(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let apart = false;
  for (let at = 0; at < sql.length;) {
    const [kind, text] = tokenAt(sql, at);
    if (kind !== 'nothing') tokens.push({ kind, text: unquoted(kind, text), apart });
    apart = kind === 'nothing';
    at += text.length;
  }
  return tokens;
}

/** Writes tokens as SQL that SQLite splits into the same tokens. */
export function sqlText(tokens: readonly SqlToken[]): string {
  let sql = '';
  for (const [at, token] of tokens.entries()) {
    const words = token.kind !== 'sign' && at > 0 && tokens[at - 1]?.kind !== 'sign';
    sql += at > 0 && (token.apart || words) ? ` ${written(token)}` : written(token);
  }
  return sql;
}

/** Returns the text of an unquoted name in lower case; null for any other token. */
export function wordOf(token: SqlToken | undefined): string | null {
  return token?.kind === 'name' ? token.text.toLowerCase() : null;
}

export function isSign(token: SqlToken | undefined, sign: string): boolean {
  return token?.kind === 'sign' && token.text === sign;
}

/** Maps the index of each `(` to that of its `)`, or to the number of tokens if there is none. */
export function closings(tokens: readonly SqlToken[]): ReadonlyMap<number, number> {
  const closed = new Map<number, number>();
  const open: number[] = [];
  for (const [at, token] of tokens.entries()) {
    if (isSign(token, '(')) {
      open.push(at);
      closed.set(at, tokens.length);
    }
    const last = isSign(token, ')') ? open.pop() : undefined;
    if (last !== undefined) closed.set(last, at);
  }
  return closed;
}

function tokenAt(sql: string, at: number): [SqlToken['kind'] | 'nothing', string] {
  for (const [kind, pattern] of TOKENS) {
    pattern.lastIndex = at;
    const [text] = pattern.exec(sql) ?? [];
    if (text !== undefined) return [kind, text];
  }
  return ['unknown', sql.charAt(at)];
}

function unquoted(kind: string, text: string): string {
  if (kind !== 'string' && kind !== 'quoted') return text;
  const inner = text.slice(1, -1);
  if (text.startsWith('[')) return inner;
  const quote = text.charAt(0);
  return inner.replaceAll(quote + quote, quote);
}

function written({ kind, text }: SqlToken): string {
  if (kind === 'string') return quoteText(text);
  return kind === 'quoted' ? quote(text) : text;
}
