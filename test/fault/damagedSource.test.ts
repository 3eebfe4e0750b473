/** A database of which one byte hides half of the rows: refused, or told to whoever promotes it. */

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openFindings } from '../../src/findings/findingStore.ts';
import { dryRun } from '../../src/flow/dryRun.ts';
import { init } from '../../src/flow/init.ts';
import type { Outcome } from '../../src/outcome/outcome.ts';
import type { RunFile } from '../../src/seal/format.ts';
import { writeMapping } from '../kit/project.ts';
import { sealift } from '../kit/run.ts';
import { liveOf, promoteHere, scanHere } from '../promote/fixture.ts';
import { writeEndless } from '../source/endless.ts';
import { ENVIRONMENT, migrateHere, temporaryFolder } from './fixture.ts';

const DAMAGED = /^the database is damaged, SQLite's integrity check says "Page \d+: never used"$/;
const PAGE = 4096;

let project = '';
let file = '';

beforeEach(() => {
  project = temporaryFolder();
  file = join(project, 'legacy.db');
  const db = new Database(file);
  db.pragma(`page_size = ${PAGE}`);
  db.exec(`CREATE TABLE payments (id INTEGER PRIMARY KEY, who TEXT);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
    INSERT INTO payments SELECT i, 'customer ' || i || ' who pays by the month and in time' FROM n`);
  db.close();
});

afterEach(() => {
  rmSync(project, { recursive: true });
});

/** The number of children of the table's root, halved. */
function damage(): void {
  const bytes = readFileSync(file);
  const at = PAGE + 4;
  bytes[at] = (bytes[at] ?? 0) >> 1;
  writeFileSync(file, bytes);
}

function initHere(skipIntegrityCheck: boolean): Promise<Outcome> {
  const options = { project, here: project, source: `sqlite:${file}`, ids: 'keep' } as const;
  return init({ ...options, skipIntegrityCheck }, ENVIRONMENT);
}

async function dryRunHere(skipIntegrityCheck: boolean): Promise<Outcome> {
  const options = { project, here: project, sources: new Map<string, string>() };
  const all = { ...options, workers: 1, memory: 2 ** 26, skipIntegrityCheck };
  return dryRun(all, ENVIRONMENT, openFindings(project));
}

function sealed(): RunFile {
  const path = join(project, 'storage_candidate/v1/checksums/run.json');
  return JSON.parse(readFileSync(path, 'utf8')) as RunFile;
}

const rulesOf = ({ findings }: Outcome): string[] => [...findings].map(({ rule }) => rule);

describe('a damaged source', () => {
  it('is sealed as checked while it is sound', async () => {
    await initHere(false);
    await migrateHere(project);
    expect(sealed().sources.map(({ integrity }) => integrity)).toEqual(['passed']);
    expect((await scanHere(project)).status).toBe('PASS');
  });

  it('is refused by init, dry-run and migrate, and nothing is published', async () => {
    await initHere(false);
    damage();
    await expect(dryRunHere(false)).rejects.toThrow(DAMAGED);
    await expect(migrateHere(project)).rejects.toThrow(DAMAGED);
    expect(existsSync(join(project, 'storage_candidate/v1'))).toBe(false);
    rmSync(join(project, 'mapping'), { recursive: true });
    await expect(initHere(false)).rejects.toThrow(DAMAGED);
    expect(existsSync(join(project, 'mapping'))).toBe(false);
  });

  it('is refused by the command line, which ends the check with it', async () => {
    await initHere(false);
    damage();
    const { code, stderr } = await sealift(['migrate', '--project', project], { process: true });
    expect(code).toBe(1);
    expect(stderr).toMatch(/sealift migrate: the database is damaged, .*--skip-integrity-check/);
    expect(stderr).not.toContain('defect');
  });

  it('is read where that is asked for, and who promotes it is told', async () => {
    damage();
    const made = await initHere(true);
    expect(made.notes.join()).toContain('was not checked for damage');
    expect(rulesOf(await dryRunHere(true))).toEqual(['integrity']);
    const migrated = await migrateHere(project, { skipIntegrityCheck: true });
    expect(rulesOf(migrated)).toEqual(['integrity']);
    expect(migrated.modules.map(({ records }) => records)).not.toEqual([1000]);
    expect(sealed().sources.map(({ integrity }) => integrity)).toEqual(['skipped']);
    const scanned = await scanHere(project);
    expect([scanned.status, scanned.counts]).toEqual(['WARN', { BLOCKER: 0, WARNING: 1, INFO: 0 }]);
    await expect(promoteHere(project)).rejects.toThrow(/warning/i);
    expect(liveOf(project)).toBeNull();
    await promoteHere(project, { allowWarnings: true });
    expect(liveOf(project)).not.toBeNull();
  });

  it('is known before a query of the mapping could run over it for ever', async () => {
    writeEndless(file, 'CREATE TABLE t (v INTEGER PRIMARY KEY)', 5, 13);
    const fields = { v: { column: 'v', type: 'integer' } };
    const key = [{ column: 'v', type: 'integer' }];
    const source = { sql: 'SELECT v FROM t', base: { table: 't', key: { v: 'v' } } };
    writeMapping(project, {
      sources: { main: 'sqlite:legacy.db' },
      modules: { m: { source, key, id: { rule: 'keep' }, fields } },
      dropped: [{ table: 'filler', reason: 'not needed' }],
    });
    await expect(migrateHere(project)).rejects.toThrow(/^the database is damaged/);
  });

  it('is not looked for in a sample, which is never live', async () => {
    await initHere(false);
    damage();
    const { findings } = await migrateHere(project, { sample: 10 });
    expect([...findings]).toEqual([]);
    expect(sealed().sources.map(({ integrity }) => integrity)).toEqual(['skipped']);
  });
});
