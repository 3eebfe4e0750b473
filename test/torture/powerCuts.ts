/**
 * Power cuts: a file system on a loop device is shut down while a command runs on it, so that nothing
 * reaches the device any more, not even its journal; then it is mounted again. What was acknowledged
 * before has to be there, and what is there has to be whole.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { sealedNames } from '../../src/seal/sealedFolders.ts';
import { verifyCandidate } from '../../src/seal/verify.ts';
import { start } from '../kit/run.ts';
import { randomOf } from '../dogschool/random.ts';
import { HASHING } from '../fault/fixture.ts';
import { readOnce } from '../fault/reader.ts';
import { liveOf, storeOf } from '../promote/fixture.ts';
import { template } from './attack.ts';

export type FileSystem = 'ext4' | 'xfs';

export interface Cut {
  /** What the command had said: that it was done, or nothing. */
  readonly acknowledged: boolean;
  readonly violations: readonly string[];
}

export interface CutOptions {
  readonly system: FileSystem;
  readonly cuts: number;
  readonly seed: number;
  readonly sabotage?: string;
  readonly onCut?: (cut: Cut, number: number) => void;
}

const MIB = 2 ** 20;
const SIZE: Readonly<Record<FileSystem, number>> = { ext4: 96 * MIB, xfs: 320 * MIB };

