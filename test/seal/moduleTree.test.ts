import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { leafHash } from '../../src/merkle/hash.ts';
import { segmentRoot } from '../../src/merkle/tree.ts';
import type { SealedRange } from '../../src/seal/format.ts';
import {
  keyOf,
  moduleTreeBuilder,
  type DataPart,
  type ModuleTree,
} from '../../src/seal/moduleTree.ts';
import { rangeCutter } from '../../src/seal/ranges.ts';
import { rootOf } from '../independent/handMade.ts';

const FIELDS = ['t', 'n'];
const lineOf = (n: number): string => `{"n":${n},"note":"ö\u2028${n % 5}","t":"k${n >> 4}"}`;

function partOf(lines: readonly string[]): DataPart {
  const part = lines.map((line) => Buffer.from(`${line}\n`));
  let end = 0;
  return {
    bytes: Buffer.concat(part),
    leaves: Buffer.concat(part.map((line) => leafHash(line.subarray(0, -1)))),
    ends: Uint32Array.from(part.map((line) => (end += line.length))),
  };
}

type Built = ModuleTree & { readonly ranges: readonly SealedRange[] };

/** Feeds lines in parts of the given sizes, the last taking the rest. */
async function build(lines: readonly string[], sizes: readonly number[]): Promise<Built> {
  const ranges: SealedRange[] = [];
  const builder = moduleTreeBuilder(FIELDS, (range) => ranges.push(range));
  let at = 0;
  for (const size of [...sizes, lines.length]) {
    builder.push(partOf(lines.slice(at, at + size)));
    at += size;
  }
  return { ...(await builder.finish()), ranges };
}

describe('the tree of a module', () => {
  const lines = Array.from({ length: 9000 }, (_, n) => lineOf(n));
  let whole: Built;
  beforeAll(async () => {
    whole = await build(lines, []);
  });

  it('is the same however its parts are cut', async () => {
    const sizes = fc.array(fc.nat({ max: 3000 }), { maxLength: 12 });
    const property = fc.asyncProperty(sizes, async (some) => {
      expect(await build(lines, some)).toEqual(whole);
    });
    await fc.assert(property, { numRuns: 30 });
  });

  it('is the same where others hash its segments, and fails where they do', async () => {
    const calls: number[] = [];
    const ranges: SealedRange[] = [];
    const keep = (range: SealedRange): unknown => ranges.push(range);
    const later = moduleTreeBuilder(FIELDS, keep, async (leaves, count) => {
      const copy = Buffer.from(leaves);
      calls.push(count);
      await Promise.resolve();
      return segmentRoot(copy, count);
    });
    later.push(partOf(lines));
    expect({ ...(await later.finish()), ranges }).toEqual(whole);
    expect(calls).toEqual([4096, 4096, 808]);
    const failing = moduleTreeBuilder(FIELDS, keep, () => Promise.reject(new Error('no worker')));
    failing.push(partOf(lines));
    await expect(failing.finish()).rejects.toThrow('no worker');
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

  it('of no record is the empty tree', async () => {
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect(await build([], [])).toEqual({ count: 0, root: empty, segments: [], ranges: [] });
  });

  it('changes with one byte, one line swapped, one line twice (negative control)', async () => {
    const [first = '', second = '', ...rest] = lines;
    const changes = [
      [`${first.slice(0, -1)} }`, second, ...rest],
      [second, first, ...rest],
      [first, first, second, ...rest],
      [second, ...rest],
    ].map(async (changed) => (await build(changed, [])).root);
    const roots = await Promise.all(changes);
    expect(new Set([whole.root, ...roots]).size).toBe(5);
  });
});

describe('keyOf', () => {
  it('takes the key fields in key order', () => {
    expect(keyOf(Buffer.from('{"a":1,"b":"x","c":true}'), ['c', 'a', 'b'])).toEqual([true, 1, 'x']);
  });
});
