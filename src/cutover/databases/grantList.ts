/**
 * Grants in a PostgreSQL database, from the catalogue, which every role reads: information_schema shows a
 * role only what concerns it. An object without a list of grants has the built-in ones (`acldefault`), as
 * functions have EXECUTE for PUBLIC. Objects of the system and of extensions are left out.
 */

/** What is in a schema, or has none: class and oid, schema, kind, name as an identifier, grants. */
const OBJECTS = `
  SELECT 'pg_catalog.pg_class'::regclass AS class, c.oid, n.oid AS schema,
    CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
      WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind,
    pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
    coalesce(c.relacl, pg_catalog.acldefault(CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, c.relowner)) AS acl
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL
  SELECT 'pg_catalog.pg_class'::regclass, c.oid, n.oid, 'column',
    pg_catalog.format('%I.%I.%I', n.nspname, c.relname, a.attname), a.attacl
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
  UNION ALL
  SELECT 'pg_catalog.pg_proc'::regclass, p.oid, n.oid, CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,
    pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
    coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  UNION ALL
  SELECT 'pg_catalog.pg_namespace'::regclass, n.oid, n.oid, 'schema', pg_catalog.format('%I', n.nspname),
    coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))
  FROM pg_catalog.pg_namespace n
  UNION ALL
  SELECT 'pg_catalog.pg_default_acl'::regclass, d.oid, nullif(d.defaclnamespace, 0), 'default privileges',
    pg_catalog.format('of %I for %s', pg_catalog.pg_get_userbyid(d.defaclrole), CASE d.defaclobjtype WHEN 'r' THEN 'tables'
      WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'n' THEN 'schemas' WHEN 'T' THEN 'types' ELSE 'large objects' END)
      || coalesce(pg_catalog.format(' in %I', n.nspname), ''),
    d.defaclacl
  FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
  UNION ALL
  SELECT 'pg_catalog.pg_largeobject_metadata'::regclass, l.oid, NULL, 'large object', l.oid::text,
    coalesce(l.lomacl, pg_catalog.acldefault('L', l.lomowner))
  FROM pg_catalog.pg_largeobject_metadata l`;

/** Parameter 1: names of schemas, or none for all. */
const SEEN = `
  WITH place AS (
    SELECT n.oid FROM pg_catalog.pg_namespace n
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp\\_%'
      AND (cardinality($1::text[]) = 0 OR n.nspname = ANY ($1::text[]))
  ), object AS (
    SELECT o.* FROM (${OBJECTS}) o
    WHERE (o.schema IN (SELECT place.oid FROM place) OR o.schema IS NULL AND cardinality($1::text[]) = 0)
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e')
  )`;

/** Number of objects, and those of the schemas that are there. */
export const COUNT_OBJECTS: string = `${SEEN}
  SELECT (SELECT count(*) FROM object),
    (SELECT count(*) FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1::text[]))`;

/**
 * Kind, name and privilege of each grant to a role, the second parameter: its name, or '' for PUBLIC; at most
 * as many as the third.
 */
export const LIST_GRANTS: string = `${SEEN}
  SELECT o.kind, o.name, a.privilege_type || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
  FROM object o CROSS JOIN LATERAL pg_catalog.aclexplode(o.acl) a
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
  WHERE CASE WHEN $2 = '' THEN a.grantee = 0 ELSE r.rolname = $2 END
  ORDER BY o.kind COLLATE "C", o.name COLLATE "C", a.privilege_type COLLATE "C" LIMIT $3::int`;
