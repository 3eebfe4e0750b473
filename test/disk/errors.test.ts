/** What the file system answers, as a line for a person. */

import { describe, expect, it } from 'vitest';

import { diskFailure, systemCode } from '../../src/disk/errors.ts';
import { Failure } from '../../src/outcome/failure.ts';

function answered(code: string): string {
  const failure = diskFailure(Object.assign(new Error('said by the runtime'), { code }), '/a/b');
  return failure instanceof Failure ? failure.line() : 'no failure';
}

describe('an error of the file system', () => {
  it.each([
    ['ENOSPC', 'the disk is full'],
    ['EDQUOT', 'the disk is full'],
    // The runtime has no name for it.
    ['Unknown system error -122', 'the disk is full'],
    ['EACCES', 'the folder cannot be written'],
    ['EIO', 'the file system returned EIO'],
    ['Unknown system error -99999', 'the file system returned E99999'],
    // What removing a file answers for EIO, and a write for a quota.
    ['', 'an unknown error'],
    ['UNKNOWN', 'an unknown error'],
  ])('%j says: %s', (code, said) => {
    expect(answered(code)).toContain(said);
    expect(answered(code)).toContain('/a/b');
  });

  it('is none where there is no code', () => {
    expect(systemCode(new Error('a defect'))).toBeNull();
    const defect = new TypeError('a defect');
    expect(diskFailure(defect, '/a/b')).toBe(defect);
  });
});
