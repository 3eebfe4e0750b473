/** The summary on a terminal: it fits, and keeps what is worst. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { countCauses } from '../../src/outcome/cause.ts';
import type { Finding, FindingList, Severity } from '../../src/outcome/finding.ts';
import type { ModuleLine } from '../../src/outcome/moduleLine.ts';
import { checkOutcome, type Outcome } from '../../src/outcome/outcome.ts';
import { terminalLines } from '../../src/report/summary.ts';

const SCREEN = { rows: 24, columns: 80 };

function moduleLine(number: number, rejected = 0): ModuleLine {
  const rows = 1000 - number;
  const root = String(number).padStart(64, '0');
  return { module: `m${number}`, rows, records: rows - rejected, rejected, root };
}

/** As the store of findings gives them, with their counts. */
function listOf(findings: readonly Finding[]): FindingList {
  const counts: Record<Severity, number> = { BLOCKER: 0, WARNING: 0, INFO: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  const byCause = countCauses(findings);
  return { counts, byCause, [Symbol.iterator]: () => findings[Symbol.iterator]() };
}

function outcomeOf(modules: number, findings: readonly Finding[] = []): Outcome {
  return checkOutcome({
    command: 'scan-all',
    modules: Array.from({ length: modules }, (_, number) => moduleLine(number)),
    findings: listOf(findings),
    dataRoot: 'd'.repeat(64),
    sealId: 'e'.repeat(64),
    candidate: 'storage_candidate/v1',
    notes: ['a note'],
  });
}

function finding(module: string, severity: Severity, reason: string): Finding {
  return { module, severity, rule: 'type', reason };
}

const shown = (outcome: Outcome, screen = SCREEN): string[] =>
  terminalLines(outcome, 'storage_reports/latest-scan', (path) => path, screen);

/** How many lines of the screen these lines take. */
function height(lines: readonly string[], columns: number): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
}

/** Findings of one cause, in `many` rows from row `from` on. */
function inRows(severity: Severity, reason: string, many: number, from: number): Finding[] {
  return Array.from({ length: many }, (_, at) => {
    const source = { table: 't', row: from + at };
    return { ...finding('m1', severity, reason), field: 'f', source };
  });
}

describe('the summary on a terminal', () => {
  it('is whole where it fits', () => {
    const lines = shown(outcomeOf(11));
    expect(lines.filter((line) => /^m\d+ /.test(line))).toHaveLength(11);
    expect(lines.some((line) => line.startsWith('and '))).toBe(false);
    expect(lines.at(-1)).toBe('scan-all: PASS');
  });

  it('folds many modules to the worst and the largest, and says that the others are fine', () => {
    const findings = [finding('m70', 'BLOCKER', 'bad'), finding('m80', 'WARNING', 'odd')];
    const lines = shown(outcomeOf(100, findings));
    const names = lines.flatMap((line) => /^(m\d+) /.exec(line)?.[1] ?? []);
    expect(names).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm70', 'm80']);
    expect(lines).toContain('and 89 more, all PASS');
    expect(lines).toContain('BLOCKER type m70: bad');
    expect(lines.at(-1)).toBe('scan-all: FAIL');
    expect(height(lines, 80)).toBeLessThan(24);
  });

  it('does not say that the others are fine where they are not', () => {
    const some = Array.from({ length: 60 }, (_, at) => finding(`m${at}`, 'WARNING', 'odd'));
    expect(shown(outcomeOf(100, some)).join('\n')).toMatch(
      /^and \d\d more, \d\d of them with findings$/m,
    );
    const all = Array.from({ length: 100 }, (_, at) => finding(`m${at}`, 'BLOCKER', 'bad'));
    expect(shown(outcomeOf(100, all)).join('\n')).toMatch(/^and \d\d more, all with findings$/m);
  });

  it('breaks a long finding at its blanks', () => {
    const long = finding('m1', 'WARNING', 'it is so and so, '.repeat(10).trim());
    const lines = shown(outcomeOf(2, [long]));
    const at = lines.findIndex((line) => line.startsWith('WARNING'));
    expect(lines[at + 1]).toMatch(/^ {2}\S/);
    expect(
      lines
        .slice(at, at + 3)
        .map((line) => line.trim())
        .join(' '),
    ).toBe(`WARNING type m1: ${long.reason}`);
  });

  it('shows the worst first, in groups, with counts, first rows and totals', () => {
    const findings = [...inRows('WARNING', 'odd', 15, 1), ...inRows('BLOCKER', 'bad', 1310, 16)];
    const lines = terminalLines(outcomeOf(1, findings), null, (path) => path);
    expect(lines.filter((line) => /BLOCKER|WARNING/.test(line))).toEqual([
      'BLOCKER type m1 · f · 1,310 rows (16, 17, 18, …): bad',
      'WARNING type m1 · f · 15 rows (1, 2, 3, …): odd',
      '1,310 BLOCKER, 15 WARNING',
    ]);
  });

  it('fits whatever there is to say', () => {
    const findings = fc.array(
      fc.record({
        module: fc.constantFrom('m1', 'm2', 'm90'),
        severity: fc.constantFrom<Severity>('BLOCKER', 'WARNING', 'INFO'),
        rule: fc.constant('type'),
        reason: fc.string({ maxLength: 150 }),
      }),
      { maxLength: 60 },
    );
    const sizes = fc.record({
      rows: fc.integer({ min: 24, max: 60 }),
      columns: fc.integer({ min: 76, max: 200 }),
    });
    fc.assert(
      fc.property(fc.nat(200), findings, sizes, (modules, found, screen) => {
        const outcome = outcomeOf(modules, found);
        const lines = shown(outcome, screen);
        expect(height(lines, screen.columns)).toBeLessThan(screen.rows);
        expect(lines.at(-1)).toBe(`scan-all: ${outcome.status}`);
        const causes = countCauses(outcome.findings).length;
        const listed = lines.filter((line) => /^(BLOCKER|WARNING|INFO) /.test(line)).length;
        const more = /^and ([\d,]+) more causes?, with/m.exec(lines.join('\n'))?.[1] ?? '0';
        expect(listed + Number(more.replaceAll(',', ''))).toBe(causes);
      }),
    );
  });
});
