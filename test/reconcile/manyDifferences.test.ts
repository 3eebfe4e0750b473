/**
 * A target in which half of all rows differ: all are named, in memory that does not grow with them. The
 * long form has a million rows and their quarter, in processes whose peak is measured.
 */

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { measure } from '../../bench/measure.ts';
import { isLong } from '../kit/long.ts';
import { migrate, succeed, workFolder, writeMapping } from '../kit/project.ts';
import { reconciled } from './fixture.ts';

const LONG = isLong('SEALIFT_RECONCILE_MEMORY');
const ROWS = LONG ? 1_000_000 : 40_000;
const PATIENCE = LONG ? 30 * 60_000 : 300_000;
const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
/** MiB of a process with --memory 64M and one worker, whose report lists 100,000 findings. */
const MOST = 700;

const work = workFolder('many-differences');

/** Loads `rows` records into SQLite, and changes every second one. */
async function halfDiffers(name: string, rows: number): Promise<string> {
  const project = join(work, name);
  mkdirSync(project);
  const legacy = new Database(join(project, 'legacy.db'));
  legacy.exec(`CREATE TABLE item (id INTEGER PRIMARY KEY, text TEXT, n INTEGER);
    WITH RECURSIVE of (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM of WHERE id < ${rows})
    INSERT INTO item SELECT id, 'item number ' || id, id % 1000 FROM of`);
  legacy.close();
  writeMapping(project, {
    sources: { main: 'sqlite:legacy.db' },
    modules: {
      item: {
        source: { table: 'item' },
        key: [{ column: 'id', type: 'integer' }],
        id: { rule: 'keep' },
        fields: {
          id: { column: 'id', type: 'integer' },
          text: { column: 'text', type: 'string' },
          n: { column: 'n', type: 'integer' },
        },
      },
    },
  });
  await migrate(project);
  await succeed(['scan-all', '--project', project]);
  await succeed(['load', '--project', project, '--target', targetOf(project)]);
  rmSync(join(project, 'legacy.db'));
  const target = new Database(join(project, 'new.db'));
  target.exec(`UPDATE item SET n = -1 WHERE id % 2 = 0`);
  target.close();
  return project;
}

function targetOf(project: string): string {
  return `sqlite:${join(project, 'new.db')}`;
}

async function peakOf(project: string): Promise<number> {
  const limits = ['--memory', '64M', '--workers', '1', '--json'];
  const args = [MAIN, 'reconcile', '--project', project, '--target', targetOf(project), ...limits];
  const { peak, seconds } = await measure(process.execPath, args, project, 2);
  const told = `${seconds.toFixed(1)} s, ${Math.round(peak)} MiB`;
  process.stderr.write(
    `notice: reconcile of ${project.slice(work.length + 1)} rows, half of which differ: ${told}\n`,
  );
  return peak;
}

describe('a target in which half of all rows differ', () => {
  it(
    `names each of ${ROWS / 2} records, in little memory`,
    async () => {
      const project = await halfDiffers(String(ROWS), ROWS);
      const peak = await peakOf(project);
      expect(peak).toBeLessThan(MOST);
      if (LONG) {
        const quarter = await peakOf(await halfDiffers(String(ROWS / 4), ROWS / 4));
        expect(peak).toBeLessThanOrEqual(quarter * 1.25);
      }
      const { found, code } = await reconciled(project, { url: targetOf(project), env: {} });
      expect(code).toBe(2);
      expect(found).toHaveLength(ROWS / 2);
      expect(new Set(found.map((line) => line.replace(/\[\d*[02468]\]/, '[even]')))).toEqual(
        new Set(['target-changed item [even] n']),
      );
    },
    PATIENCE,
  );
});
