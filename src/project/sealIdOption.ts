/** The argument of --expect-seal. */

import { Failure } from '../outcome/failure.ts';

/** @throws Failure USAGE if the argument is given and not a seal id */
export function assertSealId(expected: string | null): void {
  if (expected === null || /^[0-9a-f]{64}$/.test(expected)) return;
  throw new Failure('USAGE', {
    what: 'a seal id has 64 hexadecimal digits in lower case',
    where: '--expect-seal',
    hint: 'copy it from the summary of the migrate run',
  });
}
