/** Names of candidates and where links to them lead. */

import { describe, expect, it } from 'vitest';

import { currentPath, nameInTarget, sealedPath } from '../../src/seal/sealedFolders.ts';

const ID = '0123456789abcdef'.repeat(4);

describe('the link to a candidate', () => {
  it.each([ID, `${ID}.2`, `${ID}.10`])('leads to %s', (name) => {
    expect(nameInTarget(`sealed/${name}`)).toBe(name);
  });

  it.each([
    '',
    ID,
    'sealed',
    'sealed/',
    `sealed/${ID.toUpperCase()}`,
    `sealed/${ID.slice(1)}`,
    `sealed/${ID}.0`,
    `sealed/${ID}/`,
    `sealed/${ID}/..`,
    `sealed/../sealed/${ID}`,
    `/sealed/${ID}`,
    `./sealed/${ID}`,
    `other/${ID}`,
  ])('leads to none of them by "%s"', (target) => {
    expect(nameInTarget(target)).toBeNull();
  });
});

it('a store has its link and its candidates in these places', () => {
  expect(currentPath('/store')).toBe('/store/v1');
  expect(sealedPath('/store', ID)).toBe(`/store/sealed/${ID}`);
});
