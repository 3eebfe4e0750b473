/**
 * Attachments on a bad day: a store that answers late, wrong or not at all, files that change while they
 * are read, wrong secrets. Nothing is lost, and one clear line says what to do.
 */

import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  renameSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { canRunAsOther, OTHER, wrap } from '../fault/anotherUser.ts';
import { workFolder } from '../kit/project.ts';
import { start, type Ran } from '../kit/run.ts';
import type { Fault } from '../kit/s3Server.ts';
import { attachments, declareAttachments, faultsOf, reasonsOf, said } from './project.ts';
import { sqlitePlace } from './rowPlaces.ts';
import { strictPlace } from './storePlaces.ts';
import type { Upload } from './uploads.ts';

const store = strictPlace();
const rows = sqlitePlace();
const work = workFolder('attachments-bad-day');
const ROWS = 40;

beforeAll(() => store.begin());
afterAll(() => store.end());

interface Case {
  readonly name: string;
  readonly project: string;
  readonly uploads: readonly Upload[];
  readonly env: Readonly<Record<string, string>>;
}

let cases = 0;

async function newCase(count = ROWS, size = 3000): Promise<Case> {
  cases += 1;
  const name = `case${cases}`;
  const project = join(work, name);
  mkdirSync(join(project, 'uploads'), { recursive: true });
  const uploads = Array.from({ length: count }, (_, index): Upload => {
    const id = index + 1;
    const content = randomBytes(size);
    writeFileSync(join(project, 'uploads', String(id)), content);
    return { row: { id, path: String(id) }, content };
  });
  const { url, env } = await store.make(name);
  const database = await rows.make(
    project,
    name,
    uploads.map(({ row }) => row),
  );
  declareAttachments(project, { database: database.url, root: 'uploads', store: url });
  return { name, project, uploads, env };
}

async function assertRight({ uploads, project, name }: Case): Promise<void> {
  expect(await faultsOf(uploads, await rows.rows(project, name), store, name)).toEqual([]);
}

/** Has the server answer these requests with a fault, each key once or so many times. */
function eachTime(fault: Fault, times: number, method = 'PUT'): void {
  const seen = new Map<string, number>();
  store.server().faults = ({ method: is, target }) => {
    const count = seen.get(target) ?? 0;
    if (is !== method || !target.includes('/attachments/') || count >= times) return null;
    seen.set(target, count + 1);
    return fault;
  };
}

describe('a store on a bad day', () => {
  const FAULTS: readonly (readonly [string, Fault, 'PUT' | 'HEAD'])[] = [
    [
      '503 with Retry-After',
      { kind: 'status', status: 503, code: 'SlowDown', retryAfter: 0 },
      'PUT',
    ],
    ['409', { kind: 'status', status: 409, code: 'ConditionalRequestConflict' }, 'PUT'],
    ['a reset before the object is stored', { kind: 'reset', when: 'before' }, 'PUT'],
    ['a reset after the object is stored', { kind: 'reset', when: 'after' }, 'PUT'],
    [
      '500 when the object is read back',
      { kind: 'status', status: 500, code: 'InternalError' },
      'HEAD',
    ],
  ];

  it.each(FAULTS)(
    'is tried again after %s',
    async (_, fault, method) => {
      const one = await newCase();
      eachTime(fault, 2, method);
      const { code, facts } = await said(one.project, ['migrate'], one);
      store.server().faults = () => null;
      expect(code).toBe(0);
      expect(facts['moved']).toBe(ROWS);
      await assertRight(one);
    },
    60_000,
  );

  it('is tried again by a clock that is an hour off', async () => {
    const one = await newCase();
    store.server().skewMs = 3_600_000;
    const { code } = await said(one.project, ['migrate'], one);
    store.server().skewMs = 0;
    expect(code).toBe(0);
    await assertRight(one);
  }, 60_000);

  it('stops the run with one line when its credentials expire in the middle, and the next one goes on', async () => {
    const one = await newCase();
    const { accounts } = store.server();
    let puts = 0;
    store.server().faults = ({ method }) => {
      puts += method === 'PUT' ? 1 : 0;
      if (puts > 20) store.server().accounts = accounts.map((all) => ({ ...all, expired: true }));
      return null;
    };
    const ran = await attachments(one.project, ['migrate'], one);
    store.server().faults = () => null;
    store.server().accounts = accounts;
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('the credentials for the object store have expired');
    expect(ran.stderr.trimEnd().split('\n').at(-1)).toMatch(/^sealift attachments migrate: /);
    const moved = (await rows.rows(one.project, one.name)).filter(({ key }) => key !== null);
    expect(moved.length).toBeLessThan(ROWS);
    expect((await said(one.project, ['migrate'], one)).code).toBe(0);
    await assertRight(one);
  }, 60_000);

  it.each([
    ['a wrong secret', { OBJECT_STORAGE_S3_SECRET_ACCESS_KEY: 'wrong' }, 'the secret key is wrong'],
    [
      'an unknown key',
      { OBJECT_STORAGE_S3_ACCESS_KEY_ID: 'UNKNOWN' },
      'does not know the access key',
    ],
    ['a server that is not there', { OBJECT_STORAGE_S3_ENDPOINT: 'http://127.0.0.1:9' }, ''],
  ])(
    'stops before the first row with %s',
    async (_, env, line) => {
      const one = await newCase(2);
      const ran = await attachments(one.project, ['migrate'], { env: { ...one.env, ...env } });
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain(line);
      expect(ran.stderr).not.toContain('wrong\n');
      expect(existsSync(join(one.project, 'storage_attachments'))).toBe(false);
      expect((await rows.rows(one.project, one.name)).every(({ key }) => key === null)).toBe(true);
    },
    120_000,
  );

  it('stops before the first row without its bucket', async () => {
    const one = await newCase(2);
    store.server().buckets.delete(one.name);
    const ran = await attachments(one.project, ['migrate'], one);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('there is no such bucket');
    expect(existsSync(join(one.project, 'storage_attachments'))).toBe(false);
  });
});

