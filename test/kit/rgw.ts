/**
 * A Ceph object gateway of the tests' own: Debian's packages, everything on loopback and in memory,
 * below one temporary folder. The whole cluster is there in two seconds, as the monitor is told not to
 * wait for further proposals. The gateway alone can be killed and started again: what it has
 * acknowledged stays in the storage daemon.
 */

import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const PATIENCE_MS = 60_000;
const PROGRAMS: ReadonlyMap<string, string> = new Map([
  ['/usr/bin/radosgw', 'radosgw'],
  ['/usr/bin/ceph-mon', 'ceph-mon'],
  ['/usr/bin/ceph-osd', 'ceph-osd'],
]);

export interface Rgw {
  /** URL of the gateway, without a slash at its end. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Variables of a command that uses the gateway; without a bucket. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the gateway at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts the gateway again, at the same address. */
  restart(): Promise<void>;
  /** Ends everything and removes the folder. */
  stop(): Promise<void>;
}

/** Debian's packages that are not on this machine. */
export function missingPackages(): string[] {
  return [...PROGRAMS].flatMap(([path, name]) => (existsSync(path) ? [] : [name]));
}

/** Whether there is a gateway for tests; a notice where there is none. */
export function hasRgw(): boolean {
  const missing = missingPackages();
  if (missing.length === 0) return true;
  process.stderr.write(
    `notice: the Ceph object gateway is not here (apt-get install ${missing.join(' ')}); tests that need it are skipped\n`,
  );
  return false;
}

/** Starts a cluster. Throws if a package is missing. */
export async function startRgw(): Promise<Rgw> {
  const missing = missingPackages();
  if (missing.length > 0) throw new Error(`install ${missing.join(' ')}`);
  const folder = mkdtempSync(join(tmpdir(), 'sealift-rgw-'));
  const [monitor, port] = [await freePort(), await freePort()];
  const children: ChildProcess[] = [];
  const killAll = (): void => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', killAll);
  const stop = async (): Promise<void> => {
    process.off('exit', killAll);
    await Promise.all(children.map(ended));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const cluster = await startCluster(folder, monitor, children);
    const endpoint = `http://127.0.0.1:${port}`;
    const startGateway = async (): Promise<ChildProcess> => {
      const frontend = `--rgw-frontends=beast endpoint=127.0.0.1:${port}`;
      const child = cluster.start('radosgw', '-f', '-n', 'client.admin', frontend);
      await whenReady(child, endpoint);
      return child;
    };
    const [accessKeyId, secretAccessKey] = ['SEALIFTTEST', 'wJalr+XUtn/FEMI'];
    const keys = [`--access-key=${accessKeyId}`, `--secret-key=${secretAccessKey}`];
    await cluster.run(
      'radosgw-admin',
      'user',
      'create',
      '--uid=test',
      '--display-name=test',
      ...keys,
    );
    let gateway = await startGateway();
    return {
      endpoint,
      accessKeyId,
      secretAccessKey,
      env: {
        OBJECT_STORAGE_PROVIDER: 's3',
        OBJECT_STORAGE_S3_ENDPOINT: endpoint,
        OBJECT_STORAGE_S3_REGION: 'us-east-1',
        OBJECT_STORAGE_S3_ACCESS_KEY_ID: accessKeyId,
        OBJECT_STORAGE_S3_SECRET_ACCESS_KEY: secretAccessKey,
      },
      kill: () => ended(gateway),
      async restart() {
        await ended(gateway);
        gateway = await startGateway();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Cluster {
  start(program: string, ...args: string[]): ChildProcess;
  run(program: string, ...args: string[]): Promise<string>;
}

/** Starts a monitor and a storage daemon in memory, and returns how further programs are run. */
async function startCluster(
  folder: string,
  port: number,
  children: ChildProcess[],
): Promise<Cluster> {
  const [fsid, osd] = [randomUUID(), randomUUID()];
  for (const name of ['mon', 'osd', 'run']) mkdirSync(join(folder, name));
  const config = join(folder, 'ceph.conf');
  const keyring = join(folder, 'keyring');
  writeFileSync(config, configuration(folder, fsid, port));
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', CEPH_CONF: config, HOME: folder };
  const run = async (program: string, ...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(program, args, { env, timeout: PATIENCE_MS });
    return stdout;
  };
  const start = (program: string, ...args: string[]): ChildProcess => {
    const child = spawn(program, args, { env, stdio: 'ignore' });
    children.push(child);
    return child;
  };
  await run('ceph-authtool', '-C', keyring, '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *');
  const all = ['mon', 'osd', 'mgr'].flatMap((daemon) => ['--cap', daemon, 'allow *']);
  await run('ceph-authtool', keyring, '--gen-key', '-n', 'client.admin', ...all);
  const map = join(folder, 'monmap');
  const address = `[v2:127.0.0.1:${port}]`;
  await run('monmaptool', '--create', '--addv', 'a', address, '--fsid', fsid, map);
  await run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map, '--keyring', keyring);
  start('ceph-mon', '-f', '-i', 'a');
  const secret = (await run('ceph-authtool', '--gen-print-key')).trim();
  const secrets = join(folder, 'osd.json');
  writeFileSync(secrets, JSON.stringify({ cephx_secret: secret }));
  await run('ceph', 'osd', 'new', osd, '-i', secrets);
  await run('ceph-authtool', keyring, '-n', 'osd.0', '--add-key', secret);
  await run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osd);
  start('ceph-osd', '-f', '-i', '0');
  return { start, run };
}

function configuration(folder: string, fsid: string, port: number): string {
  const settings: Readonly<Record<string, string | number | boolean>> = {
    fsid,
    'mon host': `[v2:127.0.0.1:${port}]`,
    'mon initial members': 'a',
    'public addr': '127.0.0.1',
    'cluster addr': '127.0.0.1',
    'ms bind msgr1': false,
    'run dir': join(folder, 'run'),
    'admin socket': '',
    'log file': '',
    'pid file': '',
    keyring: join(folder, 'keyring'),
    'mon data': join(folder, 'mon'),
    'osd data': join(folder, 'osd'),
    // A second for each new pool otherwise.
    'paxos propose interval': 0.01,
    'paxos min wait': 0.01,
    'mon allow pool size one': true,
    'osd pool default size': 1,
    'osd pool default min size': 1,
    'osd pool default pg num': 8,
    'osd pool default pgp num': 8,
    'osd pool default pg autoscale mode': 'off',
    'osd crush chooseleaf type': 0,
    'osd objectstore': 'memstore',
    'memstore device bytes': 8 * 2 ** 30,
    'rgw thread pool size': 64,
    // A gateway waits half a minute for the cache of one that was killed otherwise.
    'rgw cache enabled': false,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  return `[global]\n${lines.join('')}`;
}

async function whenReady(child: ChildProcess, endpoint: string): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  while (!(await answers(endpoint))) {
    if (child.exitCode !== null) throw new Error('the gateway did not start');
    if (Date.now() > until) throw new Error('the gateway does not answer');
    await pause(20);
  }
}

function answers(endpoint: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(endpoint, { agent: false }, (response) => {
      response.resume();
      resolve(true);
    });
    request.once('error', () => {
      resolve(false);
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => {
    child.once('close', resolve);
  });
  child.kill('SIGKILL');
  await closed;
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
