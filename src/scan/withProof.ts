/** Opens what a scan needs to prove policies on personal data: their keys, and the sources if they can be read. */

import { sealedAs } from '../journal/sealedEntry.ts';
import { readJournal } from '../journal/journal.ts';
import { policyKeys } from '../mapping/policyKeys.ts';
import type { LoadedMapping } from '../mapping/loadMapping.ts';
import { Failure } from '../outcome/failure.ts';
import { projectPaths } from '../project/paths.ts';
import { openInPool, type NamedSource } from '../project/sources.ts';
import { withSources, type SourcesOptions } from '../project/withSources.ts';
import type { Environment } from '../run/environment.ts';
import { allWorkers, type Workers } from '../run/workers.ts';
import { sourceRows } from './pii/sourceRows.ts';
import { treatsAny, type ProofInput } from './scanProven.ts';

export interface ProofOptions {
  /** How to open the sources of the sealed mapping. */
  readonly sources: SourcesOptions;
  /** Name of the candidate's folder, by which the journal knows it. */
  readonly candidate: string;
  readonly workers: Workers;
}

type Proof = Omit<ProofInput, 'report' | 'searches'>;

/**
 * Runs `work` with the keys, and with rows of the sources if a policy treats any.
 * @throws Failure USAGE if a key is missing
 */
export async function withProof<T>(
  mapping: LoadedMapping,
  options: ProofOptions,
  env: Environment,
  work: (proof: Proof) => Promise<T>,
): Promise<T> {
  const secrets = policyKeys(mapping.modules, env.variables);
  const base = { secrets, now: env.now(), seeds: env.random(16) };
  const without: Proof = { ...base, rows: null, unchanged: false };
  if (!treatsAny(mapping)) return work(without);
  let opened = false;
  const read = async (sources: readonly NamedSource[]): Promise<T> => {
    const pool = env.startWorkers(allWorkers(options.workers, env), { mapping, secrets });
    try {
      await openInPool(sources, pool);
      opened = true;
      const rows = sourceRows(mapping, sources, pool);
      return await work({ ...base, rows, unchanged: await areUnchanged(sources, options) });
    } finally {
      await pool.close();
    }
  };
  try {
    return await withSources(mapping, options.sources, env, read, mapping.modules);
  } catch (error) {
    if (opened || !(error instanceof Failure) || !error.code.startsWith('SOURCE_')) throw error;
    return work(without);
  }
}

/**
 * Whether every source is as the journal notes that it was read. A candidate of which the journal notes no
 * sources is compared as if they were: a difference then needs an explanation.
 */
async function areUnchanged(
  sources: readonly NamedSource[],
  { sources: { project }, candidate }: ProofOptions,
): Promise<boolean> {
  const entry = sealedAs(readJournal(projectPaths(project).journal), candidate);
  if (entry?.sources === undefined) return true;
  const noted = new Map(entry.sources.map(({ name, state }) => [name, state]));
  for (const { name, prepared } of sources) {
    const before = noted.get(name) ?? null;
    if (before === null || ((await prepared.state?.()) ?? null) !== before) return false;
  }
  return true;
}
