/** What goes wrong between Sealift and a server: one clear line each, without the password. */

import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { workFolder } from '../kit/project.ts';
import { start, type Ran } from '../kit/run.ts';
import { command, initAt, lineOf, ROLE_ENV, roleSql, type Env } from './trap.ts';

const TABLES = `
  CREATE TABLE open (id int PRIMARY KEY); INSERT INTO open VALUES (1);
  CREATE TABLE shut (id int PRIMARY KEY); INSERT INTO shut VALUES (1);
  CREATE TABLE part_shut (id int PRIMARY KEY, salary int); INSERT INTO part_shut VALUES (1, 2);
  CREATE SCHEMA inner_room; CREATE TABLE inner_room.t (id int PRIMARY KEY);
  INSERT INTO inner_room.t VALUES (1);
`;

const SECRET = 'S3cret-Word';

/** A server that is none: it answers each client as `serve` does. */
async function madeUp<T>(
  serve: (socket: Socket) => void,
  use: (port: number) => Promise<T>,
): Promise<T> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

const shorts = (...numbers: number[]): Buffer => {
  const bytes = Buffer.alloc(numbers.length * 2);
  for (const [at, number] of numbers.entries()) bytes.writeUInt16BE(number, at * 2);
  return bytes;
};

const column = (name: string): Buffer =>
  Buffer.concat([Buffer.from(`${name}\0`), shorts(0, 0, 0, 0, 25, 0xffff, 0xffff, 0xffff, 0)]);
const cell = (text: string): Buffer => Buffer.concat([shorts(0, text.length), Buffer.from(text)]);

/** Speaks as much of the protocol as it takes to say that it is version 13. */
function versionThirteen(socket: Socket): void {
  const ready = message('Z', Buffer.from('I'));
  socket.on('data', (bytes: Buffer) => {
    if (bytes.length === 8) {
      socket.write('N');
      return;
    }
    if (bytes[0] === 0) {
      const key = message('K', Buffer.from([0, 0, 0, 9, 0, 0, 0, 9]));
      socket.write(Buffer.concat([message('R', Buffer.alloc(4)), key, ready]));
      return;
    }
    const row = Buffer.concat([shorts(2), cell('130012'), cell('13.12')]);
    const columns = Buffer.concat([shorts(2), column('number'), column('version')]);
    const done = message('C', Buffer.from('SELECT 1\0'));
    socket.write(Buffer.concat([message('T', columns), message('D', row), done, ready]));
  });
}

