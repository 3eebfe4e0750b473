/** Connects to a PostgreSQL server, with TLS as libpq has it. */

import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { rootCertificates, type ConnectionOptions } from 'node:tls';
import { Client, type ClientConfig, type FieldDef, type QueryConfig } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';

import { Failure } from '../outcome/failure.ts';
import type { SslMode } from './address.ts';
import { serverFailure } from './connectionFailure.ts';
import { limitedQuery } from './limitedQuery.ts';
import { labelOf, type PostgresSettings } from './settings.ts';

/** Cells as the server writes them. */
export type TextRow = (string | null)[];

/** A parameter of a statement, as text; an array for an array. */
export type Parameter = string | null | readonly (string | null)[];

export interface ResultColumn {
  readonly name: string;
  /** Oid of the type. */
  readonly type: number;
  /** Modifier of the type, such as a length; -1 if there is none. */
  readonly modifier: number;
}

export interface FirstRows {
  readonly columns: readonly ResultColumn[];
  readonly rows: TextRow[];
  /** Whether there are more. */
  readonly more: boolean;
}

/** Bytes of a COPY … FROM STDIN that are ready while the server works on those before them. */
const COPY_AHEAD = 2 * 1024 * 1024;

export interface Connection {
  /** Server and database, for messages. */
  readonly label: string;
  /** Process id that the server named when the session began; a pooler may name another. */
  readonly processId: number | null;
  /** Runs one or more statements; returns the rows of the last. Failures name `table`. @throws Failure */
  query(sql: string, table?: string): Promise<TextRow[]>;
  /** Runs one statement with parameters, which the server prepares once per session. @throws Failure */
  execute(text: string, values: readonly Parameter[], table?: string): Promise<TextRow[]>;
  /** Runs one statement to its end; its rows are dropped. @throws Failure */
  run(text: string): Promise<void>;
  /** Runs one statement, and reads the first `most` of its rows. @throws Failure */
  first(text: string, values: readonly Parameter[], most: number): Promise<FirstRows>;
  /** Runs a query of no rows, and returns the columns of its result. @throws Failure */
  describe(sql: string): Promise<readonly ResultColumn[]>;
  /** Runs a `COPY … TO STDOUT`; chunks end anywhere. Errors of the stream are not yet Failures. */
  copy(sql: string): Readable;
  /**
   * Runs a `COPY … FROM STDIN`. If it fails or is given up, the connection has to be ended: the driver
   * cannot tell the server that a copy failed. Errors of the stream are not yet Failures.
   */
  copyInto(sql: string): Writable;
  /** Closes the connection, also while a statement runs. May be called more than once. */
  end(): void;
}

export interface ConnectOptions {
  /** Milliseconds, unless the settings state their own; 0 is no limit. */
  readonly connectMs: number;
  /** Once it aborts, pending calls reject with its reason. */
  readonly signal: AbortSignal;
  /** Settings that hold from the beginning, stronger than those of the role and the database. */
  readonly initially: Readonly<Record<string, string>>;
  /** Makes the Failure of an error, which names `where`; that of a source if left out. */
  readonly failure?: (error: unknown, where: string) => Failure;
}

/** Connects. @throws Failure, or the reason of the signal */
export async function connect(
  settings: PostgresSettings,
  options: ConnectOptions,
): Promise<Connection> {
  const [first, ...others] = TLS_MODES[settings.sslmode];
  try {
    return await connectWith(settings, first, options);
  } catch (error) {
    const [second] = others;
    if (second === undefined || !isAboutTls(error)) throw error;
    return connectWith(settings, second, options);
  }
}

type Tls = 'plain' | 'unverified' | 'authority' | 'full';

/** What is tried, in order. */
const TLS_MODES: Readonly<Record<SslMode, readonly [Tls, Tls?]>> = {
  disable: ['plain'],
  allow: ['plain', 'unverified'],
  prefer: ['unverified', 'plain'],
  require: ['unverified'],
  'verify-ca': ['authority'],
  'verify-full': ['full'],
};

/** Whether another mode may help: no TLS there, or only TLS. */
function isAboutTls(error: unknown): boolean {
  if (!(error instanceof Failure)) return false;
  const cause = error.cause as { code?: string; message?: string } | undefined;
  return cause?.code === '28000' || /SSL/.test(cause?.message ?? '');
}

async function connectWith(
  settings: PostgresSettings,
  tls: Tls,
  { connectMs, signal, initially, failure = serverFailure }: ConnectOptions,
): Promise<Connection> {
  signal.throwIfAborted();
  const label = labelOf(settings);
  const { password } = settings;
  const config: ClientConfig = {
    host: settings.host,
    port: settings.port,
    user: settings.user,
    database: settings.database,
    // A function, so that the driver never looks for a password of its own.
    password: () => password ?? '',
    ssl: tlsOptions(tls, settings),
    application_name: settings.applicationName,
    connectionTimeoutMillis: settings.connectMs ?? connectMs,
    keepAlive: true,
    options: Object.entries(initially)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    types: { getTypeParser: () => String },
  };
  const client = new Client(config);
  // An error of an idle connection is told by the next call.
  client.on('error', () => {});
  const { stream } = (client as unknown as { connection: { stream: Readable } }).connection;
  let live: Readable = stream;
  const stop = (): void => {
    live.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    await client.connect();
  } catch (error) {
    stop();
    signal.throwIfAborted();
    throw password === null && isPasswordError(error)
      ? failure(withoutPassword(label), label)
      : failure(error, label);
  }
  live = (client as unknown as { connection: { stream: Readable } }).connection.stream;
  return connectionOf(client, label, () => live, { signal, stop, failure });
}

