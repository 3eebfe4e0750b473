/** Exit codes: checks answer with a verdict, actions with done or failed (see docs/exit-codes.md). */

import type { FailureCode } from './failure.ts';
import type { Verdict } from './finding.ts';

export const EXIT = {
  done: 0,
  failed: 1,
  interrupted: 130,
  usage: 64,
  /** In the place of 0 and 1: what it said could not be written. EX_IOERR of sysexits.h. */
  unsaid: 74,
} as const;

/** What a person mends on the command line or in the mapping. */
const USAGE_CODES: ReadonlySet<FailureCode> = new Set(['USAGE', 'MAPPING', 'SOURCE_SCHEMA']);

/** Exit code of a check: 0 PASS, 1 WARN, 2 FAIL or could not run. */
export function exitCodeOfCheck(verdict: Verdict): number {
  return { PASS: 0, WARN: 1, FAIL: 2 }[verdict];
}

/** Exit code of a command that stopped with a failure; a check that could not run has failed (2). */
export function exitCodeOfFailure(code: FailureCode, command: 'action' | 'check'): number {
  if (USAGE_CODES.has(code)) return EXIT.usage;
  return command === 'check' ? exitCodeOfCheck('FAIL') : EXIT.failed;
}

/** Exit code of a command that worked, and whose output is lost: no success, and no mere warning. */
export function exitCodeUnsaid(code: number): number {
  return code === EXIT.done || code === EXIT.failed ? EXIT.unsaid : code;
}
