/**
 * Which schema each object of a database belongs to, and what depends on what, by pg_depend. Parts of a
 * relation, such as its triggers, belong to its schema; objects of the database have none.
 */

import type { Connection } from '../../../postgres/connect.ts';
import { quoteText } from '../../../sql/quote.ts';
import { placeName } from './listSchema.ts';
import type { ListedPlace } from './parityKind.ts';

/** Catalogs whose rows name their schema. */
const WITH_SCHEMA: readonly (readonly [catalog: string, schema: string])[] = [
  ['pg_class', 'relnamespace'],
  ['pg_type', 'typnamespace'],
  ['pg_proc', 'pronamespace'],
  ['pg_operator', 'oprnamespace'],
  ['pg_opclass', 'opcnamespace'],
  ['pg_opfamily', 'opfnamespace'],
  ['pg_collation', 'collnamespace'],
  ['pg_conversion', 'connamespace'],
  ['pg_constraint', 'connamespace'],
  ['pg_ts_config', 'cfgnamespace'],
  ['pg_ts_dict', 'dictnamespace'],
  ['pg_ts_parser', 'prsnamespace'],
  ['pg_ts_template', 'tmplnamespace'],
  ['pg_statistic_ext', 'stxnamespace'],
  ['pg_default_acl', 'defaclnamespace'],
];

/** Catalogs whose rows belong to a relation. */
const OF_RELATION: readonly (readonly [catalog: string, relation: string])[] = [
  ['pg_trigger', 'tgrelid'],
  ['pg_rewrite', 'ev_class'],
  ['pg_policy', 'polrelid'],
  ['pg_attrdef', 'adrelid'],
  ['pg_publication_rel', 'prrelid'],
];

/** Parts of operator families. */
const OF_FAMILY: readonly (readonly [catalog: string, family: string])[] = [
  ['pg_amop', 'amopfamily'],
  ['pg_amproc', 'amprocfamily'],
];

const SCHEMAS_PUBLISHED_SINCE = 150_000;

/** Returns a query of `catalog`, `oid` and `home`, the oid of a schema. */
function homes(version: number): string {
  return [
    ...WITH_SCHEMA.map(
      ([catalog, schema]) => `SELECT '${catalog}'::regclass::oid, oid, ${schema} FROM ${catalog}`,
    ),
    ...OF_RELATION.map(
      ([catalog, relation]) =>
        `SELECT '${catalog}'::regclass::oid, part.oid, c.relnamespace FROM ${catalog} part JOIN pg_class c ON c.oid = part.${relation}`,
    ),
    ...OF_FAMILY.map(
      ([catalog, family]) =>
        `SELECT '${catalog}'::regclass::oid, part.oid, f.opfnamespace FROM ${catalog} part JOIN pg_opfamily f ON f.oid = part.${family}`,
    ),
    ...(version < SCHEMAS_PUBLISHED_SINCE
      ? []
      : [
          `SELECT 'pg_publication_namespace'::regclass::oid, oid, pnnspid FROM pg_publication_namespace`,
        ]),
  ].join(' UNION ALL ');
}

/**
 * Returns the beginning of a query: `bound`, what is not in the schema, and depends on something that
 * is in it and is no member of an extension. Temporary objects end with their session.
 */
export function boundTo({ schema, version }: ListedPlace): string {
  return `WITH home(catalog, oid, home) AS MATERIALIZED (${homes(version)}), place AS (
    SELECT oid FROM pg_namespace WHERE nspname = ${quoteText(schema)}
  ), bound AS (
    SELECT DISTINCT d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid
    FROM pg_depend d JOIN home inside ON inside.catalog = d.refclassid AND inside.oid = d.refobjid
      JOIN place ON place.oid = inside.home
      LEFT JOIN home outside ON outside.catalog = d.classid AND outside.oid = d.objid
      LEFT JOIN pg_namespace n ON n.oid = outside.home
    WHERE d.deptype IN ('n', 'a', 'i', 'P', 'S') AND outside.home IS DISTINCT FROM place.oid
      -- Such as the cast of a range type.
      AND NOT (outside.home IS NULL AND d.deptype = 'i')
      AND coalesce(n.nspname !~ '^pg_(toast|temp_|toast_temp_)', true)
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.deptype = 'e'
        AND (e.classid, e.objid) IN ((d.classid, d.objid), (d.refclassid, d.refobjid)))
  )`;
}

/** What an object depends on, by the nodes of parityKind.ts. */
export interface Dependency {
  readonly node: string;
  readonly on: string;
  /** Column whose value comes from the object, if this is a default or an expression of it. */
  readonly column: string | null;
  /** Whether the column is computed, so that it cannot be made before. */
  readonly isGenerated: boolean;
}

/** Returns an expression: the node of an object, given the alias of its catalog's row, its oid and column. */
function node(catalog: string, oid: string, column: string): string {
  return `${catalog}.relname || ':' || ${oid} || CASE WHEN ${column} > 0 THEN '.' || ${column} ELSE '' END`;
}

/** Reads what objects of a schema depend on within it. */
export async function dependenciesIn(
  connection: Connection,
  { schema, version }: ListedPlace,
): Promise<Dependency[]> {
  const rows = await connection.query(
    `WITH home(catalog, oid, home) AS MATERIALIZED (${homes(version)}), place AS (
      SELECT oid FROM pg_namespace WHERE nspname = ${quoteText(schema)}
    )
    SELECT CASE
        WHEN w.rulename = '_RETURN' THEN 'pg_class:' || w.ev_class
        WHEN c.relkind = 'c' THEN 'pg_type:' || c.reltype
        ELSE ${node('one', 'd.objid', 'd.objsubid')} END,
      ${node('other', 'd.refobjid', 'd.refobjsubid')},
      'pg_class:' || f.adrelid || '.' || f.adnum, computed.attgenerated <> ''
    FROM pg_depend d JOIN place ON true
      JOIN home a ON a.catalog = d.classid AND a.oid = d.objid AND a.home = place.oid
      JOIN home b ON b.catalog = d.refclassid AND b.oid = d.refobjid AND b.home = place.oid
      JOIN pg_class one ON one.oid = d.classid JOIN pg_class other ON other.oid = d.refclassid
      LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
      LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
      LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
      LEFT JOIN pg_attribute computed ON computed.attrelid = f.adrelid AND computed.attnum = f.adnum
    WHERE c.relkind IS DISTINCT FROM 'S'`,
    placeName(schema),
  );
  return rows.map(([node, on, column, generated]) => {
    return {
      node: String(node),
      on: String(on),
      column: column ?? null,
      isGenerated: generated === 't',
    };
  });
}
