/** Folders for temporary files: none stays, of whoever it was, and none that is in use goes. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { openScratch } from '../../src/disk/scratch.ts';
import { temporaryFolder } from '../fault/fixture.ts';

const MODULE: string = fileURLToPath(new URL('../../src/disk/scratch.ts', import.meta.url));
const HOLDER = { command: 'scan', pid: 1, since: '2026-01-01T00:00:00.000Z' };

/** Opens a scratch in another process, puts something into it, and dies. */
function dieWithScratch(parent: string): void {
  const script = `
    import { writeFileSync } from 'node:fs';
    const { openScratch } = await import(${JSON.stringify(MODULE)});
    const { path } = openScratch(${JSON.stringify(parent)}, ${JSON.stringify(HOLDER)});
    writeFileSync(path + '/records', 'x');
    process.kill(process.pid, 'SIGKILL');`;
  const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
  expect(signal).toBe('SIGKILL');
}

describe('a scratch', () => {
  it('is gone when it is dropped, once or twice', () => {
    const parent = temporaryFolder();
    const scratch = openScratch(parent, HOLDER);
    writeFileSync(join(scratch.path, 'records'), 'x');
    scratch.drop();
    scratch.drop();
    expect(readdirSync(parent)).toEqual([]);
  });

  it('of a process that was killed goes with the next one', () => {
    const parent = temporaryFolder();
    dieWithScratch(parent);
    expect(readdirSync(parent)).toHaveLength(1);
    openScratch(parent, HOLDER).drop();
    expect(readdirSync(parent)).toEqual([]);
  });

  it('that is in use stays, and so does what is no scratch', () => {
    const parent = temporaryFolder();
    const elsewhere = temporaryFolder();
    writeFileSync(join(elsewhere, 'records'), 'x');
    symlinkSync(elsewhere, join(parent, 'sealift-scratch-linked'));
    mkdirSync(join(parent, 'somebody-else'));
    const used = openScratch(parent, HOLDER);
    writeFileSync(join(used.path, 'records'), 'x');
    openScratch(parent, HOLDER).drop();
    expect(existsSync(join(used.path, 'records'))).toBe(true);
    expect(readdirSync(elsewhere)).toEqual(['records']);
    used.drop();
    expect(readdirSync(parent)).toEqual(['sealift-scratch-linked', 'somebody-else']);
  });

  it('fails in a line where there is no folder for it', () => {
    const parent = join(temporaryFolder(), 'absent');
    expect(() => openScratch(parent, HOLDER)).toThrow(
      expect.objectContaining({ name: 'Failure', code: 'DISK' }),
    );
  });
});
