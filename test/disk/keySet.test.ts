import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { addKeys, createKeySet, keySetWriter, openKeySet } from '../../src/extsort/keySet.ts';
import { workFolder } from '../kit/project.ts';

const folder = workFolder('keys');

function setOf(name: string, keys: readonly string[]): string {
  const path = join(folder, name);
  createKeySet(path);
  const writer = keySetWriter(path);
  for (const key of keys) writer.add(key);
  writer.finish();
  return path;
}

function held(path: string, keys: readonly string[]): string[] {
  const set = openKeySet(path);
  try {
    return keys.filter((key) => set.has(key));
  } finally {
    set.close();
  }
}

describe('a set of keys on disk', () => {
  it('holds what was added, and nothing else, told apart by every byte', () => {
    const keys = ['', '5', '"5"', 'a', 'A', 'ä', 'a\u0308', 'a ', '\0', 'a\0b', '\u{1F600}'];
    const path = setOf('bytes', keys);
    expect(held(path, [...keys, 'b', 'a\0', '5.0', ' '])).toEqual(keys);
  });

  it('takes more keys than a batch, from several writers, each key once', () => {
    const path = setOf('many', []);
    const writers = [keySetWriter(path), keySetWriter(path)];
    for (let n = 0; n < 20_000; n += 1) writers[n % 2]?.add(String(n % 15_000));
    for (const writer of writers) writer.finish();
    expect(held(path, ['0', '14999', '15000', '-1'])).toEqual(['0', '14999']);
    expect(addKeys(setOf('copy', []), path)).toBe(15_000);
  });

  it('takes the difference of two others, and says how many were new', () => {
    const target = setOf('target', ['a']);
    const from = setOf('from', ['a', 'b', 'c', 'd']);
    expect(addKeys(target, from, setOf('without', ['c', 'x']))).toBe(2);
    expect(held(target, ['a', 'b', 'c', 'd', 'x'])).toEqual(['a', 'b', 'd']);
    expect(addKeys(target, from)).toBe(1);
    expect(addKeys(target, from)).toBe(0);
  });

  it('that is not there is not made', () => {
    expect(() => openKeySet(join(folder, 'nowhere'))).toThrow(/unable to open|directory/);
    expect(() => keySetWriter(join(folder, 'nowhere'))).toThrow();
  });
});
