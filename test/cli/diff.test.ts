/** sealift diff from the command line: names, exit codes, reports, values on a terminal alone. */

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';

import { candidateOf, migrate, succeed, workFolder } from '../kit/project.ts';
import { sealift } from '../kit/run.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const root = workFolder('diff');
const project = join(root, 'project');
const SECRET = 'Geheimnis';
const hasScript = spawnSync('script', ['--version']).status === 0;

let [monday, tuesday] = ['', ''];

function writeDogs(sql: string): void {
  const db = new Database(join(root, 'dogs.db'));
  db.exec(sql);
  db.close();
}

beforeAll(async () => {
  mkdirSync(project);
  writeDogs(`CREATE TABLE dog (id INTEGER PRIMARY KEY, name TEXT);
    INSERT INTO dog VALUES (1, '${SECRET} a'), (2, '${SECRET} b'), (3, '${SECRET} c')`);
  await succeed(['init', '--project', project, '--source', `sqlite:${join(root, 'dogs.db')}`]);
  monday = (await migrate(project)).sealId;
  writeDogs(`UPDATE dog SET name = '${SECRET} d' WHERE id = 2; DELETE FROM dog WHERE id = 3;
    INSERT INTO dog VALUES (9, '${SECRET} e')`);
  tuesday = (await migrate(project)).sealId;
});

function diff(a: string, b: string, ...more: string[]): ReturnType<typeof sealift> {
  return sealift(['diff', a, b, '--project', project, ...more]);
}

describe('sealift diff', () => {
  it('answers 0 for equal candidates and 2 for different ones, however they are named', async () => {
    cpSync(candidateOf(project), join(root, 'archive'), { recursive: true, dereference: true });
    for (const name of [
      'v1',
      tuesday,
      tuesday.slice(0, 12),
      `sealed/${tuesday}`,
      join(root, 'archive'),
    ]) {
      expect((await diff('v1', name)).code).toBe(0);
      const ran = await diff(monday, name);
      expect(ran.code).toBe(2);
      expect(ran.stdout).toContain('dog: 1 inserted, 1 deleted, 1 changed\n');
    }
  });

  it('names records, fields and bytes, and keeps values out of every report', async () => {
    const ran = await diff(monday, 'v1', '--json');
    const report = join(project, 'storage_reports/latest-diff');
    expect(readdirSync(report).sort()).toEqual(['findings.ndjson', 'report.html', 'summary.json']);
    const findings = readFileSync(join(report, 'findings.ndjson'), 'utf8').trim().split('\n');
    const brief = findings.map((line) => {
      const { rule, recordId, field = '' } = JSON.parse(line) as Record<string, string>;
      return `${rule} ${recordId} ${field}`;
    });
    expect(brief.sort()).toEqual([
      'record-changed [2] name',
      'record-deleted [3] ',
      'record-inserted [9] ',
    ]);
    const files = readdirSync(report).map((name) => readFileSync(join(report, name), 'utf8'));
    expect(files.join('')).not.toContain(SECRET);
    expect(ran.stdout + ran.stderr).not.toContain(SECRET);
    expect(ran.stdout).toMatch(/"read [0-9.]+ kB of /);
    const { bytes } = JSON.parse(ran.stdout) as { bytes: { read: number; total: number } };
    expect(bytes.read).toBeGreaterThan(1000);
    expect(bytes.total).toBeGreaterThanOrEqual(bytes.read);
    expect(files.join('')).toContain('diff: FAIL');
  });

  it('shows values to a person, and to nobody else', async () => {
    const piped = await diff(monday, 'v1', '--show-values');
    expect(piped.code).toBe(64);
    expect(piped.stdout).not.toContain(SECRET);
    if (!hasScript) return;
    const command = `'${process.execPath}' '${MAIN}' diff ${monday} v1 --project '${project}' --show-values`;
    const { stdout, status } = spawnSync('script', ['-qec', command, '/dev/null'], {
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stdout).toContain(`  - name: "${SECRET} b"\r\n  + name: "${SECRET} d"`);
  });

  it('compares folders where there is no project, and leaves nothing there', async () => {
    const elsewhere = join(root, 'elsewhere');
    mkdirSync(elsewhere);
    const ran = await sealift(['diff', candidateOf(project), join(root, 'archive')], {
      cwd: elsewhere,
    });
    expect(ran.code).toBe(0);
    expect(existsSync(join(elsewhere, 'storage_reports'))).toBe(false);
  });

  it('refuses a candidate that lies under the name of another', async () => {
    const sealed = join(project, 'storage_candidate/sealed');
    const name = 'f'.repeat(64);
    cpSync(join(sealed, monday), join(sealed, name), { recursive: true });
    const ran = await diff(name, 'v1');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('another seal id than its folder says');
  });
});
