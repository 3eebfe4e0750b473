/**
 * Freezes the writes to the tables that a mapping reads, by revoking the rights to write that were
 * granted on them, and waits for writers in flight. What was revoked is noted before, and whether it can
 * be granted again exactly is rehearsed, in the same transaction. Owners and superusers need no grant, so
 * they are told, not stopped (otherWriters.ts).
 */

import { counted } from '../../outcome/counted.ts';
import { Failure } from '../../outcome/failure.ts';
import { quote } from '../../sql/quote.ts';
import { serverFailure, sqlState } from '../../postgres/connectionFailure.ts';
import type { Connection } from '../../postgres/connect.ts';
import { openSession } from '../../postgres/session.ts';
import { completeAddress } from '../../postgres/settings.ts';
import type { SourceLocation } from '../source.ts';
import type { WriteAttempt, WriteControl, WriteOptions, WritesFound } from '../writeControl.ts';
import {
  addedTo,
  decodeGrants,
  encodeGrants,
  grantStatement,
  missingFrom,
  revokeStatement,
  showGrant,
  type Grant,
} from './grants.ts';
import { addressOf } from './location.ts';
import { otherWriters } from './otherWriters.ts';
import { awaitWriters } from './writeBarrier.ts';
import { readGrants, readScope, type Scope } from './writeScope.ts';

/** Bytes that a line of the journal holds of grants. */
const MOST_BYTES = 256 * 1024;
const NOT_PERMITTED = '42501';

export const postgresWrites: WriteControl = {
  proof: {
    refused: 'no role that had been granted a right to write has one',
    accepted: 'each role has the rights that it had',
  },
  waitsForWriters: true,
  state: (location, before, options) =>
    inSession(location, options, (connection) => stateOf(connection, before, options)),
  freeze: (location, before, intend, options) =>
    inSession(location, options, async (connection) => {
      const noted = before === null ? [] : grantsIn(before, connection.label);
      const scope = await readScope(connection, relationsOf(options), noted);
      if (before === null) await revokeAll(connection, scope, intend);
      return { barrier: await awaitWriters(connection, scope.relations, options.timeouts.lockMs) };
    }),
  unfreeze: (location, before, options) =>
    inSession(location, options, async (connection) => {
      const noted = grantsIn(before, connection.label);
      await grantAgain(connection, noted);
    }),
  tryWrite: (location, options) =>
    inSession(location, options, (connection) => attemptIn(connection, options)),
  others: (location, options) =>
    inSession(location, options, async (connection) => {
      return otherWriters(connection, await readScope(connection, relationsOf(options), []));
    }),
};

async function inSession<T>(
  location: SourceLocation,
  { variables, timeouts: { connectMs } }: WriteOptions,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const settings = completeAddress(addressOf(location), variables);
  const { signal } = new AbortController();
  const failure = writeFailure;
  const session = await openSession(settings, { connectMs, signal, writes: true, failure });
  const { connection, facts } = session;
  try {
    if (facts.isStandby) throw standby(connection.label);
    return await work(connection);
  } finally {
    connection.end();
  }
}

function relationsOf({ relations }: WriteOptions): NonNullable<WriteOptions['relations']> {
  if (relations === undefined) throw new TypeError('it takes the relations of the mapping');
  return relations;
}

/** Reads the state, by what the journal says: that nothing is granted proves no freeze of ours. */
async function stateOf(
  connection: Connection,
  before: string | null,
  options: WriteOptions,
): Promise<WritesFound> {
  const { journaled = null } = options;
  if (before === null || journaled?.state === 'writable') return { kind: 'writable' };
  const noted = grantsIn(before, connection.label);
  const scope = await readScope(connection, relationsOf(options), noted);
  const { grants } = await readGrants(connection, scope.relations);
  if (grants.length === 0) {
    if (journaled?.state !== 'frozen' || journaled.barrier !== null) return { kind: 'frozen' };
    return { kind: 'unfinished', why: 'its writers in flight were not waited for' };
  }
  if (missingFrom(grants, noted).length === 0) return { kind: 'writable' };
  const [first] = grants;
  const more = grants.length === 1 ? '' : `, and ${grants.length - 1} more`;
  return {
    kind: 'reopened',
    why: `rights to write were granted since, or are on tables that the mapping has since: ${first === undefined ? '' : showGrant(first)}${more}`,
    hint: 'revoke them; or run sealift unfreeze-writes, which leaves them, and freeze-writes again',
  };
}

