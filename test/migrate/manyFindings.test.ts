/**
 * Many findings: all are listed, the bytes of the list do not depend on the workers, and memory does
 * not grow with their number. SEALIFT_TEN_MILLION=1 runs it with ten million.
 */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { COMPILED } from '../kit/compiled.ts';
import { workFolder, writeMapping } from '../kit/project.ts';
import { isLong, times } from '../kit/long.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const ROOT = workFolder('many');
const CELLS = 10;
/** Bytes of findings that a run keeps in memory; the others go to the disk. */
const IN_MEMORY = 8 * 2 ** 20;
const COLUMNS = Array.from({ length: CELLS }, (_, index) => `c${index}`);

function integerOf(column: string): [string, object] {
  return [column, { column, type: 'integer' }];
}

/** A project in which each of `rows` rows has ten cells that are no integers. */
function newProject(name: string, rows: number): string {
  const project = join(ROOT, name);
  mkdirSync(project);
  const db = new Database(join(project, 'many.db'));
  db.exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, ${COLUMNS.map((c) => `${c} TEXT`).join()});
    WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    INSERT INTO t SELECT i * 3, ${COLUMNS.map(() => "'x'").join()} FROM n`);
  db.close();
  writeMapping(project, {
    sources: { main: 'sqlite:many.db' },
    modules: {
      t: {
        source: { table: 't' },
        key: [{ column: 'id', type: 'integer' }],
        id: { rule: 'uuid', field: 'uid' },
        fields: Object.fromEntries(['id', ...COLUMNS].map(integerOf)),
        unique: [['c0'], ['id']],
      },
    },
  });
  return project;
}

interface Measured {
  readonly code: number | null;
  /** KiB; 0 where the system does not say. */
  readonly peak: number;
  readonly stderr: string;
}

/** Runs sealift and looks now and then at how much memory it has taken at most. */
function measured(command: string, project: string, workers: number): Promise<Measured> {
  const args = [MAIN, command, '--project', project, '--workers', String(workers)];
  const child = spawn(process.execPath, ['--max-old-space-size=160', ...args], {
    env: { PATH: process.env['PATH'] ?? '', NO_COLOR: '1', NODE_COMPILE_CACHE: COMPILED },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let [peak, stderr] = [0, ''];
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const watch = setInterval(() => {
    const status = `/proc/${child.pid}/status`;
    const text = existsSync(status) ? readFileSync(status, 'utf8') : '';
    peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0));
  }, 50);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(watch);
      resolve({ code, peak, stderr });
    });
  });
}

interface Listed {
  readonly lines: number;
  readonly digest: string;
}

/** Reads the list of a report, and holds that it is ascending by row and then by field. */
async function listed(project: string, command: string): Promise<Listed> {
  const path = join(project, `storage_reports/latest-${command}/findings.ndjson`);
  const hash = createHash('sha256');
  let lines = 0;
  let last = '';
  for await (const line of createInterface({ input: createReadStream(path) })) {
    hash.update(line);
    lines += 1;
    const [, field = '', row = ''] = /"field":"(\w+)".*"row":(\d+)/.exec(line) ?? [];
    const place = `${row.padStart(12)} ${field}`;
    if (place <= last) throw new Error(`line ${lines} is out of order`);
    last = place;
  }
  return { lines, digest: hash.digest('hex') };
}

/** Runs a command with each of these numbers of workers: all findings are there, the same each time. */
async function compare(command: string, rows: number, all: readonly number[]): Promise<string> {
  const project = newProject(`${command}-${rows}`, rows);
  const lists: Listed[] = [];
  for (const workers of all) {
    const began = performance.now();
    const { code, peak, stderr } = await measured(command, project, workers);
    const seconds = Math.round((performance.now() - began) / 1000);
    process.stderr.write(
      `notice: ${command} with ${rows * CELLS} findings and ${workers} workers: ${seconds} s, ${peak >> 10} MiB\n`,
    );
    expect(code, stderr).toBe(command === 'dry-run' ? 2 : 1);
    expect(peak >> 10).toBeLessThan(rows > 100_000 ? 1024 : 700);
    lists.push(await listed(project, command));
  }
  expect(lists[0]?.lines).toBe(rows * CELLS);
  for (const other of lists) expect(other).toEqual(lists[0]);
  const left = readdirSync(project, { recursive: true }).map(String);
  expect(left.filter((path) => /unlinked|staging|scratch/.test(path))).toEqual([]);
  return project;
}

const COMMANDS = ['migrate', 'dry-run'] as const;
const LONG_ROWS = times('SEALIFT_FINDINGS', 0, 20_000, 8000);

describe('all findings are listed, whatever the workers', () => {
  it('by migrate, 60,000 of them, which do not fit into memory', { timeout: 300_000 }, async () => {
    const project = await compare('migrate', 6000, [1, 2]);
    const list = join(project, 'storage_reports/latest-migrate/findings.ndjson');
    expect(statSync(list).size).toBeGreaterThan(IN_MEMORY);
  });

  it('by dry-run, 20,000 of them', { timeout: 300_000 }, async () => {
    await compare('dry-run', 2000, isLong('many findings of dry-run') ? [1, 2] : [2]);
  });

  if (LONG_ROWS > 0) {
    const name = `by %s, ${LONG_ROWS * CELLS} of them`;
    it.each(COMMANDS)(name, { timeout: 300_000 }, async (command) => {
      await compare(command, LONG_ROWS, [1, 2]);
    });
  }

  // Half an hour each: on demand alone.
  if (process.env['SEALIFT_TEN_MILLION'] === '1') {
    it.each(COMMANDS)(
      'by %s, ten million of them, in less than 1 GiB',
      { timeout: 3_600_000 },
      async (command) => {
        await compare(command, 1_000_000, [1, 2]);
      },
    );
  }
});
