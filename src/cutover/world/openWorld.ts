/** The world of a run, put together: each contract of world.ts with its implementation. */

import { hash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { dirname, resolve } from 'node:path';

import type { ProjectPaths } from '../../project/paths.ts';
import { Failure } from '../../outcome/failure.ts';
import { LONGEST_TIMER_MS } from '../../record/duration.ts';
import { canonicalJson } from '../../record/canonical.ts';
import type { Environment } from '../../run/environment.ts';
import { placesOf } from '../engine/runPlaces.ts';
import { actedOn } from '../actedOn.ts';
import type { Runbook } from '../runbook.ts';
import { fingerprintOf } from './databaseFingerprint.ts';
import { takeOperatorLock, type LockRequest, type OperatorLock } from './operatorLock.ts';
import { artifactsIn } from './artifacts.ts';
import { httpClient } from './httpClient.ts';
import { originOf } from './httpAddress.ts';
import { inputValues } from './inputs.ts';
import { programsOf, sealiftOf } from './programs.ts';
import { createRedactor } from '../../redact/redactor.ts';
import { filesOf } from './runbookFiles.ts';
import { sqlOpener } from './sqlClient.ts';
import type { KeptOutput, World } from './world.ts';

export interface WorldRequest {
  /** Path of the runbook, as it was typed. */
  readonly path: string;
  /** With the inputs of this run. */
  readonly runbook: Runbook;
  readonly paths: ProjectPaths;
  readonly run: string;
  /** Who works on the run, for commands of Sealift; null for a scheduler. */
  readonly who: string | null;
}

export interface OpenedWorld {
  readonly world: World;
  /** Takes the outputs that were kept since the call before, of what has this id. */
  outputsOf(id: string): readonly KeptOutput[];
  /** Identity of the databases and applications that steps act on, lower-case hex. */
  target(): Promise<string>;
  /** Keeps other operators away from the databases of the runbook until it is closed. @throws Failure BUSY */
  lock(operator: string): Promise<OperatorLocks>;
}

/** The databases of a run, held for one operator. */
export interface OperatorLocks {
  /**
   * Says why another operator could be at work, as a clause; null if none can. A session that has ended, as with
   * a database that was exchanged, is taken anew.
   */
  refusal(): Promise<string | null>;
  close(): Promise<void>;
}

/** Opens the world of a run. @throws Failure USAGE if the secret of an input is missing */
export function openWorld(request: WorldRequest, env: Environment): OpenedWorld {
  const { runbook, paths, run, who } = request;
  const { variables, cwd, now, signal } = env;
  const folder = dirname(resolve(cwd, request.path));
  const redactor = createRedactor();
  const input = inputValues(runbook.inputs, { variables, redactor });
  for (const name of runbook.inputs.keys()) input(name);
  const kept: KeptOutput[] = [];
  const artifacts = artifactsIn(placesOf(paths, run).folder, redactor, (output) => {
    kept.push(output);
  });
  const place = { folder, variables, redactor, artifacts, pid: env.pid };
  const operator = who === null ? {} : { MIGRATE_OPERATOR: who };
  const own = { ...place, variables: { ...variables, ...operator } };
  const sql = { input, variables, folder, signal };
  const world: World = {
    runId: run,
    now,
    pause: async (ms, signal) => {
      await wait(Math.min(ms, LONGEST_TIMER_MS), undefined, { signal });
    },
    variables,
    redactor,
    input,
    ...programsOf(place),
    runSealift: sealiftOf({ ...own, argv: env.selfArgv, project: paths.root }),
    request: httpClient({ allowed: originsOf(runbook, input), input }),
    openSql: sqlOpener(sql),
    files: filesOf(folder),
    artifacts,
  };
  return {
    world,
    outputsOf(id) {
      const own = kept.filter(({ name }) => isNamedAfter(name, id));
      kept.splice(0, kept.length, ...kept.filter((one) => !own.includes(one)));
      return own;
    },
    async target() {
      const identities: Record<string, string | null> = {};
      for (const [name, place] of actedOn(runbook)) {
        identities[name] =
          place === 'database' ? (await fingerprintOf(name, sql)).sha256 : originOf(input(name));
      }
      return hash('sha256', canonicalJson(identities), 'hex');
    },
    lock: (operator) => lockAll(runbook, { ...sql, operator }),
  };
}

/** Takes the databases of a runbook, all or none. */
async function lockAll(runbook: Runbook, request: LockRequest): Promise<OperatorLocks> {
  const locks = new Map<string, OperatorLock>();
  const take = async (name: string): Promise<void> => {
    const lock = await takeOperatorLock(name, request);
    if (lock !== null) locks.set(name, lock);
  };
  const close = async (): Promise<void> => {
    for (const lock of locks.values()) await lock.release();
  };
  try {
    for (const [name, place] of actedOn(runbook)) if (place === 'database') await take(name);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    close,
    async refusal() {
      for (const [name, lock] of locks) {
        try {
          await lock.assertHeld().catch(() => take(name));
        } catch (error) {
          if (error instanceof Failure) return error.message;
          throw error;
        }
      }
      return null;
    },
  };
}

/** Outputs of a step are `ID.stdout`, `ID-2.json` and so on. */
function isNamedAfter(name: string, id: string): boolean {
  return name.startsWith(id) && /^[.-]/.test(name.slice(id.length));
}

/** Origins that inputs name: the only hosts that get a request. */
function originsOf({ inputs }: Runbook, input: World['input']): ReadonlySet<string> {
  return new Set([...inputs.keys()].flatMap((name) => originOf(input(name)) ?? []));
}
