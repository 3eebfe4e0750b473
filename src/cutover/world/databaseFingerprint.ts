/**
 * Which database an input is, so that an approval for one does not count for another: one of the same name on
 * another server, one that took its place, or a copy of a file.
 */

import { hash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';

import { Failure } from '../../outcome/failure.ts';
import type { Connection, TextRow } from '../../postgres/connect.ts';
import { codeOf } from './sqlErrors.ts';
import { databasePlace, type SqlInputs } from './sqlClient.ts';
import { openConnection, settingsOf } from './sqlPostgres.ts';

export interface Fingerprint {
  /** Lower-case hex. */
  readonly sha256: string;
  /**
   * What it is made of. `address`: the role may not read the identifier of the server, so that its address and
   * the name of its cluster stand for it, which is less: a server that takes over an address is not told apart.
   */
  readonly of: 'system identifier' | 'address' | 'file';
}

/** Returns the identity of the database of an input. @throws Failure USAGE, TARGET */
export async function fingerprintOf(
  input: string,
  from: SqlInputs & { readonly signal: AbortSignal },
): Promise<Fingerprint> {
  const place = databasePlace(input, from);
  if (place.dialect === 'sqlite') return ofFile(input, place.file);
  const settings = settingsOf(place.address, { variables: from.variables });
  const connection = await openConnection(settings, { readOnly: true, signal: from.signal });
  try {
    return await ofServer(connection, `${settings.host}:${settings.port}`);
  } finally {
    connection.end();
  }
}

function ofFile(input: string, file: string): Fingerprint {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  if (stat?.isFile() !== true) {
    throw new Failure('USAGE', {
      what: `the database of input ${input} does not exist`,
      where: file,
      hint: 'create it, as a database that a step uses has to exist when the run begins',
    });
  }
  return digested('file', [realpathSync(file), String(stat.dev), String(stat.ino)]);
}

const DATABASE = `(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database()), current_database()`;
const NO_PERMISSION = '42501';

async function ofServer(connection: Connection, address: string): Promise<Fingerprint> {
  try {
    const [row = []] = await connection.query(
      `SELECT (pg_catalog.pg_control_system()).system_identifier, ${DATABASE}`,
    );
    return digested('system identifier', row);
  } catch (error) {
    if (codeOf(error) !== NO_PERMISSION) throw error;
    const [row = []] = await connection.query(
      `SELECT current_setting('cluster_name'), coalesce(host(pg_catalog.inet_server_addr()), ''), ${DATABASE}`,
    );
    return digested('address', [...row, address]);
  }
}

function digested(of: Fingerprint['of'], parts: TextRow): Fingerprint {
  return { of, sha256: hash('sha256', JSON.stringify([of, ...parts]), 'hex') };
}
