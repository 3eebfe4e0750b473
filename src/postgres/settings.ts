/**
 * Completes an address from the environment, the service file and the password file, as libpq does.
 * See https://www.postgresql.org/docs/current/libpq-pgservice.html and libpq-pgpass.html.
 */

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { Failure } from '../outcome/failure.ts';
import { fromParameters, merged, type PostgresAddress, type SslMode } from './address.ts';

/** Everything that a connection needs; a password may be missing. */
export interface PostgresSettings {
  /** Host name or address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | null;
  readonly database: string;
  readonly sslmode: SslMode;
  /** Files; null if they are not named. `sslrootcert` may be `system`. */
  readonly sslrootcert: string | null;
  readonly sslcert: string | null;
  readonly sslkey: string | null;
  /** Milliseconds; null if not stated. */
  readonly connectMs: number | null;
  readonly applicationName: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Environment variables by the parameter that they state. */
const VARIABLES: ReadonlyMap<string, string> = new Map([
  ['host', 'PGHOST'],
  ['port', 'PGPORT'],
  ['user', 'PGUSER'],
  ['password', 'PGPASSWORD'],
  ['dbname', 'PGDATABASE'],
  ['service', 'PGSERVICE'],
  ['passfile', 'PGPASSFILE'],
  ['sslmode', 'PGSSLMODE'],
  ['sslrootcert', 'PGSSLROOTCERT'],
  ['sslcert', 'PGSSLCERT'],
  ['sslkey', 'PGSSLKEY'],
  ['connect_timeout', 'PGCONNECT_TIMEOUT'],
  ['application_name', 'PGAPPNAME'],
]);

/**
 * Completes an address. @throws Failure USAGE if a variable or a service is not what it has to be
 */
export function completeAddress(address: PostgresAddress, variables: Variables): PostgresSettings {
  const environment = ofVariables(variables);
  const service = address.service ?? environment.service;
  const served = service === null ? environment : ofService(service, variables);
  // A service is stronger than variables, a URL stronger than both.
  const all = merged(address, served, environment);
  const user = all.user ?? variables['USER'] ?? variables['LOGNAME'] ?? 'postgres';
  const host = all.host ?? 'localhost';
  const found = {
    host,
    port: all.port ?? 5432,
    user,
    database: all.database ?? user,
  };
  return {
    ...found,
    password: all.password ?? passwordFor(found, all.passfile, variables),
    sslmode: all.sslmode ?? 'prefer',
    sslrootcert: all.sslrootcert ?? existing(inHome(variables, '.postgresql/root.crt')),
    sslcert: all.sslcert ?? existing(inHome(variables, '.postgresql/postgresql.crt')),
    sslkey: all.sslkey ?? existing(inHome(variables, '.postgresql/postgresql.key')),
    connectMs: all.connectTimeout === null ? null : all.connectTimeout * 1000,
    applicationName: all.applicationName ?? 'sealift',
  };
}

function ofVariables(variables: Variables): PostgresAddress {
  const texts = new Map<string, string>();
  for (const [name, variable] of VARIABLES) {
    const text = variables[variable];
    if (text !== undefined && text !== '') texts.set(name, text);
  }
  return fromParameters(texts, () => {
    return new Failure('USAGE', {
      what: 'an environment variable for PostgreSQL has an invalid value',
      where: 'PGPORT, PGSSLMODE, PGCONNECT_TIMEOUT or PGHOST',
      hint: 'unset it, or state host and port in the URL',
    });
  });
}

/** Reads a service: the user's file first, then that of the system. */
function ofService(service: string, variables: Variables): PostgresAddress {
  const files = [
    variables['PGSERVICEFILE'] ?? inHome(variables, '.pg_service.conf'),
    variables['PGSYSCONFDIR'] === undefined
      ? null
      : join(variables['PGSYSCONFDIR'], 'pg_service.conf'),
  ];
  for (const file of files) {
    const texts = file === null ? null : sectionOf(readText(file), service);
    if (texts === null) continue;
    return fromParameters(texts, () => {
      return new Failure('USAGE', {
        what: 'the service has a parameter with an invalid value',
        where: `${String(file)}, [${service}]`,
        hint: 'correct it there',
      });
    });
  }
  throw new Failure('USAGE', {
    what: 'the PostgreSQL service is not defined',
    where: `service ${service}`,
    hint: 'define it in ~/.pg_service.conf, or in the file that PGSERVICEFILE names',
  });
}

/** Returns the parameters of a section; null if it is missing. */
function sectionOf(text: string | null, service: string): Map<string, string> | null {
  let found: Map<string, string> | null = null;
  for (const line of (text ?? '').split(/\r?\n/)) {
    const [, section] = /^\s*\[(.*)\]\s*$/.exec(line) ?? [];
    if (section !== undefined) {
      if (found !== null) return found;
      if (section === service) found = new Map();
      continue;
    }
    const [, name, value] = /^\s*([^#=\s][^=]*?)\s*=(.*)$/.exec(line) ?? [];
    if (found !== null && name !== undefined) found.set(name, value ?? '');
  }
  return found;
}

type Addressed = Pick<PostgresSettings, 'host' | 'port' | 'user' | 'database'>;

/** Looks a password up; a file that others may read is ignored, as libpq does. */
function passwordFor(
  { host, port, user, database }: Addressed,
  passfile: string | null,
  variables: Variables,
): string | null {
  const file = passfile ?? inHome(variables, '.pgpass');
  if (file === null || !isPrivate(file)) return null;
  const wanted = [host.startsWith('/') ? 'localhost' : host, String(port), database, user];
  for (const line of (readText(file) ?? '').split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const fields = fieldsOf(line);
    const fits = wanted.every((text, place) => fields[place] === '*' || fields[place] === text);
    if (fields.length >= 5 && fits) return fields[4] ?? null;
  }
  return null;
}

/** Splits a line at colons; a backslash makes the next character an ordinary one. */
function fieldsOf(line: string): string[] {
  const fields = [''];
  for (let at = 0; at < line.length; at += 1) {
    const escaped = line[at] === '\\' && at + 1 < line.length;
    if (escaped) at += 1;
    if (!escaped && line[at] === ':') fields.push('');
    else fields[fields.length - 1] += line[at] ?? '';
  }
  return fields;
}

function isPrivate(file: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat?.isFile() === true && (stat.mode & 0o077) === 0;
}

function inHome({ HOME }: Variables, name: string): string | null {
  return HOME === undefined || HOME === '' ? null : join(HOME, name);
}

function existing(file: string | null): string | null {
  return file !== null && statSync(file, { throwIfNoEntry: false }) !== undefined ? file : null;
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** Returns `host:port/database`, for messages. */
export function labelOf({ host, port, database }: Addressed): string {
  const shown = host.includes(':') ? `[${host}]` : host;
  return `${shown}:${port}/${database}`;
}
