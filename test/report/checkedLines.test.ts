/** What a verdict rests on, as people read it. */

import { describe, expect, it } from 'vitest';

import { checkedLines } from '../../src/report/checkedLines.ts';

describe('the lines about what was checked', () => {
  it('are none where nothing is known of it', () => {
    expect(checkedLines(undefined)).toEqual([]);
  });

  it('name checks, numbers, and each severity that is lower than its rule has it', () => {
    const lowered = [
      { rule: 'type', module: 'dogs', field: 'chip', from: 'BLOCKER', to: 'WARNING' },
      { rule: 'format', from: 'WARNING', to: 'INFO' },
      { rule: 'invariant', module: 'dogs', invariant: 'few', from: 'BLOCKER', to: 'WARNING' },
    ] as const;
    const checked = { checks: ['checksums', 'lines'], records: 1, references: 2, lowered };
    expect(checkedLines(checked)).toEqual([
      'checked 1 record and 2 references: checksums, lines',
      'severities that the project has lowered: type of dogs · chip from BLOCKER to WARNING, format from WARNING to INFO, invariant of dogs · few from BLOCKER to WARNING',
    ]);
  });

  it('do not grow with the number of severities', () => {
    const one = { rule: 'type', from: 'BLOCKER', to: 'INFO' } as const;
    const checked = {
      checks: [],
      records: 0,
      references: 0,
      lowered: Array.from({ length: 99 }, () => one),
    };
    const [first, second = ''] = checkedLines(checked);
    expect(first).toBe('checked 0 records and 0 references: nothing');
    expect(second.split(', ').length).toBe(21);
    expect(second).toMatch(/and 79 more$/);
  });
});
