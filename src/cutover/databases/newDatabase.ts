/**
 * Databases that a step makes beside that of its input, under names that the run and the step decide: after a
 * kill, the names tell what is there.
 */

import { hash } from 'node:crypto';

import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { quote, quoteText } from '../../sql/quote.ts';
import type { StepWork } from '../steps/stepType.ts';
import type { SqlClient } from '../world/world.ts';
import { codeOf } from '../world/sqlErrors.ts';
import { onPostgres } from './withSql.ts';

const MOST_BYTES = 63;
/** Time to drop a database after the step was ended. */
const DROP_MS = 15_000;

/** Returns `BASE_WORD_RUN_DIGEST`, cut to what a name may have; the digest is that of the run and the step. */
export function databaseName(base: string, word: string, { id, world }: StepWork): string {
  const digest = hash('sha256', JSON.stringify([world.runId, id]), 'hex').slice(0, 8);
  const run = world.runId
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, 24);
  const end = `_${word}_${run}_${digest}`;
  let begin = base;
  while (Buffer.byteLength(begin + end) > MOST_BYTES)
    begin = Array.from(begin).slice(0, -1).join('');
  return begin + end;
}

/** Databases that servers have for work that is not on one of them. */
const COMMON = ['postgres', 'template1'] as const;
const NO_DATABASE = '3D000';

/** Opens a database of the server that is not that of the input. @throws Failure */
export async function onServer<T>(
  step: Pick<StepWork, 'input' | 'world' | 'signal'>,
  options: { readonly readOnly: boolean; readonly signal?: AbortSignal },
  work: (client: SqlClient) => Promise<T>,
): Promise<T> {
  try {
    return await onPostgres(step, { ...options, database: COMMON[0] }, work);
  } catch (error) {
    if (codeOf(error) !== NO_DATABASE) throw error;
    return onPostgres(step, { ...options, database: COMMON[1] }, work);
  }
}

/** @throws Failure TARGET if the role may not create a database */
export async function assertMayCreate(client: SqlClient): Promise<void> {
  const { rows } = await client.query(
    'SELECT rolsuper OR rolcreatedb, rolname FROM pg_catalog.pg_roles WHERE rolname = current_user',
  );
  const [may, role] = rows[0] ?? [];
  if (may === true) return;
  throw new Failure('TARGET', {
    what: 'the role may not create a database',
    where: client.label,
    hint: `as a superuser, run ALTER ROLE ${quoteName(String(role))} CREATEDB`,
  });
}

/** How a database is made: its encoding and locale, as SQL. */
const FORM = `
  SELECT pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, j ->> 'datlocprovider',
    coalesce(j ->> 'datlocale', j ->> 'daticulocale'), j ->> 'daticurules', nullif(t.spcname, 'pg_default')
  FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace,
    LATERAL (SELECT pg_catalog.to_jsonb(d)) x (j)
  WHERE d.datname = $1`;

/** Makes an empty database with encoding, locale and tablespace of another. */
export async function createDatabase(client: SqlClient, name: string, like: string): Promise<void> {
  const { rows } = await client.query(FORM, [like]);
  const [encoding, collate, type, provider, locale, rules, tablespace] = rows[0] ?? [];
  const options = [
    'TEMPLATE template0',
    `ENCODING ${quoteText(String(encoding))}`,
    `LC_COLLATE ${quoteText(String(collate))}`,
    `LC_CTYPE ${quoteText(String(type))}`,
    ...(provider === 'i' ? [`LOCALE_PROVIDER icu ICU_LOCALE ${quoteText(String(locale))}`] : []),
    ...(provider === 'i' && typeof rules === 'string' ? [`ICU_RULES ${quoteText(rules)}`] : []),
    ...(provider === 'b'
      ? [`LOCALE_PROVIDER builtin BUILTIN_LOCALE ${quoteText(String(locale))}`]
      : []),
    ...(typeof tablespace === 'string' ? [`TABLESPACE ${quote(tablespace)}`] : []),
  ];
  await client.script(`CREATE DATABASE ${quote(name)} ${options.join(' ')}`);
}

/** Drops a database, with the sessions that are connected to it; whether it is gone. */
export async function dropDatabase(work: StepWork, name: string): Promise<boolean> {
  try {
    // The signal of the step may have aborted.
    const options = { readOnly: false, signal: AbortSignal.timeout(DROP_MS) };
    await onServer(work, options, (client) =>
      client.script(`DROP DATABASE IF EXISTS ${quote(name)} WITH (FORCE)`),
    );
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}
