/** How many approvals a candidate still needs, for an operator; promote counts them again. */

import type { Journal } from '../journal/line.ts';
import type { JournaledScan } from '../journal/scanEntry.ts';
import { Failure } from '../outcome/failure.ts';
import { countPeople } from '../project/reviewers.ts';
import type { ProjectPaths } from '../project/paths.ts';
import { approvalsRequired, journaledApprovals, signersInForce } from '../project/reviewSubject.ts';
import type { Environment } from '../run/environment.ts';
import type { RunFile } from '../seal/format.ts';
import { sealIdOf } from '../seal/sealedFolders.ts';

/** A scanned candidate of this name. */
interface Scanned {
  readonly name: string;
  readonly run: RunFile;
  readonly scan: JournaledScan;
}

/** Counts the approvals that are missing; those of a project whose state cannot be read are unknown: 0. */
export async function missingApprovals(
  paths: ProjectPaths,
  journal: Journal,
  { name, run, scan }: Scanned,
  env: Environment,
): Promise<number> {
  try {
    const required = await approvalsRequired(paths, name);
    if (required === 0) return 0;
    const { text: signers } = await signersInForce(paths);
    const sealId = sealIdOf(name);
    const subject = { sealId, dataRoot: run.dataRoot, mapping: run.mapping.digest, scan };
    const about = { journal, subject, signers, promotes: null, at: env.now().toISOString() };
    const judged = await journaledApprovals(paths, about, env);
    return Math.max(0, required - countPeople(judged.filter(({ refused }) => refused === null)));
  } catch (error) {
    if (error instanceof Failure) return 0;
    throw error;
  }
}
