/** Lists what gives a column its values: defaults, identities, and sequences. */

import { inSchema, type KindGroup } from './parityKind.ts';

/** Options of a sequence, as CREATE and ALTER SEQUENCE take them. */
const OPTIONS = `format('INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s %s',
  q.seqincrement, q.seqmin, q.seqmax, q.seqstart, q.seqcache,
  CASE WHEN q.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END)`;

/** The same for a column's identity, each with SET. */
const SET_OPTIONS = `regexp_replace(${OPTIONS}, '(INCREMENT|MINVALUE|MAXVALUE|START|CACHE|NO CYCLE|(?<!NO )CYCLE)', 'SET \\1', 'g')`;

/** The column that a sequence belongs to; `i` for an identity, `a` for OWNED BY. */
const OWNING = `pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.objsubid = 0
  AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0`;

export const DEFAULT_KINDS: readonly KindGroup[] = [
  {
    kinds: ['default'],
    query: (place) => `${inSchema(place)}
    SELECT json_build_object(
      'kind', 'default', 'key', c.of || '.' || c.name, 'what', format('default of column %s of table %s', c.name, c.of),
      'node', 'pg_attrdef:' || d.oid, 'partOf', c.node, 'definition', pg_get_expr(d.adbin, d.adrelid),
      'sql', format('ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s', c.of, c.name, pg_get_expr(d.adbin, d.adrelid)))
    FROM col c JOIN pg_attrdef d ON d.adrelid = c.attrelid AND d.adnum = c.attnum
    WHERE c.attgenerated = ''`,
  },
  {
    kinds: ['identity'],
    query: (place) => `${inSchema(place)}, seen AS (
      SELECT c.of, c.name, r.name AS sequence, ${OPTIONS} AS options, ${SET_OPTIONS} AS changes,
        CASE c.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END AS generated
      FROM rel r JOIN ${OWNING} AND d.deptype = 'i' JOIN pg_sequence q ON q.seqrelid = r.oid
        JOIN col c ON c.attrelid = d.refobjid AND c.attnum = d.refobjsubid
    )
    SELECT json_build_object(
      'kind', 'identity', 'key', s.of || '.' || s.name, 'what', format('identity of column %s of table %s', s.name, s.of),
      'definition', s.generated || ' ' || s.options,
      'sql', format('ALTER TABLE %s ALTER COLUMN %s ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %s %s)',
        s.of, s.name, s.generated, s.sequence, s.options),
      'change', format('ALTER TABLE %s ALTER COLUMN %s SET GENERATED %s %s', s.of, s.name, s.generated, s.changes))
    FROM seen s`,
  },
];

export const SEQUENCE_KINDS: readonly KindGroup[] = [
  {
    kinds: ['sequence'],
    query: (place) => `${inSchema(place)}, seen AS (
      SELECT r.*, format('AS %s ', format_type(q.seqtypid, NULL)) || ${OPTIONS} AS options
      FROM rel r JOIN pg_sequence q ON q.seqrelid = r.oid
      WHERE NOT EXISTS (SELECT FROM pg_class one JOIN ${OWNING} AND d.deptype = 'i' WHERE one.oid = r.oid)
    )
    SELECT json_build_object(
      'kind', 'sequence', 'key', s.name, 'alias', 'relation ' || s.name, 'what', 'sequence ' || s.name, 'node', 'pg_class:' || s.oid,
      'definition', s.options,
      'sql', format('CREATE SEQUENCE %s %s', s.name, s.options),
      'change', format('ALTER SEQUENCE %s %s', s.name, s.options))
    FROM seen s`,
  },
];

/** Sequence and table have to have one owner, so that it is changed with the table's. */
export const OWNED_SEQUENCE_KINDS: readonly KindGroup[] = [
  {
    kinds: ['sequence of a column'],
    query: (place) => `${inSchema(place)}
    SELECT json_build_object(
      'kind', 'sequence of a column', 'key', r.name, 'what', format('sequence %s, owned by %s.%s', r.name, c.of, c.name),
      'definition', c.of || '.' || c.name,
      'sql', format(E'ALTER SEQUENCE %1$s OWNED BY NONE;\\nALTER SEQUENCE %1$s OWNER TO %2$I;\\nALTER SEQUENCE %1$s OWNED BY %3$s.%4$s',
        r.name, pg_get_userbyid(r.relowner), c.of, c.name))
    FROM rel r JOIN ${OWNING} AND d.deptype = 'a'
      JOIN col c ON c.attrelid = d.refobjid AND c.attnum = d.refobjsubid
    WHERE r.relkind = 'S'`,
  },
];

/**
 * Sequences, with the key that they have in both schemas: their name, or the column of an identity.
 * Columns: key, name, increment.
 */
export const SEQUENCE_NAMES: KindGroup = {
  kinds: [],
  query: (place) => `${inSchema(place)}
    SELECT json_build_array(coalesce('identity of ' || c.of || '.' || c.name, 'sequence ' || r.name), r.name, q.seqincrement::text)
    FROM rel r JOIN pg_sequence q ON q.seqrelid = r.oid
      LEFT JOIN ${OWNING} AND d.deptype = 'i'
      LEFT JOIN col c ON c.attrelid = d.refobjid AND c.attnum = d.refobjsubid`,
};