describe.skipIf(!hasPostgres())('a server that', () => {
  const work = workFolder('errors');
  const project = join(work, 'project');
  let server: Postgres;
  let home = 0;

  beforeAll(async () => {
    server = await startPostgres();
    await server.run('postgres', roleSql('errors_reader'));
    await server.create('errors', TABLES);
    await initAt(project, server.source('errors'), server.env);
  });
  afterAll(() => server.stop());

  const migrate = (source: string, env: Env): Promise<Ran> =>
    command('migrate', project, env, ['--source', source]);

  /** The line of a run that fails; it holds no password. */
  async function lineFor(source: string, env: Env): Promise<string> {
    const ran = await migrate(source, env);
    expect([1, 64]).toContain(ran.code);
    const line = lineOf(ran);
    for (const word of [SECRET, ...Object.values(server.env)]) expect(line).not.toContain(word);
    return line;
  }

  it('rejects the password', async () => {
    const env = { PGPASSWORD: SECRET };
    expect(await lineFor(server.source('errors'), env)).toMatch(
      /^sealift migrate: the server rejected the user or the password \(\S+\/errors\): set PGPASSWORD/,
    );
  });

  it('asks for a password where there is none', async () => {
    expect(await lineFor(server.source('errors'), {})).toMatch(
      /the server asks for a password, and none was found \(\S+\): set PGPASSWORD, or add a line/,
    );
  });

  it('has no such database', async () => {
    expect(await lineFor(server.source('nosuch'), server.env)).toMatch(
      /the server has no such database \(\S+\/nosuch\): check the name/,
    );
  });

  it('offers no TLS', async () => {
    const [[ssl] = []] = await server.run('postgres', 'SHOW ssl');
    if (ssl === 'on') return;
    expect(await lineFor(`${server.source('errors')}?sslmode=require`, server.env)).toMatch(
      /the server offers no TLS, and sslmode asks for it \(/,
    );
  });

  it.skipIf(spawnSync('openssl', ['version']).status !== 0)(
    'has a certificate of its own',
    async () => {
      const [key, cert] = [join(work, 'key.pem'), join(work, 'cert.pem')];
      const about = [
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        key,
        '-out',
        cert,
        '-subj',
        '/CN=other',
      ];
      execFileSync('openssl', ['req', '-x509', '-days', '2', ...about], { stdio: 'ignore' });
      const line = await madeUp(
        (socket) => {
          socket.once('data', () => {
            socket.write('S');
            const pair = { key: readFileSync(key), cert: readFileSync(cert) };
            new TLSSocket(socket, { isServer: true, ...pair }).on('error', () => {});
          });
        },
        (port) =>
          lineFor(
            `postgres://postgres@127.0.0.1:${port}/x?sslmode=verify-full&sslrootcert=system`,
            {},
          ),
      );
      expect(line).toMatch(
        /the certificate of the server is not trusted, or is for another host \(/,
      );
    },
  );

  it.each([
    ['table', 'shut', 'GRANT SELECT ON open, part_shut, inner_room.t TO errors_reader'],
    [
      'column',
      'part_shut',
      'GRANT SELECT ON open, shut, inner_room.t TO errors_reader; GRANT SELECT (id) ON part_shut TO errors_reader',
    ],
    ['schema', 'inner_room.t', 'GRANT SELECT ON open, shut, part_shut TO errors_reader'],
  ])('lets the user read all but a %s', async (what, table, grants) => {
    const use = what === 'schema' ? '' : 'GRANT USAGE ON SCHEMA inner_room TO errors_reader;';
    await server.run(
      'errors',
      `REVOKE ALL ON ALL TABLES IN SCHEMA public, inner_room FROM errors_reader;
      REVOKE ALL ON SCHEMA inner_room FROM errors_reader; ${use} ${grants}`,
    );
    const line = await lineFor(server.source('errors', 'errors_reader'), ROLE_ENV);
    expect(line).toContain('the user has no permission to read this');
    expect(line).toContain(`, ${table}): grant it SELECT there`);
  });

  it('is too old', async () => {
    const line = await madeUp(versionThirteen, (port) =>
      lineFor(`postgres://postgres@127.0.0.1:${port}/x?sslmode=disable`, {}),
    );
    expect(line).toMatch(/the server is PostgreSQL 13\.12, and Sealift reads 14 and later \(/);
  });

  it('is gone, unknown, or does not speak', async () => {
    expect(await lineFor('postgres://postgres@127.0.0.1:1/x', {})).toMatch(
      /no server answers there/,
    );
    expect(await lineFor('postgres://postgres@nowhere.invalid/x', {})).toMatch(
      /the host is not known \(nowhere\.invalid:5432\/x\)/,
    );
    const line = await madeUp(
      (socket) => socket.end(),
      (port) => lineFor(`postgres://postgres@127.0.0.1:${port}/x`, {}),
    );
    expect(line).toMatch(/the connection to the server was lost \(/);
  });

  it.each([
    `postgres://u:${SECRET}@h:port/x`,
    `postgres://u:${SECRET}@h/x/y`,
    `postgres://u:${SECRET}@h/x?nosuch=1`,
    `postgres://u:${SECRET}@h,i/x`,
    `postgres://u:${SECRET}@@h/x`,
    `postgres://u:${SECRET}%zz@h/x`,
    `postgres:u:${SECRET}@h/x`,
    `postgresq://u:${SECRET}@h/x`,
  ])('is named by no URL is told without it: %s', async (source) => {
    const line = await lineFor(source, {});
    expect(line).not.toContain('@h');
  });

  /** A home folder with these files, readable for its owner only. */
  function homeWith(files: Readonly<Record<string, string>>): string {
    home += 1;
    const folder = join(work, `home${home}`);
    mkdirSync(folder);
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
    }
    return folder;
  }

  const passLine = (): string =>
    `127.0.0.1:${server.port}:*:postgres:${String(server.env['PGPASSWORD']).replaceAll(/[\\:]/g, '\\$&')}\n`;

  it('is asked with the password of ~/.pgpass, unless others may read that', async () => {
    if (new URL(server.url()).hostname !== '127.0.0.1') return;
    const HOME = homeWith({ '.pgpass': passLine() });
    expect((await migrate(server.source('errors'), { HOME })).code).toBe(0);
    chmodSync(join(HOME, '.pgpass'), 0o644);
    expect(await lineFor(server.source('errors'), { HOME })).toMatch(/none was found/);
  });

  it('is named by a service, or by one that is not defined', async () => {
    const { hostname, port } = new URL(server.url());
    const HOME = homeWith({
      '.pg_service.conf': `[legacy]\nhost=${hostname}\nport=${port}\ndbname=errors\nuser=postgres\n`,
    });
    const env = { HOME, ...server.env };
    expect((await migrate('postgres://?service=legacy', env)).code).toBe(0);
    expect((await migrate('postgres:///errors', { ...env, PGSERVICE: 'legacy' })).code).toBe(0);
    expect(await lineFor('postgres:///errors', { ...env, PGSERVICE: 'other' })).toMatch(
      /the PostgreSQL service is not defined \(service other\)/,
    );
  });

  it.each(['x', '-1', '99999', '5432 ', '0x10'])(
    'has PGPORT %j, which is no port',
    async (PGPORT) => {
      const line = await lineFor('postgres://postgres@127.0.0.1/errors', { ...server.env, PGPORT });
      expect(line).toMatch(/an environment variable for PostgreSQL has an invalid value \(PGPORT/);
    },
  );

  it('has a password that nothing shows: no file, no output, no command line', async () => {
    // One of this test alone: tests beside it may show the password that all share.
    const secret = `${randomBytes(12).toString('base64')} %`;
    await server.run('errors', `CREATE ROLE spied SUPERUSER LOGIN PASSWORD '${secret}'`);
    const url = new URL(server.source('errors', 'spied'));
    url.password = encodeURIComponent(secret);
    const spied = new Set<string>();
    const spy = setInterval(() => {
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        try {
          spied.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
        } catch {
          // It has ended.
        }
      }
    }, 20);
    const env = { SOURCE_URL: String(url) };
    const said: string[] = [];
    for (const name of ['determinism', 'migrate']) {
      const more = name === 'migrate' ? ['--workers', '2'] : [];
      const args = [name, '--project', project, '--source', 'env:SOURCE_URL', ...more];
      const ran = await start(args, { env }).ended;
      expect([name, ran.code]).toEqual([name, 0]);
      said.push(ran.stdout, ran.stderr);
    }
    clearInterval(spy);
    await server.run('errors', 'DROP ROLE spied');
    for (const entry of readdirSync(project, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) said.push(readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    }
    const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
    for (const text of [...said, ...spied]) {
      for (const form of forms) expect(text.includes(form)).toBe(false);
    }
    // The children were there to be seen (negative control).
    if (existsSync('/proc/self/cmdline')) {
      expect([...spied].filter((text) => text.includes(' migrate ')).length).toBeGreaterThan(0);
    }
  });
});
