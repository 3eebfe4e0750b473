/**
 * A restored database in the place of another. The properties of a database that no dump holds are copied;
 * then the old one takes no connections, its sessions are ended, and both get their names in one transaction:
 * there is no moment without a database of the name, and none with half of the exchange. The old one stays,
 * under its new name, and takes no connections.
 */

import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { quote, quoteText } from '../../sql/quote.ts';
import type { StepWork } from '../steps/stepType.ts';
import type { SqlClient } from '../world/world.ts';
import { onServer } from './newDatabase.ts';

const PAUSE_MS = 100;
const PATIENCE_MS = 30_000;
const REOPEN_MS = 15_000;

/** Settings that hold lists of names, each quoted: they are copied as they stand. */
const LISTS: ReadonlySet<string> = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

const PROPERTIES = `
  SELECT pg_catalog.pg_get_userbyid(d.datdba), d.datconnlimit, d.datacl IS NOT NULL, pg_catalog.shobj_description(d.oid, 'pg_database')
  FROM pg_catalog.pg_database d WHERE d.datname = $1`;
const GRANTS = `
  SELECT a.privilege_type, a.is_grantable, CASE WHEN a.grantee <> 0 THEN pg_catalog.pg_get_userbyid(a.grantee) END
  FROM pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a WHERE d.datname = $1`;
const SETTINGS = `
  SELECT CASE WHEN s.setrole <> 0 THEN pg_catalog.pg_get_userbyid(s.setrole) END, c.text
  FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase, pg_catalog.unnest(s.setconfig) c (text)
  WHERE d.datname = $1`;

/** Gives a database the owner, limit, grants, settings and comment of another. */
export function copyProperties(from: string, to: string, work: StepWork): Promise<void> {
  return onServer(work, { readOnly: false }, async (client) => {
    const { rows } = await client.query(PROPERTIES, [from]);
    const [owner, limit, hasGrants, comment] = rows[0] ?? [];
    const target = `DATABASE ${quote(to)}`;
    const statements = [`ALTER ${target} CONNECTION LIMIT ${Number(limit)}`];
    statements.push(`ALTER ${target} OWNER TO ${quote(String(owner))}`);
    if (hasGrants === true) {
      statements.push(`REVOKE ALL ON ${target} FROM PUBLIC, ${quote(String(owner))}`);
      for (const [privilege, grantable, role] of (await client.query(GRANTS, [from])).rows) {
        const who = role === null ? 'PUBLIC' : quote(String(role));
        const option = grantable === true ? ' WITH GRANT OPTION' : '';
        statements.push(`GRANT ${String(privilege)} ON ${target} TO ${who}${option}`);
      }
    }
    if (typeof comment === 'string')
      statements.push(`COMMENT ON ${target} IS ${quoteText(comment)}`);
    await client.transaction(() => client.script(statements.join(';')));
    for (const [role, setting] of (await client.query(SETTINGS, [from])).rows) {
      await copySetting(client, { target, role: role as string | null, setting: String(setting) });
    }
  });
}

interface Setting {
  readonly target: string;
  /** Null for all roles. */
  readonly role: string | null;
  /** `NAME=VALUE` */
  readonly setting: string;
}

async function copySetting(client: SqlClient, { target, role, setting }: Setting): Promise<void> {
  const at = setting.indexOf('=');
  const [name, value] = [setting.slice(0, at), setting.slice(at + 1)];
  const whose = role === null ? `ALTER ${target}` : `ALTER ROLE ${quote(role)} IN ${target}`;
  const named = name.split('.').map(quote).join('.');
  await client.transaction(async () => {
    if (!LISTS.has(name)) await client.script(`${whose} SET ${named} TO ${quoteText(value)}`);
    else {
      await client.query('SELECT pg_catalog.set_config($1, $2, true)', [name, value]);
      await client.script(`${whose} SET ${named} FROM CURRENT`);
    }
  });
}

