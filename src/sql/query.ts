/**
 * What SQL of a mapping may be: one query, of functions that give the same result every time.
 * Mapping files are attacker-controlled: this is decided from the text, before any of it runs, and
 * what is not known is refused. Invariants and queries over sources have this in common, and each
 * its own rules.
 */

import { closings, isSign, sqlText, sqlTokens, wordOf, type SqlToken } from './tokens.ts';

export interface SqlRules {
  /** The one parameter that there may be; null for none. */
  readonly parameter: string | null;
  readonly mayCall: (name: string) => boolean;
  /** Aggregates that hang on the order of their rows: they have to say it. */
  readonly ordered: ReadonlySet<string>;
  /** Whether rows may be cut off without an order that says which. */
  readonly limitNeedsOrder: boolean;
  /** What to use instead of the clock, as the end of a sentence. */
  readonly instead: string;
  /** Date functions are called by these names, where what they get is looked at; '' for their own. */
  readonly datePrefix: string;
}

export interface Sql {
  /** The query, without the semicolon at its end. */
  readonly query: string;
  /** Every name in it, in lower case, as a table or a column might be called. */
  readonly names: ReadonlySet<string>;
  /** It reads columns that it does not name: `*`, NATURAL. */
  readonly readsAll: boolean;
  readonly hasParameter: boolean;
}

/** Why it may not run: a clause that holds nothing of the text. */
export interface Refused {
  readonly refused: string;
}

/** So that nobody waits for its tokens. */
const MAX_LENGTH = 20_000;

/** They ask for the time of day without arguments, or with `now` among them. */
export const DATE_FUNCTIONS: readonly string[] = [
  'date',
  'time',
  'datetime',
  'julianday',
  'strftime',
  'unixepoch',
];
const DATED: ReadonlySet<string> = new Set(DATE_FUNCTIONS);

/** What makes a date function depend on the clock or the machine. */
export const CLOCK_WORDS: RegExp = /^\s*(now|subsec|subsecond|localtime|utc)\s*$/i;

/** Words that may stand before a parenthesis without being a function. */
const KEYWORDS: ReadonlySet<string> = new Set(
  `all and as between by case cast distinct else escape except exists filter from having in
  intersect is join glob like limit materialized not offset on or over partition select then union
  using values when where with collate`.split(/\s+/),
);

const CLOCK_KEYWORDS: ReadonlySet<string> = new Set([
  'current_date',
  'current_time',
  'current_timestamp',
]);

/** Tables that SQLite brings along; they tell of the machine or run code of their own. */
const FOREIGN_TABLE =
  /^(?:sealift~|sqlite_|pragma_|fts\d|rtree|geopoly|dbstat$|bytecode$|tables_used$)/i;

/** The SQL as it may run, or why it may not. */
export function readSql(sql: string, rules: SqlRules): Sql | Refused {
  if (sql.length > MAX_LENGTH) return { refused: `it has more than ${MAX_LENGTH} characters` };
  const tokens = sqlTokens(sql);
  if (isSign(tokens.at(-1), ';')) tokens.pop();
  const text: Text = { tokens, closed: closings(tokens) };
  const refused = refusal(text, rules);
  return refused === null ? read(text, rules) : { refused };
}

/** The query of the text of a view, `CREATE VIEW … AS …`, held to `rules`. */
export function readViewSql(sql: string, rules: SqlRules): Sql | Refused {
  const tokens = sqlTokens(sql);
  const begin = tokens.findIndex((token) => wordOf(token) === 'as') + 1;
  const query = tokens.slice(begin);
  const text: Text = { tokens: query, closed: closings(query) };
  const refused = begin === 0 ? 'it is not a view' : refusal(text, rules);
  return refused === null ? read(text, rules) : { refused };
}

interface Text {
  readonly tokens: readonly SqlToken[];
  /** Where each parenthesis is closed. */
  readonly closed: ReadonlyMap<number, number>;
}

function read(text: Text, rules: SqlRules): Sql {
  const { tokens } = text;
  const named = tokens.filter(({ kind }) => kind === 'name' || kind === 'quoted');
  const renamed = tokens.map((token, at): SqlToken => {
    const dated = DATED.has(token.text.toLowerCase()) && isCall(text, at);
    if (!dated || rules.datePrefix === '') return token;
    return { ...token, kind: 'quoted', text: rules.datePrefix + token.text.toLowerCase() };
  });
  return {
    query: sqlText(renamed),
    names: new Set(named.map(({ text }) => text.toLowerCase())),
    readsAll: tokens.some((token, at) => isStar(tokens, at) || wordOf(token) === 'natural'),
    hasParameter: tokens.some(({ kind }) => kind === 'parameter'),
  };
}