/** Why there can be no power cuts here; null where there can. */
export function whyNoCuts(system: FileSystem): string | null {
  for (const tool of [`mkfs.${system}`, 'xfs_io', 'mount', 'losetup']) {
    if (spawnSync(tool, ['-V']).error !== undefined) return `${tool} is not here`;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'sealift-cut-'));
  try {
    makeDisk(scratch, system);
    const image = join(scratch, 'empty');
    mount(scratch, image);
    shutDown(scratch);
    unmount(scratch, image);
    return null;
  } catch {
    spawnSync('umount', ['-l', join(scratch, 'disk')]);
    return 'loop devices cannot be mounted here';
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function makeDisk(scratch: string, system: FileSystem): void {
  const image = join(scratch, 'empty');
  execFileSync('truncate', ['-s', String(SIZE[system]), image]);
  execFileSync(`mkfs.${system}`, [system === 'xfs' ? '-f' : '-F', '-q', image], {
    stdio: 'ignore',
  });
  mkdirSync(join(scratch, 'disk'), { recursive: true });
}

/** Each cut has an image of its own: the loop device of the one before may still be there. */
function mount(scratch: string, image: string): void {
  const args = ['-o', 'loop', image, join(scratch, 'disk')];
  execFileSync('mount', args, { stdio: 'ignore' });
}

/**
 * Threads of a process that has ended may hold a file for a moment longer, and a mount namespace that somebody
 * has made meanwhile the file system itself, which would stay shut down: its loop device has to be gone.
 */
function unmount(scratch: string, image: string): void {
  let isMounted = true;
  for (let attempt = 1; attempt <= 600; attempt += 1) {
    if (isMounted) isMounted = spawnSync('umount', [join(scratch, 'disk')]).status !== 0;
    const devices = execFileSync('losetup', ['--associated', image], { encoding: 'utf8' });
    if (!isMounted && devices === '') return;
    spawnSync('sleep', ['0.1']);
  }
  throw new Error(`${image} cannot be unmounted`);
}

/** Without flushing anything, its log included: as if the plug was pulled. */
function shutDown(scratch: string): void {
  execFileSync('xfs_io', ['-x', '-c', 'shutdown', join(scratch, 'disk')], { stdio: 'ignore' });
}

/** Cuts the power so many times, each time while another migrate or promote is at work. */
export async function cutPower(options: CutOptions): Promise<Cut[]> {
  const { system, cuts, seed, sabotage } = options;
  const random = randomOf(seed, `cuts ${system}`);
  const scratch = mkdtempSync(join(tmpdir(), 'sealift-cut-'));
  const original = await template();
  const made: Cut[] = [];
  try {
    makeDisk(scratch, system);
    const usual = { migrate: 500, promote: 350 };
    for (let number = 1; number <= cuts; number += 1) {
      const command = number % 2 === 0 ? 'promote' : 'migrate';
      const image = join(scratch, `image-${number}`);
      execFileSync('cp', ['--sparse=always', join(scratch, 'empty'), image]);
      mount(scratch, image);
      const project = join(scratch, 'disk/project');
      cpSync(original, project, { recursive: true, verbatimSymlinks: true });
      execFileSync('sync', ['-f', project]);
      // A third of them after the command has ended: what it said has to hold from then on.
      const delay = random.chance(0.35)
        ? Infinity
        : usual[command] * (0.3 + 0.9 * random.fraction());
      const cut = await cutOnce({ scratch, image, project }, { command, delay, sabotage });
      rmSync(image);
      options.onCut?.(cut, number);
      made.push(cut);
    }
    return made;
  } finally {
    spawnSync('umount', ['-l', join(scratch, 'disk')]);
    rmSync(scratch, { recursive: true, force: true });
    rmSync(original, { recursive: true, force: true });
  }
}

async function cutOnce(
  { scratch, image, project }: Readonly<Record<'scratch' | 'image' | 'project', string>>,
  run: {
    readonly command: 'migrate' | 'promote';
    readonly delay: number;
    readonly sabotage: string | undefined;
  },
): Promise<Cut> {
  const { command, delay, sabotage } = run;
  const live = liveOf(project);
  const args = [command, '--json', '--project', project, '--workers', '1'];
  const env: Record<string, string> = { MIGRATE_RUN_ID: 'run-cut' };
  if (sabotage !== undefined) env['NODE_OPTIONS'] = `--import=${sabotage}`;
  const running = start(args, { env });
  if (delay === Infinity) await running.ended;
  else await Promise.race([wait(delay), running.ended]);
  shutDown(scratch);
  const ended = await running.ended;
  unmount(scratch, image);
  mount(scratch, image);
  // What it had said before the cut, whatever has become of its report since.
  const acknowledged = ended.code === 0;
  const said = acknowledged ? (JSON.parse(ended.stdout) as { sealId: string }).sealId : null;
  const violations = await looked(project, { command, live, said });
  unmount(scratch, image);
  return { acknowledged, violations };
}

async function looked(
  project: string,
  told: { readonly command: string; readonly live: string | null; readonly said: string | null },
): Promise<string[]> {
  const violations: string[] = [];
  const { command, live, said } = told;
  for (const link of [join(project, 'storage_live'), join(storeOf(project), 'v1')]) {
    try {
      readOnce(link);
    } catch (error) {
      violations.push(`torn: ${String(error)}`);
    }
  }
  const now = liveOf(project);
  if (command === 'promote' && said !== null && now?.slice(0, 64) !== said) {
    violations.push('a promote that was acknowledged is lost');
  }
  if (command === 'migrate') {
    if (now !== live) violations.push('a migrate has changed what is live');
    const there = existsSync(join(storeOf(project), 'v1/checksums/SHA256SUMS'));
    const current = there ? await verified(join(storeOf(project), 'v1')) : null;
    if (said !== null && current !== said)
      violations.push('a migrate that was acknowledged is lost');
  }
  for (const name of sealedNames(storeOf(project))) {
    if ((await verified(join(storeOf(project), 'sealed', name))) === null) {
      violations.push(`torn: sealed/${name.slice(0, 8)}`);
    }
  }
  return [...violations, ...(await nextRun(project))];
}

/** The seal id of a whole candidate. */
async function verified(folder: string): Promise<string | null> {
  try {
    const { findings, sealId } = await verifyCandidate(folder, null, HASHING);
    return findings.length === 0 ? sealId : null;
  } catch {
    return null;
  }
}

/** In a process of its own: nothing on the disk may stay open here. */
async function nextRun(project: string): Promise<string[]> {
  const { code, stderr } = await start(['migrate', '--project', project, '--workers', '1']).ended;
  return code === 0 ? [] : [`the next run failed: ${stderr.slice(-300)}`];
}
