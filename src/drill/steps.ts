/** Runs of a drill in one of its projects, and the checks after them. */

import { DROPPED_STAGING, STAGING } from '../seal/candidateStore.ts';
import { currentPath } from '../seal/sealedFolders.ts';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { treeDifferences, treeOf, type Tree } from './folderState.ts';
import type { Finding } from '../outcome/finding.ts';
import type { Step } from '../outcome/outcome.ts';
import { verifyCandidate } from '../seal/verify.ts';
import type { Environment, SelfRun } from '../run/environment.ts';
import { projectPaths } from '../project/paths.ts';
import { notBuilt, said, type Said, type Shadow, type ShadowOptions } from './shadow.ts';
import { withHashers, type Workers } from '../run/workers.ts';

export interface DrillOptions extends ShadowOptions {
  /** Modules after which a run fails and inside which one is killed; all if empty. */
  readonly modules: readonly string[];
  /** Number of rows a module to build from; null for all. */
  readonly sample: number | null;
  readonly workers: Workers;
  /** Memory of a run, in bytes. */
  readonly memory: number;
}

/** State that the steps share. */
export interface Drill {
  readonly options: DrillOptions;
  readonly env: Environment;
  readonly shadow: Shadow;
  readonly steps: Step[];
  readonly notices: Finding[];
  /** Run in progress, to be killed on Ctrl-C. */
  running: SelfRun | null;
}

/** A good candidate of a shadow project, with the state of its folder when it was new. */
export interface Baseline {
  readonly project: string;
  readonly sealId: string;
  readonly dataRoot: string;
  readonly tree: Tree;
}

/** Runs `sealift …` in a shadow project; `meanwhile` runs at the same time. */
export async function sealift(
  all: Drill,
  project: string,
  args: readonly string[],
  variables: Readonly<Record<string, string | undefined>> = {},
  meanwhile: (run: SelfRun, isOver: () => boolean) => Promise<void> = async () => {},
): Promise<Said> {
  const run = all.env.runSelf([...args, '--json', '--project', project], {
    umask: 0o077,
    variables: {
      ...all.shadow.sources.variables,
      MIGRATE_FAIL_AFTER_MODULE: undefined,
      ...variables,
    },
  });
  all.running = run;
  let over = false;
  const result = said(run).finally(() => {
    over = true;
  });
  await Promise.all([result, meanwhile(run, () => over)]);
  all.running = null;
  return result;
}

/** Returns the arguments of a migrate from the real sources. */
export function migrateArgs({ options, shadow }: Drill): string[] {
  const { workers, memory, sample } = options;
  return [
    'migrate',
    ...(workers === null ? [] : ['--workers', String(workers)]),
    '--memory',
    String(memory),
    ...(sample === null ? [] : ['--sample', String(sample)]),
    ...shadow.sources.args,
  ];
}

/** Builds the candidate to drill with. @throws Failure CANDIDATE if the run fails */
export async function goodCandidate(all: Drill, project: string): Promise<Baseline> {
  const result = await sealift(all, project, migrateArgs(all));
  const { code, sealId, dataRoot } = result;
  if (code !== 0 || sealId === null || dataRoot === null) {
    throw notBuilt(result, 'drilled', 'drill');
  }
  return { project, sealId, dataRoot, tree: storeOf(project) };
}

/** Entries that an interrupted run may leave until the next one, and lock files. */
const TEMPORARY = [STAGING, DROPPED_STAGING, '.lock', '.lock.json', '.lock.json.new'];

function storeOf(project: string): Tree {
  return treeOf(projectPaths(project).candidates, TEMPORARY);
}

/** Describes how a run ended. */
export function ending({ code, signal }: Said): string {
  return signal === null ? `exit ${String(code)}` : `killed by ${signal}`;
}

/** Makes the step that checks for leftovers of an interrupted run. */
export function nothingLeft({ project }: Baseline, when: string): Step {
  const { candidates } = projectPaths(project);
  const left = [STAGING, DROPPED_STAGING].filter((name) => existsSync(join(candidates, name)));
  return {
    step: `${when}: leftovers`,
    expected: 'nothing',
    observed: left.length === 0 ? 'nothing' : left.join(', '),
    ok: left.length === 0,
  };
}

/** Makes the step that checks that the earlier candidate is unchanged and verifies. */
export async function untouched(all: Drill, baseline: Baseline, when: string): Promise<Step> {
  const changed = treeDifferences(baseline.tree, storeOf(baseline.project));
  const step = { step: `${when}: the candidate before`, expected: 'untouched, and verifies' };
  if (changed.length > 0) {
    return { ...step, observed: `changed: ${changed.slice(0, 3).join(', ')}`, ok: false };
  }
  const faults = await verifyAgain(all, baseline);
  const observed = faults === 0 ? 'untouched, and verifies' : `${faults} findings on its checksums`;
  return { ...step, observed, ok: faults === 0 };
}

/** Returns the number of findings on the candidate that `v1` points to. */
async function verifyAgain(
  { options, env }: Drill,
  { project, sealId }: Baseline,
): Promise<number> {
  const folder = currentPath(projectPaths(project).candidates);
  const { findings } = await withHashers(folder, options.workers, env, (pool) =>
    verifyCandidate(folder, sealId, pool),
  );
  return findings.length;
}

/** Runs without a fault, as a step; `when` is its context, with a leading space. */
export async function buildAgain(all: Drill, baseline: Baseline, when = ''): Promise<void> {
  const result = await sealift(all, baseline.project, migrateArgs(all));
  const same = result.dataRoot === baseline.dataRoot;
  all.steps.push({
    step: `a clean build${when}`,
    expected: 'exit 0, the same data root',
    observed: `${ending(result)}, ${same ? 'the same data root' : 'another data root'}`,
    ok: result.code === 0 && same,
  });
}
