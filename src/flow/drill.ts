/**
 * drill: rehearses failures with the real mapping and sources in a shadow project. Runs fail after
 * each module, are killed inside each, and fill the disk. After each, the candidate from before
 * must be intact, and the next run must remove all traces of the failed one. Finally, a clean build
 * must have the same root, and a promotion is rolled back.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { assertModules } from '../outcome/assertModules.ts';
import type { Finding } from '../outcome/finding.ts';
import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { readLivePointer } from '../project/liveLink.ts';
import { stagedCandidate } from '../seal/candidateStore.ts';
import { computedSealId, isMisnamed, sealedPath } from '../seal/sealedFolders.ts';
import { meetFullDisk } from '../drill/fullDisk.ts';
import {
  buildAgain,
  ending,
  goodCandidate,
  migrateArgs,
  nothingLeft,
  sealift,
  untouched,
  type Baseline,
  type Drill,
  type DrillOptions,
} from '../drill/steps.ts';
import type { Environment } from '../run/environment.ts';
import { projectPaths } from '../project/paths.ts';
import { withShadow, type Said } from '../drill/shadow.ts';

/** Runs all steps. */
export async function drill(options: DrillOptions, env: Environment): Promise<Outcome> {
  return withShadow('drill', options, env, async (shadow) => {
    const all: Drill = { options, env, shadow, steps: [], notices: [], running: null };
    const forget = env.onInterrupt(() => all.running?.kill());
    try {
      const modules = drilledModules(options, shadow.modules);
      const total = modules.length + 3;
      env.progress.begin('drill', total, { unit: 'part' });
      const baseline = await goodCandidate(all, shadow.project('project'));
      for (const [index, module] of modules.entries()) {
        await dieInside(all, baseline, module);
        await failAfter(all, baseline, module);
        env.progress.update(index + 1);
      }
      await meetFullDisk(all, baseline);
      env.progress.update(total - 2);
      await buildAgain(all, baseline);
      env.progress.update(total - 1);
      await promoteAndRollBack(all, baseline);
      env.progress.update(total);
      env.progress.end();
      return outcomeOf(all, baseline, modules);
    } finally {
      forget();
    }
  });
}

/** @throws Failure USAGE if the mapping has no module of a given name */
function drilledModules({ modules }: DrillOptions, all: readonly string[]): readonly string[] {
  assertModules(modules, all, { of: 'mapping', where: '--module' });
  return modules.length === 0 ? all : all.filter((name) => modules.includes(name));
}

function outcomeOf(
  { steps, notices, options, shadow }: Drill,
  baseline: Baseline,
  modules: readonly string[],
): Outcome {
  const failed = steps.filter(({ ok }) => !ok);
  const findings = failed.map(({ step, expected, observed }): Finding => {
    const reason = `the step "${step}" ended with "${observed}" instead of "${expected}"`;
    return { rule: 'drill', severity: 'BLOCKER', reason };
  });
  return checkOutcome({
    command: 'drill',
    dataRoot: baseline.dataRoot,
    modules: [],
    steps,
    findings: [...findings, ...notices],
    notes: [
      `${steps.length - failed.length} of ${steps.length} steps went as expected`,
      ...(modules.length < shadow.modules.length
        ? [
            `${modules.length} of ${shadow.modules.length} modules were drilled, as --module requests`,
          ]
        : []),
      ...(options.sample === null ? [] : [`drilled with ${options.sample} rows per module`]),
    ],
  });
}

async function failAfter(all: Drill, baseline: Baseline, module: string): Promise<void> {
  const result = await sealift(all, baseline.project, migrateArgs(all), {
    MIGRATE_FAIL_AFTER_MODULE: module,
  });
  all.steps.push({
    step: `fail after ${module}`,
    expected: 'exit 1',
    observed: ending(result),
    ok: result.code === 1,
  });
  all.steps.push(nothingLeft(baseline, `after the failure after ${module}`));
  all.steps.push(await untouched(all, baseline, `after the failure after ${module}`));
}

const ATTEMPTS = 10;
const PAUSE_MS = 1;

async function dieInside(all: Drill, baseline: Baseline, module: string): Promise<void> {
  const staged = join(stagedCandidate(projectPaths(baseline.project).candidates), module);
  let result: Said | null = null;
  // A small module may be finished before it is killed: then it is tried again.
  for (let attempt = 0; attempt < ATTEMPTS && result?.signal !== 'SIGKILL'; attempt += 1) {
    result = await sealift(
      all,
      baseline.project,
      migrateArgs(all),
      { MIGRATE_FAIL_AFTER_MODULE: module },
      async (run, isOver) => {
        while (!existsSync(staged) && !isOver()) await pause(PAUSE_MS);
        run.kill();
      },
    );
  }
  all.steps.push({
    step: `kill inside ${module}`,
    expected: 'killed by SIGKILL',
    observed: result === null ? 'nothing' : ending(result),
    ok: result?.signal === 'SIGKILL',
  });
  all.steps.push(await untouched(all, baseline, `after the death inside ${module}`));
}

async function promoteAndRollBack(all: Drill, first: Baseline): Promise<void> {
  const { project } = first;
  if (all.options.sample !== null) {
    const reason = 'no promotion was drilled: a sample can never be promoted';
    all.notices.push({ rule: 'drill', severity: 'INFO', reason });
    return;
  }
  await promoteOne(all, project, first.sealId, 'the first candidate');
  const next = await sealift(all, project, migrateArgs(all), { MIGRATE_RUN_ID: 'drill-second' });
  await promoteOne(all, project, next.sealId, 'a second candidate');
  const back = await sealift(all, project, ['rollback']);
  const live = liveSeal(project);
  all.steps.push({
    step: 'roll back',
    expected: 'exit 0, the first candidate is live',
    observed: `${ending(back)}, ${live === first.sealId ? 'the first candidate is live' : 'it is not live'}`,
    ok: back.code === 0 && live === first.sealId,
  });
}

async function promoteOne(
  all: Drill,
  project: string,
  sealId: string | null,
  name: string,
): Promise<void> {
  const scanned = await sealift(all, project, ['scan-all']);
  const allow = scanned.code === 1 ? ['--allow-warnings'] : [];
  const args = ['promote', ...allow, ...all.shadow.sources.args];
  const promoted = await sealift(all, project, args);
  const live = sealId !== null && liveSeal(project) === sealId;
  all.steps.push({
    step: `scan and promote ${name}`,
    expected: 'the scan does not fail, exit 0, it is live',
    observed: `scan ${ending(scanned)}, promote ${ending(promoted)}, ${live ? 'it is live' : 'it is not live'}`,
    ok: scanned.code !== 2 && promoted.code === 0 && live,
  });
}

/**
 * Returns the live candidate's seal id; null if nothing is live, or its folder has another's name.
 */
function liveSeal(project: string): string | null {
  const { live, candidates } = projectPaths(project);
  const name = readLivePointer(live);
  const folder = name === null ? null : sealedPath(candidates, name);
  return folder === null || isMisnamed(folder) ? null : computedSealId(folder);
}
