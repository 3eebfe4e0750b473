/** Lists constraints, indexes, extended statistics, and what identifies a row for replication. */

import { inSchema, statements, type KindGroup } from './parityKind.ts';

/** Definition of an index from after its name; `i` is the row of pg_index, `x` that of pg_class. */
export const INDEX = `regexp_replace(substr(pg_get_indexdef(x.oid, 0, true),
  length(CASE WHEN i.indisunique THEN 'CREATE UNIQUE INDEX ' ELSE 'CREATE INDEX ' END || quote_ident(x.relname)) + 1),
  CASE x.relkind WHEN 'I' THEN '^ ON ONLY ' ELSE '^ ON ' END, ' ON ')`;

const WORDS = `CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique constraint' WHEN 'c' THEN 'check'
  WHEN 'x' THEN 'exclusion constraint' WHEN 'f' THEN 'foreign key' ELSE 'constraint' END`;

/** Makes an index, given its definition. */
const MAKE_INDEX = `format('CREATE %sINDEX %s%s', CASE WHEN s.indisunique THEN 'UNIQUE ' END, s.name, s.definition)`;

export const CONSTRAINT_KINDS: readonly KindGroup[] = [
  {
    kinds: ['constraint'],
    query: (place) => `${inSchema(place)}, seen AS (
      SELECT r.name AS of, quote_ident(k.conname) AS name, k.oid, k.contype, ${WORDS} AS word, pg_get_constraintdef(k.oid) AS definition
      FROM pg_constraint k JOIN rel r ON r.oid = k.conrelid
      WHERE k.contype IN ('p', 'u', 'c', 'x', 'f') AND k.coninhcount = 0 AND k.conparentid = 0
    )
    SELECT json_build_object(
      'kind', 'constraint', 'key', s.of || ' ' || s.definition, 'alias', format('constraint %s of %s', s.name, s.of),
      'what', format('%s %s of table %s', s.word, s.name, s.of), 'node', 'pg_constraint:' || s.oid, 'definition', '',
      'sql', format('ALTER TABLE %s ADD CONSTRAINT %s %s', s.of, s.name, s.definition),
      'change', format('ALTER TABLE %s DROP CONSTRAINT %s, ADD CONSTRAINT %2$s %s', s.of, s.name, s.definition))
    FROM seen s ORDER BY s.contype = 'f', s.oid`,
  },
];

export const INDEX_KINDS: readonly KindGroup[] = [
  {
    kinds: ['index'],
    query: (place) => `${inSchema(place)}, seen AS (
      SELECT r.name AS of, quote_ident(x.relname) AS name, x.oid, i.indisunique, ${INDEX} AS definition
      FROM pg_index i JOIN rel r ON r.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
      WHERE i.indisvalid AND NOT x.relispartition AND r.relkind IN ('r', 'p', 'm')
        AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.oid AND k.contype IN ('p', 'u', 'x'))
    )
    SELECT json_build_object(
      'kind', 'index', 'key', concat_ws(' ', s.of, s.indisunique::text, s.definition), 'alias', 'relation ' || s.name,
      'what', format('index %s of %s', s.name, s.of), 'node', 'pg_class:' || s.oid, 'definition', '',
      'sql', ${MAKE_INDEX}, 'change', ${statements(`'DROP INDEX ' || s.name`, MAKE_INDEX)})
    FROM seen s ORDER BY s.oid`,
  },
];

export const STATISTICS_KINDS: readonly KindGroup[] = [
  {
    kinds: ['statistics'],
    query: (place) => {
      // Null for the default since 17.
      const make = statements(
        `'CREATE STATISTICS ' || s.name || s.definition`,
        `'ALTER STATISTICS ' || s.name || ' SET STATISTICS ' || s.target`,
      );
      return `${inSchema(place)}, seen AS (
        SELECT quote_ident(x.stxname) AS name, x.oid, r.name AS of,
          CASE WHEN x.stxstattarget >= 0 THEN x.stxstattarget END AS target,
          substr(pg_get_statisticsobjdef(x.oid),
            length('CREATE STATISTICS ' || place.name || '.' || quote_ident(x.stxname)) + 1) AS definition
        FROM pg_statistic_ext x JOIN place ON place.oid = x.stxnamespace JOIN rel r ON r.oid = x.stxrelid
      )
      SELECT json_build_object(
        'kind', 'statistics', 'key', s.name, 'what', format('statistics %s of table %s', s.name, s.of),
        'node', 'pg_statistic_ext:' || s.oid, 'definition', concat_ws(' ', s.definition, s.target),
        'sql', ${make},
        'change', ${statements(`'DROP STATISTICS ' || s.name`, make)})
      FROM seen s`;
    },
  },
];

export const REPLICA_KINDS: readonly KindGroup[] = [
  {
    kinds: ['replica identity'],
    query: (place) => `${inSchema(place)}, seen AS (
      SELECT r.name, quote_ident(x.relname) AS index,
        -- Without its index, it is none.
        CASE WHEN r.relreplident = 'i' AND x.oid IS NULL THEN 'n' ELSE r.relreplident END AS relreplident, ${INDEX} AS definition
      FROM rel r LEFT JOIN (pg_index i JOIN pg_class x ON x.oid = i.indexrelid)
        ON i.indrelid = r.oid AND i.indisreplident AND r.relreplident = 'i'
      WHERE r.relkind IN ('r', 'p')
    )
    SELECT json_build_object(
      'kind', 'replica identity', 'key', s.name, 'what', 'replica identity of table ' || s.name,
      'definition', concat(s.relreplident, s.definition), 'implied', s.relreplident = 'd',
      'sql', format('ALTER TABLE %s REPLICA IDENTITY %s', s.name, CASE s.relreplident
        WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' WHEN 'i' THEN 'USING INDEX ' || s.index ELSE 'DEFAULT' END))
    FROM seen s`,
  },
];
