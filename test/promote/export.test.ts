/** What is handed over is a plain copy, or a tar, which verifies without Sealift; never a link. */

import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { temporaryFolder } from '../fault/fixture.ts';
import { digestsOf, succeed } from '../kit/project.ts';
import { sealift } from '../kit/run.ts';
import { cutOver, type Cutover } from '../snapshot/fixture.ts';
import { build, storeOf } from './fixture.ts';

let from: Cutover;
let out: string;

beforeAll(async () => {
  from = await cutOver();
  await build(from.project, 'three');
});

afterAll(() => {
  rmSync(from.project, { recursive: true });
});

beforeEach(() => {
  out = temporaryFolder();
  return () => {
    rmSync(out, { recursive: true });
  };
});

function exported(...args: string[]): string[] {
  return ['export', ...args, '--project', from.project];
}

function checked(folder: string): void {
  execFileSync('sha256sum', ['-c', '--strict', '--quiet', 'checksums/SHA256SUMS'], { cwd: folder });
}

it('is what is live, as plain files, which the owner can change and remove', async () => {
  const target = join(out, 'copy');
  const { stdout } = await succeed(exported('--out', target));
  expect(stdout).toContain(`seal id    ${from.live}`);
  checked(target);
  expect(digestsOf(target)).toEqual(digestsOf(join(storeOf(from.project), 'sealed', from.live)));
  expect(lstatSync(target).mode & 0o777).toBe(0o700);
  expect(lstatSync(join(target, 'checksums/run.json')).mode & 0o777).toBe(0o600);
  expect(readdirSync(out)).toEqual(['copy']);
});

it('is a tar below a folder with the seal id, as other programs read it', async () => {
  await succeed(exported('v1', '--out', join(out, 'copy.tar')));
  execFileSync('tar', ['-xf', 'copy.tar'], { cwd: out });
  const folder = readdirSync(out).find((name) => name !== 'copy.tar') ?? '';
  checked(join(out, folder));
  expect(folder).not.toBe(from.live);
});

it('is a candidate that is named by its seal id', async () => {
  await succeed(exported(from.previous.slice(0, 12), '--out', join(out, 'copy')));
  await succeed(['verify-checksums', '--candidate', join(out, 'copy'), '--project', from.project]);
});

it.each([
  ['overwrites a folder', 'there', 'nothing is overwritten'],
  ['creates no folder for it', 'nowhere/copy', 'does not exist'],
])('never %s', async (_, name, said) => {
  mkdirSync(join(out, 'there'));
  const { code, stderr } = await sealift(exported('--out', join(out, name)));
  expect([code, stderr]).toEqual([64, expect.stringContaining(said)]);
  expect(readdirSync(out)).toEqual(['there']);
  expect(readdirSync(join(out, 'there'))).toEqual([]);
});

it.each([['copy'], ['copy.tar']])('leaves no %s of a candidate that was changed', async (name) => {
  const copy = join(out, 'changed');
  await succeed(exported('--out', copy));
  chmodSync(join(copy, 'owners/data.ndjson'), 0o600);
  appendFileSync(join(copy, 'owners/data.ndjson'), '{}\n');
  const { code, stderr } = await sealift(exported(copy, '--out', join(out, name)));
  expect([code, stderr]).toEqual([1, expect.stringContaining('does not verify')]);
  expect(readdirSync(out)).toEqual(['changed']);
});

it.each([['copy'], ['copy.tar']])('removes no file of another program for %s', async (name) => {
  mkdirSync(join(out, `.${name}.new`));
  await succeed(exported('--out', join(out, name)));
  expect(readdirSync(out).toSorted()).toEqual([`.${name}.new`, name]);
});
