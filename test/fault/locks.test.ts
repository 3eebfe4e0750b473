/** One run at a time in a project, however many want to, and however they end. */

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { acquireLock } from '../../src/disk/lock.ts';
import { verifyCandidate } from '../../src/seal/verify.ts';
import { times } from '../kit/long.ts';
import { sealift } from '../kit/run.ts';
import { HASHING, newProject, temporaryFolder } from './fixture.ts';

const CONTENDER = fileURLToPath(new URL('./contender.ts', import.meta.url));
const CONTENDERS = times('SEALIFT_LOCK_CONTENDERS', 4, 8);
const RUNS = times('SEALIFT_LOCK_RUNS', 2, 4);
const HOLDER = { command: 'migrate', pid: process.pid, since: '2025-01-31T10:00:00.000Z' };

function contend(folder: string, rounds: number): ChildProcess {
  return spawn(process.execPath, [CONTENDER, folder, String(rounds)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function ended(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      resolve({ code, output: Buffer.concat(chunks).toString() });
    });
  });
}

/** Fulfilled when each contender has asked for the lock and was refused. */
async function allRefused(folder: string): Promise<void> {
  const refused = (): string[] => readdirSync(folder).filter((name) => name.startsWith('refused-'));
  while (existsSync(folder) && refused().length < CONTENDERS) await wait(2);
}

describe('the lock, wanted by many', () => {
  let folder: string;

  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it(`never has two holders: ${CONTENDERS} contenders, 10 rounds each`, async () => {
    const mine = acquireLock(folder, HOLDER);
    const contenders = Array.from({ length: CONTENDERS }, () => ended(contend(folder, 10)));
    const all = Promise.all(contenders);
    // All of them want it at once, however long each takes to start.
    await Promise.race([all, allRefused(folder)]);
    mine.release();
    let refused = 0;
    for (const { code, output } of await all) {
      expect(code, output).toBe(0);
      expect(output).toMatch(/^10 \d+\n$/);
      refused += Number(output.split(' ')[1]);
    }
    const lines = readFileSync(join(folder, 'log'), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(2 * 10 * CONTENDERS);
    for (let line = 0; line < lines.length; line += 2) {
      const [came = '', went = ''] = [lines[line], lines[line + 1]];
      expect(came).toMatch(/^in \d+$/);
      expect(went).toBe(came.replace('in', 'out'));
    }
    // Otherwise nobody contended, and nothing was shown.
    expect(refused).toBeGreaterThanOrEqual(CONTENDERS);
  });

  it('is free the moment its holder was killed', async () => {
    const child = contend(folder, 0);
    const end = ended(child);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    expect(() => acquireLock(folder, HOLDER)).toThrow(`process ${child.pid}`);
    child.kill('SIGKILL');
    expect((await end).output).toBe('held\n');
    acquireLock(folder, HOLDER).release();
  });

  it('refuses the runs that come second, and lets the first finish', async () => {
    const project = await newProject(60);
    const args = ['migrate', '--project', project, '--workers', '1'];
    const runs = await Promise.all(
      Array.from({ length: RUNS }, () => sealift(args, { process: true })),
    );
    const done = runs.filter(({ code }) => code === 0);
    expect(done.length).toBeGreaterThan(0);
    for (const { code, stderr } of runs) {
      if (code === 0) continue;
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^sealift migrate: (another run|sealift migrate \(process \d+, since [\dT:.-]+Z\)) is at work/,
      );
    }
    const result = await verifyCandidate(join(project, 'storage_candidate/v1'), null, HASHING);
    expect(result.findings).toEqual([]);
    expect(done.some(({ stdout }) => stdout.includes(result.sealId ?? '-'))).toBe(true);
    rmSync(project, { recursive: true });
  });

  it('does not keep a verification from running', async () => {
    const project = await newProject(10);
    expect((await sealift(['migrate', '--project', project])).code).toBe(0);
    mkdirSync(join(project, 'storage_candidate'), { recursive: true });
    const lock = acquireLock(join(project, 'storage_candidate'), HOLDER);
    const { code } = await sealift(['verify-checksums', '--project', project]);
    lock.release();
    expect(code).toBe(0);
    rmSync(project, { recursive: true });
  });
});
