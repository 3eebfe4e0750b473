/** What stands where a file, folder or link of Sealift goes, and is not one. */

import { Failure, type FailureCode } from '../outcome/failure.ts';

/** A failure that leaves it alone: whose it is, is not known. */
export function inTheWay(code: FailureCode, what: string, where: string): Failure {
  return new Failure(code, { what, where, hint: 'move it away, then run again' });
}
