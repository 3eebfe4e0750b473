/** Rules for the SQL of invariants, of queries over a source, and of the views that these read. */

import type { SqlDialect } from './sqlDialect.ts';
import {
  DATE_FUNCTIONS,
  readSql,
  readViewSql,
  type Refused,
  type Sql,
  type SqlRules,
} from './query.ts';

/** Parameter of invariants for the project's date. */
export const AS_OF = ':as_of';

/** Prefix of the date functions in queries over a source, which do not read the clock. */
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

/** Functions whose result also depends on the order of rows. */
const ORDERED: ReadonlySet<string> = new Set(
  'group_concat string_agg json_group_array json_group_object'.split(' '),
);

/** Functions of queries over a source, which may also combine cells. */
const SOURCE_FUNCTIONS: ReadonlySet<string> = new Set([
  ...FUNCTIONS,
  ...ORDERED,
  ...'json_insert json_patch json_remove json_replace json_set quote unhex'.split(' '),
]);

/**
 * Functions that a view may not call: random ones, those that read the connection's state or access
 * anything outside the database, and date functions. A cell may hold the word `now`, and in a view
 * the date functions cannot be replaced.
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
  instead: ': write the date itself',
  datePrefix: DATE_PREFIX,
};

const VIEW: SqlRules = {
  ...SOURCE,
  mayCall: (name) => !NOT_IN_VIEWS.test(name),
  ordered: new Set(),
  limitNeedsOrder: false,
  // The view's text belongs to the source and is not changed.
  datePrefix: '',
};

/** Reads the SQL of an invariant. */
export function readInvariantSql(sql: string): Sql | Refused {
  return readSql(sql, INVARIANT);
}

/** Reads a query over a source. */
export function readSourceSql(sql: string): Sql | Refused {
  return readSql(sql, SOURCE);
}

/** SQLite's SQL, as far as a mapping may use it. */
export const SQLITE_DIALECT: SqlDialect = { readQuery: readSourceSql };

/** Reads the query of a view from its text in the source's schema, unless it depends on chance. */
export function readSourceView(sql: string): Sql | Refused {
  return readViewSql(sql, VIEW);
}
