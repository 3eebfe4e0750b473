/** Lists tables, their columns, and how they are stored. */

import { collationOf, inSchema, optionsOf, type KindGroup } from './parityKind.ts';

/** Type, collation and expression of a column. */
const COLUMN = `format_type(c.atttypid, c.atttypmod) || ${collationOf('c.attcollation', 'c.atttypid')}
  || CASE WHEN c.attgenerated = '' THEN '' ELSE format(' GENERATED ALWAYS AS (%s)%s',
    (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = c.attrelid AND d.adnum = c.attnum),
    CASE c.attgenerated WHEN 's' THEN ' STORED' ELSE ' VIRTUAL' END) END`;

/** Columns that a table has by itself, not through a parent. */
const OWN_COLUMN = `c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND c.attinhcount = 0`;

const TABLES: KindGroup = {
  kinds: ['table'],
  query: (place) => `${inSchema(place)}, seen AS (
    SELECT r.*,
      (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)
        FROM pg_inherits i WHERE i.inhrelid = r.oid) AS parents,
      pg_get_expr(r.relpartbound, r.oid) AS bound,
      ' PARTITION BY ' || pg_get_partkeydef(r.oid) AS partitioned,
      (SELECT string_agg(quote_ident(c.attname) || ' ' || ${COLUMN} || CASE WHEN c.attnotnull THEN ' NOT NULL' ELSE '' END,
        ', ' ORDER BY c.attnum)
        FROM pg_attribute c
        WHERE c.attrelid = r.oid AND c.attnum > 0 AND NOT c.attisdropped AND c.attinhcount = 0) AS columns
    FROM rel r WHERE r.relkind IN ('r', 'p', 'f')
  )
  SELECT json_build_object(
    'kind', 'table', 'key', s.name, 'alias', 'relation ' || s.name, 'what', lower(s.word) || ' ' || s.name,
    'node', 'pg_class:' || s.oid,
    'definition', concat_ws(' ', s.relkind, s.parents, s.bound, s.partitioned,
      CASE WHEN s.reloftype <> 0 THEN s.reloftype::regtype END),
    'sql', E'-- The rows of this table are not copied.\\n' || CASE
      WHEN s.relkind = 'f' THEN NULL
      WHEN s.bound IS NOT NULL THEN
        format('CREATE TABLE %s PARTITION OF %s %s%s', s.name, s.parents, s.bound, s.partitioned)
      WHEN s.reloftype <> 0 THEN
        format('CREATE TABLE %s OF %s%s', s.name, s.reloftype::regtype, s.partitioned)
      ELSE format('CREATE TABLE %s (%s)%s%s', s.name, s.columns,
        ' INHERITS (' || s.parents || ')', s.partitioned) END,
    'change', NULL, 'hand', CASE WHEN s.relkind = 'f' THEN 'create the foreign table'
      ELSE 'its kind, parents or partitions are not those of the live one: make it again' END)
  FROM seen s ORDER BY s.oid`,
};

const COLUMNS: KindGroup = {
  kinds: ['column', 'not null'],
  query: (place) => `${inSchema(place)}, seen AS (
    SELECT c.*, ${COLUMN} AS definition,
      CASE WHEN c.attgenerated = '' THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) END AS preset
    FROM col c LEFT JOIN pg_attrdef d ON d.adrelid = c.attrelid AND d.adnum = c.attnum
    WHERE ${OWN_COLUMN}
  )
  SELECT json_build_object(
    'kind', 'column', 'key', s.of || '.' || s.name, 'what', format('column %s of table %s', s.name, s.of),
    'node', s.node, 'partOf', s.table_node, 'definition', s.definition,
    'sql', format('ALTER TABLE %s ADD COLUMN %s %s%s', s.of, s.name, s.definition, s.preset),
    'change', CASE WHEN s.attgenerated = '' THEN
      format('ALTER TABLE %s ALTER COLUMN %s TYPE %s USING %2$s::%4$s', s.of, s.name, s.definition,
        format_type(s.atttypid, s.atttypmod)) END,
    'hand', format('drop the column of the new schema and add it as %s', s.definition))
  FROM seen s
  UNION ALL
  SELECT json_build_object(
    'kind', 'not null', 'key', s.of || '.' || s.name,
    'what', CASE WHEN s.attnotnull THEN format('NOT NULL of column %s of table %s', s.name, s.of)
      ELSE format('column %s of table %s, which may be null', s.name, s.of) END,
    'partOf', s.table_node, 'definition', s.attnotnull::text, 'implied', NOT s.attnotnull,
    'sql', CASE WHEN s.attnotnull AND s.preset IS NULL AND s.attidentity = ''
        THEN E'-- This fails while a row has no value there.\\n' ELSE '' END
      || format('ALTER TABLE %s ALTER COLUMN %s %s NOT NULL', s.of, s.name,
        CASE WHEN s.attnotnull THEN 'SET' ELSE 'DROP' END))
  FROM seen s`,
};

