/**
 * What an invariant's SQL may be: one query, over the modules that it names, of functions that give
 * the same result every time. Mapping files are attacker-controlled: this is decided from the text,
 * before any of it runs, and what is not known is refused.
 */

import { sqlTokens, type SqlToken } from './sqlTokens.ts';

export interface InvariantSql {
  /** The query, without the semicolon at its end. */
  readonly query: string;
  /** Every name in it, in lower case, as a column might be called. */
  readonly names: ReadonlySet<string>;
  /** It reads columns that it does not name: `*`, NATURAL. */
  readonly readsAll: boolean;
  readonly usesAsOf: boolean;
}

/** So that nobody waits for its tokens. */
const MAX_LENGTH = 20_000;

/** The parameter that stands for the project's date. */
export const AS_OF = ':as_of';

/** Functions without side effects, whose result depends on their arguments alone. */
const FUNCTIONS: ReadonlySet<string> = new Set(
  `abs avg ceil ceiling char coalesce concat concat_ws count cume_dist dense_rank
  first_value floor glob hex if ifnull iif instr json json_array json_array_length json_each
  json_extract json_object json_quote json_tree json_type json_valid lag last_value lead length like
  lower ltrim max min mod nth_value ntile nullif octet_length percent_rank rank replace round
  row_number rtrim sign substr substring sum total trim trunc typeof unicode upper
  date time datetime julianday strftime unixepoch`.split(/\s+/),
);

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
  intersect is join like glob limit materialized not offset on or over partition select then union
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

/** The SQL as it may run, or why it may not: a clause that holds nothing of the text. */
export function readInvariantSql(sql: string): InvariantSql | { readonly refused: string } {
  if (sql.length > MAX_LENGTH) return { refused: `it has more than ${MAX_LENGTH} characters` };
  const tokens = sqlTokens(sql);
  if (tokens.at(-1)?.text === ';' && tokens.at(-1)?.kind === 'sign') tokens.pop();
  const refused = refusal(tokens);
  if (refused !== null) return { refused };
  const named = tokens.filter(({ kind }) => kind === 'name' || kind === 'quoted');
  return {
    query: tokens.map(written).join(' '),
    names: new Set(named.map(({ text }) => text.toLowerCase())),
    readsAll: tokens.some((token, at) => isStar(tokens, at) || wordOf(token) === 'natural'),
    usesAsOf: tokens.some(({ kind }) => kind === 'parameter'),
  };
}

function refusal(tokens: readonly SqlToken[]): string | null {
  const first = wordOf(tokens[0]);
  if (first !== 'select' && first !== 'with' && first !== 'values') {
    return 'it does not begin with SELECT or WITH';
  }
  const dated = tokens.some(
    (token, at) => DATED.has(token.text.toLowerCase()) && opens(tokens, at),
  );
  for (const [at, token] of tokens.entries()) {
    const refused = refusedToken(tokens, at, token) ?? (dated ? refusedClock(token) : null);
    if (refused !== null) return refused;
  }
  return null;
}

function refusedToken(tokens: readonly SqlToken[], at: number, token: SqlToken): string | null {
  const lower = token.text.toLowerCase();
  switch (token.kind) {
    case 'unknown':
      return 'it holds something that no query needs';
    case 'sign':
      return lower === ';' ? 'it is more than one statement' : null;
    case 'parameter':
      return token.text === AS_OF ? null : `it has a parameter other than ${AS_OF}`;
    case 'number':
      return null;
    case 'name':
      if (CLOCK_KEYWORDS.has(lower)) return `it asks for the clock: use ${AS_OF}`;
      break;
    default:
  }
  // SQLite takes a string for a table's name where one has to stand.
  if (FOREIGN_TABLE.test(token.text)) return 'it names a table of the database itself';
  if (!opens(tokens, at)) return null;
  if (token.kind === 'name' && KEYWORDS.has(lower) && !FUNCTIONS.has(lower)) return null;
  if (isColumnList(tokens, at)) return null;
  if (!FUNCTIONS.has(lower) || token.kind === 'string') {
    return 'it calls a function that is not on the list';
  }
  if (DATED.has(lower) && !hasArguments(tokens, at, lower))
    return `it asks for the clock: use ${AS_OF}`;
  return null;
}

function refusedClock({ kind, text }: SqlToken): string | null {
  const clock = kind === 'string' && CLOCK_WORDS.test(text);
  return clock ? `it asks for the clock or the time zone: use ${AS_OF}` : null;
}

/** strftime has a format before the time. */
function hasArguments(tokens: readonly SqlToken[], at: number, name: string): boolean {
  const close = closing(tokens, at + 1);
  const inside = tokens.slice(at + 2, close);
  return name === 'strftime' ? inside.some(({ text }) => text === ',') : inside.length > 0;
}

/** A common table's columns: `name ( … ) AS (` or `AS [NOT] MATERIALIZED (`. */
function isColumnList(tokens: readonly SqlToken[], at: number): boolean {
  const close = closing(tokens, at + 1);
  const after = tokens.slice(close + 1, close + 5);
  const words = after.map(({ text }) => text.toLowerCase()).join(' ');
  return /^as (?:(?:not )?materialized )?\(/.test(words);
}

function closing(tokens: readonly SqlToken[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token?.kind !== 'sign') continue;
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return tokens.length;
}

function opens(tokens: readonly SqlToken[], at: number): boolean {
  const next = tokens[at + 1];
  return next?.kind === 'sign' && next.text === '(';
}

/** Whether the token is the `*` that stands for all columns. */
function isStar(tokens: readonly SqlToken[], at: number): boolean {
  const token = tokens[at];
  if (token?.kind !== 'sign' || token.text !== '*') return false;
  const before = tokens[at - 1];
  const word = wordOf(before);
  return (
    (before?.kind === 'sign' && [',', '.'].includes(before.text)) ||
    word === 'select' ||
    word === 'distinct' ||
    word === 'all'
  );
}

function wordOf(token: SqlToken | undefined): string | null {
  return token?.kind === 'name' ? token.text.toLowerCase() : null;
}

/** The token so that SQLite reads it as it was read here. */
function written({ kind, text }: SqlToken): string {
  if (kind === 'string') return `'${text.replaceAll("'", "''")}'`;
  return kind === 'quoted' ? `"${text.replaceAll('"', '""')}"` : text;
}
