/**
 * Checks the SQL of a mapping: one query, with deterministic functions only. Mapping files are
 * attacker-controlled: the text is checked before any of it runs, and anything unknown is refused.
 * Invariants and queries over sources differ in their {@link SqlRules}.
 */

import { isColumnList, isOrdered, isStar } from './clauses.ts';
import { closings, isSign, sqlText, sqlTokens, wordOf, type SqlToken } from './tokens.ts';

export interface SqlRules {
  /** The only allowed parameter; null for none. */
  readonly parameter: string | null;
  readonly mayCall: (name: string) => boolean;
  /** Aggregates that need an ORDER BY, as they depend on the order of their rows. */
  readonly ordered: ReadonlySet<string>;
  /** Whether LIMIT requires ORDER BY. */
  readonly limitNeedsOrder: boolean;
  /** End of the sentence that refuses the clock: the alternative. */
  readonly instead: string;
  /** Prefix of the replaced date functions, which check their arguments; '' for SQLite's own. */
  readonly datePrefix: string;
}

export interface Sql {
  /** The query, without the semicolon at its end. */
  readonly query: string;
  /** All names in it, in lower case: tables, columns and others. */
  readonly names: ReadonlySet<string>;
  /** Whether it reads columns that it does not name: `*`, NATURAL. */
  readonly readsAll: boolean;
  readonly hasParameter: boolean;
}

/** Reason for a refusal, as a clause that contains nothing of the text. */
export interface Refused {
  readonly refused: string;
}

/** Maximum length in UTF-16 code units; bounds the time for tokens. */
const MAX_LENGTH = 20_000;

/** Functions that read the clock without arguments, or with `now` among them. */
export const DATE_FUNCTIONS: readonly string[] = [
  'date',
  'time',
  'datetime',
  'julianday',
  'strftime',
  'unixepoch',
];
const DATED: ReadonlySet<string> = new Set(DATE_FUNCTIONS);

/** Arguments that make a date function depend on the clock or the machine. */
export const CLOCK_WORDS: RegExp = /^\s*(now|subsec|subsecond|localtime|utc)\s*$/i;

/** Words that are not functions before a parenthesis. */
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

/** SQLite's internal and virtual tables: they describe the machine, or run code. */
const INTERNAL_TABLE =
  /^(?:sealift~|sqlite_|pragma_|fts\d|rtree|geopoly|dbstat$|bytecode$|tables_used$)/i;

/** Returns the SQL to run, or the reason why it is refused. */
export function readSql(sql: string, rules: SqlRules): Sql | Refused {
  if (sql.length > MAX_LENGTH) return { refused: `it has more than ${MAX_LENGTH} characters` };
  const tokens = sqlTokens(sql);
  if (isSign(tokens.at(-1), ';')) tokens.pop();
  const text: Text = { tokens, closed: closings(tokens) };
  const refused = refusal(text, rules);
  return refused === null ? read(text, rules) : { refused };
}

/** Reads the query of a view's text, `CREATE VIEW … AS …`, by `rules`. */
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
  /** Index of each opening parenthesis → index of its closing one. */
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
        ? `it reads the clock or the time zone${rules.instead}`
        : null);
    if (refused !== null) return refused;
  }
  return null;
}

function refusedToken(tokens: readonly SqlToken[], at: number, rules: SqlRules): string | null {
  const { kind, text } = tokens[at] as SqlToken;
  const lower = text.toLowerCase();
  if (kind === 'number') return null;
  if (kind === 'unknown') return 'it contains a token that is not allowed';
  if (kind === 'sign') return text === ';' ? 'it is more than one statement' : null;
  if (kind === 'parameter') {
    if (text === rules.parameter) return null;
    const other = rules.parameter === null ? '' : ` other than ${rules.parameter}`;
    return `it has a parameter${other}`;
  }
  if (kind === 'name') {
    if (CLOCK_KEYWORDS.has(lower)) return `it reads the clock${rules.instead}`;
    if (lower === 'limit' && rules.limitNeedsOrder && !isOrdered(tokens, at)) {
      return 'it has a LIMIT without ORDER BY, so which rows it returns is left to chance';
    }
  }
  // SQLite accepts a string as the name of a table.
  return INTERNAL_TABLE.test(text) ? 'it names an internal table of SQLite' : null;
}

function refusedCall(text: Text, at: number, rules: SqlRules): string | null {
  if (!isCall(text, at)) return null;
  const { tokens, closed } = text;
  const { kind, text: called } = tokens[at] as SqlToken;
  const name = called.toLowerCase();
  if (!rules.mayCall(name) || kind === 'string') {
    return 'it calls a function that is not allowed';
  }
  if (!DATED.has(name) && !rules.ordered.has(name)) return null;
  const inside = tokens.slice(at + 2, closed.get(at + 1));
  if (DATED.has(name) && !hasArguments(inside, name)) {
    return `it reads the clock${rules.instead}`;
  }
  if (rules.ordered.has(name) && !inside.some((token) => wordOf(token) === 'order')) {
    return `it calls ${name} without ORDER BY inside, so the order is left to chance`;
  }
  return null;
}

/** Whether the token is the name of a function that is called. */
function isCall({ tokens, closed }: Text, at: number): boolean {
  const token = tokens[at];
  if (token === undefined || !isSign(tokens[at + 1], '(')) return false;
  if (!['name', 'quoted', 'string'].includes(token.kind)) return false;
  const word = wordOf(token);
  // Two of the keywords are also functions; both are harmless.
  if (word !== null && KEYWORDS.has(word)) return false;
  return !isColumnList(tokens, closed.get(at + 1) ?? 0);
}

/** Whether a date function is given a time; strftime has a format before it. */
function hasArguments(inside: readonly SqlToken[], name: string): boolean {
  return name === 'strftime' ? inside.some((token) => isSign(token, ',')) : inside.length > 0;
}
