/** cutover run --dry-run: what a run would do, and whether it could. Nothing is journaled, and nothing changes. */

import { join } from 'node:path';

import { tryRun, type DryStep } from '../cutover/engine/tryRun.ts';
import type { Runbook } from '../cutover/runbook.ts';
import { openWorld } from '../cutover/world/openWorld.ts';
import { openScratch } from '../disk/scratch.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { projectPaths } from '../project/paths.ts';
import type { Environment } from '../run/environment.ts';
import { openWork, runnable } from './cutoverParts.ts';

/** Nothing is changed, so that others may be at work. */
const NO_LOCKS = { refusal: async () => null, close: async () => {} };

/** Tries a runbook. */
export async function cutoverDryRun(
  { project, runbook: path }: { readonly project: string; readonly runbook: string },
  env: Environment,
): Promise<Outcome> {
  const loaded = runnable(path, env);
  const { runbook } = loaded;
  const since = env.now().toISOString();
  const scratch = openScratch(env.temporary, { command: 'cutover run', pid: env.pid, since });
  try {
    // What is kept and journaled goes where it is removed again.
    const cutovers = join(scratch.path, 'runs');
    const paths = { ...projectPaths(project), cutovers, journal: join(scratch.path, 'journal') };
    const run = `${runbook.name}-1`;
    const opened = openWorld({ path, runbook, paths, run, who: null }, env);
    const work = {
      paths,
      run,
      loaded,
      runbook,
      opened,
      locks: NO_LOCKS,
      command: 'cutover run',
      who: null,
    };
    const live = openWork({ ...work, rehearsal: null }, env);
    try {
      const steps = await tryRun(live, env.signal);
      const missing = await failureIn(() => opened.target());
      return outcomeOf(runbook, loaded.name, steps, missing);
    } finally {
      live.held.close();
    }
  } finally {
    scratch.drop();
  }
}

/** A run begins with the databases of its steps, also those of steps that were not tried. */
async function failureIn(work: () => Promise<unknown>): Promise<Failure | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

function outcomeOf(
  runbook: Runbook,
  path: string,
  steps: readonly DryStep[],
  missing: Failure | null,
): Outcome {
  const outcome = actionOutcome({
    command: 'cutover run',
    facts: { dryRun: steps },
    notes: steps.map((step) => lineOf(step, runbook.steps.length)),
  });
  if (missing !== null) return { ...outcome, status: 'FAILED', failure: missing.toJSON() };
  const failing = steps.filter(({ result }) => result?.verdict === 'FAIL');
  const [first] = failing;
  if (first === undefined) return outcome;
  const failure = new Failure('HELD', {
    what: `${counted(failing.length, 'step')} would not pass, the first of them ${first.id}`,
    where: path,
    hint: 'fix what it says, then try again',
  });
  return { ...outcome, status: 'FAILED', failure: failure.toJSON() };
}

function lineOf({ number, id, use, plan, result }: DryStep, of: number): string {
  const seen = result === null ? 'not tried' : [result.verdict, result.says].join('  ').trimEnd();
  return [`${number}/${of}`, id, use, `would ${plan}`, seen].join('  ');
}
