/**
 * What a list of objects of a schema consists of, and the parts that all queries for such lists share.
 *
 * A query runs once in each of the two schemas, with that schema first in the search path at the time
 * of its execution (see listSchema.ts): so the server writes the schema's own names without it, and equal
 * objects have equal texts. It returns one column, a JSON object for each row.
 */

import { quote, quoteText } from '../../../sql/quote.ts';
import { LEDGER } from '../ddl.ts';

/** An object of a schema. */
export interface Listed {
  readonly kind: string;
  /** Tells the object from others of its kind; equal in both schemas. */
  readonly key: string;
  /** Equal for objects that are equal. */
  readonly definition: string;
  /** For a person. */
  readonly what: string;
  /** Makes the object in the target schema, which is first in the search path; null: by hand. */
  readonly sql: string | null;
  /** Makes the object of the target like this one; as `sql` if left out. */
  readonly change?: string | null;
  /** What to do by hand where there are no statements. */
  readonly hand?: string;
  /** A name that objects of several kinds share: who has it in the new schema stands in the way. */
  readonly alias?: string;
  /** The catalog and oid of the object, such as `pg_class:16384`; of a column, `pg_class:16384.2`. */
  readonly node?: string;
  /** Node of what is missing as a whole, and is made with this. */
  readonly partOf?: string;
  /** Whether a new object is so by itself. */
  readonly implied?: boolean;
  /** Whether it belongs to another schema, or to the database. */
  readonly bound?: boolean;
}

/** Where a list is made, and where its statements are to work. */
export interface ListedPlace {
  readonly schema: string;
  readonly target: string;
  /** server_version_num. */
  readonly version: number;
}

/** Kinds that one query lists. */
export interface KindGroup {
  readonly kinds: readonly string[];
  readonly query: (place: ListedPlace) => string;
}

/** A text with `%` for `format`, in which a name of the target schema stands. */
export function targetName({ target }: ListedPlace): string {
  return quoteText(quote(target));
}

/** Returns a condition: the object of this catalog with this oid is no member of an extension. */
export function noMember(catalog: string, oid: string): string {
  return `NOT EXISTS (SELECT FROM pg_depend e
    WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;
}

/**
 * Returns the beginning of a query: what is in the schema, by catalog, without members of extensions
 * and the ledger. `name` is a name as the server quotes it, `word` the kind of relation in statements.
 */
export function inSchema({ schema }: ListedPlace): string {
  return `WITH place AS (
    SELECT n.*, quote_ident(n.nspname) AS name FROM pg_namespace n WHERE n.nspname = ${quoteText(schema)}
  ), rel AS (
    SELECT c.*, quote_ident(c.relname) AS name,
      CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
        WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS word
    FROM pg_class c JOIN place ON place.oid = c.relnamespace
    WHERE c.relname <> '${LEDGER}' AND ${noMember('pg_class', 'c.oid')}
  ), col AS (
    SELECT a.*, r.name AS of, r.relkind, r.relispartition, quote_ident(a.attname) AS name,
      'pg_class:' || r.oid AS table_node, 'pg_class:' || r.oid || '.' || a.attnum AS node
    FROM pg_attribute a JOIN rel r ON r.oid = a.attrelid
    WHERE a.attnum > 0 AND NOT a.attisdropped AND r.relkind IN ('r', 'p', 'f', 'v', 'm')
  ), proc AS (
    SELECT p.*, p.oid::regprocedure::text AS name
    FROM pg_proc p JOIN place ON place.oid = p.pronamespace
    -- What makes values of a range type comes and goes with it.
    WHERE NOT EXISTS (SELECT FROM pg_depend e
      WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype IN ('e', 'i'))
  ), typ AS (
    SELECT t.*, quote_ident(t.typname) AS name FROM pg_type t JOIN place ON place.oid = t.typnamespace
    WHERE t.typtype <> 'm' AND ${noMember('pg_type', 't.oid')}
      AND NOT EXISTS (SELECT FROM pg_type element WHERE element.typarray = t.oid)
      AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
  )`;
}

/** Returns an expression: options of a relation as they stand in WITH (…); null if there are none. */
export function optionsOf(reloptions: string): string {
  return `(SELECT string_agg(format('%I=%L', option_name, option_value), ', ' ORDER BY option_name)
    FROM pg_options_to_table(${reloptions}))`;
}

/** Returns an expression: ` COLLATE …`, or nothing where it is the one of the type. */
export function collationOf(collation: string, type: string): string {
  return `CASE WHEN ${collation} IN (0, (SELECT y.typcollation FROM pg_type y WHERE y.oid = ${type})) THEN ''
    ELSE ' COLLATE ' || ${collation}::regcollation END`;
}

/** Returns an expression: statements one after another; what is null is left out. */
export function statements(...expressions: readonly string[]): string {
  return `concat_ws(E';\\n', ${expressions.join(', ')})`;
}

/** Returns an expression: ENABLE, DISABLE and so on from the code of a trigger or rule. */
export function enabling(code: string): string {
  return `CASE ${code} WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' END`;
}
