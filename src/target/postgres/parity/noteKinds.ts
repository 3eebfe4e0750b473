/** Lists publications and subscriptions, extensions, and what no other list knows. */

import { inSchema, statements, targetName, type KindGroup } from './parityKind.ts';

/** Since 15, a publication may leave out columns and rows, and may publish a schema. */
const LISTS_SINCE = 150_000;

export const PUBLICATION_KINDS: readonly KindGroup[] = [
  {
    kinds: ['publication'],
    query: (place) => {
      const hasLists = place.version >= LISTS_SINCE;
      const columns = `(SELECT ' (' || string_agg(quote_ident(c.attname), ', ' ORDER BY c.attnum) || ')'
        FROM pg_attribute c WHERE c.attrelid = r.oid AND c.attnum = ANY (p.prattrs))`;
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

/** What no other list knows is named by the server's own description. */
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
