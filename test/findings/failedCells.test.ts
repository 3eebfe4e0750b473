import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { failedCells, type FailedCells } from '../../src/findings/failedCells.ts';
import { openFindings } from '../../src/findings/findingStore.ts';
import type { Finding } from '../../src/outcome/finding.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealift-cells-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Looks things up in the cells of these findings; `listed` are the same in the order of a report. */
async function withCells(
  findings: readonly Finding[],
  records: number,
  look: (cells: FailedCells, listed: readonly Finding[]) => void,
): Promise<void> {
  const store = openFindings(folder, 2000);
  for (const finding of findings) store.add(finding);
  const cells = await failedCells(store, folder, () => records);
  try {
    look(cells, [...store.list]);
  } finally {
    cells.close();
    store.close();
  }
}

const MODULES = ['a', 'a\0b', 'ä'];
const FIELDS = ['x', 'y\0', 'ö', ''];
const ROWS = [-5, 1, 2, 3, 17, 2 ** 40, '9223372036854775807'] as const;

const finding: fc.Arbitrary<Finding> = fc.record(
  {
    rule: fc.constantFrom('type', 'scale', 'enum'),
    severity: fc.constantFrom('BLOCKER', 'WARNING', 'INFO'),
    module: fc.constantFrom(...MODULES),
    field: fc.constantFrom(...FIELDS),
    source: fc.record({ table: fc.constantFrom('t', 'u'), row: fc.constantFrom(...ROWS) }),
    members: fc.constant([{ table: 't', row: 1 }]),
    reason: fc.constant('r'),
  },
  { requiredKeys: ['rule', 'severity', 'module', 'reason'] },
);

function about(row: number, field: string): Finding {
  const source = { table: 't', row };
  return { rule: 'type', severity: 'BLOCKER', module: 'm', field, source, reason: 'r' };
}

describe('failed cells', () => {
  it('are those of the BLOCKERs of a row; ids are of WARNINGs, too', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(finding), fc.nat(40), (findings, records) =>
        withCells(findings, records, (cells, listed) => {
          for (const module of MODULES) {
            for (const row of ROWS) {
              const own = listed.filter(
                ({ source, ...one }) =>
                  one.module === module && source?.table === 't' && source.row === row,
              );
              const failed = own.filter(({ severity }) => severity === 'BLOCKER');
              const odd = own.filter(({ severity }) => severity === 'WARNING');
              const found = cells.of(module, 't', BigInt(row));
              const fields = failed.map(({ field = '' }) => field);
              expect([...(found?.fields ?? [])].sort()).toEqual([...new Set(fields)].sort());
              expect(found?.findingOf(null)).toBe(failed[0]?.id);
              for (const field of FIELDS) {
                const isHere = (one: Finding): boolean => (one.field ?? '') === field;
                const last = failed.findLast(isHere) ?? odd.findLast(isHere);
                expect(found?.findingOf(field)).toBe(last?.id);
              }
            }
          }
        }),
      ),
    );
  });

  it('are found among many rows, and not where there are none', async () => {
    const rows = Array.from({ length: 3000 }, (_, index) => index * 7 - 500);
    const findings = rows.flatMap((row) => [about(row, 'a'), about(row, 'b')]);
    await withCells(findings, 3000, (cells) => {
      for (let row = -600; row < 21_000; row += 1) {
        const failed = rows.includes(row) ? ['a', 'b'] : undefined;
        const found = cells.of('m', 't', BigInt(row));
        expect(found === null ? undefined : [...found.fields], `row ${row}`).toEqual(failed);
      }
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of a row stay together, however many there are', async () => {
    const fields = Array.from({ length: 1000 }, (_, index) => `field_${index}`);
    const findings = fields.map((field) => about(1, field));
    await withCells(findings, 1, (cells) => {
      expect(cells.of('m', 't', 1n)?.fields.size).toBe(1000);
      expect(cells.of('m', 't', 2n)).toBeNull();
    });
  });
});
