/** Lists what is said of objects, and where their changes go: comments, publications; and extensions. */

import { INDEX } from './constraintKinds.ts';
import { inSchema, statements, targetName, type KindGroup } from './parityKind.ts';

export const COMMENT_KINDS: readonly KindGroup[] = [
  {
    kinds: ['comment'],
    query: (place) => `${inSchema(place)}, subject(catalog, oid, sub, key, word, name, of) AS (
      SELECT 'pg_namespace'::regclass, place.oid, 0, 'schema', 'SCHEMA', ${targetName(place)}, NULL FROM place
      UNION ALL
      SELECT 'pg_class'::regclass, r.oid, 0, NULL, r.word, r.name, NULL FROM rel r
      WHERE r.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
      UNION ALL
      SELECT 'pg_class'::regclass, c.attrelid, c.attnum, NULL, 'COLUMN', c.of || '.' || c.name, NULL FROM col c
      UNION ALL
      SELECT 'pg_class'::regclass, x.oid, 0, concat_ws(' ', 'index', r.name, i.indisunique::text, ${INDEX}), 'INDEX', quote_ident(x.relname), NULL
      FROM pg_index i JOIN rel r ON r.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
      UNION ALL
      SELECT 'pg_constraint'::regclass, k.oid, 0, concat_ws(' ', 'constraint', r.name, pg_get_constraintdef(k.oid)), 'CONSTRAINT', quote_ident(k.conname), r.name
      FROM pg_constraint k JOIN rel r ON r.oid = k.conrelid
      UNION ALL
      SELECT 'pg_constraint'::regclass, k.oid, 0, NULL, 'CONSTRAINT', quote_ident(k.conname), 'DOMAIN ' || t.name
      FROM pg_constraint k JOIN typ t ON t.oid = k.contypid
      UNION ALL
      SELECT 'pg_proc'::regclass, p.oid, 0, NULL, CASE p.prokind WHEN 'a' THEN 'AGGREGATE' ELSE 'ROUTINE' END, p.name, NULL FROM proc p
      UNION ALL
      SELECT 'pg_type'::regclass, t.oid, 0, NULL, 'TYPE', t.name, NULL FROM typ t
      UNION ALL
      SELECT 'pg_trigger'::regclass, g.oid, 0, NULL, 'TRIGGER', quote_ident(g.tgname), r.name
      FROM pg_trigger g JOIN rel r ON r.oid = g.tgrelid WHERE NOT g.tgisinternal
      UNION ALL
      SELECT 'pg_rewrite'::regclass, w.oid, 0, NULL, 'RULE', quote_ident(w.rulename), r.name
      FROM pg_rewrite w JOIN rel r ON r.oid = w.ev_class
      UNION ALL
      SELECT 'pg_policy'::regclass, y.oid, 0, NULL, 'POLICY', quote_ident(y.polname), r.name
      FROM pg_policy y JOIN rel r ON r.oid = y.polrelid
      UNION ALL
      SELECT 'pg_statistic_ext'::regclass, x.oid, 0, NULL, 'STATISTICS', quote_ident(x.stxname), NULL
      FROM pg_statistic_ext x JOIN place ON place.oid = x.stxnamespace
    )
    SELECT json_build_object(
      'kind', 'comment', 'key', coalesce(s.key, concat_ws(' ', s.word, s.name, s.of)),
      'what', 'comment on ' || CASE s.key WHEN 'schema' THEN 'the schema' ELSE concat_ws(' ', lower(s.word), s.name, 'of ' || s.of) END,
      'definition', d.description,
      'sql', format('COMMENT ON %s IS %L', concat_ws(' ', s.word, s.name, 'ON ' || s.of), d.description))
    FROM subject s JOIN pg_description d ON d.classoid = s.catalog AND d.objoid = s.oid AND d.objsubid = s.sub`,
  },
];

/** Since 15, a publication may leave out columns and rows, and may publish a schema. */
const LISTS_SINCE = 150_000;

