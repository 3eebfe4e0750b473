/** Which projects are rehearsals: those in a shadow beside the candidates of another project. */

import { expect, it } from 'vitest';

import { isRehearsal } from '../../src/project/paths.ts';

it.each([
  ['/work/school/storage_candidate/.shadow-a1/first', true],
  ['/work/school/storage_candidate/.shadow-a1/small-disk/project', true],
  ['/work/school', false],
  ['/work/.shadow-a1/school', false],
  ['/work/storage_candidate/school', false],
])('%s: %s', (root, expected) => {
  expect(isRehearsal(root)).toBe(expected);
});
