/** The argument of --expect-seal. */

import { Failure } from '../outcome/failure.ts';

/** @throws Failure USAGE where it is given and no seal id */
export function assertSealId(expected: string | null): void {
  if (expected === null || /^[0-9a-f]{64}$/.test(expected)) return;
  throw new Failure('USAGE', {
    what: 'a seal id is 64 hexadecimal digits in lower case',
    where: '--expect-seal',
    hint: 'copy it from the summary of the migrate run',
  });
}
