import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { leafHash } from '../../src/merkle/hash.ts';
import { keyOf, moduleTreeBuilder, type ModuleTree } from '../../src/seal/moduleTree.ts';
import { rangeCutter } from '../../src/seal/ranges.ts';
import { rootOf } from '../independent/handMade.ts';

const FIELDS = ['t', 'n'];
const lineOf = (n: number): string => `{"n":${n},"note":"ö\u2028${n % 5}","t":"k${n >> 4}"}`;

/** Feeds lines in parts of the given sizes, the last taking the rest. */
function build(lines: readonly string[], sizes: readonly number[]): ModuleTree {
  const builder = moduleTreeBuilder(FIELDS);
  let at = 0;
  for (const size of [...sizes, lines.length]) {
    const part = lines.slice(at, at + size).map((line) => Buffer.from(`${line}\n`));
    at += size;
    let end = 0;
    builder.push({
      bytes: Buffer.concat(part),
      leaves: Buffer.concat(part.map((line) => leafHash(line.subarray(0, -1)))),
      ends: Uint32Array.from(part.map((line) => (end += line.length))),
    });
  }
  return builder.finish();
}

describe('the tree of a module', () => {
  const lines = Array.from({ length: 9000 }, (_, n) => lineOf(n));
  const whole = build(lines, []);

  it('is the same however its parts are cut', () => {
    const sizes = fc.array(fc.nat({ max: 3000 }), { maxLength: 12 });
    const property = fc.property(sizes, (some) => {
      expect(build(lines, some)).toEqual(whole);
    });
    fc.assert(property, { numRuns: 30 });
  });

  it('has the root and segments of RFC 6962', () => {
    expect(whole.count).toBe(9000);
    expect(whole.root).toBe(rootOf(lines).toString('hex'));
    const segments = [0, 4096, 8192].map((at) =>
      rootOf(lines.slice(at, at + 4096)).toString('hex'),
    );
    expect(whole.segments).toEqual(segments);
  });

  it('has ranges with the key of their last record and the offset behind its line', () => {
    const cutter = rangeCutter();
    const leaves = Buffer.concat(lines.map((line) => leafHash(Buffer.from(line))));
    const ends = [...cutter.push(leaves), ...cutter.finish()];
    expect(ends.length).toBeGreaterThan(1);
    const expected = ends.map(({ count, digest, through }) => ({
      count,
      digest,
      end: Buffer.byteLength(`${lines.slice(0, through).join('\n')}\n`),
      last: [`k${(through - 1) >> 4}`, through - 1],
    }));
    expect(whole.ranges).toEqual(expected);
    expect(whole.ranges.reduce((sum, { count }) => sum + count, 0)).toBe(9000);
  });

  it('of no record is the empty tree', () => {
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect(build([], [])).toEqual({ count: 0, root: empty, segments: [], ranges: [] });
  });

  it('changes with one byte, one line swapped, one line twice (negative control)', () => {
    const [first = '', second = '', ...rest] = lines;
    const roots = [
      [`${first.slice(0, -1)} }`, second, ...rest],
      [second, first, ...rest],
      [first, first, second, ...rest],
      [second, ...rest],
    ].map((changed) => build(changed, []).root);
    expect(new Set([whole.root, ...roots]).size).toBe(5);
  });
});

describe('keyOf', () => {
  it('takes the key fields in key order', () => {
    expect(keyOf(Buffer.from('{"a":1,"b":"x","c":true}'), ['c', 'a', 'b'])).toEqual([true, 1, 'x']);
  });
});
