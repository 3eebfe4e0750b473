/** The free space of a disk against the space that is needed. */

import { describe, expect, it } from 'vitest';

import { assertFreeSpace, freeBytes, type AskDisk } from '../../src/disk/freeSpace.ts';
import { Failure } from '../../src/outcome/failure.ts';

const EXT4 = 0xef53;

/** A disk with so many free blocks of 4 KiB for everybody, and as many again for root. */
const disk =
  (blocks: number, type = EXT4): AskDisk =>
  () => ({ type, bsize: 4096, bavail: blocks, bfree: 2 * blocks });

const root = process.getuid?.() === 0;
const usable = (blocks: number): number => (root ? 2 : 1) * blocks * 4096;

const silent: AskDisk = () => {
  throw Object.assign(new Error('said by the runtime'), { code: 'ENOSYS' });
};

const forWhat = { what: 'no space for this', hint: 'free space' };

function refusal(least: number, ask: AskDisk): string | null {
  try {
    assertFreeSpace('/a/b', least, forWhat, ask);
    return null;
  } catch (error) {
    if (error instanceof Failure && error.code === 'DISK') return error.line();
    throw error;
  }
}

describe('the free space of a disk', () => {
  it('is refused where one byte is missing, with what is needed, what is free, where, and what to do', () => {
    const free = usable(250);
    expect(refusal(free, disk(250))).toBeNull();
    expect(refusal(free + 1, disk(250))).toMatch(
      /^no space for this: at least \d\.\d MB are needed, \d\.\d MB are free \(\/a\/b\): free space$/,
    );
  });

  it.each([
    ['btrfs', 0x9123683e],
    ['ZFS', 0x2fc12fc1],
    ['bcachefs', 0xca451a4e],
    ['F2FS', 0xf2f52010],
  ])('is not told by bytes on %s, which may compress', (_, type) => {
    expect(freeBytes('/', disk(1, type))).toBeNull();
    expect(refusal(2 ** 50, disk(1, type))).toBeNull();
  });

  it('is nobody to blame where the file system does not answer', () => {
    expect(refusal(2 ** 50, silent)).toBeNull();
    expect(() =>
      freeBytes('/', () => {
        throw new TypeError('a defect');
      }),
    ).toThrow('a defect');
  });
});
