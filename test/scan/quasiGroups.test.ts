/** Records in groups of fewer than k with the same quasi-identifiers are counted, in any memory. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compileModule } from '../../src/mapping/compile/module.ts';
import type { Finding } from '../../src/outcome/finding.ts';
import { runPass } from '../../src/scan/pass.ts';
import type { QuasiIdentifiers } from '../../src/mapping/piiPolicy.ts';
import { NO_PROOF } from '../../src/scan/pii/piiProof.ts';
import { planQuasi } from '../../src/scan/pii/quasiGroups.ts';
import { openFiles } from '../../src/scan/scannedFiles.ts';
import type { Scope } from '../../src/scan/scope.ts';
import { openViolationStore } from '../../src/scan/violationStore.ts';
import { mappingOf, module, scratchFolder, text, writeCandidate } from './candidate.ts';

const MAPPING = mappingOf([module('people', { zip: text('zip'), born: text('born') })]);
const MODULE = compileModule(MAPPING, 'people');
const FIELDS = ['zip', 'born'];
const MEMORY = 2 ** 20;

type Row = readonly [zip: string | null, born: string | null];

interface Asked extends Partial<QuasiIdentifiers> {
  readonly memory?: number;
}

/** The findings on these rows, and the number of passes over them. */
async function found(
  rows: readonly (Row | string)[],
  { memory = MEMORY, ...quasi }: Asked = {},
): Promise<{ findings: Finding[]; passes: number }> {
  const records = rows.map((row, at) =>
    typeof row === 'string' ? row : { id: `r${at}`, zip: row[0], born: row[1] },
  );
  const folder = writeCandidate({ people: records });
  const scope: Scope = {
    mapping: MAPPING,
    modules: new Map([['people', MODULE]]),
    files: openFiles(folder, new Map([['people', rows.length]])),
    provenance: undefined,
    memory,
    store: openViolationStore(scratchFolder()),
    tally: { records: 0, references: 0 },
    pii: NO_PROOF,
  };
  const findings: Finding[] = [];
  const pii = { policy: 1, quasi: { fields: FIELDS, k: 3, ...quasi } } as const;
  const module = { ...MODULE, mapping: { ...MODULE.mapping, pii } };
  const { passes = [] } = planQuasi(scope, module);
  for (const pass of passes) {
    for await (const finding of runPass(scope, module, pass)) findings.push(finding);
  }
  return { findings, passes: passes.filter(({ reads }) => reads === 'records').length };
}

const BERN: Row = ['3000', '1980'];
const CHUR: Row = ['7000', '1980'];
const NONE: Row = [null, '1980'];

describe('the quasi-identifiers of a module', () => {
  it('make one finding, with the number of records and groups, and no value', async () => {
    const { findings } = await found([
      BERN,
      CHUR,
      BERN,
      NONE,
      BERN,
      CHUR,
      NONE,
      NONE,
      ['', '1980'],
    ]);
    expect(findings).toEqual([
      {
        rule: 'pii-quasi',
        severity: 'WARNING',
        module: 'people',
        field: 'zip+born',
        reason: 'fewer than 3 records share these values: 3 records in 2 groups',
      },
    ]);
  });

  it.each<[string, readonly (Row | string)[], Asked]>([
    ['all groups have k records', [BERN, BERN, BERN, CHUR, CHUR, CHUR, CHUR], {}],
    ['all records have k - 1 others with null', [NONE, NONE, NONE], {}],
    ['there are no records', [], {}],
    ['a line is no record', [BERN, '{', BERN, BERN], {}],
    ['k is 1', [BERN, CHUR], { k: 1 }],
  ])('make none if %s', async (_, rows, asked) => {
    expect((await found(rows, asked)).findings).toEqual([]);
  });

  it('make a finding of the declared severity', async () => {
    const { findings } = await found([BERN], { severity: 'BLOCKER' });
    expect(findings.map(({ severity }) => severity)).toEqual(['BLOCKER']);
    expect(findings[0]?.reason).toBe(
      'fewer than 3 records share these values: 1 record in 1 group',
    );
  });

  it('are counted in partitions if the memory is small, with the same result', async () => {
    const value = fc.constantFrom('1', '2', '3', '4', '5', '01', '', 'null', null);
    const rows = fc.array(fc.tuple(value, value), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 6 }), async (some, k) => {
        const [large, partitioned] = [
          await found(some, { k }),
          await found(some, { k, memory: 200 }),
        ];
        expect(large.passes).toBe(1);
        if (some.length > 8) expect(partitioned.passes).toBeGreaterThan(1);
        expect(partitioned.findings).toEqual(large.findings);
        expect(numbersOf(large.findings)).toEqual(expected(some, k));
      }),
      { numRuns: 60 },
    );
  });
});

/** Records and groups that a finding names. */
function numbersOf([finding]: readonly Finding[]): number[] {
  return (finding?.reason.match(/\d+/g) ?? []).slice(1).map(Number);
}

function expected(rows: readonly Row[], k: number): number[] {
  const groups = Object.values(Object.groupBy(rows, (row) => JSON.stringify(row)));
  const small = groups.map((group = []) => group.length).filter((size) => size < k);
  return small.length === 0 ? [] : [small.reduce((sum, size) => sum + size, 0), small.length];
}
