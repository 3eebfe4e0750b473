/** What a swap of a link leaves if it is killed: the new link, under a temporary name. */

import { basename, dirname, join } from 'node:path';

import type { FailureCode } from '../outcome/failure.ts';
import { inTheWay } from './inTheWay.ts';
import { removeFile, statOf } from './noLinks.ts';

/** Removes it, and nothing else of that name. @throws Failure for a file or folder, which a swap would remove */
export function removeHalfSwap(code: FailureCode, link: string): void {
  const half = join(dirname(link), `.${basename(link)}.new`);
  const stat = statOf(half);
  if (stat === undefined) return;
  if (!stat.isSymbolicLink()) {
    throw inTheWay(code, 'a file or folder is in the way; nothing was changed', half);
  }
  removeFile(half);
}
