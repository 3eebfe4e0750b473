import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  joinBuckets,
  lastUses,
  readBucket,
  spillWriter,
  type Bucket,
} from '../../src/extsort/spill.ts';

/** Spills one entry of one byte. */
function spill(to: string): Bucket[] {
  const writer = spillWriter(to, 1);
  writer.reserve(1);
  writer.commit(0, 1);
  return writer.finish();
}

describe('spilling', () => {
  let folder: string;
  let files = 0;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sealift-spill-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const nextFile = (): string => join(folder, String((files += 1)));

  /** Writes entries of [bucket, bytes] through one writer. */
  function write(entries: readonly (readonly [number, Uint8Array])[], chunk: number): Bucket[] {
    const writer = spillWriter(nextFile(), 4, chunk);
    for (const [bucket, bytes] of entries) {
      // More room than is needed, as callers ask for.
      const { buffer, start } = writer.reserve(bytes.length + 9);
      buffer.set(bytes, start);
      writer.commit(bucket, bytes.length);
    }
    return writer.finish();
  }

  it('gives back every byte of every bucket in order, whatever the sizes', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
    const entries = fc.array(fc.tuple(fc.nat(3), bytes), { maxLength: 60 });
    const writers = fc.array(entries, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(writers, fc.integer({ min: 1, max: 300 }), (all, chunk) => {
        const joined = joinBuckets(all.map((some) => write(some, chunk)));
        for (let index = 0; index < 4; index += 1) {
          const mine = all.flat().filter(([bucket]) => bucket === index);
          const wanted = Buffer.concat(mine.map(([, content]) => content));
          const bucket = joined[index] as Bucket;
          // One writer after the other; of one writer, in the order of its commits.
          expect(readBucket(bucket).equals(wanted)).toBe(true);
          expect(bucket.bytes).toBe(wanted.length);
          expect(bucket.entries).toBe(mine.length);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keeps what it holds in memory within its chunk', () => {
    const writer = spillWriter(join(folder, 'chunks'), 1, 1000);
    for (let entry = 0; entry < 100; entry += 1) {
      writer.reserve(100);
      writer.commit(0, 100);
      const written = statSync(join(folder, 'chunks-0'), { throwIfNoEntry: false })?.size ?? 0;
      expect((entry + 1) * 100 - written).toBeLessThanOrEqual(1000);
    }
    writer.finish();
  });

  it('refuses a file that is there, and a link', () => {
    const path = nextFile();
    spill(path);
    expect(() => spill(path)).toThrow(/EEXIST/);
    const link = nextFile();
    symlinkSync(join(folder, 'elsewhere'), `${link}-0`);
    expect(() => spill(link)).toThrow(/EEXIST/);
    expect(existsSync(join(folder, 'elsewhere'))).toBe(false);
  });

  it('refuses a bucket that there is not', () => {
    const writer = spillWriter(nextFile(), 2);
    writer.reserve(1);
    expect(() => {
      writer.commit(2, 1);
    }).toThrow('no such bucket');
    writer.finish();
  });

  it('tells when each file is of no use any more: behind the last bucket that it holds', () => {
    const writer = spillWriter(join(folder, 'many'), 100);
    for (let bucket = 0; bucket < 100; bucket += 1) {
      writer.reserve(1);
      writer.commit(bucket, 1);
    }
    const buckets = writer.finish();
    const files = lastUses(buckets);
    expect(files.flat()).toHaveLength(32);
    for (const [index, gone] of files.entries()) {
      const later = buckets.slice(index + 1).flatMap(({ extents }) => extents);
      for (const file of gone) expect(later.map((extent) => extent.file)).not.toContain(file);
    }
    const used = buckets.flatMap(({ extents }) => extents.map((extent) => extent.file));
    expect(new Set(files.flat())).toEqual(new Set(used));
  });

  it('says so when a file is shorter than it was', () => {
    const [bucket] = write([[0, new Uint8Array(100)]], 10) as [Bucket];
    truncateSync(bucket.extents[0]?.file ?? '', 99);
    expect(() => readBucket(bucket)).toThrow('ended early');
  });
});