function columnOf({ name, dataTypeID, dataTypeModifier }: FieldDef): ResultColumn {
  return { name, type: dataTypeID, modifier: dataTypeModifier };
}

interface Ending {
  readonly signal: AbortSignal;
  readonly stop: () => void;
  readonly failure: (error: unknown, where: string) => Failure;
}

interface Answer {
  readonly rows: TextRow[];
  readonly fields: readonly FieldDef[];
}

function connectionOf(
  client: Client,
  label: string,
  stream: () => Readable,
  { signal, stop, failure }: Ending,
): Connection {
  const names = new Map<string, string>();
  const attempted = async <T>(work: () => Promise<T>, table?: string): Promise<T> => {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      throw failure(error, table === undefined ? label : `${label}, ${table}`);
    }
  };
  const run = (query: QueryConfig, table?: string): Promise<Answer> => {
    return attempted(async () => {
      const found: unknown = await client.query(query);
      return (Array.isArray(found) ? found.at(-1) : found) as Answer;
    }, table);
  };
  const limited = (text: string, values: readonly Parameter[], most: number | null) => {
    return attempted(() => limitedQuery(client, { text, values: [...values], most }));
  };
  return {
    label,
    processId: (client as unknown as { processID: number | null }).processID,
    async query(sql, table) {
      const { rows } = await run({ text: sql, rowMode: 'array' } as QueryConfig, table);
      return rows;
    },
    async execute(text, values, table) {
      const name = names.get(text) ?? `sealift${names.size}`;
      names.set(text, name);
      const query = { name, text, values: [...values], rowMode: 'array' };
      const { rows } = await run(query as QueryConfig, table);
      return rows;
    },
    async run(text) {
      await limited(text, [], null);
    },
    async first(text, values, most) {
      const { rows, fields, more } = await limited(text, values, most);
      return { columns: fields.map(columnOf), rows, more };
    },
    async describe(sql) {
      const { fields } = await run({ text: sql });
      return fields.map(columnOf);
    },
    copy(sql) {
      signal.throwIfAborted();
      return client.query(copyTo(sql));
    },
    copyInto(sql) {
      signal.throwIfAborted();
      return client.query(copyFrom(sql, { highWaterMark: COPY_AHEAD }));
    },
    end() {
      signal.removeEventListener('abort', stop);
      // Not a polite goodbye: a statement may run, and the server notices either way.
      stream().destroy();
    },
  };
}

function isPasswordError(error: unknown): boolean {
  const { code, message } = Object(error) as { code?: string; message?: string };
  return code === '28P01' || /password/i.test(message ?? '');
}

function withoutPassword(label: string): Failure {
  return new Failure('SOURCE_MISSING', {
    what: 'the server asks for a password, and none was found',
    where: label,
    hint: 'set PGPASSWORD, or add a line to ~/.pgpass, which only you may read (chmod 600)',
  });
}

function tlsOptions(tls: Tls, settings: PostgresSettings): false | ConnectionOptions {
  if (tls === 'plain') return false;
  const { sslrootcert, sslcert, sslkey } = settings;
  // As libpq does: where a root certificate is named, unverified TLS is verified against it.
  const verified = tls !== 'unverified' || (sslrootcert !== null && settings.sslmode === 'require');
  if (verified && sslrootcert === null) throw noRoot(labelOf(settings));
  const anyHost = tls !== 'full';
  return {
    rejectUnauthorized: verified,
    ...(verified && sslrootcert !== null ? { ca: authorities(sslrootcert) } : {}),
    ...(anyHost ? { checkServerIdentity: () => undefined } : {}),
    ...(sslcert === null ? {} : { cert: readFileOf(sslcert, 'sslcert') }),
    ...(sslkey === null ? {} : { key: readFileOf(sslkey, 'sslkey') }),
  };
}

function authorities(file: string): string | string[] {
  return file === 'system' ? [...rootCertificates] : readFileOf(file, 'sslrootcert');
}

function readFileOf(file: string, parameter: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Failure('USAGE', {
      what: `the file of ${parameter} cannot be read`,
      where: file,
      hint: 'name another one, or change its permissions',
      cause,
    });
  }
}

function noRoot(where: string): Failure {
  return new Failure('USAGE', {
    what: 'sslmode asks to verify the server, and no root certificate is named',
    where,
    hint: 'name a file with sslrootcert=FILE, or sslrootcert=system for the public authorities',
  });
}
