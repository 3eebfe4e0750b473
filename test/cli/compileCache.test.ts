/** Where compiled code is kept: with the user alone, or not at all. */

import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { workFolder } from '../kit/project.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const folder = workFolder('compile-cache');
const isRoot = process.getuid?.() === 0;

function home(name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true, mode: 0o755 });
  return path;
}

/** Runs `sealift --version` in this environment alone; how many files are in `cache` then. */
function kept(cache: string, variables: Record<string, string>): number {
  const env = { PATH: process.env['PATH'] ?? '', ...variables };
  const ran = spawnSync(process.execPath, [MAIN, '--version'], { env, encoding: 'utf8' });
  expect([ran.status, ran.stderr]).toEqual([0, '']);
  try {
    return readdirSync(cache, { recursive: true }).length;
  } catch {
    return 0;
  }
}

describe('compiled code', () => {
  it('is kept in the home, where nobody else can read or write it', () => {
    const own = home('own');
    const cache = join(own, '.cache/sealift');
    expect(kept(cache, { HOME: own })).toBeGreaterThan(10);
    expect(statSync(join(own, '.cache')).mode & 0o777).toBe(0o700);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
  });

  it('is kept where XDG_CACHE_HOME says, or NODE_COMPILE_CACHE', () => {
    const xdg = home('xdg');
    expect(kept(join(xdg, 'sealift'), { XDG_CACHE_HOME: xdg })).toBeGreaterThan(10);
    const other = join(folder, 'node');
    const variables = { HOME: home('unused'), NODE_COMPILE_CACHE: other };
    expect(kept(other, variables)).toBeGreaterThan(10);
    expect(readdirSync(join(folder, 'unused'))).toEqual([]);
  });

  it('is not kept without a home, or where it is turned off', () => {
    const without = kept(folder, {});
    expect(kept(folder, { HOME: '' })).toBe(without);
    expect(kept(folder, { HOME: 'relative' })).toBe(without);
    const off = home('off');
    kept(off, { HOME: off, NODE_DISABLE_COMPILE_CACHE: '1' });
    expect(readdirSync(off)).toEqual([]);
  });

  it('is not kept where others may write', () => {
    const shared = home('shared');
    chmodSync(shared, 0o777);
    expect(kept(join(shared, '.cache'), { HOME: shared })).toBe(0);
    const open = home('open');
    mkdirSync(join(open, '.cache/sealift'), { recursive: true });
    chmodSync(join(open, '.cache/sealift'), 0o775);
    expect(kept(join(open, '.cache/sealift'), { HOME: open })).toBe(0);
    const linked = home('linked');
    mkdirSync(join(linked, '.cache'));
    symlinkSync(home('elsewhere'), join(linked, '.cache/sealift'));
    expect(kept(join(folder, 'elsewhere'), { HOME: linked })).toBe(0);
  });

  it.runIf(isRoot)('is not kept by root in the home of somebody else', () => {
    const theirs = home('theirs');
    chownSync(theirs, 12_345, 12_345);
    expect(kept(join(theirs, '.cache'), { HOME: theirs })).toBe(0);
  });
});
