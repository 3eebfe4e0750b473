/** What a drill makes of the end of a run on a full disk. */

import { expect, it } from 'vitest';

import { stepOnFullDisk } from '../../src/drill/fullDisk.ts';
import type { Said } from '../../src/drill/shadow.ts';

const ENDED = { code: 1, signal: null, sealId: null, dataRoot: null } as const;
const step = (failure: Said['failure'], code = 1): [string, boolean] => {
  const { observed, ok } = stepOnFullDisk({ ...ENDED, code, failure });
  return [observed, ok];
};

it('a run that stops for the disk is as expected, in any words', () => {
  const failure = { code: 'DISK', what: 'any words', where: null };
  expect(step(failure)).toEqual(['exit 1, out of space', true]);
  expect(step(failure, 2)).toEqual(['exit 2, out of space', false]);
});

it('a run that stops for anything else, or not at all, is not', () => {
  const failure = { code: 'MAPPING', what: 'the name of a field has a space', where: null };
  expect(step(failure)).toEqual(['exit 1', false]);
  expect(step(null)).toEqual(['exit 1', false]);
  expect(step(null, 0)).toEqual(['exit 0', false]);
});
