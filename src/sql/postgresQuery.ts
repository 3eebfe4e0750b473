/**
 * Checks the SQL of a mapping over PostgreSQL: one query that changes nothing and depends on the source
 * alone. Mapping files are attacker-controlled. Which functions may be called is decided by the server's
 * catalogue (source/postgres/relation.ts); here it is checked that their names can be seen.
 */

import { isColumnList, isOrdered, isStar } from './clauses.ts';
import { closings, isSign, wordOf, type SqlToken } from './tokens.ts';
import { postgresTokens } from './postgresTokens.ts';
import { quote } from './quote.ts';
import type { Refused, Sql } from './query.ts';
import type { SqlDialect } from './sqlDialect.ts';

const MAX_LENGTH = 20_000;

/** Words for the clock, which need no parentheses. */
const CLOCK: ReadonlySet<string> = new Set([
  'current_date',
  'current_time',
  'current_timestamp',
  'localtime',
  'localtimestamp',
]);

/** Words for the session, which need no parentheses. */
const SESSION: ReadonlySet<string> = new Set([
  'current_catalog',
  'current_role',
  'current_schema',
  'current_user',
  'session_user',
  'system_user',
  'user',
]);

/** Words that a type of date or time reads as the clock, alone or with a time of day or a zone. */
const CLOCK_WORD = /now|today|tomorrow|yesterday/i;

