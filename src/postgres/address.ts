/**
 * The address of a PostgreSQL server and database, as libpq reads it: a URL, then environment
 * variables, then a service file, then defaults.
 * See https://www.postgresql.org/docs/current/libpq-connect.html and libpq-envars.html.
 */

import { Failure } from '../outcome/failure.ts';

export const SSL_MODES = [
  'disable',
  'allow',
  'prefer',
  'require',
  'verify-ca',
  'verify-full',
] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** What a URL states; null for what it leaves to the environment. */
export interface PostgresAddress {
  readonly host: string | null;
  readonly port: number | null;
  readonly user: string | null;
  readonly password: string | null;
  readonly database: string | null;
  readonly service: string | null;
  readonly passfile: string | null;
  readonly sslmode: SslMode | null;
  readonly sslrootcert: string | null;
  readonly sslcert: string | null;
  readonly sslkey: string | null;
  /** Seconds, as libpq counts. */
  readonly connectTimeout: number | null;
  readonly applicationName: string | null;
}

/** Names of the members by their names in a URL, and in a service file. */
export const PARAMETERS: ReadonlyMap<string, keyof PostgresAddress> = new Map([
  ['host', 'host'],
  ['port', 'port'],
  ['user', 'user'],
  ['password', 'password'],
  ['dbname', 'database'],
  ['service', 'service'],
  ['passfile', 'passfile'],
  ['sslmode', 'sslmode'],
  ['sslrootcert', 'sslrootcert'],
  ['sslcert', 'sslcert'],
  ['sslkey', 'sslkey'],
  ['connect_timeout', 'connectTimeout'],
  ['application_name', 'applicationName'],
]);

/** `//[USER[:PASSWORD]@][HOST][:PORT][/DATABASE][?PARAMETERS]`; a host in brackets is IPv6. */
const FORM =
  /^\/\/(?:(?<user>[^:@/?#]*)(?::(?<password>[^@/?#]*))?@)?(?<host>\[[0-9A-Fa-f:.]+\]|[^:@/?#[\]]*)(?::(?<port>[0-9]*))?(?:\/(?<database>[^/?#]*))?(?:\?(?<parameters>[^#]*))?$/;

const NOTHING: PostgresAddress = {
  host: null,
  port: null,
  user: null,
  password: null,
  database: null,
  service: null,
  passfile: null,
  sslmode: null,
  sslrootcert: null,
  sslcert: null,
  sslkey: null,
  connectTimeout: null,
  applicationName: null,
};

export const USAGE = 'postgres://USER@HOST:PORT/DATABASE';

/**
 * Parses what follows `postgres:` in a URL; `//` alone if everything comes from the environment.
 * @throws Failure USAGE, without any part of the text, which may hold a password
 */
export function parseAddress(rest: string): PostgresAddress {
  const groups = FORM.exec(rest)?.groups;
  if (groups === undefined) throw malformed('this is not a PostgreSQL URL');
  const { user, password, host = '', port, database, parameters = '' } = groups;
  const stated = new Map<string, string>();
  const state = (name: string, text: string | undefined): void => {
    if (text !== undefined && text !== '') stated.set(name, decoded(text));
  };
  state('user', user);
  state('password', password);
  state('host', host.replace(/^\[(.*)\]$/, '$1'));
  state('port', port);
  state('dbname', database);
  for (const part of parameters.split('&').filter((text) => text !== '')) {
    const at = part.indexOf('=');
    const name = decoded(at < 0 ? part : part.slice(0, at));
    if (!PARAMETERS.has(name)) throw malformed('the URL has a parameter that is not known');
    state(name, at < 0 ? '' : part.slice(at + 1));
  }
  return fromParameters(stated, () => malformed('the URL has a parameter with an invalid value'));
}

const MAX_PORT = 65_535;

/** Makes an address of named texts. @throws what `invalid` returns */
export function fromParameters(
  texts: ReadonlyMap<string, string>,
  invalid: () => Failure,
): PostgresAddress {
  const address: Record<string, string | number | null> = { ...NOTHING };
  for (const [name, member] of PARAMETERS) {
    const text = texts.get(name);
    if (text === undefined) continue;
    const isNumber = member === 'port' || member === 'connectTimeout';
    if (isNumber && !/^[0-9]{1,5}$/.test(text)) throw invalid();
    if (member === 'port' && (Number(text) < 1 || Number(text) > MAX_PORT)) throw invalid();
    if (member === 'sslmode' && !SSL_MODES.some((mode) => mode === text)) throw invalid();
    // libpq takes lists of hosts; then it is open which server is read.
    if ((member === 'host' && text.includes(',')) || text.includes('\0')) throw invalid();
    address[member] = isNumber ? Number(text) : text;
  }
  return address as unknown as PostgresAddress;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw malformed('the URL has a % that two hexadecimal digits do not follow');
  }
}

function malformed(what: string): Failure {
  return new Failure('USAGE', {
    what,
    hint: `write ${USAGE}, with special characters as %XX, and leave the password to PGPASSWORD or ~/.pgpass`,
  });
}

/** Formats the part of a URL after `postgres:`, `//` at least, without the password. */
export function formatAddress(address: PostgresAddress): string {
  const { host, port, user, database } = address;
  const authority = [
    user === null ? '' : `${encodeURIComponent(user)}@`,
    host === null ? '' : shownHost(host),
    port === null ? '' : `:${port}`,
  ].join('');
  const parameters = [...PARAMETERS]
    .filter(([, member]) => !IN_AUTHORITY.has(member))
    .flatMap(([name, member]) => {
      const value = address[member];
      return value === null ? [] : [`${name}=${encodeURIComponent(String(value))}`];
    });
  const path = database === null ? '' : `/${encodeURIComponent(database)}`;
  const query = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
  return `//${authority}${path}${query}`;
}

const IN_AUTHORITY = new Set<keyof PostgresAddress>([
  'host',
  'port',
  'user',
  'password',
  'database',
]);

function shownHost(host: string): string {
  return host.includes(':') ? `[${host}]` : encodeURIComponent(host);
}

/** Returns an address whose members are those of the first address that states them. */
export function merged(...addresses: readonly PostgresAddress[]): PostgresAddress {
  const all: Record<string, string | number | null> = { ...NOTHING };
  for (const address of addresses.toReversed()) {
    for (const [member, value] of Object.entries(address)) {
      if (value !== null) all[member] = value as string | number;
    }
  }
  return all as unknown as PostgresAddress;
}
