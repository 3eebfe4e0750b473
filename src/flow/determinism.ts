/**
 * determinism: builds the real mapping and sources twice, in separate processes under circumstances
 * that must not matter, and compares every byte of the two candidates.
 */

import { compareBytes } from '../determinism/compareBytes.ts';
import { realFolder } from '../disk/noLinks.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { computedSealId, isMisnamed, currentPath } from '../seal/sealedFolders.ts';
import type { Environment } from '../run/environment.ts';
import { projectPaths } from '../project/paths.ts';
import {
  notBuilt,
  said,
  withShadow,
  type Said,
  type Shadow,
  type ShadowOptions,
} from '../drill/shadow.ts';
import { allWorkers, type Workers } from '../run/workers.ts';

export interface DeterminismOptions extends ShadowOptions {
  /** Rows per module to build from; null for all. */
  readonly sample: number | null;
  readonly workers: Workers;
  /** Bytes. */
  readonly memory: number;
}

/** Circumstances that a result must not depend on. */
interface Circumstances {
  readonly name: string;
  readonly locale: string;
  readonly zone: string;
  readonly umask: number;
  readonly workers: number;
  /** Bytes. */
  readonly memory: number;
  readonly readOrder: 'forward' | 'reverse';
}

const LEAST_MEMORY = 2 ** 26;

/**
 * Returns locales that sort and fold letters differently, and zones on both sides of the date line.
 */
function circumstances(
  { workers, memory }: DeterminismOptions,
  env: Environment,
): [Circumstances, Circumstances] {
  return [
    {
      name: 'first',
      locale: 'C',
      zone: 'Pacific/Kiritimati',
      umask: 0o000,
      workers: 1,
      memory: LEAST_MEMORY,
      readOrder: 'forward',
    },
    {
      name: 'second',
      locale: 'tr_TR.UTF-8',
      zone: 'America/Los_Angeles',
      umask: 0o077,
      workers: Math.max(2, allWorkers(workers, env)),
      memory,
      readOrder: 'reverse',
    },
  ];
}

/** Builds twice and compares. */
export async function determinism(options: DeterminismOptions, env: Environment): Promise<Outcome> {
  return withShadow('determinism', options, env, async (shadow) => {
    const [first, second] = circumstances(options, env);
    env.progress.begin('two builds', 2, { unit: 'build' });
    const one = await build(shadow, first, options, env);
    env.progress.update(1);
    const two = await build(shadow, second, options, env);
    env.progress.update(2);
    env.progress.end();
    const { files, bytes, findings } = await compareBytes(one.candidate, two.candidate);
    const same = findings.length === 0;
    return checkOutcome({
      command: 'determinism',
      ...(same && one.sealId !== null ? { sealId: one.sealId } : {}),
      ...(same && one.dataRoot !== null ? { dataRoot: one.dataRoot } : {}),
      modules: [],
      findings,
      notes: [
        ...[first, second].map(described),
        ...(options.sample === null
          ? []
          : [
              `only ${counted(options.sample, 'row')} per module, and the rows they refer to, were built`,
            ]),
        `compared ${counted(files, 'file')}, ${counted(bytes, 'byte')}`,
      ],
    });
  });
}

interface BuiltOnce extends Said {
  readonly candidate: string;
}

async function build(
  shadow: Shadow,
  how: Circumstances,
  options: DeterminismOptions,
  env: Environment,
): Promise<BuiltOnce> {
  const project = shadow.project(how.name);
  const args = [
    'migrate',
    '--json',
    '--project',
    project,
    '--workers',
    String(how.workers),
    '--memory',
    String(how.memory),
    ...(options.sample === null ? [] : ['--sample', String(options.sample)]),
    ...shadow.sources.args,
  ];
  const run = env.runSelf(args, {
    umask: how.umask,
    variables: {
      ...shadow.sources.variables,
      LC_ALL: how.locale,
      TZ: how.zone,
      SEALIFT_READ_ORDER: how.readOrder,
      MIGRATE_FAIL_AFTER_MODULE: undefined,
    },
  });
  const forget = env.onInterrupt(() => {
    run.kill();
  });
  const result = await said(run);
  forget();
  // A build that fails says nothing about determinism.
  if (result.code !== 0) throw notBuilt(result, 'compared', 'determinism');
  const candidate = realFolder(currentPath(projectPaths(project).candidates));
  if (computedSealId(candidate) !== result.sealId || isMisnamed(candidate)) {
    throw new Failure('CANDIDATE', {
      what: `the candidate of the ${how.name} build was replaced after it was built`,
      where: candidate,
      hint: 'make sure that no other program writes to the candidates folder, then run again',
    });
  }
  return { ...result, candidate };
}

function described({
  name,
  locale,
  zone,
  umask,
  workers,
  memory,
  readOrder,
}: Circumstances): string {
  const mask = umask.toString(8).padStart(3, '0');
  const size = `${Math.round(memory / 2 ** 20)} MiB`;
  return [
    `${name} build: locale ${locale}`,
    `zone ${zone}`,
    `umask ${mask}`,
    counted(workers, 'worker'),
    size,
    `ranges read ${readOrder}`,
  ].join(', ');
}
