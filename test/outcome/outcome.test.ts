/** What commands return, and what their names of modules may be. */

import { describe, expect, it } from 'vitest';

import { assertModules } from '../../src/outcome/assertModules.ts';
import { Failure, failureLine } from '../../src/outcome/failure.ts';
import type { Finding } from '../../src/outcome/finding.ts';
import { moduleLines } from '../../src/outcome/moduleLine.ts';
import { actionOutcome, failedOutcome } from '../../src/outcome/outcome.ts';

const WARNING: Finding = { rule: 'text', severity: 'WARNING', reason: 'r' };

describe('the outcome of an action', () => {
  it('is done, has nothing that is not given, and counts what is', () => {
    expect(actionOutcome({ command: 'init', notes: ['n'] })).toEqual({
      command: 'init',
      status: 'DONE',
      modules: [],
      findings: [],
      counts: { BLOCKER: 0, WARNING: 0, INFO: 0 },
      notes: ['n'],
    });
    const { counts } = actionOutcome({ command: 'migrate', findings: [WARNING], notes: [] });
    expect(counts).toEqual({ BLOCKER: 0, WARNING: 1, INFO: 0 });
  });
});

describe('the outcome of a failure', () => {
  const failure = new Failure('DISK', { what: 'it is\nfull', where: '/d', hint: 'free space' });

  it('has its parts, of which the line is made', () => {
    const held = failedOutcome('migrate', 'action', failure, []).failure;
    expect(held).toEqual({ code: 'DISK', what: 'it is\nfull', where: '/d', hint: 'free space' });
    expect(failure.line()).toBe('it is full (/d): free space');
    expect(held && failureLine(held)).toBe(failure.line());
    expect(Failure.revive(failure.toJSON()).line()).toBe(failure.line());
  });
});

describe('the lines of modules', () => {
  it('keep what makes rows and records add up, and nothing else', () => {
    const line = { module: 'm', rows: 9, records: 5, rejected: 1, table: 't' };
    const accounting = { ...line, filtered: 2, merged: 1, emitted: 6 };
    expect(moduleLines([accounting], (name) => `root of ${name}`)).toEqual([
      { ...line, filtered: 2, merged: 1, root: 'root of m' },
    ]);
  });
});

describe('names of modules', () => {
  const known = 'abcdefghij'.split('').map((letter) => letter.repeat(4));
  const told = (names: readonly string[]): string => {
    try {
      assertModules(names, known, { of: 'mapping', where: '--module' });
      return 'known';
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return `${error.code} ${error.line()}`;
    }
  };

  it('are known or refused, with the nearest, else with the first eight', () => {
    expect(told([])).toBe('known');
    expect(told(['aaaa', 'jjjj'])).toBe('known');
    expect(told(['aaaa', 'jjj'])).toBe(
      'USAGE the mapping has no module "jjj" (--module): did you mean "jjjj"?',
    );
    expect(told(['xyz'])).toMatch(/ it has aaaa, bbbb, .*hhhh$/);
  });
});