/** Revokes what is granted, in one transaction; `intend` gets it when nothing is left that could fail. */
async function revokeAll(
  connection: Connection,
  scope: Scope,
  intend: (before: string) => void,
): Promise<void> {
  const { label } = connection;
  const unowned = scope.relations.find(({ isOurs }) => !isOurs);
  if (unowned !== undefined) throw notOurs(unowned.name, unowned.owner, label);
  await connection.query('BEGIN; SET LOCAL synchronous_commit = on');
  const { grants, orphans } = await readGrants(connection, scope.relations);
  const [orphan] = orphans;
  if (orphan !== undefined) throw withoutOption(orphan, label);
  if (grants.length === 0) throw nothingGranted(scope, label);
  const before = encodeGrants(grants);
  if (Buffer.byteLength(before) > MOST_BYTES) throw tooMany(grants.length, label);
  await assertGrantors(connection, grants);
  await connection.query('SAVEPOINT rehearsal');
  await revoke(connection, scope, grants);
  await make(connection, grants);
  const again = (await readGrants(connection, scope.relations)).grants;
  const [other] = [
    ...missingFrom(again, grants),
    ...addedTo(grants, again),
    ...addedTo(again, grants),
  ];
  if (other !== undefined) throw notAgain(other, 'it would not be the same', label);
  await connection.query('ROLLBACK TO rehearsal');
  intend(before);
  await revoke(connection, scope, grants);
  await connection.query('COMMIT');
}

/** Revokes by each grantor, first what depends on others. */
async function revoke(
  connection: Connection,
  scope: Scope,
  grants: readonly Grant[],
): Promise<void> {
  await inNameOf(connection, scope, grants.toReversed(), revokeStatement);
  const { grants: left } = await readGrants(connection, scope.relations);
  const [first] = left;
  if (first !== undefined) throw notRevoked(first, connection.label);
}

async function make(connection: Connection, grants: readonly Grant[]): Promise<void> {
  const scope = await readScope(connection, [], grants);
  await inNameOf(connection, scope, grants, grantStatement);
}

/** Runs a statement for each grant, in the name of its grantor: the owner needs no other role. */
async function inNameOf(
  connection: Connection,
  { relations }: Scope,
  grants: readonly Grant[],
  statement: (grant: Grant) => string,
): Promise<void> {
  const owners = new Set(relations.map(({ identifier, owner }) => `${identifier} ${owner}`));
  let batch: string[] = [];
  for (const grant of grants) {
    const { schema, name, grantor } = grant;
    const byOwner = owners.has(`${quote(schema)}.${quote(name)} ${grantor}`);
    const sql = statement(grant);
    batch.push(byOwner ? sql : `SET LOCAL ROLE ${quote(grantor)}; ${sql}; RESET ROLE`);
    if (byOwner && batch.length < 500) continue;
    await connection.query(batch.join('; '), byOwner ? undefined : showGrant(grant));
    batch = [];
  }
  if (batch.length > 0) await connection.query(batch.join('; '));
}

/** Grants what was revoked, in one transaction, and compares it with what was noted. */
async function grantAgain(connection: Connection, noted: readonly Grant[]): Promise<void> {
  const { label } = connection;
  const scope = await readScope(connection, [], noted);
  const [gone] = scope.lost;
  if (gone !== undefined) throw notAgain(gone, 'its table is not there', label);
  const unowned = scope.relations.find(({ isOurs }) => !isOurs);
  if (unowned !== undefined) throw notOurs(unowned.name, unowned.owner, label);
  await connection.query('BEGIN; SET LOCAL synchronous_commit = on');
  await assertGrantors(connection, noted);
  await inNameOf(connection, scope, noted, grantStatement);
  const { grants } = await readGrants(connection, scope.relations);
  const [missing] = missingFrom(grants, noted);
  if (missing !== undefined) throw notAgain(missing, 'it would not be the same', label);
  await connection.query('COMMIT');
}

/** All roles that are named have to be there, and this one must be able to act as each grantor. */
const ROLES = `
  SELECT w.name, r.rolname IS NOT NULL,
    r.rolname IS NOT NULL AND pg_catalog.pg_has_role(r.oid, 'MEMBER')
  FROM unnest($1::text[]) w (name) LEFT JOIN pg_catalog.pg_roles r ON r.rolname = w.name`;

async function assertGrantors(connection: Connection, grants: readonly Grant[]): Promise<void> {
  const names = grants.flatMap(({ grantor, grantee }) => [
    grantor,
    ...(grantee === null ? [] : [grantee]),
  ]);
  const rows = await connection.execute(ROLES, [[...new Set(names)]]);
  const known = new Map(rows.map(([name, there, ours]) => [name, { there, ours }]));
  for (const grant of grants) {
    const { grantor, grantee } = grant;
    const isThere = [grantor, grantee ?? grantor].every((name) => known.get(name)?.there === 't');
    if (!isThere) throw notAgain(grant, 'a role of that name is not there', connection.label);
    if (known.get(grantor)?.ours === 't') continue;
    throw notAgain(grant, 'this role may not act as its grantor', connection.label);
  }
}

