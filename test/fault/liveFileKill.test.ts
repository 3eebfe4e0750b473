/**
 * promote and rollback of SQLite files killed at any moment: one whole file is live, the next command says how
 * the killed one ended, lets what is live be written, and nothing else. 6 kills, or as many as
 * SEALIFT_KILLS_LIVE says.
 */

import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { randomOf } from '../dogschool/random.ts';
import { seedOf, times } from '../kit/long.ts';
import { contentOfFile } from '../target/fixture.ts';
import { execIn, LINK, liveIn, liveProject, move, moveArgs } from '../target/liveFixture.ts';
import { startHalting, type Place } from './barrier.ts';

const KILLS = times('SEALIFT_KILLS_LIVE', 6, 30, 12);

let project: string;
let whole: unknown;
const random = randomOf(seedOf(process.env, Date.now()), 'live-kill');

/** What can be done next: from the first file to the second, and back. */
function nextMove(): { readonly how: 'promote' | 'rollback'; readonly file: string } {
  return liveIn(project) === 'a.db'
    ? { how: 'promote', file: 'b.db' }
    : { how: 'rollback', file: LINK };
}

beforeAll(async () => {
  project = await liveProject(['a.db', 'b.db']);
  whole = contentOfFile(join(project, 'a.db'));
  expect((await move(project, 'promote', 'a.db')).code).toBe(0);
});

afterAll(() => {
  rmSync(project, { recursive: true });
});

/** Most changes are opened files, each of them for every folder on its way. */
const PLACES: readonly (readonly [first: RegExp, most: number])[] = [
  [/\.current\.db\.new$/, 0],
  [/\.sealift-lock$/, 300],
  [/\.current\.db\.new$/, 40],
  [/\/current\.db$/, 40],
];

function placeOf(kill: number): Place {
  const [first, most] = PLACES[kill % PLACES.length] ?? [/current/, 0];
  return { first, past: random.integer(0, most) };
}

/** Whether a client may write, which changes no byte that counts. */
function writes(file: string): string {
  return execIn(project, file, 'BEGIN IMMEDIATE; ROLLBACK');
}

async function killOne(kill: number): Promise<string> {
  const { how, file } = nextMove();
  const before = liveIn(project);
  const halted = startHalting(moveArgs(project, how, file), placeOf(kill));
  if (await halted.reached) halted.child.kill('SIGKILL');
  const { signal, code, stderr } = await halted.ended;
  if (signal === null) expect(code, stderr).toBe(0);
  const after = liveIn(project);
  expect(contentOfFile(join(project, LINK))).toEqual(whole);
  expect(['SQLITE_READONLY', 'ok']).toContain(writes(LINK));
  const other = after === 'a.db' ? 'b.db' : 'a.db';
  // What was live is not written to once it is not.
  if (after !== before) expect(writes(other)).toBe('SQLITE_READONLY');
  const next = nextMove();
  const { code: ended, stdout, stderr: said } = await move(project, next.how, next.file);
  expect(ended, said).toBe(0);
  expect(liveIn(project)).toBe(other);
  expect(writes(LINK)).toBe('ok');
  expect(writes(after)).toBe('SQLITE_READONLY');
  const [, told = null] = /was interrupted (after|before)/.exec(stdout) ?? [];
  if (told !== null) expect(told).toBe(after === before ? 'before' : 'after');
  if (signal === null) expect(told).toBe(null);
  return told ?? 'not begun';
}

describe('SIGKILL in promote and rollback of a file', () => {
  it(`leaves one whole file live, ${KILLS} times`, async () => {
    const told: string[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) told.push(await killOne(kill));
    expect(new Set(told), told.join()).toContain('before');
    if (KILLS >= 30) expect(new Set(told), told.join()).toContain('after');
  }, 3_600_000);

  it('is put right where it came after the link had moved: what is live can be written', async () => {
    if (liveIn(project) === 'a.db') expect((await move(project, 'promote', 'b.db')).code).toBe(0);
    const halted = startHalting(moveArgs(project, 'rollback', LINK), /\/current\.db$/);
    expect(await halted.reached).toBe(true);
    halted.child.kill('SIGKILL');
    await halted.ended;
    expect(liveIn(project)).toBe('b.db');
    expect(writes(LINK), 'it was frozen before the link would have moved').toBe('SQLITE_READONLY');
    const failed = await move(project, 'promote', 'none.db');
    expect(failed.code).not.toBe(0);
    expect(writes(LINK)).toBe('ok');
    expect((await move(project, 'rollback', LINK)).stdout).toContain('before it took effect');
  });

  it('compares files whole (negative control)', () => {
    const copy = join(project, 'copy.db');
    copyFileSync(join(project, liveIn(project)), copy);
    expect(contentOfFile(copy)).toEqual(whole);
    execIn(project, 'copy.db', `DELETE FROM visits WHERE rowid = 1`);
    expect(contentOfFile(copy)).not.toEqual(whole);
  });
});
