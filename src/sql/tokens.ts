/** The tokens of a statement in SQLite's SQL, as its own tokenizer cuts them; comments are dropped. */

import { quote, quoteText } from './quote.ts';

export interface SqlToken {
  readonly kind: 'name' | 'quoted' | 'string' | 'number' | 'parameter' | 'sign' | 'unknown';
  /** A name or a string without its quotes, anything else as it is written. */
  readonly text: string;
  /** Whether a blank or a comment stands before it. */
  readonly apart: boolean;
}

/** Tried in this order at each place; the first that fits is the token. */
const TOKENS: readonly (readonly [SqlToken['kind'] | 'nothing', RegExp])[] = [
  ['nothing', /[ \t\n\f\r]+/y],
  ['nothing', /--[^\n]*/y],
  // A comment that is not closed runs to the end.
  ['nothing', /\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?/y],
  ['unknown', /[xX]'[^']*'?/y],
  ['string', /'(?:[^']|'')*'/y],
  ['quoted', /"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]/y],
  ['number', /(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?[\w$]*/y],
  ['parameter', /\?\d*|[:@#$][\w$]*/y],
  // At the start of a token SQLite takes it for a blank.
  ['unknown', /\uFEFF/y],
  ['name', /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y],
  ['sign', /->>?|<=|>=|<>|<<|>>|==|!=|\|\||[-+*/%=<>&|~(),;.]/y],
  ['unknown', /[^]/y],
];

/** Never fails: what is no token is `unknown`. Takes linear time. */
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

/** The tokens as SQL again: SQLite reads it exactly as it was read here. */
export function sqlText(tokens: readonly SqlToken[]): string {
  let sql = '';
  for (const [at, token] of tokens.entries()) {
    const words = token.kind !== 'sign' && at > 0 && tokens[at - 1]?.kind !== 'sign';
    sql += at > 0 && (token.apart || words) ? ` ${written(token)}` : written(token);
  }
  return sql;
}

/** The word of a token that is a name without quotes, in lower case. */
export function wordOf(token: SqlToken | undefined): string | null {
  return token?.kind === 'name' ? token.text.toLowerCase() : null;
}

export function isSign(token: SqlToken | undefined, sign: string): boolean {
  return token?.kind === 'sign' && token.text === sign;
}

/** By the place of each `(` where it is closed: the number of tokens where it is not. */
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
