/**
 * Many who want the lock of one project: contenders run the real command line again and again, and
 * whoever holds the lock is killed, or stopped for a while and then let go on.
 */

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import Database from 'better-sqlite3';

import type { Holder } from '../../src/disk/lock.ts';
import { sealedNames } from '../../src/seal/sealedFolders.ts';
import { sealift, start, type Ran } from '../kit/run.ts';
import { randomOf, type Random } from '../dogschool/random.ts';
import { storeOf } from '../promote/fixture.ts';
import { nextRun, template, unsound } from './attack.ts';
import { lockLog, type LockLog, type Turn } from './lockLog.ts';

export interface ContestOptions {
  readonly contenders: number;
  readonly rounds: number;
  readonly seed: number;
  /** A module that is loaded into the commands, to break them on purpose. */
  readonly sabotage?: string;
}

export interface Contest {
  readonly runs: number;
  /** How often the lock was held, and how often it was refused. */
  readonly held: number;
  readonly refused: number;
  /** Holders that were killed, and milliseconds until the lock was free, at most. */
  readonly killed: number;
  readonly slowest: number;
  /** Holders that were stopped, so that another run was told who holds it since when. */
  readonly stopped: number;
  readonly violations: readonly string[];
}

interface Ring {
  readonly project: string;
  readonly log: LockLog;
  readonly env: Readonly<Record<string, string>>;
  readonly children: Map<number, ChildProcess>;
  readonly random: Random;
  readonly counts: { runs: number; refused: number; killed: number; stopped: number };
  readonly violations: string[];
  /** Whether what the contest is for has not been seen yet. */
  readonly goesOn: () => boolean;
  slowest: number;
}

const WITNESS: string = fileURLToPath(new URL('./witness/noteLocks.ts', import.meta.url));
/** Contenders go on until all was seen, but not for ever. */
const MOST_ROUNDS = 20;
/** A killed holder's lock is free by then. */
const FREE_MS = 1000;