function refusal(text: Text, rules: SqlRules): string | null {
  const { tokens } = text;
  const first = wordOf(tokens[0]);
  if (first !== 'select' && first !== 'with' && first !== 'values') {
    return 'it does not begin with SELECT or WITH';
  }
  const dated = tokens.some(
    (token, at) => DATED.has(token.text.toLowerCase()) && isSign(tokens[at + 1], '('),
  );
  for (const [at, token] of tokens.entries()) {
    const refused =
      refusedToken(tokens, at, rules) ??
      refusedCall(text, at, rules) ??
      (dated && token.kind === 'string' && CLOCK_WORDS.test(token.text)
        ? `it asks for the clock or the time zone${rules.instead}`
        : null);
    if (refused !== null) return refused;
  }
  return null;
}

function refusedToken(tokens: readonly SqlToken[], at: number, rules: SqlRules): string | null {
  const { kind, text } = tokens[at] as SqlToken;
  const lower = text.toLowerCase();
  if (kind === 'number') return null;
  if (kind === 'unknown') return 'it holds something that no query needs';
  if (kind === 'sign') return text === ';' ? 'it is more than one statement' : null;
  if (kind === 'parameter') {
    if (text === rules.parameter) return null;
    const other = rules.parameter === null ? '' : ` other than ${rules.parameter}`;
    return `it has a parameter${other}`;
  }
  if (kind === 'name') {
    if (CLOCK_KEYWORDS.has(lower)) return `it asks for the clock${rules.instead}`;
    if (lower === 'limit' && rules.limitNeedsOrder && !isOrdered(tokens, at)) {
      return 'it has a LIMIT without ORDER BY, which leaves to chance what comes out';
    }
  }
  // SQLite takes a string for a table's name where one has to stand.
  return FOREIGN_TABLE.test(text) ? 'it names a table of the database itself' : null;
}

function refusedCall(text: Text, at: number, rules: SqlRules): string | null {
  if (!isCall(text, at)) return null;
  const { tokens, closed } = text;
  const { kind, text: called } = tokens[at] as SqlToken;
  const name = called.toLowerCase();
  if (!rules.mayCall(name) || kind === 'string') {
    return 'it calls a function that is not on the list';
  }
  if (!DATED.has(name) && !rules.ordered.has(name)) return null;
  const inside = tokens.slice(at + 2, closed.get(at + 1));
  if (DATED.has(name) && !hasArguments(inside, name)) {
    return `it asks for the clock${rules.instead}`;
  }
  if (rules.ordered.has(name) && !inside.some((token) => wordOf(token) === 'order')) {
    return `it calls ${name} without ORDER BY inside, which leaves the order to chance`;
  }
  return null;
}

/** Whether the token is the name of a function that is called. */
function isCall({ tokens, closed }: Text, at: number): boolean {
  const token = tokens[at];
  if (token === undefined || !isSign(tokens[at + 1], '(')) return false;
  if (!['name', 'quoted', 'string'].includes(token.kind)) return false;
  const word = wordOf(token);
  // Two keywords are functions, too: they are operators here, or harmless.
  if (word !== null && KEYWORDS.has(word)) return false;
  return !isColumnList(tokens, closed.get(at + 1) ?? 0);
}

/** strftime has a format before the time. */
function hasArguments(inside: readonly SqlToken[], name: string): boolean {
  return name === 'strftime' ? inside.some((token) => isSign(token, ',')) : inside.length > 0;
}

/** A common table's columns: `name ( … ) AS (` or `AS [NOT] MATERIALIZED (`. */
function isColumnList(tokens: readonly SqlToken[], close: number): boolean {
  const after = tokens.slice(close + 1, close + 5);
  const words = after.map(({ text }) => text.toLowerCase()).join(' ');
  return /^as (?:(?:not )?materialized )?\(/.test(words);
}

/** Whether an ORDER BY of the same query stands before the token. */
function isOrdered(tokens: readonly SqlToken[], limit: number): boolean {
  let depth = 0;
  for (let at = limit - 1; at >= 0; at -= 1) {
    if (isSign(tokens[at], ')')) depth += 1;
    if (isSign(tokens[at], '(')) depth -= 1;
    if (depth < 0) return false;
    if (depth === 0 && wordOf(tokens[at]) === 'order') return true;
  }
  return false;
}

/** Whether the token is the `*` that stands for all columns. */
function isStar(tokens: readonly SqlToken[], at: number): boolean {
  if (!isSign(tokens[at], '*')) return false;
  const before = tokens[at - 1];
  if (isSign(before, ',') || isSign(before, '.')) return true;
  return ['select', 'distinct', 'all'].includes(wordOf(before) ?? '');
}
