/** Where compiled code is kept: with the user alone, or not at all. */

import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { sealift, workFolder } from './sealift.ts';

const folder = workFolder('compile-cache');
const isRoot = process.getuid?.() === 0;

function home(name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true, mode: 0o755 });
  return path;
}

/** How many files `sealift --version` leaves in the folder, with this environment. */
async function kept(cache: string, variables: Record<string, string>): Promise<number> {
  const ran = await sealift(['--version'], { variables });
  expect([ran.code, ran.stderr]).toEqual([0, '']);
  try {
    return readdirSync(cache, { recursive: true }).length;
  } catch {
    return 0;
  }
}

describe('compiled code', () => {
  it('is kept in the home, where nobody else can read or write it', async () => {
    const own = home('own');
    const cache = join(own, '.cache/sealift');
    expect(await kept(cache, { HOME: own })).toBeGreaterThan(10);
    expect(statSync(join(own, '.cache')).mode & 0o777).toBe(0o700);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
  });

  it('is kept where XDG_CACHE_HOME says, or NODE_COMPILE_CACHE', async () => {
    const xdg = home('xdg');
    expect(await kept(join(xdg, 'sealift'), { XDG_CACHE_HOME: xdg })).toBeGreaterThan(10);
    const other = join(folder, 'node');
    const variables = { HOME: home('unused'), NODE_COMPILE_CACHE: other };
    expect(await kept(other, variables)).toBeGreaterThan(10);
    expect(readdirSync(join(folder, 'unused'))).toEqual([]);
  });

  it('is not kept without a home, or where it is turned off', async () => {
    expect(await kept(folder, { HOME: '' })).toBe(await kept(folder, {}));
    expect(await kept(folder, { HOME: 'relative' })).toBe(await kept(folder, {}));
    const off = home('off');
    await sealift(['--version'], { variables: { HOME: off, NODE_DISABLE_COMPILE_CACHE: '1' } });
    expect(readdirSync(off, { recursive: true }).filter((name) => /\w{8}/.test(`${name}`))).toEqual(
      [],
    );
  });

  it('is not kept where others may write', async () => {
    const shared = home('shared');
    chmodSync(shared, 0o777);
    expect(await kept(join(shared, '.cache'), { HOME: shared })).toBe(0);
    const open = home('open');
    mkdirSync(join(open, '.cache/sealift'), { recursive: true });
    chmodSync(join(open, '.cache/sealift'), 0o775);
    expect(await kept(join(open, '.cache/sealift'), { HOME: open })).toBe(0);
    const linked = home('linked');
    mkdirSync(join(linked, '.cache'));
    symlinkSync(home('elsewhere'), join(linked, '.cache/sealift'));
    expect(await kept(join(folder, 'elsewhere'), { HOME: linked })).toBe(0);
  });

  it.runIf(isRoot)('is not kept by root in the home of somebody else', async () => {
    const theirs = home('theirs');
    chownSync(theirs, 12_345, 12_345);
    expect(await kept(join(theirs, '.cache'), { HOME: theirs })).toBe(0);
  });
});
