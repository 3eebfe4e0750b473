/** Shows verifications and scans: a module after the other, and in each its checks. */

import type { VerifyProgress } from '../seal/verify.ts';
import type { Progress } from './environment.ts';

/** What {@link scanCandidate} calls: the check, how many of its records are done, whose it is. */
export function scanProgress(
  progress: Progress,
): (check: string, done: number, total: number, module: string) => void {
  let shown: string | null = null;
  return (check, done, total, group) => {
    if (check !== shown) {
      if (shown !== null) progress.end();
      // What others' records are read for is no record of this module, and an invariant is none.
      const counts = check.endsWith(` of ${group}`) && !check.startsWith('invariants');
      progress.begin(check, total, { unit: 'record', group, counts });
      shown = check;
    }
    progress.update(done);
    if (done < total) return;
    progress.end();
    shown = null;
  };
}

/** What {@link verifyAt} calls; a step for each module. */
export function verifyProgress(progress: Progress): (at: VerifyProgress) => void {
  let shown: string | null = null;
  return ({ module, done, total }) => {
    if (module !== shown) progress.begin(module, total, { unit: 'record' });
    shown = module;
    progress.update(done);
    if (done >= total) progress.end();
  };
}

/** The same as one step, of commands that verify before they go on. */
export function checksumProgress(progress: Progress): (at: VerifyProgress) => void {
  let begun = false;
  return ({ allDone, allTotal }) => {
    if (!begun) progress.begin('checksums', allTotal, { unit: 'record' });
    begun = true;
    progress.update(allDone);
    if (allDone >= allTotal) progress.end();
  };
}