/** Starts a command on a slow store, and interrupts it while it is at work: again once it has said so. */
async function interrupted(one: Case, args: readonly string[], times: 1 | 2): Promise<Ran> {
  let requests = 0;
  const reached = new Promise<void>((resolve) => {
    store.server().faults = ({ target }) => {
      if (!target.includes('/attachments/')) return null;
      requests += 1;
      if (requests === (times === 1 ? 10 : 1)) resolve();
      return { kind: 'slow', ms: times === 1 ? 150 : 60_000 };
    };
  });
  const { child, ended } = start(
    ['attachments', ...args, '--concurrency', '4', '--project', one.project],
    one,
  );
  const said = new Promise<void>((resolve) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      if (chunk.includes('ending what is in flight')) resolve();
    });
  });
  await Promise.race([reached, ended]);
  child.kill('SIGINT');
  if (times === 2) {
    await Promise.race([said, ended]);
    child.kill('SIGINT');
  }
  const ran = await ended;
  store.server().faults = () => null;
  return ran;
}

describe('Ctrl-C', () => {
  it('ends what is in flight, exits with 130, and the next run goes on', async () => {
    const one = await newCase();
    const ran = await interrupted(one, ['migrate'], 1);
    expect(ran).toMatchObject({ code: 130, signal: null });
    expect(ran.stderr).toContain('ending what is in flight; press Ctrl-C again to stop at once');
    const moved = (await rows.rows(one.project, one.name)).filter(({ key }) => key !== null);
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.length).toBeLessThan(ROWS);
    // What was stored has its key: nothing in the store is without a row.
    expect((await store.keys(one.name)).length).toBe(moved.length);
    expect((await said(one.project, ['migrate'], one)).code).toBe(0);
    await assertRight(one);
    const verified = await interrupted(one, ['verify'], 1);
    expect(verified.code).toBe(130);
    expect(verified.stdout).toContain('attachments verify: FAIL');
  }, 60_000);

  it('pressed twice stops at once, and the next run goes on', async () => {
    const one = await newCase();
    const begun = performance.now();
    const ran = await interrupted(one, ['migrate'], 2);
    expect(performance.now() - begun).toBeLessThan(30_000);
    expect(ran.code).toBe(130);
    expect(ran.stderr).toContain('nothing is lost, run it again to go on');
    expect((await said(one.project, ['migrate'], one)).code).toBe(0);
    await assertRight(one);
  }, 60_000);
});

describe('a file that changes while it moves', () => {
  const CHANGES: readonly (readonly [string, (path: string) => void])[] = [
    ['grows', (path) => appendFileSync(path, 'more')],
    ['shrinks', (path) => truncateSync(path, 100)],
    [
      'gets other bytes of the same size, and its old time',
      (path) => {
        writeFileSync(path, randomBytes(3000));
        utimesSync(path, 1_600_000_000, 1_600_000_000);
      },
    ],
    [
      'is replaced by another one of its name',
      (path) => {
        writeFileSync(`${path}.new`, randomBytes(3000));
        renameSync(`${path}.new`, path);
      },
    ],
  ];

  it.each(CHANGES)(
    'and %s is not moved, but told, and moves later',
    async (_, change) => {
      const one = await newCase(3);
      const path = join(one.project, 'uploads/2');
      // Changed each time it is stored: it never stands still.
      store.server().faults = ({ method, target }) => {
        if (method === 'PUT' && target.includes('/attachments/2/')) change(path);
        return null;
      };
      const { code, facts } = await said(one.project, ['migrate'], one);
      store.server().faults = () => null;
      expect(code).toBe(1);
      expect(facts).toMatchObject({ moved: 2, refused: 1 });
      expect(reasonsOf(one.project, 'attachments-migrate').get(2)).toContain(
        'changed while it was read',
      );
      expect((await rows.rows(one.project, one.name))[1]?.key).toBe(null);
      expect((await said(one.project, ['migrate'], one)).code).toBe(0);
      expect((await said(one.project, ['verify'], one)).status).toBe('PASS');
    },
    60_000,
  );
});

describe.skipIf(!canRunAsOther())('a file that may not be read', () => {
  it('is told with its row, and does not stop the others', async () => {
    const one = await newCase(3);
    for (const path of [
      '.',
      'uploads',
      `${one.name}.db`,
      `${one.name}.db-wal`,
      `${one.name}.db-shm`,
    ]) {
      if (existsSync(join(one.project, path))) chownSync(join(one.project, path), OTHER, OTHER);
    }
    chmodSync(join(work), 0o755);
    chmodSync(join(one.project, 'uploads/2'), 0o000);
    const ran = await attachments(one.project, ['migrate', '--json'], {
      ...one,
      process: true,
      wrap,
    });
    expect(ran.code, ran.stderr).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({ facts: { moved: 2, refused: 1 } });
    expect(reasonsOf(one.project, 'attachments-migrate').get(2)).toContain('may not read the file');
  }, 60_000);
});