/** Lets so many contenders run so many commands each, or more until a holder was stopped and one killed. */
export async function contest(options: ContestOptions): Promise<Contest> {
  const { contenders, rounds, seed, sabotage } = options;
  const project = await template();
  const scratch = mkdtempSync(join(tmpdir(), 'sealift-contest-'));
  const modules = sabotage === undefined ? [WITNESS] : [sabotage, WITNESS];
  const log = lockLog(join(scratch, 'locks'));
  const ring: Ring = {
    project,
    log,
    env: { LOCK_LOG: log.path, NODE_OPTIONS: modules.map((one) => `--import=${one}`).join(' ') },
    children: new Map(),
    random: randomOf(seed, 'contest'),
    counts: { runs: 0, refused: 0, killed: 0, stopped: 0 },
    violations: [],
    // With a lock that is broken on purpose it is for two who hold it at once.
    goesOn: () => (sabotage === undefined ? isOpen(ring) : log.overlaps().length === 0),
    slowest: 0,
  };
  try {
    const over = new AbortController();
    const tormented = torment(ring, over.signal);
    const ids = sealedNames(storeOf(project)).map((name) => name.slice(0, 64));
    const all = Array.from({ length: contenders }, (_, number) =>
      contend(ring, ids, rounds, randomOf(seed, `contender ${number}`)),
    );
    await Promise.all(all).finally(() => {
      over.abort();
    });
    await tormented;
    const { counts, slowest, violations } = ring;
    violations.push(...log.overlaps(), ...(await unsound(project)), ...(await nextRun(project)));
    return { ...counts, held: log.taken(storeOf(project)), slowest, violations };
  } finally {
    rmSync(project, { recursive: true, force: true });
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function contend(
  ring: Ring,
  ids: readonly string[],
  rounds: number,
  random: Random,
): Promise<void> {
  for (let round = 0; round < rounds || (ring.goesOn() && round < MOST_ROUNDS); round += 1) {
    const command = random.pick(['migrate', 'promote', 'rollback']);
    const args = command === 'promote' ? [command, random.pick(ids)] : [command];
    const env = { ...ring.env, MIGRATE_RUN_ID: 'run-contest' };
    const running = start([...args, '--project', ring.project, '--workers', '1'], { env });
    const pid = running.child.pid ?? 0;
    ring.children.set(pid, running.child);
    judge(ring, command, await running.ended);
    ring.children.delete(pid);
  }
}

const REFUSED =
  /^sealift \w+: (another run|sealift [a-z-]+ \(process \d+, since [\dT:.Z-]+\)) is at work in this project \(/m;

/** A run is done, was killed, or was told in one line that another one is at work. */
function judge(ring: Ring, command: string, { code, signal, stderr }: Ran): void {
  ring.counts.runs += 1;
  if (code === 0 || signal === 'SIGKILL') return;
  if (code === 1 && REFUSED.test(stderr)) ring.counts.refused += 1;
  else if (command !== 'rollback' || !stderr.includes('no candidate was live before')) {
    ring.violations.push(`${command} ended with ${code ?? signal}: ${stderr.slice(-300)}`);
  }
}

/** Kills or stops holders as they come: one is stopped, then one killed, then as it falls. */
async function torment(ring: Ring, over: AbortSignal): Promise<void> {
  const { counts, random } = ring;
  const store = storeOf(ring.project);
  let last = 0;
  while (!over.aborted) {
    const holder = ring.log.holder(store);
    if (holder !== null && holder.turn !== last) {
      last = holder.turn;
      const fate = counts.stopped === 0 ? 0 : counts.killed === 0 ? 0.5 : random.fraction();
      await wait(isOpen(ring) ? 5 : random.integer(0, 150));
      if (fate < 0.4) await stop(ring, holder);
      else if (fate < 0.8) await kill(ring, holder);
    }
    await wait(2);
  }
}

/** Whether nobody was stopped yet, or nobody killed. */
function isOpen({ counts }: Ring): boolean {
  return counts.stopped === 0 || counts.killed === 0;
}

/** Whether it still holds what it held. */
function holds(ring: Ring, { turn }: Turn): boolean {
  return ring.log.holder(storeOf(ring.project))?.turn === turn;
}

async function kill(ring: Ring, holder: Turn): Promise<void> {
  const child = ring.children.get(holder.pid);
  if (child === undefined || !holds(ring, holder)) return;
  ring.log.killing(holder.pid);
  const began = performance.now();
  child.kill('SIGKILL');
  while (!isFree(ring)) {
    if (performance.now() - began > 10 * FREE_MS) break;
    await wait(1);
  }
  const took = performance.now() - began;
  ring.counts.killed += 1;
  ring.slowest = Math.max(ring.slowest, took);
  if (took > FREE_MS) {
    ring.violations.push(`a killed holder kept the lock for ${Math.round(took)} ms`);
  }
}

/** Whether the lock can be taken, or was by the next one. */
function isFree(ring: Ring): boolean {
  const store = storeOf(ring.project);
  if (ring.log.holder(store) !== null) return true;
  const database = new Database(join(store, '.lock'), { fileMustExist: true, timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch {
    return false;
  } finally {
    database.close();
  }
}

/** A stopped holder keeps its lock, and who comes meanwhile is told who has it. */
async function stop(ring: Ring, holder: Turn): Promise<void> {
  const child = ring.children.get(holder.pid);
  child?.kill('SIGSTOP');
  // The signal takes a moment to arrive.
  await wait(20);
  try {
    const about = noteOf(ring.project);
    if (child === undefined || about?.pid !== holder.pid || !holds(ring, holder)) return;
    const args = ['promote', '--project', ring.project, '--workers', '1'];
    const { code, stderr } = await sealift(args, { env: ring.env, process: true });
    ring.counts.stopped += 1;
    const said = `sealift ${about.command} (process ${about.pid}, since ${about.since}) is at work`;
    if (code !== 1 || !stderr.includes(said)) {
      ring.violations.push(`while ${about.pid} was stopped, another ended with ${code}: ${stderr}`);
    }
    if (!holds(ring, holder)) ring.violations.push(`${about.pid} was stopped and lost its lock`);
  } finally {
    child?.kill('SIGCONT');
  }
}

/** What the holder has written about itself. */
function noteOf(project: string): Holder | null {
  try {
    return JSON.parse(readFileSync(join(storeOf(project), '.lock.json'), 'utf8')) as Holder;
  } catch {
    return null;
  }
}
