/** Lists types: enums, composite types, domains, ranges; and base types, which are made by hand. */

import { collationOf, inSchema, type KindGroup } from './parityKind.ts';

const ENUM = `(SELECT format('AS ENUM (%s)', string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder))
  FROM pg_enum e WHERE e.enumtypid = t.oid)`;

const COMPOSITE = `(SELECT format('AS (%s)', string_agg(
    concat(quote_ident(a.attname), ' ', format_type(a.atttypid, a.atttypmod), ${collationOf('a.attcollation', 'a.atttypid')}),
    ', ' ORDER BY a.attnum))
  FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)`;

const DOMAIN = `concat('AS ', format_type(t.typbasetype, t.typtypmod), ${collationOf('t.typcollation', 't.typbasetype')},
  ' DEFAULT ' || pg_get_expr(t.typdefaultbin, 0), CASE WHEN t.typnotnull THEN ' NOT NULL' END,
  (SELECT string_agg(format(' CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), '' ORDER BY k.conname)
    FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'))`;

/** Name of an object that is written without its schema only where that is in the path. */
function qualified(schema: string, name: string): string {
  return `CASE WHEN ${schema} IN (t.typnamespace, 'pg_catalog'::regnamespace) THEN quote_ident(${name})
    ELSE ${schema}::regnamespace || '.' || quote_ident(${name}) END`;
}

const RANGE = `(SELECT concat('AS RANGE (SUBTYPE = ', format_type(g.rngsubtype, NULL),
    CASE WHEN NOT o.opcdefault THEN ', SUBTYPE_OPCLASS = ' || ${qualified('o.opcnamespace', 'o.opcname')} END,
    CASE WHEN g.rngcollation <> 0 THEN ', COLLATION = ' || g.rngcollation::regcollation END,
    CASE WHEN g.rngsubdiff::oid <> 0 THEN ', SUBTYPE_DIFF = ' || g.rngsubdiff::regproc END,
    ', MULTIRANGE_TYPE_NAME = ', format_type(g.rngmultitypid, NULL), ')')
  FROM pg_range g JOIN pg_opclass o ON o.oid = g.rngsubopc
  WHERE g.rngtypid = t.oid AND g.rngcanonical::oid = 0)`;

export const TYPE_KINDS: readonly KindGroup[] = [
  {
    kinds: ['type'],
    query: (place) => `${inSchema(place)}, seen AS (
      SELECT t.oid, t.name, t.typtype, CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END AS word,
        CASE t.typtype WHEN 'e' THEN ${ENUM} WHEN 'c' THEN ${COMPOSITE} WHEN 'd' THEN ${DOMAIN} WHEN 'r' THEN ${RANGE} END AS text
      FROM typ t
    )
    SELECT json_build_object(
      'kind', 'type', 'key', s.name, 'what', lower(s.word) || ' ' || s.name, 'node', 'pg_type:' || s.oid,
      'definition', concat_ws(' ', s.typtype::text, s.text),
      'sql', format('CREATE %s %s ', s.word, s.name) || s.text, 'change', NULL,
      'hand', coalesce('change the type to one ' || s.text, 'create the type as the live one is'))
    FROM seen s ORDER BY s.oid`,
  },
];
