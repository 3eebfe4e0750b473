/** Two folders that ought to be the same: whatever only one of them has is told. */

import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';

import { compareBytes } from '../../src/determinism/compareBytes.ts';

const root = mkdtempSync(join(tmpdir(), 'sealift-compare-'));
afterAll(() => rmSync(root, { recursive: true }));

const SIDES = ['first', 'second'] as const;
const [first, second] = SIDES.map((side) => join(root, side)) as [string, string];

beforeEach(() => {
  for (const side of [first, second]) {
    rmSync(side, { recursive: true, force: true });
    mkdirSync(join(side, 'dogs'), { recursive: true });
    writeFileSync(join(side, 'dogs/data.ndjson'), '{"id":1,"name":"a"}\n{"id":2,"name":"b"}\n');
    writeFileSync(join(side, 'large'), Buffer.alloc(3 * 2 ** 20 + 17));
  }
});

async function told(): Promise<string[]> {
  const { findings } = await compareBytes(first, second);
  return findings.map(({ file, reason }) => `${file}: ${reason}`);
}

describe('two runs that are compared', () => {
  it('are the same where every file and its mode are', async () => {
    expect(await compareBytes(first, second)).toEqual({
      files: 2,
      bytes: 3 * 2 ** 20 + 17 + 40,
      findings: [],
    });
  });

  it.each(SIDES)('differ in a file that only the %s has made', async (side) => {
    writeFileSync(join(root, side, 'dogs/more'), '');
    expect(await told()).toEqual(['dogs/more: only one of the two runs wrote this file']);
  });

  it.each(SIDES)('differ in an empty folder or a link of the %s', async (side) => {
    mkdirSync(join(root, side, 'empty'));
    symlinkSync('large', join(root, side, 'link'));
    expect(await told()).toEqual([
      'empty: only one of the two runs wrote this file',
      'link: only one of the two runs wrote this file',
    ]);
  });

  it.each(SIDES)('differ in the mode of a file of the %s', async (side) => {
    chmodSync(join(root, side, 'large'), 0o604);
    expect(await told()).toEqual([
      'large: the permissions of this file differ between the two runs',
    ]);
  });

  it.each([0, 2 ** 20 - 1, 2 ** 20, 3 * 2 ** 20 + 16])('differ in the byte at %i', async (at) => {
    const bytes = Buffer.alloc(3 * 2 ** 20 + 17);
    bytes[at] = 1;
    writeFileSync(join(second, 'large'), bytes);
    expect(await told()).toEqual(['large: the two runs wrote different bytes']);
  });

  it.each([2 ** 20, 3 * 2 ** 20, 3 * 2 ** 20 + 16, 3 * 2 ** 20 + 18])(
    'differ where one has %i bytes of it',
    async (size) => {
      writeFileSync(join(second, 'large'), Buffer.alloc(size));
      expect(await told()).toEqual(['large: the two runs wrote different bytes']);
    },
  );
});
