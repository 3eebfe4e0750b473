import { describe, expect, it } from 'vitest';

import { causeOf } from '../../src/outcome/cause.ts';
import type { Finding } from '../../src/outcome/finding.ts';
import { checkOutcome } from '../../src/outcome/outcome.ts';
import { reportFiles, summary, terminalLines } from '../../src/report/summary.ts';

const TIMING = { startedAt: '2026-01-01T00:00:00.000Z', milliseconds: 1 };

function outcomeOf(findings: readonly Finding[]): ReturnType<typeof checkOutcome> {
  return checkOutcome({ command: 'check', modules: [], findings, notes: [] });
}

function blocker(row: number): Finding {
  const source = { table: 't', row };
  return { source, rule: 'type', severity: 'BLOCKER', reason: `r${row}` };
}

function* endless(): Generator<Finding> {
  for (let row = 0; ; row += 1) yield blocker(row);
}

describe('the files of a report', () => {
  it('list findings of an array, too, as lines of canonical JSON', () => {
    const content = reportFiles(outcomeOf([blocker(1), blocker(2)]), TIMING).get('findings.ndjson');
    expect(Buffer.concat([...(content as Iterable<Uint8Array>)]).toString()).toBe(
      '{"reason":"r1","rule":"type","severity":"BLOCKER","source":{"row":1,"table":"t"}}\n' +
        '{"reason":"r2","rule":"type","severity":"BLOCKER","source":{"row":2,"table":"t"}}\n',
    );
  });

  it('say in the summary how many are listed, and hold none there', () => {
    const shown = summary(outcomeOf([blocker(1), blocker(2)]), TIMING);
    expect(shown).toMatchObject({ findingsListed: 2, status: 'FAIL', counts: { BLOCKER: 2 } });
    expect(shown).not.toHaveProperty('findings');
  });

  it('give the failure in the summary as its code, its parts and its line', () => {
    const failure = { code: 'DISK', what: 'it is full', where: '/d', hint: 'free space' } as const;
    expect(summary({ ...outcomeOf([]), failure }, TIMING)['failure']).toEqual({
      ...failure,
      line: 'it is full (/d): free space',
    });
    expect(summary(outcomeOf([]), TIMING)).not.toHaveProperty('failure');
  });
});

describe('the terminal', () => {
  it.each([
    [20, 20, []],
    [21, 20, ['and 1 more cause, with 1 finding, in the report']],
    [0, 0, []],
  ])('of %i findings shows %i', (number, shown, more) => {
    const findings = Array.from({ length: number }, (_, row) => blocker(row));
    const lines = terminalLines(outcomeOf(findings), null, (path) => path);
    expect(lines.filter((line) => line.startsWith('BLOCKER'))).toHaveLength(shown);
    expect(lines.filter((line) => line.startsWith('and '))).toEqual(more);
  });

  it('does not read all of a list that knows its causes', () => {
    const counts = { BLOCKER: 1e7, WARNING: 0, INFO: 0 };
    const early = { ...causeOf(blocker(0)), count: 5e6 };
    const byCause = [early, { ...early, reason: 'of a late row' }];
    const findings = { counts, byCause, [Symbol.iterator]: endless };
    const outcome = checkOutcome({ command: 'check', modules: [], findings, notes: [] });
    const lines = terminalLines(outcome, null, (path) => path);
    expect(lines).toContain('BLOCKER type 5,000,000 findings: of a late row');
    expect(lines).toContain('10,000,000 BLOCKER');
    expect(outcome.status).toBe('FAIL');
  });
});
