/** The name of a run, which is sealed or in its report. */

import { assertPrintable } from './validText.ts';

const MAX_RUN_ID = 128;

/** @throws Failure USAGE unless it is a short printable text; `variable` gives it */
export function assertRunId(runId: string, variable: string): void {
  const hint = 'choose another one, or unset it';
  assertPrintable(runId, MAX_RUN_ID, { what: 'a run id', where: variable, hint });
}