/** Privileges that roles have which had been granted some, but for those that need no grant. */
const LEFT = `
  SELECT r.rolname FROM pg_catalog.pg_roles r, pg_catalog.pg_class c
  WHERE r.rolname = ANY ($1::text[]) AND c.oid = ANY ($2::oid[]) AND NOT r.rolsuper
    AND NOT pg_catalog.pg_has_role(r.oid, c.relowner, 'USAGE')
    AND NOT pg_catalog.pg_has_role(r.oid, 'pg_write_all_data', 'USAGE')
    AND CASE c.relkind WHEN 'S' THEN pg_catalog.has_sequence_privilege(r.oid, c.oid, 'USAGE, UPDATE')
      ELSE pg_catalog.has_any_column_privilege(r.oid, c.oid, 'INSERT, UPDATE')
        OR pg_catalog.has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') END
  LIMIT 1`;

/** Asks the server, in a session of its own, what each role may now that had been granted something. */
async function attemptIn(connection: Connection, options: WriteOptions): Promise<WriteAttempt> {
  const before = options.journaled?.before ?? null;
  const noted = before === null ? [] : grantsIn(before, connection.label);
  const scope = await readScope(connection, relationsOf(options), noted);
  const { grants } = await readGrants(connection, scope.relations);
  if (grants.length > 0) return 'accepted';
  const roles = [...new Set(noted.flatMap(({ grantee }) => (grantee === null ? [] : [grantee])))];
  const oids = scope.relations.map(({ oid }) => oid);
  const left = await connection.execute(LEFT, [roles, oids]);
  return left.length > 0 ? 'accepted' : 'refused';
}

function grantsIn(before: string, where: string): Grant[] {
  const grants = decodeGrants(before);
  if (grants !== null) return grants;
  throw new Failure('SOURCE_WRITES', {
    what: 'what the journal notes of this source are no grants of a database',
    where,
    hint: 'check whether the mapping names another source under an old name',
  });
}

function writeFailure(error: unknown, where: string): Failure {
  if (error instanceof Failure || sqlState(error) !== NOT_PERMITTED)
    return serverFailure(error, where);
  return refused('this role has no permission for it', where, PERMISSIONS, error);
}

const PERMISSIONS =
  'connect as the owner of the tables, who may act as all that granted rights on them, or as a superuser';

function notOurs(table: string, owner: string, where: string): Failure {
  const what = `this role may not revoke rights on ${JSON.stringify(table)}, which is owned by ${JSON.stringify(owner)}`;
  return refused(what, where, PERMISSIONS);
}

function notAgain(grant: Grant, why: string, where: string): Failure {
  const what = `this grant could not be made again exactly, as ${why}: ${showGrant(grant)}`;
  return refused(what, where, `${PERMISSIONS}; or revoke that grant by hand`);
}

/** A right on a column stays when its grantor loses the right on the table by which it was granted. */
function withoutOption(grant: Grant, where: string): Failure {
  const what = `this grant could not be made again, as its grantor has no grant option now: ${showGrant(grant)}`;
  return refused(
    what,
    where,
    'grant the option to its grantor again, and revoke that grant if it is not meant',
  );
}

function notRevoked(grant: Grant, where: string): Failure {
  const what = `a grant was made meanwhile, or cannot be revoked: ${showGrant(grant)}`;
  return refused(what, where, 'run the same command again');
}

function nothingGranted({ relations }: Scope, where: string): Failure {
  const owners = [...new Set(relations.map(({ owner }) => JSON.stringify(owner)))].join(', ');
  const what = `no right to write is granted on its tables, so there is nothing to revoke: only superusers and their owners write there (${owners})`;
  return refused(
    what,
    where,
    'stop the application, or let it connect as a role that owns nothing',
  );
}

function tooMany(count: number, where: string): Failure {
  const what = `${counted(count, 'grant')} are more than a line of the journal holds (${MOST_BYTES / 1024} KiB)`;
  return refused(
    what,
    where,
    'grant to a few roles that have members, instead of to each of these',
  );
}

function standby(where: string): Failure {
  return refused(
    'the server is a standby, where nothing can be revoked',
    where,
    'name the primary',
  );
}

function refused(what: string, where: string, hint: string, cause?: unknown): Failure {
  return new Failure('SOURCE_WRITES', { what, where, hint, cause });
}
