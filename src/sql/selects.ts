/**
 * Parses tokens into the structure of a query: its selects, with their results and tables. SQLite
 * has already compiled the query; parts that are not understood here are left out.
 */

import { isSign, wordOf, type SqlToken } from './tokens.ts';

export interface SqlQuery {
  /** Common table expressions, by name in lower case. */
  readonly ctes: ReadonlyMap<string, SqlCte>;
  /** Selects joined by UNION or INTERSECT; those after EXCEPT only remove rows and are left out. */
  readonly selects: readonly SqlSelect[];
}

interface SqlCte {
  /** Names of its columns; null if they are those of its query. */
  readonly columns: readonly string[] | null;
  readonly query: SqlQuery;
}

export interface SqlSelect {
  readonly results: readonly SqlResult[];
  readonly from: readonly SqlItem[];
}

type SqlResult =
  /** `*`, or `of.*` */
  | { readonly star: true; readonly of: string | null }
  | {
      readonly star: false;
      readonly name: string | null;
      readonly expression: readonly SqlToken[];
    };

/** Item of a FROM clause: a table, a query in parentheses, or a table-valued function. */
export interface SqlItem {
  /** In lower case. */
  readonly alias: string | null;
  readonly table: string | null;
  readonly query: SqlQuery | null;
  /** Arguments of a function. */
  readonly given: readonly SqlToken[];
}

const COMPOUND: ReadonlySet<string> = new Set(['union', 'intersect', 'except']);
const AFTER_FROM: ReadonlySet<string> = new Set(['where', 'group', 'having', 'window']);
const END: ReadonlySet<string> = new Set(['order', 'limit']);
const JOIN: ReadonlySet<string> = new Set(
  'natural left right full outer inner cross join'.split(' '),
);
/** Keywords, which are names only if quoted. */
export const NO_NAMES: ReadonlySet<string> = new Set([
  ...COMPOUND,
  ...AFTER_FROM,
  ...END,
  ...JOIN,
  ...`on using indexed not and or is in like glob match regexp between collate escape case when then
  else end null isnull notnull true false distinct all as over filter cast from select by exists
  current_date current_time current_timestamp`.split(/\s+/),
]);

/** Whether the tokens begin a query. */
export function isQuery(tokens: readonly SqlToken[]): boolean {
  return ['select', 'with', 'values'].includes(wordOf(tokens[0]) ?? '');
}

export function readQuery(tokens: readonly SqlToken[]): SqlQuery {
  const ctes = new Map<string, SqlCte>();
  let at = 0;
  if (wordOf(tokens[0]) === 'with') at = readCtes(tokens, ctes);
  const parts = splitAt(tokens.slice(at), (token) => END.has(wordOf(token) ?? ''));
  const selects: SqlSelect[] = [];
  let word = '';
  for (const part of splitAt(parts[0] ?? [], (token) => COMPOUND.has(wordOf(token) ?? ''))) {
    const first = wordOf(part[0]) ?? '';
    word = COMPOUND.has(first) ? first : '';
    const own = word === '' ? part : part.slice(wordOf(part[1]) === 'all' ? 2 : 1);
    if (word !== 'except') selects.push(readSelect(own));
  }
  return { ctes, selects };
}

/** Reads `WITH a (b) AS (…), …`; returns the index of the query after it. */
function readCtes(tokens: readonly SqlToken[], into: Map<string, SqlCte>): number {
  let at = wordOf(tokens[1]) === 'recursive' ? 2 : 1;
  for (;;) {
    const name = tokens[at]?.text.toLowerCase() ?? '';
    at += 1;
    let columns: string[] | null = null;
    if (isSign(tokens[at], '(')) {
      const end = closing(tokens, at);
      columns = splitAt(tokens.slice(at + 1, end), isComma).map((one) => {
        return one.at(-1)?.text.toLowerCase() ?? '';
      });
      at = end + 1;
    }
    while (at < tokens.length && !isSign(tokens[at], '(')) at += 1;
    const end = closing(tokens, at);
    into.set(name, { columns, query: readQuery(tokens.slice(at + 1, end)) });
    at = end + 1;
    if (!isSign(tokens[at], ',')) return at;
    at += 1;
  }
}

function readSelect(tokens: readonly SqlToken[]): SqlSelect {
  if (wordOf(tokens[0]) === 'values') return readValues(tokens);
  const [head = [], ...rest] = splitAt(tokens, (token, before) => {
    const word = wordOf(token) ?? '';
    return AFTER_FROM.has(word) || (word === 'from' && wordOf(before) !== 'distinct');
  });
  const list = head.slice(['distinct', 'all'].includes(wordOf(head[1]) ?? '') ? 2 : 1);
  const from = rest.find((part) => wordOf(part[0]) === 'from') ?? [];
  return {
    results: splitAt(list, isComma).map((part) => readResult(withoutComma(part))),
    from: readFrom(from.slice(1)),
  };
}

/** Reads `VALUES (a, b), (c, d)`; all cells of a column become one expression. */
function readValues(tokens: readonly SqlToken[]): SqlSelect {
  const columns: SqlToken[][] = [];
  for (let at = 1; at < tokens.length; at += 1) {
    if (!isSign(tokens[at], '(')) continue;
    const end = closing(tokens, at);
    for (const [index, cell] of splitAt(tokens.slice(at + 1, end), isComma).entries()) {
      (columns[index] ??= []).push(...withoutComma(cell));
    }
    at = end;
  }
  const results = columns.map((expression, index): SqlResult => {
    return { star: false, name: `column${index + 1}`, expression };
  });
  return { results, from: [] };
}

