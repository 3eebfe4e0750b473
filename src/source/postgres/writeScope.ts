/**
 * The relations whose grants decide who may write to what a mapping reads: its tables, with their
 * partitions, heirs and the sequences of their columns; and what writes to them in the name of another:
 * parents, referenced tables whose changes cascade, views and other relations with rules over them.
 */

import type { Connection } from '../../postgres/connect.ts';
import { Failure } from '../../outcome/failure.ts';
import { namesWithSchema } from '../../sql/postgresQuery.ts';
import type { RelationRequest } from '../source.ts';
import { inOrder, type Grant, type Privilege } from './grants.ts';
import { identifier, nameOf } from './tableName.ts';

/** A relation whose grants are revoked by a freeze. */
export interface Writable {
  readonly oid: string;
  readonly kind: 'TABLE' | 'SEQUENCE';
  readonly name: string;
  readonly identifier: string;
  readonly owner: string;
  /** Whether this role may revoke grants on it. */
  readonly isOurs: boolean;
  /** Whether it stores rows, so that it is locked until its writers have ended. */
  readonly stores: boolean;
}

const ALL = `
  SELECT c.oid, n.nspname, c.relname, c.relkind
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')`;

/** First what is read, downwards; then all that writes to it, upwards; then the sequences of columns. */
const SCOPE = `
  WITH RECURSIVE rule (rel, ref, kind) AS (
    SELECT r.ev_class, d.refobjid, c.relkind
    FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> r.ev_class
  ), down (above, below) AS (
    SELECT rel, ref FROM rule WHERE kind IN ('v', 'm')
    UNION SELECT inhparent, inhrelid FROM pg_catalog.pg_inherits
  ), up (below, above) AS (
    SELECT ref, rel FROM rule
    UNION SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits
    UNION SELECT conrelid, confrelid FROM pg_catalog.pg_constraint
      WHERE contype = 'f' AND (confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd'))
  ), reads (oid) AS (
    SELECT unnest($1::oid[]) UNION SELECT down.below FROM reads JOIN down ON down.above = reads.oid
  ), writes (oid) AS (
    SELECT oid FROM reads UNION SELECT up.above FROM writes JOIN up ON up.below = writes.oid
  ), scope (oid) AS (
    SELECT oid FROM writes
    UNION SELECT d.objid FROM writes JOIN pg_catalog.pg_depend d ON d.refobjid = writes.oid
      AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
      AND d.classid = 'pg_catalog.pg_class'::regclass
    UNION SELECT unnest($2::oid[])
  )
  SELECT c.oid, n.nspname, c.relname, c.relkind, pg_catalog.pg_get_userbyid(c.relowner),
    pg_catalog.pg_has_role(c.relowner, 'USAGE')
  FROM scope JOIN pg_catalog.pg_class c ON c.oid = scope.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'f', 'S') AND n.nspname <> 'pg_catalog'
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

/** Both the explicit lists and the defaults of relations without one. */
const GRANTS = `
  SELECT c.relkind, n.nspname, c.relname, e.attname, pg_catalog.pg_get_userbyid(e.grantor),
    CASE WHEN e.grantee <> 0 THEN pg_catalog.pg_get_userbyid(e.grantee) END,
    e.privilege_type, e.is_grantable, e.grantor = c.relowner
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
      SELECT NULL::name AS attname, x.* FROM pg_catalog.aclexplode(coalesce(c.relacl,
        pg_catalog.acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner))) x
      UNION ALL
      SELECT a.attname, x.* FROM pg_catalog.pg_attribute a
        CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) x
      WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attacl IS NOT NULL
    ) e
  WHERE c.oid = ANY ($1::oid[]) AND NOT (e.grantee = c.relowner AND e.grantor = c.relowner)
    AND e.privilege_type = ANY (CASE c.relkind WHEN 'S' THEN ARRAY['USAGE', 'UPDATE']
      ELSE ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'] END)
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", e.attname COLLATE "C" NULLS FIRST, 5, 6, 7`;

export interface Scope {
  readonly relations: readonly Writable[];
  /** Whether the mapping reads large objects, which have grants of their own. */
  readonly largeObjects: boolean;
  /** Grants that are noted on relations that are there no more. */
  readonly lost: readonly Grant[];
}

/**
 * Finds the relations that a mapping concerns, and those of grants that were noted.
 * @throws Failure SOURCE_SCHEMA if the mapping names a table that is not there
 */
export async function readScope(
  connection: Connection,
  requests: readonly RelationRequest[],
  noted: readonly Grant[],
): Promise<Scope> {
  const all = await connection.query(ALL);
  const byName = new Map<string, string>();
  const byIdentifier = new Map<string, string>();
  for (const [oid, schema, name] of all.map((row) => row.map(String))) {
    byName.set(nameOf(String(schema), String(name)), String(oid));
    byIdentifier.set(identifier(String(schema), String(name)), String(oid));
  }
  const named = requests.flatMap(({ name, sql, base }) => {
    return [...(sql === null ? [name] : []), ...(base === null ? [] : [base.table])];
  });
  for (const name of named) {
    if (!byName.has(name) && name !== LARGE_OBJECTS) throw noTable(name, connection.label);
  }
  const inQueries = requests.flatMap(({ sql }) => (sql === null ? [] : [...namesWithSchema(sql)]));
  const seeds = [
    ...named.map((name) => byName.get(name)),
    ...inQueries.map((name) => byIdentifier.get(name)),
  ];
  const more = noted.map((grant) => byIdentifier.get(placeOf(grant)));
  const rows = await connection.execute(SCOPE, [oids(seeds), oids(more)]);
  return {
    relations: rows.map(([oid, schema, name, kind, owner, isOurs]) => ({
      oid: String(oid),
      kind: kind === 'S' ? 'SEQUENCE' : 'TABLE',
      name: nameOf(String(schema), String(name)),
      identifier: identifier(String(schema), String(name)),
      owner: String(owner),
      isOurs: isOurs === 't',
      stores: kind === 'r' || kind === 'p',
    })),
    largeObjects: named.includes(LARGE_OBJECTS),
    lost: noted.filter((grant) => !byIdentifier.has(placeOf(grant))),
  };
}

function placeOf({ schema, name }: Grant): string {
  return identifier(schema, name);
}

const LARGE_OBJECTS = 'pg_catalog.pg_largeobject';

function oids(found: readonly (string | undefined)[]): string[] {
  return [...new Set(found.filter((oid) => oid !== undefined))];
}

export interface FoundGrants {
  /** In the order in which they can be made. */
  readonly grants: readonly Grant[];
  /** By roles that could not make them again. */
  readonly orphans: readonly Grant[];
}

/** Reads who may write to the relations, but for their owners. */
export async function readGrants(
  connection: Connection,
  relations: readonly Writable[],
): Promise<FoundGrants> {
  const rows = await connection.execute(GRANTS, [relations.map(({ oid }) => oid)]);
  const ofOwners = new Set<Grant>();
  const grants = rows.map((row): Grant => {
    const [kind, schema, name, column, grantor, grantee, privilege, grantable, byOwner] = row;
    const grant: Grant = {
      kind: kind === 'S' ? 'SEQUENCE' : 'TABLE',
      schema: String(schema),
      name: String(name),
      column: column ?? null,
      grantor: String(grantor),
      grantee: grantee ?? null,
      privilege: String(privilege) as Privilege,
      grantable: grantable === 't',
    };
    if (byOwner === 't') ofOwners.add(grant);
    return grant;
  });
  const { ordered, orphans } = inOrder(grants, (grant) => ofOwners.has(grant));
  return { grants: [...ordered, ...orphans], orphans };
}

function noTable(name: string, where: string): Failure {
  return new Failure('SOURCE_SCHEMA', {
    what: `the mapping reads ${JSON.stringify(name)}, which is not there, or not for this role`,
    where,
    hint: 'check the mapping against the database with sealift dry-run',
  });
}
