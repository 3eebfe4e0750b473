/** Where migrate ends, and what dry-run and the scans say of what they looked at. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { dryRunOf, migrateOf, projectOf, scanAllOf, scanModulesOf, type Source } from './flows.ts';
import { ROW_PLANTS } from './rowPlants.ts';
import { SOUND } from './sealPlants.ts';

const K = { column: 'k', type: 'string' };
const keyed = (sql: string, more: object = {}): Source => ({
  sql: `CREATE TABLE m (k TEXT, v TEXT); ${sql}`,
  modules: {
    m: {
      source: { table: 'm' },
      key: [K],
      id: { rule: 'keep' },
      fields: { k: K, v: { column: 'v', type: 'string' } },
      ...more,
    },
  },
});

describe('the gate of migrate', () => {
  it('counts what is sealed: rows of one key are rejected, and nothing else', async () => {
    const rows = "INSERT INTO m VALUES ('a', 'x'), ('b', char(0)), ('b', char(0) || 'y')";
    const project = projectOf(keyed(rows));
    const { line } = await migrateOf(project);
    expect(line).toContain('2 rows rejected, nothing was published');
    expect(line).not.toContain('--allow-blockers');
    expect((await migrateOf(project, { allowRejected: 2 })).status).toBe('DONE');
  });

  it('names both options where it takes both', async () => {
    const rows = "INSERT INTO m VALUES ('a', 'x'), ('b', char(0)), (NULL, 'y')";
    const project = projectOf(keyed(rows));
    const { line } = await migrateOf(project);
    expect(line).toContain('1 row rejected, 1 BLOCKER on rows that are not rejected, nothing was');
    expect(line).toMatch(/ with --allow-rejected 1 --allow-blockers$/);
    expect((await migrateOf(project, { allowRejected: 1 })).code).toBe('REJECTED');
    expect((await migrateOf(project, { allowBlockers: true })).code).toBe('REJECTED');
    const both = await migrateOf(project, { allowRejected: 1, allowBlockers: true });
    expect(both.outcome?.notes.slice(-2)).toEqual([
      '1 row rejected and not in the candidate, as --allow-rejected permits: it fails scan-all, and can never go live',
      '1 BLOCKER on rows of the candidate, as --allow-blockers permits: it fails scan-all, and can never go live',
    ]);
  });

  it('counts equal rows that became one record once, as the scan does', async () => {
    const rows = "INSERT INTO m VALUES ('a', char(7)), ('a', char(7)), ('b', 'x')";
    const project = projectOf(keyed(rows, { merge: 'equal' }));
    const { outcome } = await migrateOf(project);
    expect(outcome?.notes.at(-1)).toMatch(/^1 WARNING on rows of the candidate: /);
    expect((await scanAllOf(project)).findings.map(({ rule }) => rule)).toEqual(['text-control']);
  });
});

describe('a run that leaves no record', () => {
  it('says that its rows were rejected, not that it saw none', async () => {
    const project = projectOf(keyed("INSERT INTO m VALUES (NULL, 'x'), (NULL, 'y')"));
    const dry = await dryRunOf(project);
    expect([dry.status, dry.code, dry.findings.length]).toEqual(['FAIL', '', 2]);
    expect((await migrateOf(project)).line).toContain('2 rows rejected, nothing was published');
    const { code, line } = await migrateOf(project, { allowRejected: 2 });
    expect([code, line]).toEqual([
      'EMPTY',
      'no record is left of 2 rows, nothing was published (2 rows rejected): correct the rows or the mapping as the findings say',
    ]);
  });

  it('says that its rows were filtered', async () => {
    const where = [{ column: 'v', in: ['z'] }];
    const project = projectOf(keyed("INSERT INTO m VALUES ('a', 'x')", { where, minimumRows: 0 }));
    for (const said of [await dryRunOf(project), await migrateOf(project)]) {
      expect([said.code, said.line]).toEqual([
        'EMPTY',
        'no record is left of 1 row, nothing was published (1 row filtered): correct "where" and "onFilteredParent" in the modules',
      ]);
    }
  });

  it('says that there were none where there were none (negative control)', async () => {
    const { code, line } = await migrateOf(projectOf(keyed('', { minimumRows: 0 })));
    expect([code, line]).toEqual([
      'EMPTY',
      'the run saw no rows, nothing was published: check that the sources are the right ones',
    ]);
  });
});

describe('the summary', () => {
  const plant = ROW_PLANTS['reference'] ?? SOUND;
  const severities = [
    { rule: 'reference', module: 'm', field: 'up', severity: 'WARNING' },
    { rule: 'format', severity: 'BLOCKER' },
    { rule: 'unique', severity: 'INFO' },
  ];
  const lowered = [
    { rule: 'reference', module: 'm', field: 'up', from: 'BLOCKER', to: 'WARNING' },
    { rule: 'unique', from: 'BLOCKER', to: 'INFO' },
  ];

  const privacy = ['m', 'p'].map((module) => expect.objectContaining({ module, declared: false }));

  it('lists the checks that ran, over how much, and what the project has lowered', async () => {
    const project = projectOf(plant, severities);
    const dry = await dryRunOf(project);
    await migrateOf(project);
    const full = await scanAllOf(project);
    const one = await scanModulesOf(project, ['p']);
    const records = ['duplicates', 'references', 'cycles', 'copies', 'invariants', 'pii'];
    const sealed = ['checksums', 'lines', 'mapped', ...records];
    expect(dry.outcome?.checked).toEqual({
      checks: ['mapping of rows', ...records],
      records: 3,
      references: 2,
      lowered,
      privacy,
    });
    expect(full.outcome?.checked).toEqual({
      checks: [...sealed, 'accounting', 'drift'],
      records: 3,
      references: 2,
      lowered,
      privacy,
    });
    expect(one.outcome?.checked).toMatchObject({ checks: sealed, records: 1, references: 0 });
  });

  it('says that nothing but the checksums was looked at where they do not hold', async () => {
    const project = projectOf(SOUND);
    await migrateOf(project);
    rmSync(join(project, 'storage_candidate/v1/m/data.ndjson'));
    expect((await scanAllOf(project)).outcome?.checked).toEqual({
      checks: ['checksums'],
      records: 0,
      references: 0,
      lowered: [],
    });
  });
});
