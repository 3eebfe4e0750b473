/** verify-checksums: recomputes from the files everything that a seal states. */

import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';

import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { candidateAt, currentCandidate } from '../seal/candidateStore.ts';
import { sealedLines } from '../seal/sealedLines.ts';
import { verifyAt, type Verification } from '../seal/verify.ts';
import { CHECK_PATH, candidateNamed, meansLive } from '../project/candidateNamed.ts';
import type { Environment } from '../run/environment.ts';
import { isSealedHere, olderNotes, outsideFindings, type Held } from '../project/origin.ts';
import { projectPaths } from '../project/paths.ts';
import { verifyProgress } from '../run/progress.ts';
import { assertSealId } from '../project/sealIdOption.ts';
import { withHashers, type Workers } from '../run/workers.ts';

export interface VerifyOptions {
  readonly project: string;
  /** A candidate's folder, or a name for candidateNamed; null for the project's current one. */
  readonly candidate: string | null;
  /** Seal id that was kept outside of the candidate; null to check consistency only. */
  readonly expectSeal: string | null;
  readonly workers: Workers;
}

const SELF_CONSISTENT =
  'internally consistent only: an older or rebuilt candidate would pass, too; give --expect-seal ID';
const IN_JOURNAL =
  'sealed by a migrate of this project, according to its journal; to compare with a seal id that is kept outside of the project, give --expect-seal ID';
const EXPECTED = 'the seal is the expected one';

/** Returns what was verified. Claims of a candidate that failed are not repeated. */
function verified({ run, dataRoot }: Verification): Pick<Outcome, 'dataRoot' | 'modules'> {
  const modules = run === null ? [] : sealedLines(run);
  return dataRoot === null ? { modules } : { dataRoot, modules };
}

/** Resolves a name. A folder of that name comes first: cwd may contain a folder `v1`. */
function namedFolder(
  name: string,
  { project }: VerifyOptions,
  cwd: string,
): { real: string; shown: string } {
  const shown = resolve(cwd, name);
  const isThere = existsSync(shown) && !(name !== 'live' && meansLive(name, project, cwd));
  const real = isThere
    ? realpathSync(candidateAt(shown, CHECK_PATH))
    : candidateNamed(name, project, cwd);
  return { real, shown: isThere ? shown : real };
}

/** Whether the candidate is the target of the project's live link, not a folder `live` in cwd. */
function isLive({ candidate, project }: VerifyOptions, cwd: string): boolean {
  if (candidate === null || !meansLive(candidate, project, cwd)) return false;
  return candidate !== 'live' || !existsSync(resolve(cwd, candidate));
}

/** Returns a note on what the seal was compared with, besides the candidate itself. */
function heldBy({ expectSeal }: VerifyOptions, held: Held): string {
  if (expectSeal !== null) return EXPECTED;
  return isSealedHere(held) ? IN_JOURNAL : SELF_CONSISTENT;
}

/** Verifies the current candidate, or the one in `candidate`. */
export async function verifyChecksums(options: VerifyOptions, env: Environment): Promise<Outcome> {
  const { candidates } = projectPaths(options.project);
  assertSealId(options.expectSeal);
  const { real, shown: folder } =
    options.candidate === null
      ? currentCandidate(candidates)
      : namedFolder(options.candidate, options, env.cwd);
  const shown = verifyProgress(env.progress);
  const result = await withHashers(real, options.workers, env, (pool) =>
    verifyAt(real, options.expectSeal, pool, shown),
  );
  const held = { folder: real, sealId: result.sealId, project: options.project };
  const origin = result.findings.length === 0 && options.expectSeal === null;
  const questions = { origin, live: isLive(options, env.cwd) };
  const findings = [...result.findings, ...outsideFindings(held, questions, env)];
  if (findings.length === 0 && result.records === 0) {
    const reason = 'the candidate holds no record, so nothing was verified';
    findings.push({ rule: 'empty', severity: 'BLOCKER', reason });
  }
  return checkOutcome({
    command: 'verify-checksums',
    ...(result.run === null ? {} : { runId: result.run.runId }),
    ...(result.sealId === null ? {} : { sealId: result.sealId }),
    candidate: folder,
    ...(findings.length > 0 ? { modules: [] } : verified(result)),
    findings,
    notes: findings.length === 0 ? [heldBy(options, held), ...olderNotes(held)] : [],
  });
}
