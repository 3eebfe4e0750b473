/**
 * Opens the database of an input: `postgres://…`, as libpq reads it, or `sqlite:FILE`. A URL may hold a
 * password, so no message has any part of it.
 */

import { resolve } from 'node:path';

import { Failure } from '../../outcome/failure.ts';
import { parseAddress, type PostgresAddress } from '../../postgres/address.ts';
import type { PostgresSettings } from '../../postgres/settings.ts';
import { openPostgres, settingsOf } from './sqlPostgres.ts';
import { openSqlite } from './sqlSqlite.ts';
import type { World } from './world.ts';

export type DatabasePlace =
  | { readonly dialect: 'postgresql'; readonly address: PostgresAddress }
  | { readonly dialect: 'sqlite'; readonly file: string };

/** Where inputs come from. */
export interface SqlInputs extends Pick<World, 'input' | 'variables'> {
  /** The folder to which the path of a database belongs: that of the runbook. */
  readonly folder: string;
}

/** Parses the URL of an input. @throws Failure USAGE, which names the input */
export function databasePlace(
  input: string,
  from: Pick<SqlInputs, 'input' | 'folder'>,
): DatabasePlace {
  const where = `input ${input}`;
  const match = /^(postgres|postgresql|sqlite):(.*)$/s.exec(from.input(input));
  if (match === null) {
    throw new Failure('USAGE', {
      what: 'the input is not the URL of a database',
      where,
      hint: 'write postgres://USER@HOST:PORT/DATABASE or sqlite:FILE',
    });
  }
  const [, scheme, rest = ''] = match;
  if (scheme === 'sqlite') return { dialect: 'sqlite', file: resolve(from.folder, rest) };
  try {
    return { dialect: 'postgresql', address: parseAddress(rest) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw Failure.revive({ ...error.toJSON(), where });
  }
}

/** What a program such as `pg_dump` connects to an input with. @throws Failure USAGE for a database of another kind */
export function postgresSettings(
  input: string,
  world: Pick<World, 'input' | 'variables'>,
  database?: string,
): PostgresSettings {
  const place = databasePlace(input, { input: world.input, folder: '' });
  if (place.dialect !== 'postgresql') throw new TypeError('a program of PostgreSQL on a file');
  const { variables } = world;
  return settingsOf(place.address, { variables, ...(database === undefined ? {} : { database }) });
}

/** Makes what opens databases for steps. */
export function sqlOpener(from: SqlInputs): World['openSql'] {
  return async (input, options) => {
    const place = databasePlace(input, from);
    if (place.dialect === 'sqlite') return openSqlite(place.file, options);
    return openPostgres(place.address, { ...options, variables: from.variables });
  };
}