const STORAGE: KindGroup = {
  kinds: ['storage'],
  query: (place) => `${inSchema(place)}, setting(name, subject, value, what) AS (
    SELECT r.name, 'persistence', CASE r.relpersistence WHEN 'u' THEN 'SET UNLOGGED' ELSE 'SET LOGGED' END,
      CASE r.relpersistence WHEN 'u' THEN 'UNLOGGED' ELSE 'LOGGED' END
    FROM rel r WHERE r.relkind = 'r'
    UNION ALL
    SELECT r.name, o.option_name, format('SET (%I=%L)', o.option_name, o.option_value), o.option_name
    FROM rel r, pg_options_to_table(r.reloptions) o WHERE r.relkind IN ('r', 'p')
    UNION ALL
    SELECT r.name, 'toast.' || o.option_name, format('SET (toast.%I=%L)', o.option_name, o.option_value),
      'toast.' || o.option_name
    FROM rel r JOIN pg_class t ON t.oid = r.reltoastrelid, pg_options_to_table(t.reloptions) o
    WHERE r.relkind IN ('r', 'm')
    UNION ALL
    SELECT r.name, 'cluster', 'CLUSTER ON ' || quote_ident(x.relname), 'CLUSTER ON ' || quote_ident(x.relname)
    FROM rel r JOIN pg_index i ON i.indrelid = r.oid AND i.indisclustered JOIN pg_class x ON x.oid = i.indexrelid
    UNION ALL
    SELECT r.name, 'tablespace', format('SET TABLESPACE %I', t.spcname), 'tablespace ' || quote_ident(t.spcname)
    FROM rel r JOIN pg_tablespace t ON t.oid = r.reltablespace WHERE r.relkind IN ('r', 'p', 'm')
    UNION ALL
    SELECT c.of, c.name || ' ' || s.subject, format('ALTER COLUMN %s SET %s', c.name, s.value), s.value || ' of column ' || c.name
    FROM col c JOIN pg_type t ON t.oid = c.atttypid, LATERAL (
      SELECT 'storage', 'STORAGE ' || CASE c.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'
        WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END WHERE c.attstorage <> t.typstorage
      UNION ALL
      SELECT 'compression', 'COMPRESSION ' || CASE c.attcompression WHEN 'l' THEN 'lz4' ELSE 'pglz' END
      WHERE c.attcompression <> ''
      UNION ALL
      SELECT 'statistics', 'STATISTICS ' || c.attstattarget WHERE c.attstattarget >= 0
      UNION ALL
      SELECT 'options', '(' || ${optionsOf('c.attoptions')} || ')' WHERE c.attoptions IS NOT NULL
    ) AS s(subject, value)
    WHERE c.relkind IN ('r', 'p')
  )
  SELECT json_build_object(
    'kind', 'storage', 'key', s.name || ' ' || s.subject, 'what', format('%s of table %s', s.what, s.name),
    'definition', s.value, 'implied', s.value = 'SET LOGGED',
    'sql', format('ALTER TABLE %s %s', s.name, s.value))
  FROM setting s`,
};

export const TABLE_KINDS: readonly KindGroup[] = [TABLES];
export const COLUMN_KINDS: readonly KindGroup[] = [COLUMNS];
export const STORAGE_KINDS: readonly KindGroup[] = [STORAGE];
