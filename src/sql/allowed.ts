/** The rules for SQL of invariants, for queries over a source, and for the views that these read. */

import type { SqlDialect } from './dialect.ts';
import {
  DATE_FUNCTIONS,
  readSql,
  readViewSql,
  type Refused,
  type Sql,
  type SqlRules,
} from './query.ts';

/** The parameter of invariants that stands for the project's date. */
export const AS_OF = ':as_of';

/** What date functions are called in queries over a source: ours, which know no clock. */
export const DATE_PREFIX = 'sealift~';

/** Functions without side effects, whose result depends on their arguments alone. */
const FUNCTIONS: ReadonlySet<string> = new Set(
  `abs avg ceil ceiling char coalesce concat concat_ws count cume_dist dense_rank
  first_value floor glob hex if ifnull iif instr json json_array json_array_length json_each
  json_extract json_object json_quote json_tree json_type json_valid lag last_value lead length like
  lower ltrim max min mod nth_value ntile nullif octet_length percent_rank rank replace round
  row_number rtrim sign substr substring sum total trim trunc typeof unicode upper
  date time datetime julianday strftime unixepoch`.split(/\s+/),
);

/** The same, but that the order of rows shows in them. */
const ORDERED: ReadonlySet<string> = new Set(
  'group_concat string_agg json_group_array json_group_object'.split(' '),
);

/** More of them, for putting cells together. */
const SOURCE_FUNCTIONS: ReadonlySet<string> = new Set([
  ...FUNCTIONS,
  ...ORDERED,
  ...'json_insert json_patch json_remove json_replace json_set quote unhex'.split(' '),
]);

/**
 * What a view may not call: chance, the connection's state, what leaves the database, and dates. A
 * cell may hold the word `now`, and of a view it cannot be kept from SQLite's own date functions.
 */
const NOT_IN_VIEWS = new RegExp(
  `^(?:random(?:blob)?|changes|total_changes|last_insert_rowid|load_extension|readfile|writefile` +
    `|sqlite_.*|fts.*|timediff|${DATE_FUNCTIONS.join('|')})$`,
);

const INVARIANT: SqlRules = {
  parameter: AS_OF,
  mayCall: (name) => FUNCTIONS.has(name),
  ordered: new Set(),
  limitNeedsOrder: false,
  instead: `: use ${AS_OF}`,
  datePrefix: '',
};

const SOURCE: SqlRules = {
  parameter: null,
  mayCall: (name) => SOURCE_FUNCTIONS.has(name),
  ordered: ORDERED,
  limitNeedsOrder: true,
  instead: ', in place of the date that is meant',
  datePrefix: DATE_PREFIX,
};

const VIEW: SqlRules = {
  ...SOURCE,
  mayCall: (name) => !NOT_IN_VIEWS.test(name),
  ordered: new Set(),
  limitNeedsOrder: false,
  // It is the source's own text, and stays as it is.
  datePrefix: '',
};

/** The SQL of an invariant as it may run. */
export function readInvariantSql(sql: string): Sql | Refused {
  return readSql(sql, INVARIANT);
}

/** A query over a source as it may run. */
export function readSourceSql(sql: string): Sql | Refused {
  return readSql(sql, SOURCE);
}

/** SQLite's SQL, as far as a mapping may use it. */
export const SQLITE_DIALECT: SqlDialect = { readQuery: readSourceSql };

/** The query of a view, from its text in the source's schema, unless it depends on chance. */
export function readSourceView(sql: string): Sql | Refused {
  return readViewSql(sql, VIEW);
}
