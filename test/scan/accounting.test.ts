/** Accountings that were sealed wrongly, and sources that moved on, as scan-all sees them. */

import { renameSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { loadMapping } from '../../src/mapping/loadMapping.ts';
import { checkAccounting } from '../../src/scan/checkAccounting.ts';
import type { ModuleAccounting, RunFile } from '../../src/seal/format.ts';
import { runOf, scanAll, sealedProject, told, type SealedProject } from './project.ts';

let project: SealedProject;
beforeAll(async () => {
  project = await sealedProject();
});
beforeEach(() => {
  project.restore();
});

/** Changes the line of a module. */
function line(
  module: string,
  change: (line: ModuleAccounting) => Partial<ModuleAccounting>,
): (run: RunFile) => RunFile {
  return (run) => ({
    ...run,
    accounting: run.accounting.map((one) =>
      one.module === module ? { ...one, ...change(one) } : one,
    ),
  });
}

type Tables = RunFile['sources'][number]['tables'];

function tables(change: (tables: Tables) => Tables): (run: RunFile) => RunFile {
  return (run) => ({
    ...run,
    sources: run.sources.map((source) => ({ ...source, tables: change(source.tables) })),
  });
}

describe('the accounting of a candidate', () => {
  it('passes as it was sealed, and says that the source was counted', async () => {
    const { outcome, findings } = await scanAll(project);
    expect(findings).toEqual([]);
    expect(outcome.status).toBe('PASS');
    expect(outcome.notes).toEqual(['the rows of the sources were counted again']);
  });

  it('is a BLOCKER with a single rejected row', async () => {
    project.reseal(line('dogs', ({ rows }) => ({ rows: rows + 1, rejected: 1 })));
    const { findings } = await scanAll(project);
    expect(findings).toContainEqual(
      expect.objectContaining({ rule: 'rejected', severity: 'BLOCKER', module: 'dogs' }),
    );
  });

  it.each([
    ['rows that are not the sum of their parts', line('dogs', ({ rows }) => ({ rows: rows + 1 }))],
    ['a rejected row too many', line('dogs', () => ({ rejected: 1 }))],
    ['merged records that are none', line('dogs', () => ({ merged: 1 }))],
    [
      'fewer records than there are',
      line('dogs', ({ records, emitted }) => ({ records: records - 1, emitted: emitted - 1 })),
    ],
  ])('is a BLOCKER of the checksums with %s', async (_, change) => {
    project.reseal(change);
    const { findings } = await scanAll(project);
    expect(new Set(findings.map(({ rule }) => rule))).toEqual(new Set(['accounting']));
    expect(findings[0]).toMatchObject({ severity: 'BLOCKER', file: 'checksums/run.json' });
  });

  it.each([
    [
      'a row that was not read',
      line('dogs', ({ rows, filtered }) => ({ rows: rows + 1, filtered: filtered + 1 })),
      [
        'dogs checksums/run.json: 11 rows are accounted for, but its table had 10',
        'dogs checksums/run.json: rows of table "dogs" that no module takes are in the accounting, but in no finding',
      ],
    ],
    [
      'rows of another table',
      line('dogs', () => ({ table: 'owners' })),
      [
        'dogs checksums/run.json: its rows are accounted for under a different table than the mapping names',
      ],
    ],
    [
      'rows of another source',
      line('dogs', () => ({ source: 'other' })),
      [
        'dogs checksums/run.json: its rows are accounted for under a different table than the mapping names',
      ],
    ],
    [
      'a table that nobody reads',
      tables((all) => [...all, { table: 'zoo', rows: 3 }]),
      ['checksums/run.json: table "zoo" is neither mapped nor dropped'],
    ],
    [
      'a table that was not counted',
      tables((all) => all.filter(({ table }) => table !== 'dogs')),
      ['checksums/run.json: table "dogs" was sealed, but its rows were not counted'],
    ],
    [
      'a source that was not counted',
      (run: RunFile) => ({ ...run, sources: [] }),
      ['checksums/run.json: source "main" was not counted'],
    ],
    [
      'a module in two lines that add up',
      (run: RunFile) => ({
        ...run,
        accounting: run.accounting.flatMap((one) => {
          if (one.module !== 'dogs') return [one];
          const none = { rows: 0, emitting: 0, emitted: 0, records: 0 };
          return [one, { ...one, ...none }];
        }),
      }),
      [
        'dogs checksums/run.json: 0 rows are accounted for, but its table had 10',
        'dogs checksums/run.json: its rows are accounted for more than once',
      ],
    ],
  ])('is a BLOCKER with %s', async (_, change, reasons) => {
    project.reseal(change);
    const { outcome, findings } = await scanAll(project);
    const accounting = findings.filter(({ rule }) => rule === 'accounting');
    expect(told(accounting).sort()).toEqual(reasons.map((text) => `BLOCKER accounting ${text}`));
    expect(outcome.status).toBe('FAIL');
  });

  it('is a BLOCKER where a module has no line, or a line no module', async () => {
    const mapping = await loadMapping(project.candidate);
    const run = runOf(project);
    const accounting = run.accounting.map((one) =>
      one.module === 'visits' ? { ...one, module: 'walks' } : one,
    );
    expect([...checkAccounting(run, mapping)]).toEqual([]);
    expect(told([...checkAccounting({ ...run, accounting }, mapping)])).toEqual([
      'BLOCKER accounting checksums/run.json: module "walks" is not in the mapping',
      'BLOCKER accounting visits checksums/run.json: its rows are not accounted for',
    ]);
  });

  it('weighs what the sealed mapping says', async () => {
    const mapping = await loadMapping(project.candidate);
    const severities = [{ rule: 'accounting', module: 'dogs', severity: 'INFO' } as const];
    const lowered = { ...mapping, project: { ...mapping.project, severities } };
    const wrong = line('dogs', () => ({ table: 'owners' }))(runOf(project));
    const found = [...checkAccounting(wrong, lowered)];
    expect(found.map(({ severity }) => severity)).toEqual(['INFO']);
  });
});

describe('a source that moved on', () => {
  it('is a WARNING, as the candidate may be right all the same', async () => {
    project.change("DELETE FROM dogs WHERE rowid = 3; INSERT INTO visits VALUES ('x', 'y')");
    const { outcome, findings } = await scanAll(project);
    expect(told(findings)).toEqual([
      'WARNING drift dogs: table "dogs" had 10 rows and has 9 now',
      'WARNING drift visits: table "visits" had 10 rows and has 11 now',
    ]);
    expect(outcome.status).toBe('WARN');
  });

  it('is counted where --source says that it is', async () => {
    renameSync(join(project.path, 'legacy.db'), join(project.path, 'moved.db'));
    const { outcome } = await scanAll(project, new Map([['main', 'sqlite:moved.db']]));
    expect(outcome.notes).toEqual(['the rows of the sources were counted again']);
    renameSync(join(project.path, 'moved.db'), join(project.path, 'legacy.db'));
  });

  it('is said not to have been counted where it cannot be reached', async () => {
    renameSync(join(project.path, 'legacy.db'), join(project.path, 'moved.db'));
    const { outcome, findings } = await scanAll(project);
    expect(findings).toEqual([]);
    expect(outcome.notes).toEqual([
      expect.stringMatching(/^the rows of the sources were not counted again: there is no such/),
    ]);
  });
});