export interface Names {
  readonly live: string;
  /** The restored database, until it has the name of the live one. */
  readonly fresh: string;
  /** What the live one is called afterwards. */
  readonly old: string;
}

/** Exchanges the databases. If that fails, the live one takes connections again. @throws Failure */
export async function exchange({ live, fresh, old }: Names, work: StepWork): Promise<void> {
  try {
    await onServer(work, { readOnly: false }, async (client) => {
      await allowConnections(client, live, false);
      await endSessions(client, [live, fresh], work);
      await client.transaction(() =>
        client.script(
          `ALTER DATABASE ${quote(live)} RENAME TO ${quote(old)}; ALTER DATABASE ${quote(fresh)} RENAME TO ${quote(live)}`,
        ),
      );
    });
  } catch (error) {
    await reopen(live, old, work);
    throw error;
  }
}

function allowConnections(client: SqlClient, name: string, allowed: boolean): Promise<void> {
  return client.script(`ALTER DATABASE ${quote(name)} ALLOW_CONNECTIONS ${String(allowed)}`);
}

/** Ends all sessions with databases that take no new ones, or have none but ours. */
async function endSessions(
  client: SqlClient,
  names: readonly string[],
  { world, signal }: StepWork,
): Promise<void> {
  const others =
    'FROM pg_catalog.pg_stat_activity a WHERE a.datname IN ($1, $2) AND a.pid <> pg_catalog.pg_backend_pid()';
  for (let waited = 0; ; waited += PAUSE_MS) {
    const { rows } = await client.query(`SELECT count(*) ${others}`, names);
    if (rows[0]?.[0] === 0n) return;
    if (waited >= PATIENCE_MS) throw stillThere(String(rows[0]?.[0]), names[0] ?? '', client);
    await client.query(`SELECT count(pg_catalog.pg_terminate_backend(a.pid)) ${others}`, names);
    await world.pause(PAUSE_MS, signal);
  }
}

function stillThere(count: string, name: string, { label }: SqlClient): Failure {
  return new Failure('TARGET', {
    what: `${count} sessions with database ${quoteName(name)} do not end`,
    where: label,
    hint: 'end them on the server, then resume',
  });
}

/** Lets the live database take connections again, if the exchange did not take place. */
async function reopen(live: string, old: string, work: StepWork): Promise<void> {
  const options = { readOnly: false, signal: AbortSignal.timeout(REOPEN_MS) };
  await onServer(work, options, async (client) => {
    const there = await client.query('SELECT FROM pg_catalog.pg_database WHERE datname = $1', [
      old,
    ]);
    if (there.rows.length === 0) await allowConnections(client, live, true);
  }).catch(() => {
    // The server is gone; a resume goes on from here.
  });
}

/** Why the live database cannot be renamed, as a clause; null if it can. */
export async function obstacleTo(client: SqlClient, live: string): Promise<string | null> {
  const { rows } = await client.query(
    `SELECT (SELECT count(*) FROM pg_catalog.pg_prepared_xacts x WHERE x.database = $1),
      (SELECT r.rolsuper OR r.rolcreatedb AND pg_catalog.pg_has_role(d.datdba, 'USAGE')
        FROM pg_catalog.pg_database d, pg_catalog.pg_roles r WHERE d.datname = $1 AND r.rolname = current_user)`,
    [live],
  );
  const [prepared, isAllowed] = rows[0] ?? [];
  if (isAllowed !== true)
    return 'the role may not rename the database: it has to own it and have CREATEDB';
  return prepared === 0n
    ? null
    : `${String(prepared)} prepared transactions are open in the database`;
}

/** Number of slots and subscriptions, which stay with the old database. */
export async function staying(client: SqlClient, name: string): Promise<number> {
  const { rows } = await client.query(
    `SELECT (SELECT count(*) FROM pg_catalog.pg_replication_slots s WHERE s.database = $1)
      + (SELECT count(*) FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = $1)`,
    [name],
  );
  return Number(rows[0]?.[0]);
}
