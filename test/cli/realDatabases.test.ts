/**
 * Databases that nobody here wrote: init, migrate and verify-checksums without one hand edit, then
 * everything is checked again by means of other people: SQLite's own count(*), a script in Python
 * that compares every cell, sha256sum, Ajv, and the Python of the documentation.
 */

import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';

import { runPython } from '../docs/verificationPage.ts';
import { generateDogSchool } from '../dogschool/generate.ts';
import { isLong } from '../kit/long.ts';
import { shared } from '../shared.ts';
import {
  candidateOf,
  compareCells,
  digestsOf,
  hasProgram,
  initAndMigrate,
  linesOf,
  runFileOf,
  succeed,
  validatorOf,
  workFolder,
  type Summary,
} from '../kit/project.ts';
import { sealift } from '../kit/run.ts';

const folder = workFolder('real');
const school = join(folder, 'dogschool.db');
generateDogSchool(school, { rows: isLong('a larger dog school') ? 5000 : 1500, seed: 7 });

const DATABASES: readonly (readonly [string, string | null])[] = [
  ['dogschool', school],
  ['chinook', shared('data/sqlite/chinook.db')],
  ['northwind', shared('data/sqlite/northwind.db')],
  ['sakila', shared('data/sqlite/sakila.db')],
  ['a10k', shared('data/legacy/a10k.db')],
];
const PYTHON = hasProgram('python3');
const SHA256SUM = hasProgram('sha256sum');

/** Keys of all kinds; the others are there for their contents. */
const KEPT: ReadonlySet<string> = new Set(['dogschool', 'northwind', 'sakila']);
/** Like the others, and much larger. */
const LARGE: ReadonlySet<string> = new Set(['sakila', 'a10k']);
const CASES = DATABASES.filter(
  ([name]) => !LARGE.has(name) || isLong('large databases of others'),
).flatMap(([name, file]) =>
  (KEPT.has(name) ? (['keep', 'uuid'] as const) : (['uuid'] as const)).map((ids) => {
    return { name, file, ids };
  }),
);

for (const { name, file, ids } of CASES) {
  describe.skipIf(file === null)(`${name} with --ids ${ids}`, () => {
    const source = file ?? '';
    const project = join(folder, `${name}-${ids}`);
    const candidate = candidateOf(project);
    let sealed: Summary;

    beforeAll(async () => {
      const before = readFileSync(source);
      sealed = await initAndMigrate(project, source, ids);
      expect(readFileSync(source).equals(before), 'the source is as it was').toBe(true);
    });

    it('verifies against its seal id', async () => {
      const args = ['verify-checksums', '--project', project, '--expect-seal', sealed.sealId];
      const ran = await succeed(args);
      expect(ran.stdout).toContain('verify-checksums: PASS');
    });

    it('has as many rows and records of each table as count(*) says', () => {
      const counts = countRows(source);
      const { accounting, sources, modules } = runFileOf(project);
      expect(new Map(accounting.map((line) => [line.table, line.rows]))).toEqual(counts);
      // Views are dropped, and not counted.
      const sealedRows = sources[0]?.tables.filter((line) => line.rows !== null);
      expect(new Map(sealedRows?.map((line) => [line.table, line.rows]))).toEqual(counts);
      expect(counts.size).toBeGreaterThan(5);
      for (const line of accounting) {
        const count = counts.get(line.table) ?? -1;
        const lines = linesOf(project, line.module).length;
        expect([line.table, lines, line.records]).toEqual([line.table, count, count]);
        expect(modules.find((module) => module.name === line.module)?.count).toBe(count);
      }
    });

    it('has an accounting that adds up', () => {
      for (const line of runFileOf(project).accounting) {
        expect(line.rows).toBe(line.emitting + line.filtered + line.rejected);
        expect(line.records).toBe(line.emitted - line.merged);
        expect([line.filtered, line.rejected, line.merged]).toEqual([0, 0, 0]);
      }
    });

    it.skipIf(!PYTHON)('holds every cell of the source, and nothing else', () => {
      const ran = compareCells(source, project);
      expect(ran.stdout + ran.stderr).toMatch(/^\d{5,} cells compared, all equal\n$/);
      expect(ran.code).toBe(0);
    });

    it.skipIf(!SHA256SUM)('passes sha256sum -c --strict', () => {
      const args = ['-c', '--strict', '--quiet', 'checksums/SHA256SUMS'];
      const ran = spawnSync('sha256sum', args, { cwd: candidate, encoding: 'utf8' });
      expect([ran.status, ran.stdout, ran.stderr]).toEqual([0, '', '']);
      expect(linesOf(project, 'checksums', 'SHA256SUMS').length).toBe(
        digestsOf(candidate).size - 1,
      );
    });

    it('has records that are valid against their schema, as Ajv reads it', () => {
      let records = 0;
      for (const { name: module } of runFileOf(project).modules) {
        const validate = validatorOf(project, module);
        for (const line of linesOf(project, module)) {
          if (!validate(JSON.parse(line))) expect.unreachable(`${module}: a record is not valid`);
          records += 1;
        }
      }
      expect(records).toBe([...countRows(source).values()].reduce((sum, rows) => sum + rows, 0));
    });

    it.skipIf(!PYTHON)('has the data root that the Python of the documentation computes', () => {
      const ran = runPython(candidate);
      expect([ran.status, ran.stdout.trim()]).toEqual([0, sealed.dataRoot]);
    });
  });
}

describe('the checks above (negative controls)', () => {
  const project = join(folder, 'dogschool-uuid');
  const changed = join(folder, 'changed.db');

  beforeAll(() => {
    cpSync(school, changed);
    const db = new Database(changed);
    db.exec(`UPDATE trainer SET name = name || ' ' WHERE rowid = 2`);
    db.close();
  });

  it.skipIf(!PYTHON)('see one cell that differs by a blank', () => {
    const ran = compareCells(changed, project);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toBe('trainer, row 2, field "name": the value differs\n');
  });

  it('see a record that is not as its schema says', () => {
    const validate = validatorOf(project, 'trainer');
    const [line = ''] = linesOf(project, 'trainer');
    const record = JSON.parse(line) as Record<string, unknown>;
    expect(validate(record)).toBe(true);
    expect(validate({ ...record, recordId: 't1' })).toBe(false);
    expect(validate({ ...record, more: null })).toBe(false);
    expect(validate({ ...record, name: undefined })).toBe(false);
    expect(validate({ ...record, name: 5 })).toBe(false);
  });

  it('see that the seal is another one', async () => {
    const other = '0'.repeat(64);
    const ran = await sealift(['verify-checksums', '--project', project, '--expect-seal', other]);
    expect(ran.code).toBe(2);
    expect(ran.stdout).toContain('seal-unexpected');
  });

  it('init leaves a mapping alone that is there', async () => {
    const mapping = digestsOf(join(project, 'mapping'));
    const ran = await sealift(['init', '--project', project, '--source', `sqlite:${school}`]);
    expect([ran.code, digestsOf(join(project, 'mapping'))]).toEqual([64, mapping]);
    expect(ran.stderr).toMatch(/^sealift init: .*mapping.*\n$/);
  });
});

function countRows(file: string): Map<string, number> {
  const db = new Database(file, { readonly: true });
  const names = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'`;
  const tables = db.prepare(names).pluck().all() as string[];
  const counted = tables.map((table): [string, number] => {
    const sql = `SELECT count(*) FROM "${table.replaceAll('"', '""')}"`;
    return [table, db.prepare(sql).pluck().get() as number];
  });
  db.close();
  return new Map(counted);
}
