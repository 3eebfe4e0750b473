/** What a process holds that works on a run: the project, the databases that steps act on, and the run itself. */

import type { Pause } from '../cutover/engine/advance.ts';
import type { LiveRun } from '../cutover/engine/liveRun.ts';
import type { OperatorLocks } from '../cutover/world/openWorld.ts';
import { makeFolder } from '../disk/durable.ts';
import { diskFailure } from '../disk/errors.ts';
import { acquireLock, type Lock } from '../disk/lock.ts';
import { Failure } from '../outcome/failure.ts';
import type { Outcome } from '../outcome/outcome.ts';
import type { Environment } from '../run/environment.ts';
import { keepKnownGood } from './cutoverKnownGood.ts';
import { openWork, runOutcome, type OpenedWork } from './cutoverParts.ts';

/** Holds the project, its databases and the run for the time of some work on it. @throws Failure BUSY */
export async function worked(
  begun: Omit<OpenedWork, 'locks'>,
  env: Environment,
  does: (live: LiveRun) => Promise<Pause>,
): Promise<Outcome> {
  const project = orSayHow(begun, () => lockProject(begun, env));
  let locks: OperatorLocks | null = null;
  try {
    locks = await begun.opened.lock(begun.who ?? begun.command);
    const work = { ...begun, locks };
    const live = orSayHow(work, () => openWork(work, env));
    try {
      const pause = await does(live);
      keepKnownGood(begun.paths, live);
      return runOutcome(work, live, pause, env);
    } finally {
      live.held.close();
    }
  } finally {
    await locks?.close();
    project.release();
  }
}

/** Keeps other cutovers of the project away, as they may act on the same application. @throws Failure BUSY */
function lockProject(
  { paths, command }: Pick<OpenedWork, 'paths' | 'command'>,
  { pid, now }: Environment,
): Lock {
  const { cutovers } = paths;
  try {
    makeFolder(cutovers);
    return acquireLock(cutovers, { command, pid, since: now().toISOString() });
  } catch (error) {
    throw diskFailure(error, cutovers);
  }
}

/** Does what needs a lock; where a process works on the run, says how it is held first. */
function orSayHow<T>(
  { run, loaded, command }: Pick<OpenedWork, 'run' | 'loaded' | 'command'>,
  work: () => T,
): T {
  try {
    return work();
  } catch (error) {
    const begins = command === 'cutover run' || command === 'cutover rehearse';
    if (!(error instanceof Failure) || error.code !== 'BUSY' || begins) throw error;
    const { name } = loaded;
    throw new Failure('BUSY', {
      what: error.message,
      where: run,
      hint: `hold it with sealift cutover pause ${name}, or stop it with sealift cutover panic ${name}, then run again`,
    });
  }
}
