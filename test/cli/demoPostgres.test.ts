/** The demo from a PostgreSQL server: all of its steps, and the records that SQLite gives. */

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { isLong, times } from '../kit/long.ts';
import { postgresHome } from '../kit/postgres.ts';
import { workFolder } from '../kit/project.ts';

const ROWS = times('SEALIFT_DEMO_ROWS', 500, 10_000, 3000);
/** What takes most of the time has tests of its own. */
const LEFT_OUT = isLong('demo from PostgreSQL, whole') ? [] : ['determinism', 'drill'];
const STEPS = 12 - LEFT_OUT.length;
const project = join(workFolder('demo-postgres'), 'project');

// Most of it is the start of two dozen processes, which a busy machine slows down.
describe.skipIf(postgresHome() === null)('npm run demo -- --postgres', { timeout: 900_000 }, () => {
  it('reads the school from the server, promotes it and comes back', () => {
    mkdirSync(project);
    cpSync('mapping', join(project, 'mapping'), { recursive: true });
    const without = LEFT_OUT.flatMap((step) => ['--without', step]);
    const size = ['--rows', String(ROWS), '--project', project];
    const args = ['test/demo.ts', '--postgres', ...size, ...without];
    // A defect shows its trace.
    const env = { ...process.env, SEALIFT_DEBUG: '1' };
    const ran = spawnSync(process.execPath, args, { encoding: 'utf8', env });
    // What it printed last says why it ended.
    const last = ran.status === 0 ? '' : ran.stdout.slice(-4000);
    expect([ran.status, ran.stderr, last]).toEqual([0, '', '']);
    expect(ran.stdout).toMatch(/^PostgreSQL 18\S* on 127\.0\.0\.1 has 11 tables of it\.$/m);
    const said = ran.stdout.split('\n');
    expect(said.filter((line) => /^\d+\. /.test(line)).length).toBe(STEPS);
    const roots = said.filter((line) => line.startsWith('data root '));
    expect(roots.length).toBeGreaterThan(8);
    expect(new Set(roots).size).toBe(1);
    const ends = said.filter((line) => /^[\w-]+: (?:DONE|PASS|WARN|FAIL)$/.test(line));
    // The copy with a digit changed.
    expect(ends.filter((line) => line.endsWith('FAIL'))).toEqual(['verify-checksums: FAIL']);
    expect(ends.at(-1)).toBe('rollback: DONE');
  });
});
