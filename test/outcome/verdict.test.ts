import { describe, expect, it } from 'vitest';

import { exitCodeOfCheck, exitCodeOfFailure } from '../../src/outcome/exitCode.ts';
import { verdictOf } from '../../src/outcome/finding.ts';

describe('the verdict', () => {
  it.each([
    [{ BLOCKER: 0, WARNING: 0, INFO: 0 }, 'PASS', 0],
    [{ BLOCKER: 0, WARNING: 0, INFO: 9 }, 'PASS', 0],
    [{ BLOCKER: 0, WARNING: 1, INFO: 0 }, 'WARN', 1],
    [{ BLOCKER: 1, WARNING: 0, INFO: 0 }, 'FAIL', 2],
    [{ BLOCKER: 1, WARNING: 5, INFO: 5 }, 'FAIL', 2],
  ] as const)('of %o is %s, with exit code %i', (counts, verdict, code) => {
    expect(verdictOf(counts)).toBe(verdict);
    expect(exitCodeOfCheck(verdict)).toBe(code);
  });

  it('of a check that could not run is the one of a check that failed', () => {
    expect(exitCodeOfFailure('CANDIDATE', 'check')).toBe(2);
    expect(exitCodeOfFailure('CANDIDATE', 'action')).toBe(1);
    expect(exitCodeOfFailure('USAGE', 'check')).toBe(64);
    expect(exitCodeOfFailure('MAPPING', 'action')).toBe(64);
  });
});
