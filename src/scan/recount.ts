/**
 * Checks the accounting of a candidate again: against its mapping, and against its sources if they
 * can be read. A source that has changed since is not a defect of the candidate, so differences are
 * warnings; scan-drift decides whether the candidate may still be promoted.
 */

import type { LoadedMapping } from '../mapping/loadMapping.ts';
import { Failure } from '../outcome/failure.ts';
import type { Finding } from '../outcome/finding.ts';
import { checkAccounting } from './checkAccounting.ts';
import { checkSourceDrift } from './drift/sourceDrift.ts';
import type { RunFile } from '../seal/format.ts';
import type { Environment } from '../run/environment.ts';
import { withSources, type SourcesOptions } from '../project/withSources.ts';
import { unlistedFindings } from '../project/sourceObjects.ts';
import { unreachedFindings } from './unreachedSources.ts';

export interface Recount {
  readonly findings: readonly Finding[];
  /** Names of the checks that ran. */
  readonly checks: readonly string[];
  /** Note on whether the sources were counted. */
  readonly note: string;
}

/** How to open the sources, and whether they are those of the live candidate. */
export interface RecountOptions extends SourcesOptions {
  readonly live: boolean;
}

/**
 * Returns findings `accounting` of the seal, those of unknown objects in sources, then `drift`. What
 * is live must be known to be current, so a source that cannot be reached is a finding there.
 */
export async function recount(
  run: RunFile,
  mapping: LoadedMapping,
  options: RecountOptions,
  env: Environment,
): Promise<Recount> {
  const findings = [...checkAccounting(run, mapping)];
  try {
    const changes = await withSources(mapping, options, env, async (sources) => {
      const drift = unlistedFindings(mapping, sources);
      for await (const finding of checkSourceDrift(run.sources, mapping, sources)) {
        const lowered = finding.rule === 'drift' && finding.severity === 'BLOCKER';
        drift.push(lowered ? { ...finding, severity: 'WARNING' } : finding);
      }
      return drift;
    });
    return {
      findings: [...findings, ...changes],
      checks: ['accounting', 'drift'],
      note: 'the rows of the sources were counted again',
    };
  } catch (error) {
    if (!(error instanceof Failure) || !error.code.startsWith('SOURCE_')) throw error;
    const note = `the rows of the sources were not counted again: ${error.line()}`;
    const unreached = options.live ? await unreachedFindings(mapping, error, options, env) : [];
    return { findings: [...findings, ...unreached], checks: ['accounting'], note };
  }
}
