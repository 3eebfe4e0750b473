/**
 * Lists who owns what, and who may do what with it. Rights are compared without the role that granted
 * them, and the owner's own as the owner's; what was taken from the rights of a new object is listed, too.
 */

import { inSchema, noMember, targetName, type KindGroup, type ListedPlace } from './parityKind.ts';

/**
 * Objects with an owner: word and name in statements, owner, rights, the code of their default rights,
 * catalog and oid, and whether it is the sequence of a column.
 */
function objects(place: ListedPlace): string {
  return `${inSchema(place)}, object(word, name, owner, acl, code, node, inner_of) AS (
    SELECT 'SCHEMA', ${targetName(place)}, place.nspowner, place.nspacl, 'n', 'pg_namespace:' || place.oid, false FROM place
    UNION ALL
    SELECT r.word, r.name, r.relowner, r.relacl, CASE r.relkind WHEN 'S' THEN 's' ELSE 'r' END, 'pg_class:' || r.oid,
      r.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid
          AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0)
    FROM rel r WHERE r.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
    UNION ALL
    SELECT 'ROUTINE', p.name, p.proowner, p.proacl, 'f', 'pg_proc:' || p.oid, false FROM proc p
    UNION ALL
    SELECT 'TYPE', t.name, t.typowner, t.typacl, 'T', 'pg_type:' || t.oid, false FROM typ t
    UNION ALL
    SELECT 'STATISTICS', quote_ident(x.stxname), x.stxowner, NULL, NULL, 'pg_statistic_ext:' || x.oid, false
    FROM pg_statistic_ext x JOIN place ON place.oid = x.stxnamespace WHERE ${noMember('pg_statistic_ext', 'x.oid')}
  ), shown AS (
    SELECT o.*, quote_ident(pg_get_userbyid(o.owner)) AS owner_name,
      CASE o.word WHEN 'SCHEMA' THEN 'the schema' ELSE lower(o.word) || ' ' || o.name END AS what,
      CASE o.word WHEN 'SCHEMA' THEN 'schema' ELSE o.word || ' ' || o.name END AS key
    FROM object o
  )`;
}

export const OWNER_KINDS: readonly KindGroup[] = [
  {
    kinds: ['owner'],
    query: (place) => `${objects(place)}
    SELECT json_build_object(
      'kind', 'owner', 'key', s.key, 'what', format('owner %s of %s', s.owner_name, s.what),
      'definition', s.owner_name,
      'sql', format('ALTER %s %s OWNER TO %s', s.word, s.name, s.owner_name))
    FROM shown s WHERE NOT s.inner_of`,
  },
];

/** Rights in an acl, by grantee; `is_owner` where the grantee owns the object. */
function exploded(acl: string, owner: string): string {
  return `(SELECT a.privilege_type AS privilege, a.grantee = ${owner} AS is_owner, bool_or(a.is_grantable) AS grantable,
      CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee
    FROM aclexplode(${acl}) a GROUP BY a.privilege_type, a.grantee)`;
}

/** Rights that an object has by itself. */
const BY_DEFAULT = exploded(`acldefault(s.code::"char", s.owner)`, 's.owner');
const GIVEN = exploded(`coalesce(s.acl, acldefault(s.code::"char", s.owner))`, 's.owner');

export const GRANT_KINDS: readonly KindGroup[] = [
  {
    kinds: ['grant'],
    query: (place) => `${objects(place)}, granted AS (
      SELECT s.*, x.*, '' AS columns, false AS revoked, EXISTS (
          SELECT FROM ${BY_DEFAULT} d WHERE (d.privilege, d.grantee, d.grantable) = (x.privilege, x.grantee, x.grantable)
        ) AS implied
      FROM shown s, LATERAL ${GIVEN} x WHERE s.code IS NOT NULL
      UNION ALL
      SELECT s.*, x.*, '', true, false
      FROM shown s, LATERAL ${BY_DEFAULT} x WHERE s.code IS NOT NULL AND NOT EXISTS (
        SELECT FROM ${GIVEN} g WHERE (g.privilege, g.grantee) = (x.privilege, x.grantee))
      UNION ALL
      SELECT s.*, x.*, format(' (%s)', c.name), false, false
      FROM shown s JOIN col c ON c.table_node = s.node, LATERAL ${exploded('c.attacl', 's.owner')} x
    ), named AS (
      SELECT g.*, format('%s%s ON %s %s', g.privilege, g.columns,
          CASE WHEN g.word IN ('SCHEMA', 'SEQUENCE', 'ROUTINE', 'TYPE') THEN g.word ELSE 'TABLE' END, g.name) AS right,
        CASE WHEN g.grantable AND NOT g.is_owner THEN ' WITH GRANT OPTION' ELSE '' END AS option
      FROM granted g
    )
    SELECT json_build_object(
      'kind', 'grant', 'key', concat_ws(' ', g.key, g.privilege, g.columns, g.revoked::text, CASE WHEN g.is_owner THEN 'the owner' ELSE g.grantee END),
      'what', CASE WHEN g.revoked THEN format('revocation of %s on %s from %s', g.privilege, g.what, g.grantee)
        ELSE format('grant of %s%s on %s to %s', g.privilege, g.columns, g.what, g.grantee) END,
      'definition', g.option, 'implied', g.implied,
      'sql', CASE WHEN g.revoked THEN format('REVOKE %s FROM %s', g.right, g.grantee)
        ELSE format('GRANT %s TO %s%s', g.right, g.grantee, g.option) END,
      'change', CASE WHEN g.option = '' THEN format('REVOKE GRANT OPTION FOR %s FROM %s', g.right, g.grantee)
        ELSE format('GRANT %s TO %s%s', g.right, g.grantee, g.option) END)
    FROM named g`,
  },
];

export const DEFAULT_PRIVILEGE_KINDS: readonly KindGroup[] = [
  {
    kinds: ['default privileges'],
    query: (place) => `${inSchema(place)}, granted AS (
      SELECT x.*, quote_ident(pg_get_userbyid(d.defaclrole)) AS role, CASE d.defaclobjtype WHEN 'r' THEN 'TABLES'
        WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES' END AS word
      FROM pg_default_acl d JOIN place ON place.oid = d.defaclnamespace, LATERAL ${exploded('d.defaclacl', 'd.defaclrole')} x
    )
    SELECT json_build_object(
      'kind', 'default privileges', 'key', concat_ws(' ', g.role, g.word, g.privilege, g.grantee),
      'what', format('default privilege %s on %s that %s makes, for %s', g.privilege, lower(g.word), g.role, g.grantee),
      'definition', g.grantable::text,
      'sql', format('ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA %s GRANT %s ON %s TO %s', g.role, ${targetName(place)},
        g.privilege, g.word, g.grantee) || CASE WHEN g.grantable THEN ' WITH GRANT OPTION' ELSE '' END,
      'change', CASE WHEN g.grantable THEN format('ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA %s GRANT %s ON %s TO %s WITH GRANT OPTION',
          g.role, ${targetName(place)}, g.privilege, g.word, g.grantee)
        ELSE format('ALTER DEFAULT PRIVILEGES FOR ROLE %s IN SCHEMA %s REVOKE GRANT OPTION FOR %s ON %s FROM %s',
          g.role, ${targetName(place)}, g.privilege, g.word, g.grantee) END)
    FROM granted g`,
  },
];