export const PUBLICATION_KINDS: readonly KindGroup[] = [
  {
    kinds: ['publication'],
    query: (place) => {
      const hasLists = place.version >= LISTS_SINCE;
      const columns = `(SELECT ' (' || string_agg(c.name, ', ' ORDER BY c.attnum) || ')'
        FROM col c WHERE c.attrelid = r.oid AND c.attnum = ANY (p.prattrs))`;
      const rest = hasLists
        ? `concat(${columns}, ' WHERE (' || pg_get_expr(p.prqual, p.prrelid) || ')')`
        : `''`;
      const add = `format('ALTER PUBLICATION %s ADD TABLE ONLY %s%s', s.name, s.of, s.rest)`;
      const tables = `SELECT json_build_object(
          'kind', 'publication', 'key', s.name || ' ' || s.of, 'what', format('table %s in publication %s', s.of, s.name),
          'definition', s.rest, 'sql', ${add},
          'change', ${statements(`format('ALTER PUBLICATION %s DROP TABLE ONLY %s', s.name, s.of)`, add)})
        FROM (
          SELECT quote_ident(b.pubname) AS name, r.name AS of, ${rest} AS rest
          FROM pg_publication_rel p JOIN rel r ON r.oid = p.prrelid JOIN pg_publication b ON b.oid = p.prpubid
        ) s`;
      const schemas = `SELECT json_build_object(
          'kind', 'publication', 'key', quote_ident(b.pubname), 'what', format('the schema in publication %I', b.pubname),
          'definition', '', 'sql', format('ALTER PUBLICATION %I ADD TABLES IN SCHEMA %s', b.pubname, ${targetName(place)}))
        FROM pg_publication_namespace p JOIN place ON place.oid = p.pnnspid JOIN pg_publication b ON b.oid = p.pnpubid`;
      return `${inSchema(place)} ${hasLists ? `${tables} UNION ALL ${schemas}` : tables}`;
    },
  },
];

/** Objects of the schema that no other list knows, by the server's own description. */
export const OTHER_KINDS: readonly KindGroup[] = [
  {
    kinds: ['other'],
    query: (place) => `${inSchema(place)}
    SELECT json_build_object(
      'kind', 'other', 'key', pg_describe_object(d.classid, d.objid, 0), 'what', pg_describe_object(d.classid, d.objid, 0),
      'definition', '', 'hand', 'create it as it is in the live schema')
    FROM pg_depend d JOIN place ON place.oid = d.refobjid
    WHERE d.refclassid = 'pg_namespace'::regclass AND NOT EXISTS (SELECT FROM pg_depend e
        WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')
      AND d.classid <> ALL (ARRAY(SELECT oid FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace
        AND relname IN ('pg_class', 'pg_proc', 'pg_type', 'pg_statistic_ext', 'pg_default_acl',
          'pg_publication_namespace', 'pg_extension')))`,
  },
  {
    kinds: ['extension'],
    query: (place) => `${inSchema(place)}
    SELECT json_build_object(
      'kind', 'extension', 'key', x.extname, 'what', format('extension %I', x.extname), 'definition', '', 'bound', true,
      'hand', 'move it with ALTER EXTENSION … SET SCHEMA where it may stay, or drop it and create it in the new schema')
    FROM pg_extension x JOIN place ON place.oid = x.extnamespace`,
  },
  {
    kinds: ['subscription'],
    query: (place) => `${inSchema(place)}
    SELECT json_build_object(
      'kind', 'subscription', 'key', concat_ws(' ', s.subname, r.name), 'what', format('table %s of subscription %I', r.name, s.subname),
      'definition', '', 'bound', true, 'hand', 'drop the subscription, and create it again after the swap')
    FROM pg_subscription_rel p JOIN rel r ON r.oid = p.srrelid JOIN pg_subscription s ON s.oid = p.srsubid`,
  },
];
