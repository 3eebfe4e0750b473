/**
 * Who could still write to tables after all grants on them were revoked: those whose right is no grant,
 * and what runs in their name. They are told, by name, and not stopped.
 */

import { printable } from '../../outcome/printable.ts';
import type { Connection, TextRow } from '../../postgres/connect.ts';
import type { Scope } from './writeScope.ts';

/** Roles by the reason for which they may; each under its first. Before 16, CREATEROLE gives any role. */
const ROLES = `
  SELECT r.rolname, CASE
      WHEN r.rolsuper THEN 'superuser'
      WHEN r.rolname = ANY ($1::text[]) THEN 'owner of tables'
      WHEN EXISTS (SELECT FROM unnest($1::text[]) o WHERE pg_catalog.pg_has_role(r.oid, o, 'MEMBER'))
        THEN 'member of an owner'
      WHEN pg_catalog.pg_has_role(r.oid, 'pg_write_all_data', 'MEMBER') THEN 'member of pg_write_all_data'
      WHEN r.rolcreaterole AND current_setting('server_version_num')::int < 160000
        THEN 'role with CREATEROLE'
    END AS why
  FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_'
  ORDER BY 2, r.rolname COLLATE "C"`;

/** Functions that others may call, or that triggers do, and that may write as their owner. */
const FUNCTIONS = `
  SELECT p.oid::regprocedure::text
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND (EXISTS (SELECT FROM pg_catalog.aclexplode(coalesce(p.proacl,
          pg_catalog.acldefault('f', p.proowner))) e
        WHERE e.privilege_type = 'EXECUTE' AND e.grantee <> p.proowner)
      OR EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgfoid = p.oid))
    AND EXISTS (SELECT FROM unnest($1::oid[]) c WHERE pg_catalog.has_any_column_privilege(
        p.proowner, c, 'INSERT, UPDATE') OR pg_catalog.has_table_privilege(
        p.proowner, c, 'INSERT, UPDATE, DELETE, TRUNCATE'))
  ORDER BY 1`;

const SUBSCRIPTIONS = `
  SELECT s.subname FROM pg_catalog.pg_subscription s
  WHERE s.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
  ORDER BY 1`;

const HAS_CRON = `SELECT pg_catalog.to_regclass('cron.job') IS NOT NULL`;
const CRON = `
  SELECT j.jobid::text || ' of ' || j.username FROM cron.job j
  WHERE j.database = current_database() AND j.active ORDER BY j.jobid`;

/** Returns one line for each kind of who could still write; functions of this session are not among them. */
export async function otherWriters(connection: Connection, scope: Scope): Promise<string[]> {
  const owners = [...new Set(scope.relations.map(({ owner }) => owner))];
  const roles = await connection.execute(ROLES, [owners]);
  const tables = scope.relations.filter(({ kind }) => kind === 'TABLE').map(({ oid }) => oid);
  const functions = await connection.execute(FUNCTIONS, [tables]);
  const subscriptions = await connection.query(SUBSCRIPTIONS);
  return [
    ...REASONS.map(([why, plural]) => {
      return line(
        plural,
        roles.filter(([, found]) => found === why),
      );
    }),
    line('functions that run as who may write (SECURITY DEFINER)', functions),
    line('subscriptions, which write what a publisher sends', subscriptions),
    await scheduled(connection),
    scope.largeObjects ? 'large objects, which have grants of their own' : null,
  ].filter((text) => text !== null);
}

const REASONS: readonly (readonly [why: string, plural: string])[] = [
  ['superuser', 'superusers'],
  ['owner of tables', 'owners of the tables'],
  ['member of an owner', 'members of their owners'],
  ['member of pg_write_all_data', 'members of pg_write_all_data'],
  ['role with CREATEROLE', 'roles with CREATEROLE, which may join the others'],
];

/** Names are all told: one that is left out would be an unknown hole. */
function line(kind: string, rows: readonly TextRow[]): string | null {
  if (rows.length === 0) return null;
  return `${kind}: ${rows.map(([name]) => printable(JSON.stringify(name))).join(', ')}`;
}

async function scheduled(connection: Connection): Promise<string | null> {
  const [[has] = []] = await connection.query(HAS_CRON);
  if (has !== 't') return null;
  try {
    return line('jobs of pg_cron', await connection.query(CRON));
  } catch {
    return 'jobs of pg_cron, which this role may not list';
  }
}