/** The begin of an array, a range or a row, and the signs around their parts, which may be dates. */
const HAS_PARTS = /^[[({]/;
const BETWEEN_PARTS = /[[\](){},;]/;

/** Tables of the server itself: they describe the machine, its users and its settings. */
const INTERNAL_TABLE = /^(?:pg_.*|information_schema)$/i;

/** Words before a parenthesis that call nothing. */
const KEYWORDS: ReadonlySet<string> = new Set(
  `all and any array as between by case cast check coalesce cross cube distinct else end except exists
  extract false filter following for from full greatest group grouping having ilike in inner intersect
  is join lateral least left like limit materialized natural not null nullif offset on only or order
  outer over overlaps overlay partition position preceding right rollup row rows select sets similar
  some substring then trim true union using values when where window with within xmlelement
  xmlforest`.split(/\s+/),
);

/** Types with a length or a precision in parentheses. */
const TYPES: ReadonlySet<string> = new Set(
  'bit bpchar char character decimal dec float interval numeric time timestamp timestamptz timetz varbit varchar varying'.split(
    ' ',
  ),
);

/** Aggregates whose result depends on the order of their rows. */
const ORDERED: ReadonlySet<string> = new Set(
  `array_agg json_agg json_object_agg jsonb_agg jsonb_object_agg string_agg xmlagg json_agg_strict
  jsonb_agg_strict json_object_agg_strict jsonb_object_agg_strict`.split(/\s+/),
);

/** Reads a query over a PostgreSQL source. */
export function readPostgresSql(sql: string): Sql | Refused {
  if (sql.length > MAX_LENGTH) return { refused: `it has more than ${MAX_LENGTH} characters` };
  if (sql.includes('\0')) return { refused: 'it contains a token that is not allowed' };
  const tokens = postgresTokens(sql);
  if (isSign(tokens.at(-1), ';')) tokens.pop();
  const refused = refusal(tokens);
  if (refused !== null) return { refused };
  const named = tokens.filter(isName);
  return {
    query: textOf(tokens),
    names: new Set(named.map(({ text }) => text.toLowerCase())),
    readsAll: tokens.some((token, at) => isStar(tokens, at) || wordOf(token) === 'natural'),
    hasParameter: false,
  };
}

/** PostgreSQL's SQL, as far as a mapping may use it. */
export const POSTGRES_DIALECT: SqlDialect = { readQuery: readPostgresSql };

/**
 * Returns the names after a dot: columns, or functions that PostgreSQL calls where there is no column of
 * this name. `(x).f`, and `x.f` where x is an alias, are `f(x)`.
 */
export function dottedNames(query: string): Set<string> {
  const tokens = postgresTokens(query);
  const dotted = tokens.filter((token, at) => {
    return isSign(tokens[at - 1], '.') && isName(token);
  });
  return new Set(dotted.map(folded));
}

/**
 * Returns the texts in a query that a type of date or time may read as the clock: those with one of its
 * words, and their parts. Whether it does only the server can tell, which knows zones and forms.
 */
export function clockTexts(query: string): Set<string> {
  const tokens = postgresTokens(query);
  const texts: string[] = [];
  for (const [at, { kind, text }] of tokens.entries()) {
    if (kind !== 'string' || isPattern(tokens, at)) continue;
    // Without the quotes and escapes inside of an array, a range or a row.
    const bare = text.replaceAll(/["\\]/g, '').trim();
    texts.push(text, bare);
    if (HAS_PARTS.test(bare)) texts.push(...bare.split(BETWEEN_PARTS));
  }
  return new Set(texts.map((text) => text.trim()).filter((text) => CLOCK_WORD.test(text)));
}

/** Whether a text is the pattern of LIKE, which is no date. */
function isPattern(tokens: readonly SqlToken[], at: number): boolean {
  return /^i?like$/.test(wordOf(tokens[at - 1]) ?? '') && !isSign(tokens[at + 1], '::');
}

/** Whether SQL, such as the body of a function, reads the clock or the session by a word of the language. */
export function readsClockByName(sql: string): boolean {
  const tokens = postgresTokens(sql);
  return tokens.some((token, at) => {
    const word = wordOf(token) ?? '';
    return (CLOCK.has(word) || SESSION.has(word)) && !isSign(tokens[at - 1], '.');
  });
}

function isName(token: SqlToken | undefined): token is SqlToken {
  return token?.kind === 'name' || token?.kind === 'quoted';
}

/** Returns the names of tables and views in a query, as identifiers with their schema, and of columns. */
export function namesWithSchema(query: string): Set<string> {
  const tokens = postgresTokens(query);
  const found = new Set<string>();
  for (const [at, token] of tokens.entries()) {
    const [schema, dot] = [tokens[at - 2], tokens[at - 1]];
    if (!isName(token) || !isName(schema) || !isSign(dot, '.')) continue;
    found.add(`${quote(folded(schema))}.${quote(folded(token))}`);
  }
  return found;
}

/** Returns the names of the functions that a query calls, as PostgreSQL folds them. */
export function calledFunctions(query: string): Set<string> {
  const tokens = postgresTokens(query);
  const closed = closings(tokens);
  const names = new Set<string>();
  for (const at of tokens.keys()) {
    if (isCall(tokens, at, closed)) names.add(folded(tokens[at] as SqlToken));
  }
  return names;
}

function folded({ kind, text }: SqlToken): string {
  return kind === 'name' ? text.toLowerCase() : text;
}

function refusal(tokens: readonly SqlToken[]): string | null {
  const first = wordOf(tokens[0]);
  if (first !== 'select' && first !== 'with' && first !== 'values') {
    return 'it does not begin with SELECT or WITH';
  }
  const closed = closings(tokens);
  for (const at of tokens.keys()) {
    const refused = refusedToken(tokens, at) ?? refusedCall(tokens, at, closed);
    if (refused !== null) return refused;
  }
  return null;
}

function refusedToken(tokens: readonly SqlToken[], at: number): string | null {
  const { kind, text } = tokens[at] as SqlToken;
  if (kind === 'unknown') return 'it contains a token that is not allowed';
  if (kind === 'parameter') return 'it has a parameter';
  if (kind === 'sign') return text === ';' ? 'it is more than one statement' : null;
  if (isInternal(tokens, at)) return 'it names an internal table of PostgreSQL';
  if (kind !== 'name') return null;
  const word = text.toLowerCase();
  const isColumn = isSign(tokens[at - 1], '.');
  if (isColumn) return null;
  if (CLOCK.has(word)) return 'it reads the clock: write the date itself';
  if (SESSION.has(word)) return 'it depends on who runs it';
  if (word === 'into') return 'it writes into a table';
  if (word === 'operator') return 'it names an operator by its schema';
  if (word === 'tablesample') return 'it reads rows by chance';
  if (word === 'for' && /^(?:update|no|share|key)$/.test(wordOf(tokens[at + 1]) ?? '')) {
    return 'it locks rows';
  }
  const limits = word === 'limit' || word === 'offset' || word === 'fetch';
  if (limits && !isOrdered(tokens, at)) {
    return 'it has a LIMIT without ORDER BY, so which rows it returns is left to chance';
  }
  const distinctOn = word === 'distinct' && wordOf(tokens[at + 1]) === 'on';
  if (distinctOn && !isOrderedAfter(tokens, at)) {
    return 'it has a DISTINCT ON without ORDER BY, so which rows it returns is left to chance';
  }
  return null;
}

/** Whether a name is that of a table of the server, or of the schema that holds them. */
function isInternal(tokens: readonly SqlToken[], at: number): boolean {
  const token = tokens[at] as SqlToken;
  if (!isName(token)) return false;
  // A column or table of the user's may have such a name, where its schema or table is named with it.
  return (
    INTERNAL_TABLE.test(token.text) && !isSign(tokens[at - 1], '.') && !isSign(tokens[at + 1], '(')
  );
}

function refusedCall(
  tokens: readonly SqlToken[],
  at: number,
  closed: ReadonlyMap<number, number>,
): string | null {
  if (!isCall(tokens, at, closed)) return null;
  if (isSign(tokens[at - 1], '.')) return 'it calls a function by its schema, which is not allowed';
  const name = folded(tokens[at] as SqlToken);
  const inside = tokens.slice(at + 2, closed.get(at + 1));
  if (ORDERED.has(name) && !inside.some((token) => wordOf(token) === 'order')) {
    return `it calls ${name} without ORDER BY inside, so the order is left to chance`;
  }
  return null;
}

/** Whether the token is the name of a function that is called. */
function isCall(
  tokens: readonly SqlToken[],
  at: number,
  closed: ReadonlyMap<number, number>,
): boolean {
  const token = tokens[at];
  if (token === undefined || !isSign(tokens[at + 1], '(')) return false;
  if (!isName(token)) return false;
  const word = wordOf(token);
  if (word !== null && (KEYWORDS.has(word) || TYPES.has(word))) return false;
  // Columns of an alias: `AS name (…)`.
  if (wordOf(tokens[at - 1]) === 'as') return false;
  return !isColumnList(tokens, closed.get(at + 1) ?? 0);
}

function isOrderedAfter(tokens: readonly SqlToken[], from: number): boolean {
  let depth = 0;
  for (const token of tokens.slice(from)) {
    if (isSign(token, '(')) depth += 1;
    if (isSign(token, ')')) depth -= 1;
    if (depth < 0) return false;
    if (depth === 0 && wordOf(token) === 'order') return true;
  }
  return false;
}

/** Writes tokens as SQL, without comments. */
function textOf(tokens: readonly SqlToken[]): string {
  return tokens
    .map(({ kind, text, apart }) => {
      const written =
        kind === 'string'
          ? `'${text.replaceAll("'", "''")}'`
          : kind === 'quoted'
            ? `"${text.replaceAll('"', '""')}"`
            : text;
      return apart ? ` ${written}` : written;
    })
    .join('');
}