function readResult(tokens: readonly SqlToken[]): SqlResult {
  if (isSign(tokens.at(-1), '*') && (tokens.length === 1 || isSign(tokens.at(-2), '.'))) {
    return { star: true, of: tokens.at(-3)?.text.toLowerCase() ?? null };
  }
  const [name, length] = aliasOf(tokens);
  const expression = tokens.slice(0, length);
  const last = tokens[length - 1];
  const plain = expression.every((token, at) =>
    at % 2 === 0 ? isName(token) : isSign(token, '.'),
  );
  return {
    star: false,
    name: name ?? (plain ? (last?.text.toLowerCase() ?? null) : null),
    expression,
  };
}

/** Returns the name after an expression, with or without AS, and the number of tokens before it. */
function aliasOf(tokens: readonly SqlToken[]): [string | null, number] {
  const [before, last] = [tokens.at(-2), tokens.at(-1)];
  if (before === undefined || last === undefined) return [null, tokens.length];
  const named = ['name', 'quoted', 'string'].includes(last.kind);
  if (!named || NO_NAMES.has(wordOf(last) ?? '')) return [null, tokens.length];
  const name = last.text.toLowerCase();
  if (wordOf(before) === 'as') return [name, tokens.length - 2];
  const word = wordOf(before);
  const ends =
    isSign(before, ')') ||
    ['quoted', 'string', 'number'].includes(before.kind) ||
    (word !== null && (['end', 'null', 'true', 'false'].includes(word) || !NO_NAMES.has(word)));
  return ends ? [name, tokens.length - 1] : [null, tokens.length];
}

function readFrom(tokens: readonly SqlToken[]): SqlItem[] {
  const items: SqlItem[] = [];
  let at = 0;
  while (at < tokens.length) {
    const token = tokens[at];
    const word = wordOf(token) ?? '';
    if (isComma(token) || JOIN.has(word)) {
      at += 1;
    } else if (isSign(token, '(')) {
      const end = closing(tokens, at);
      const inner = tokens.slice(at + 1, end);
      const [alias, next] = itemAlias(tokens, end + 1);
      if (isQuery(inner)) items.push({ alias, table: null, query: readQuery(inner), given: [] });
      else items.push(...readFrom(inner));
      at = next;
    } else if (word !== 'on' && isTableName(token)) {
      at = readItem(tokens, at, items);
    } else {
      // Skips a condition, common columns or an index: they add nothing to the result.
      at += 1;
      while (at < tokens.length && !isComma(tokens[at]) && !JOIN.has(wordOf(tokens[at]) ?? '')) {
        at = isSign(tokens[at], '(') ? closing(tokens, at) + 1 : at + 1;
      }
    }
  }
  return items;
}

/** Reads a table or function by its name; returns the index of the next token. */
function readItem(tokens: readonly SqlToken[], begin: number, items: SqlItem[]): number {
  let at = begin;
  while (isSign(tokens[at + 1], '.')) at += 2;
  const table = tokens[at]?.text.toLowerCase() ?? '';
  if (!isSign(tokens[at + 1], '(')) {
    const [alias, next] = itemAlias(tokens, at + 1);
    items.push({ alias: alias ?? table, table, query: null, given: [] });
    return next;
  }
  const end = closing(tokens, at + 1);
  const [alias, next] = itemAlias(tokens, end + 1);
  const given = tokens.slice(at + 2, end);
  items.push({ alias: alias ?? table, table: null, query: null, given });
  return next;
}

function itemAlias(tokens: readonly SqlToken[], at: number): [string | null, number] {
  const token = tokens[at];
  if (wordOf(token) === 'as') return [tokens[at + 1]?.text.toLowerCase() ?? null, at + 2];
  const isAlias = isTableName(token) && !NO_NAMES.has(wordOf(token) ?? '');
  return isAlias ? [token?.text.toLowerCase() ?? null, at + 1] : [null, at];
}

function isTableName(token: SqlToken | undefined): boolean {
  const kind = token?.kind ?? '';
  const word = wordOf(token) ?? '';
  return (
    ['name', 'quoted', 'string'].includes(kind) && !['on', 'using', 'indexed', 'not'].includes(word)
  );
}

function isName(token: SqlToken | undefined): boolean {
  return token?.kind === 'name' || token?.kind === 'quoted';
}

function isComma(token: SqlToken | undefined): boolean {
  return isSign(token, ',');
}

function withoutComma(tokens: readonly SqlToken[]): readonly SqlToken[] {
  return isComma(tokens[0]) ? tokens.slice(1) : tokens;
}

/** Returns the index at which the parenthesis at `at` is closed. */
export function closing(tokens: readonly SqlToken[], at: number): number {
  let depth = 0;
  for (let index = at; index < tokens.length; index += 1) {
    if (isSign(tokens[index], '(')) depth += 1;
    if (isSign(tokens[index], ')')) depth -= 1;
    if (depth === 0) return index;
  }
  return tokens.length;
}

/** Splits outside of parentheses; each part but the first begins with the dividing token. */
function splitAt(
  tokens: readonly SqlToken[],
  divides: (token: SqlToken, before: SqlToken | undefined) => boolean,
): (readonly SqlToken[])[] {
  const parts: SqlToken[][] = [[]];
  let depth = 0;
  for (const [at, token] of tokens.entries()) {
    if (isSign(token, '(')) depth += 1;
    if (isSign(token, ')')) depth -= 1;
    if (depth === 0 && divides(token, tokens[at - 1])) parts.push([]);
    parts.at(-1)?.push(token);
  }
  return parts;
}
