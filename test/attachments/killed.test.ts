/**
 * Commands on attachments that are killed at any moment, and a store that crashes: the next run goes on, and
 * at the end every row has exactly one object with the right bytes.
 */

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { times } from '../kit/long.ts';
import { workFolder } from '../kit/project.ts';
import { start } from '../kit/run.ts';
import { attachments, declareAttachments, faultsOf } from './project.ts';
import { sqlitePlace } from './rowPlaces.ts';
import { cephPlace, strictPlace, type StorePlace } from './storePlaces.ts';
import type { Upload } from './uploads.ts';

const KILLS = times('SEALIFT_KILLS_UPLOADS', 3, 100, 10);
const UNDONE = Math.ceil(KILLS / 2);
const CRASHES = times('SEALIFT_CRASHES_STORE', 2, 20, 6);
const ROWS = 60;
/** A file of two parts. */
const LARGE = 17 * 2 ** 20;

const large = randomBytes(LARGE);
const strict = strictPlace();
const ceph = cephPlace();
const rows = sqlitePlace();
const work = workFolder('attachments-killed');

/** A project with small files and one in parts. */
interface Case {
  readonly project: string;
  readonly name: string;
  readonly uploads: readonly Upload[];
  readonly env: Readonly<Record<string, string>>;
}

async function newCase(store: StorePlace, name: string): Promise<Case> {
  const project = join(work, name);
  const root = join(project, 'uploads');
  mkdirSync(root, { recursive: true });
  const uploads = Array.from({ length: ROWS }, (_, index): Upload => {
    const id = index + 1;
    const content = id === 20 ? large : randomBytes(1000 + id * 10);
    writeFileSync(join(root, String(id)), content);
    return { row: { id, path: String(id), size: content.length }, content };
  });
  const place = await store.make(name);
  const all = uploads.map(({ row }) => row);
  const database = await rows.make(project, 'app', all);
  declareAttachments(project, { database: database.url, root: 'uploads', store: place.url });
  return { project, name, uploads, env: place.env };
}

/** Starts a command as a process of its own. */
function started({ project, env }: Case, args: readonly string[]): ReturnType<typeof start> {
  return start(['attachments', ...args, '--project', project], { env });
}

/** Kills a command after so many ms; tells whether it had not ended by then. */
async function killedAfter(of: Case, args: readonly string[], ms: number): Promise<boolean> {
  const { child, ended } = started(of, args);
  const first = await Promise.race([wait(ms, 'killed'), ended.then(() => 'ended')]);
  child.kill('SIGKILL');
  await ended;
  return first === 'killed';
}

async function succeeds({ project, env }: Case, args: readonly string[]): Promise<void> {
  expect(await attachments(project, args, { env }), args.join(' ')).toMatchObject({ code: 0 });
}

/** How many ms a process takes that runs a command to its end. */
async function msOf(of: Case, args: readonly string[]): Promise<number> {
  const begun = performance.now();
  expect(await started(of, args).ended, args.join(' ')).toMatchObject({ code: 0 });
  return performance.now() - begun;
}

/** Moments that are spread over the time a command takes, in a fixed order. */
function moments(count: number, most: number): number[] {
  return Array.from({ length: count }, (_, index) => most * (0.2 + 0.7 * ((index * 0.618034) % 1)));
}

beforeAll(async () => {
  await strict.begin();
  if (ceph.isHere) await ceph.begin();
}, 60_000);
afterAll(async () => {
  await strict.end();
  if (ceph.isHere) await ceph.end();
});

describe('a command on attachments that is killed', () => {
  it(`while it moves, at ${KILLS} moments, goes on without an object twice or a row lost`, async () => {
    const whole = await newCase(strict, 'whole');
    const most = await msOf(whole, ['migrate']);
    let hit = 0;
    for (const [index, ms] of moments(KILLS, most).entries()) {
      const one = await newCase(strict, `kill-${index}`);
      hit += (await killedAfter(one, ['migrate'], ms)) ? 1 : 0;
      // Every other one a second time, while it takes up what the first has left.
      if (index % 2 === 1) await killedAfter(one, ['migrate'], most * 0.7);
      await succeeds(one, ['migrate']);
      const now = await rows.rows(one.project, 'app');
      expect(await faultsOf(one.uploads, now, strict, one.name)).toEqual([]);
      await succeeds(one, ['verify']);
      strict.server().buckets.delete(one.name);
    }
    // Otherwise nothing was shown.
    expect(hit).toBeGreaterThanOrEqual(KILLS / 3);
  }, 3_600_000);

  it(`while it rolls back or purges, at ${UNDONE} moments each, goes on`, async () => {
    const whole = await newCase(strict, 'whole-back');
    await succeeds(whole, ['migrate']);
    const most = await msOf(whole, ['rollback']);
    for (const [index, ms] of moments(UNDONE, most).entries()) {
      const one = await newCase(strict, `undo-${index}`);
      await succeeds(one, ['migrate']);
      await killedAfter(one, ['rollback'], ms);
      await succeeds(one, ['rollback']);
      expect((await rows.rows(one.project, 'app')).filter(({ key }) => key !== null)).toEqual([]);
      await succeeds(one, ['migrate']);
      await killedAfter(one, ['purge', '--run', 'run-local'], ms);
      await assertReadable(one);
      await succeeds(one, ['purge', '--run', 'run-local']);
      expect(one.uploads.filter(({ row }) => existsSync(pathOf(one, String(row.path))))).toEqual(
        [],
      );
      const now = await rows.rows(one.project, 'app');
      expect(await faultsOf(one.uploads, now, strict, one.name)).toEqual([]);
      strict.server().buckets.delete(one.name);
    }
  }, 3_600_000);
});

function pathOf({ project }: Case, path: string): string {
  return join(project, 'uploads', path);
}

/** Every row can be read: from the store by its key. */
async function assertReadable(of: Case): Promise<void> {
  const now = await rows.rows(of.project, 'app');
  expect(await faultsOf(of.uploads, now, strict, of.name)).toEqual([]);
}

describe.skipIf(!ceph.isHere)('a store that crashes', () => {
  it(`at ${CRASHES} moments loses nothing: the same run or the next one goes on`, async () => {
    const whole = await newCase(ceph, 'crash-whole');
    const most = await msOf(whole, ['migrate']);
    for (const [index, ms] of moments(CRASHES, most).entries()) {
      const one = await newCase(ceph, `crash-${index}`);
      const ended = attachments(one.project, ['migrate'], one);
      await wait(ms);
      await ceph.kill();
      await wait(index % 2 === 0 ? 200 : 2000);
      await ceph.restart();
      const first = await ended;
      if (first.code !== 0) {
        // One line that says what to do, and the next run goes on.
        expect(first.stderr).toMatch(/sealift attachments migrate: .+: .+\n$/);
        await succeeds(one, ['migrate']);
      }
      const now = await rows.rows(one.project, 'app');
      expect(await faultsOf(one.uploads, now, ceph, one.name)).toEqual([]);
      await succeeds(one, ['verify']);
    }
  }, 3_600_000);
});
