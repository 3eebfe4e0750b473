/** Commands of Sealift as steps of a runbook: a candidate is built, scanned and promoted, and taken back. */

import { readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { succeed, workFolder } from '../kit/project.ts';
import { start } from '../kit/run.ts';

const RUNBOOK = `runbook: candidate
roles: { operator: [ada] }
steps:
  - { id: tried, use: sealift.dry-run }
  - { id: built, use: sealift.migrate }
  - { id: scanned, use: sealift.scan-all }
  - { id: live, use: sealift.promote, undo: { use: sealift.rollback } }
`;

const work = workFolder('sealift-steps');

describe('commands of Sealift as steps', () => {
  it('build, scan and promote a candidate, say what they say, and are taken back', async () => {
    const file = join(work, 'legacy.db');
    const database = new Database(file);
    database.exec('CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL)');
    database.exec("INSERT INTO item VALUES (1, 'one'), (2, 'two')");
    database.close();
    await succeed(['init', '--project', work, '--source', `sqlite:${file}`, '--ids', 'keep']);
    await succeed(['migrate', '--project', work]);
    await succeed(['scan-all', '--project', work]);
    await succeed(['promote', '--project', work]);
    const before = readlinkSync(join(work, 'storage_live'));
    const more = new Database(file);
    more.exec("INSERT INTO item VALUES (3, 'three')");
    more.close();
    writeFileSync(join(work, 'candidate.yaml'), RUNBOOK);
    const cutover = (...args: readonly string[]): ReturnType<typeof start>['ended'] =>
      start(['cutover', ...args], { cwd: work }).ended;
    const ran = await cutover('run', 'candidate.yaml', '--who', 'ada');
    expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining('4/4  live')]);
    expect(ran.stdout).toMatch(/scanned +sealift.scan-all +PASS +scan-all: PASS/);
    expect(readlinkSync(join(work, 'storage_live'))).not.toBe(before);
    const back = await cutover('rollback', 'candidate.yaml', '--who', 'ada');
    expect([back.code, back.stderr]).toEqual([4, expect.any(String)]);
    expect(readlinkSync(join(work, 'storage_live'))).toBe(before);
  }, 60_000);

  it('fail as the command does, with its line', async () => {
    writeFileSync(
      join(work, 'wrong.yaml'),
      `runbook: wrong\nroles: { operator: [ada] }\nsteps:\n  - { id: a, use: sealift.scan-all, args: [--candidate, nothing] }\n`,
    );
    const ran = await start(['cutover', 'run', 'wrong.yaml', '--who', 'ada'], { cwd: work }).ended;
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/a +sealift.scan-all +FAIL +sealift scan-all: /);
  }, 60_000);
});
