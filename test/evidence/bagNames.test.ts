/** Names and manifests of bags, as RFC 8493 has them. */

import { assert, constantFrom, property, string, uniqueArray } from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  decodeName,
  encodeName,
  formatManifest,
  isDangerous,
  parseManifest,
} from '../../src/evidence/bagNames.ts';

const SHA = 'a'.repeat(64);

describe('a name in a manifest', () => {
  it('has its line ends and percent signs encoded, and nothing else', () => {
    expect(encodeName('data/a%b\nc\rd e.txt')).toBe('data/a%25b%0Ac%0Dd e.txt');
    expect(decodeName('data/a%25b%0ac%0Dd%20e')).toBe('data/a%b\nc\rd%20e');
    expect(decodeName(encodeName('%0A%25'))).toBe('%0A%25');
  });

  it.each([
    '/etc/passwd',
    '../x',
    'data/../../x',
    'data/./x',
    'data//x',
    'data/',
    '~root/x',
    'C:/x',
    'data\\..\\x',
    'data/\0',
    '',
  ])('is dangerous: %j', (path) => {
    expect(isDangerous(path)).toBe(true);
    expect(parseManifest(`${SHA}  ${encodeName(path)}\n`)).toBeNull();
  });

  it.each(['data/a', 'data/ä b/…', 'data/..a', 'bagit.txt'])('is not: %j', (path) => {
    expect(isDangerous(path)).toBe(false);
  });
});

describe('a manifest', () => {
  it('is read as it was written, whatever the names', () => {
    const part = string({ unit: constantFrom('a', '%', '\n', '\r', '0', 'A', ' ', 'ü', '2', '5') });
    const names = uniqueArray(
      part.map((text) => `data/x${text}`),
      { minLength: 1 },
    );
    assert(
      property(names, (paths) => {
        const lines = paths.map((path) => ({ sha256: SHA, path }));
        const read = parseManifest(formatManifest(lines)) ?? [];
        expect(read.map(({ path }) => path).toSorted()).toEqual(paths.toSorted());
      }),
    );
  });

  it.each([
    ['a name twice', `${SHA}  data/a\n${SHA}  data/a\n`],
    ['another digest', `${'a'.repeat(40)}  data/a\n`],
    ['no line end', `${SHA}  data/a`],
    ['an empty line', `${SHA}  data/a\n\n`],
  ])('is malformed with %s', (_, text) => {
    expect(parseManifest(text)).toBeNull();
  });
});
