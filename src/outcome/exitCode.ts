/** Exit codes: a check returns its verdict, an action done or failed (see docs/exit-codes.md). */

import type { FailureCode } from './failure.ts';
import type { Verdict } from './finding.ts';

export const EXIT = {
  done: 0,
  failed: 1,
  /** It is too early, or a person has to decide. */
  waiting: 3,
  rolledBack: 4,
  interrupted: 130,
  usage: 64,
  /** Replaces 0 and 1 if the output could not be written. EX_IOERR of sysexits.h. */
  outputLost: 74,
} as const;

/** Failures that a person fixes on the command line or in the mapping. */
const USAGE_CODES: ReadonlySet<FailureCode> = new Set(['USAGE', 'MAPPING', 'SOURCE_SCHEMA']);

/** Exit code of a check: 0 PASS, 1 WARN, 2 FAIL or could not run. */
export function exitCodeOfCheck(verdict: Verdict): number {
  return { PASS: 0, WARN: 1, FAIL: 2 }[verdict];
}

/** Exit code of a command that stopped with a failure; a check that could not run fails (2). */
export function exitCodeOfFailure(code: FailureCode, command: 'action' | 'check'): number {
  if (USAGE_CODES.has(code)) return EXIT.usage;
  if (code === 'WAITING') return EXIT.waiting;
  if (code === 'ROLLED_BACK') return EXIT.rolledBack;
  return command === 'check' ? exitCodeOfCheck('FAIL') : EXIT.failed;
}

/** Exit code of a command that ran, but whose output was lost: neither success nor a warning. */
export function exitCodeOfLostOutput(code: number): number {
  return code === EXIT.done || code === EXIT.failed ? EXIT.outputLost : code;
}
