/** One fault at one system call of one command, and everything that has to hold afterwards. */

import { cpSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { EXIT } from '../../src/outcome/exitCode.ts';
import { sealedNames } from '../../src/seal/sealedFolders.ts';
import { verifyCandidate } from '../../src/seal/verify.ts';
import { randomOf } from '../dogschool/random.ts';
import {
  HASHING,
  initialise,
  migrateHere,
  temporaryFolder,
  writeKennel,
} from '../fault/fixture.ts';
import { readOnce, startReader } from '../fault/reader.ts';
import { copyPrepared } from '../kit/prepared.ts';
import { build, liveOf, promoteHere, scanEntryOf, scanHere, storeOf } from '../promote/fixture.ts';
import {
  callsIn,
  faultsAt,
  retriedSyncs,
  traced,
  type Call,
  type Fault,
  type TracedRun,
} from './systemCalls.ts';

export type Attacked = 'migrate' | 'promote' | 'rollback';

/** What one fault came to. */
export interface Attack {
  readonly fault: Fault;
  readonly end: 'killed' | 'failed' | 'survived';
  /** Whether the fault was met at all: runs differ a little from each other. */
  readonly met: boolean;
  /** What did not hold. */
  readonly violations: readonly string[];
}

/** Two candidates, scanned; the second is live and current, the first was live before. */
export async function template(rows: number = 20): Promise<string> {
  const project = temporaryFolder();
  await copyPrepared(`attacked-${rows}`, project, (folder) => makeTemplate(folder, rows));
  return project;
}

async function makeTemplate(project: string, rows: number): Promise<void> {
  writeKennel(join(project, 'legacy.db'), rows);
  await initialise(project);
  const first = await build(project, 'one');
  await scanHere(project);
  await promoteHere(project, { candidate: first });
  const second = await build(project, 'two');
  scanEntryOf(project, second, {});
  await promoteHere(project, { candidate: second });
  scanEntryOf(project, await build(project, 'three'), {});
}

export interface AttackOptions {
  readonly command: Attacked;
  readonly points: number;
  readonly seed: number;
  /** A module that is loaded into the command before it, to break it on purpose. */
  readonly sabotage?: string;
  /** Where faults may be put; at any call where left out. */
  readonly at?: (call: Call) => boolean;
  readonly onAttack?: (attack: Attack, number: number) => void;
}

/** Attacks a command at so many points, each in a fresh copy of the same project. */
export async function attack(options: AttackOptions): Promise<Attack[]> {
  const { command, points, seed, sabotage } = options;
  const original = await template();
  const scratch = mkdtempSync(join(tmpdir(), 'sealift-torture-'));
  const project = join(scratch, 'project');
  const fresh = (): void => {
    rmSync(project, { recursive: true, force: true });
    cpSync(original, project, { recursive: true, verbatimSymlinks: true });
  };
  const env: Record<string, string> = { MIGRATE_RUN_ID: 'run-tortured' };
  if (sabotage !== undefined) env['NODE_OPTIONS'] = `--import=${sabotage}`;
  const args = [command, '--project', project, '--workers', '1'];
  try {
    fresh();
    const whole = await traced(args, scratch, { fault: null, env });
    if (whole.code !== 0) throw new Error(`${command} fails by itself: ${whole.stderr}`);
    const calls = callsIn(whole.trace, project).filter((call) => options.at?.(call) ?? true);
    if (calls.length === 0) throw new Error(`${command} makes no such call`);
    const faults = faultsAt(calls, points, randomOf(seed, `torture ${command}`));
    const attacks: Attack[] = [];
    for (const fault of faults) {
      fresh();
      const made = await attackOnce(project, fault, () => traced(args, scratch, { fault, env }));
      options.onAttack?.(made, attacks.length + 1);
      attacks.push(made);
    }
    return attacks;
  } finally {
    rmSync(original, { recursive: true, force: true });
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function attackOnce(
  project: string,
  fault: Fault,
  run: () => Promise<TracedRun>,
): Promise<Attack> {
  const links = [join(project, 'storage_live'), join(storeOf(project), 'v1')];
  const before = stateOf(project);
  const violations: string[] = [];
  const reading = startReader(links);
  const ran = await run();
  try {
    // A run may be over before the reader had its first turn.
    await reading.stop();
    for (const link of links) readOnce(link);
  } catch (error) {
    violations.push(`a reader saw: ${String(error)}`);
  }
  const after = stateOf(project);
  const end = endOf(ran);
  if (end === 'survived' && after === before) violations.push('it is done and has changed nothing');
  if (end === 'failed' && after !== before) violations.push('it failed and has changed something');
  if (end === 'failed') violations.push(...badMessage(ran.stderr, ran.trace, project));
  if (end !== 'killed') {
    violations.push(...retriedSyncs(ran.trace).map((path) => `synced again: ${path}`));
  }
  violations.push(...(await unsound(project)), ...(await nextRun(project)));
  const met = ran.trace.some((line) => line.includes('(INJECTED)')) || end === 'killed';
  return { fault, end, met, violations };
}

/** A command that has lost its report or its output is done, and says which; see docs/exit-codes.md. */
function endOf({ signal, code, stderr }: TracedRun): Attack['end'] {
  if (signal !== null) return 'killed';
  const isSaid = /no report was written|could not be written/.test(stderr);
  return code === 0 || (code === EXIT.outputLost && isSaid) ? 'survived' : 'failed';
}

/** What readers are led to. */
function stateOf(project: string): string {
  return `${liveOf(project)} ${readlinkSync(join(storeOf(project), 'v1'))}`;
}

/** One line for a person; where the fault did not hit the project, the runtime may say it. */
function badMessage(stderr: string, trace: readonly string[], project: string): string[] {
  const elsewhere = trace.some((line) => line.includes('(INJECTED)') && !line.includes(project));
  if (elsewhere) return [];
  const lines = stderr.trim().split('\n');
  const said = lines.filter((line) => /^sealift( \w+)?: \S/.test(line));
  if (said.length === 0 || /^\s+at /m.test(stderr)) return [`it said: ${stderr.slice(0, 300)}`];
  if (stderr.includes('defect of Sealift'))
    return [`it calls this a defect: ${lines.at(-1) ?? ''}`];
  return [];
}

/** Every sealed candidate is whole. */
export async function unsound(project: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const name of sealedNames(storeOf(project))) {
    const folder = join(storeOf(project), 'sealed', name);
    const { findings } = await verifyCandidate(folder, null, HASHING);
    if (findings.length > 0) wrong.push(`${name.slice(0, 8)} does not verify`);
  }
  return wrong;
}

/** The next run cleans up, gives the same data, and what it built can go live. */
export async function nextRun(project: string): Promise<string[]> {
  try {
    const before = await migrateHere(project, { runId: 'next' });
    const name = sealedNames(storeOf(project)).find((one) => one.startsWith(before.sealId ?? '-'));
    scanEntryOf(project, name ?? '', {});
    await promoteHere(project, { candidate: before.sealId ?? '' });
    const left = readdirSync(storeOf(project)).toSorted().join();
    const other = readdirSync(project).filter((one) => one.startsWith('.'));
    return [
      ...(left === '.lock,sealed,v1' ? [] : [`left in storage_candidate: ${left}`]),
      ...other.map((one) => `left in the project: ${one}`),
      ...(await sameData(project)),
    ];
  } catch (error) {
    return [`the next run failed: ${String(error)}`];
  }
}

async function sameData(project: string): Promise<string[]> {
  const roots = new Set<string | null>();
  for (const name of sealedNames(storeOf(project))) {
    const folder = join(storeOf(project), 'sealed', name);
    roots.add((await verifyCandidate(folder, null, HASHING)).dataRoot);
  }
  return roots.size === 1 ? [] : ['candidates of the same source have different data roots'];
}
