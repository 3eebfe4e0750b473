/** Where values of records may be shown. */

import type { Host } from './host.ts';

/** Ensures that values go to a terminal, not to a file or pipe. @throws Failure USAGE */
export async function assertTerminal(
  { json }: { readonly json?: boolean },
  { output }: Host,
): Promise<void> {
  if (output.screen() !== null && json !== true) return;
  const { Failure } = await import('../outcome/failure.ts');
  throw new Failure('USAGE', {
    what: 'values are shown on a terminal only',
    where: '--show-values',
    hint: 'leave this option out, or do not redirect the output; reports never hold values',
  });
}
