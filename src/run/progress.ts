/** Shows the progress of verifications and scans, by module and check. */

import type { VerifyProgress } from '../seal/verify.ts';
import type { Progress } from './environment.ts';

/** Shows the progress of {@link scanCandidate}; `done` and `total` count records of a check. */
export function scanProgress(
  progress: Progress,
): (check: string, done: number, total: number, module: string) => void {
  let shown: string | null = null;
  return (check, done, total, group) => {
    if (check !== shown) {
      if (shown !== null) progress.end();
      // Records of other modules and invariants are not records of this module.
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

/** Shows the progress of {@link verifyAt} as a step for each module. */
export function verifyProgress(progress: Progress): (at: VerifyProgress) => void {
  let shown: string | null = null;
  return ({ module, done, total }) => {
    if (module !== shown) progress.begin(module, total, { unit: 'record' });
    shown = module;
    progress.update(done);
    if (done >= total) progress.end();
  };
}

/** Shows it as one step, for commands that verify before their own work. */
export function checksumProgress(progress: Progress): (at: VerifyProgress) => void {
  let begun = false;
  return ({ allDone, allTotal }) => {
    if (!begun) progress.begin('checksums', allTotal, { unit: 'record' });
    begun = true;
    progress.update(allDone);
    if (allDone >= allTotal) progress.end();
  };
}
