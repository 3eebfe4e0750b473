/**
 * `pg_dump` and `pg_restore` on the database of an input. The password is in their environment, never among
 * their arguments. What they print may hold values of rows, so that no output is kept or told: what is wrong
 * is found in it by known words.
 */

import { isAbsolute, join } from 'node:path';

import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import type { PostgresSettings } from '../../postgres/settings.ts';
import { about, TEXT, type Schema } from '../schema/runbookParts.ts';
import { textOf } from '../steps/stepMembers.ts';
import type { StepWork } from '../steps/stepType.ts';
import { postgresSettings } from '../world/sqlClient.ts';
import type { SqlClient } from '../world/world.ts';
import { inputOfStep } from './withSql.ts';

/** Member of the steps that run these programs. */
export const PROGRAMS: Schema = about(
  TEXT,
  'Folder with pg_dump and pg_restore, as an absolute path; those of PATH if left out.',
);

type Program = 'pg_dump' | 'pg_restore';

function pathOf(program: Program, { members }: StepWork): string {
  const folder = textOf(members, 'programs');
  if (folder === null) return program;
  if (isAbsolute(folder)) return join(folder, program);
  throw new Failure('USAGE', {
    what: 'the folder of the programs is not an absolute path',
    where: folder,
    hint: 'write it from the root, such as /usr/lib/postgresql/18/bin',
  });
}

/** Checks that the programs can work with this server. @throws Failure USAGE if they are missing or too old */
export async function assertPrograms(
  client: SqlClient,
  programs: readonly Program[],
  work: StepWork,
): Promise<void> {
  const { rows } = await client.query(`SELECT current_setting('server_version_num')::int / 10000`);
  const server = Number(rows[0]?.[0]);
  for (const program of programs) {
    const path = pathOf(program, work);
    const { world, signal } = work;
    const end = await world.run({ argv: [path, '--version'], env: [], keepAs: null, signal });
    const [, major] = /\(PostgreSQL\) (\d+)/.exec(end.stdout) ?? [];
    if (Number(major ?? 0) >= server) continue;
    const version = major === undefined ? 'an unknown version' : `PostgreSQL ${major}`;
    throw new Failure('USAGE', {
      what: `${program} is of ${version}, and the server is PostgreSQL ${server}`,
      where: path,
      hint: `install the client programs of PostgreSQL ${server}, or name their folder with "programs"`,
    });
  }
}

/** Returns what the programs connect with, without the password. */
function connectionText(settings: PostgresSettings): string {
  const { host, port, user, database, sslmode, sslrootcert, sslcert, sslkey } = settings;
  const parts = {
    host,
    port,
    user,
    dbname: database,
    sslmode,
    sslrootcert,
    sslcert,
    sslkey,
    application_name: 'sealift',
  };
  return Object.entries(parts)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}='${String(value).replaceAll(/['\\]/g, '\\$&')}'`)
    .join(' ');
}

export interface ProgramWork {
  readonly program: Program;
  readonly args: readonly string[];
  /** Another database of the server; that of the input if left out. */
  readonly database?: string;
}

/** Runs a program. Returns what is wrong, as a clause without values; null if it has done its work. */
export async function runOnDatabase(
  { program, args, database }: ProgramWork,
  work: StepWork,
): Promise<string | null> {
  const { world, signal } = work;
  const settings = postgresSettings(inputOfStep(work), world, database);
  const { password } = settings;
  const end = await world.run({
    argv: [pathOf(program, work), '--no-password', `--dbname=${connectionText(settings)}`, ...args],
    env: [],
    ...(password === null ? {} : { secretEnv: { PGPASSWORD: password } }),
    keepAs: null,
    signal,
  });
  if (end.code === 0) return null;
  const how = end.code === null ? `was ended by ${String(end.endedBy)}` : `ended with ${end.code}`;
  return [`${program} ${how}`, ...causeIn(end.stderr)].join(', ');
}

const CAUSES: readonly (readonly [RegExp, string])[] = [
  [/server version mismatch/, 'as it is older than the server'],
  [/No space left on device/, 'as a disk is full'],
  [
    /end of file|too short|did not find magic string|not appear to be a valid archive|could not read|corrupt|could not uncompress/i,
    'as the dump is cut off or damaged',
  ],
  [/permission denied|must be (?:owner|member|superuser|able)/, 'as the role lacks a right for it'],
  [/could not connect|connection to server/, 'as it lost or found no connection'],
];

/** The beginning of a statement, which has names and no values. */
const STATEMENT =
  /^Command was: ((?:ALTER|CREATE|COMMENT|GRANT|REVOKE|SELECT pg_catalog\.setval)\b[^('=;]{0,80})/m;
const TABLE = /^pg_restore: error: COPY failed for table "([^"\n]{1,63})"/m;

/** What its messages say of the cause, and of the place, which is a name. */
function causeIn(messages: string): string[] {
  const cause = CAUSES.find(([words]) => words.test(messages))?.[1];
  const [, place] = STATEMENT.exec(messages) ?? TABLE.exec(messages) ?? [];
  return [
    ...(place === undefined ? [] : [`at ${quoteName(place.trim())}`]),
    ...(cause === undefined ? [] : [cause]),
  ];
}
