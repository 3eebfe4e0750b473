import { describe, expect, it } from 'vitest';

import { causeOf, worstFirst } from '../../src/outcome/cause.ts';
import type { FindingCount, Severity } from '../../src/outcome/finding.ts';

describe('the cause of a finding', () => {
  it.each([
    ['line 17 does not match its schema', 'line # does not match its schema'],
    ['of 10 rows 2 were rejected', 'of # rows # were rejected'],
    ['12 rows have the same key', '# rows have the same key'],
    ['it has no ISO 8601 form', 'it has no ISO 8601 form'],
    ['it holds U+0000', 'it holds U+0000'],
    ['read as windows-1252', 'read as windows-1252'],
    ['beyond 2^53', 'beyond 2^53'],
    ['read as code page 437', 'read as code page 437'],
  ])('leaves out of "%s" what is about one alone', (reason, expected) => {
    expect(causeOf({ rule: 'type', severity: 'INFO', reason }).reason).toBe(expected);
  });
});

function cause(severity: Severity, rule: string, module: string, count: number): FindingCount {
  return { severity, rule, module, field: '', reason: '', count };
}

describe('causes', () => {
  it('come by severity, then the rule with most findings, then by module', () => {
    const given = [
      cause('INFO', 'a', 'm', 900),
      cause('WARNING', 'b', 'm', 9),
      cause('BLOCKER', 'c', 'z', 1),
      cause('BLOCKER', 'd', 'z', 2),
      cause('BLOCKER', 'd', 'a', 1),
    ];
    const order = worstFirst(given).map(({ rule, module }) => `${rule} ${module}`);
    expect(order).toEqual(['d a', 'd z', 'c z', 'b m', 'a m']);
  });
});
