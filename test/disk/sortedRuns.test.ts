import { closeSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { mergeRuns, valuePieces, type Entry } from '../../src/extsort/mergeRuns.ts';
import { appendUnlinked, openUnlinked, type UnlinkedFile } from '../../src/disk/unlinkedFile.ts';
import { runWriter, type Run } from '../../src/extsort/sortedRuns.ts';

let folder: string;
let open: UnlinkedFile;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealift-runs-'));
  open = openUnlinked(folder);
});

afterAll(() => {
  closeSync(open.file);
  rmSync(folder, { recursive: true });
});

type Pair = readonly [key: Uint8Array, value: string];

const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('x'.repeat(65_536), 'x'.repeat(65_537), 'ä'.repeat(40_000), ''),
);
const pairs = fc.array(fc.tuple(fc.uint8Array({ maxLength: 6 }), value), { maxLength: 50 });

/** Several writers share the file; the last one keeps what is still in memory. */
function runsOf(shares: readonly (readonly Pair[])[], budget: number): Run[] {
  const runs: Run[] = [];
  for (const [index, share] of shares.entries()) {
    const writer = runWriter(() => open, budget);
    const key = Buffer.alloc(6);
    for (const [bytes, text] of share) {
      key.set(bytes);
      writer.add(key, bytes.length, text);
    }
    const isLast = index === shares.length - 1;
    if (!isLast) writer.flush();
    const tail = writer.tail();
    runs.push(...writer.runs, ...(tail === null ? [] : [tail]));
  }
  return runs;
}

function textOf(entry: Entry): string {
  return Buffer.concat([...valuePieces(open.file, entry)]).toString();
}

function keyOf({ buffer, key, keyEnd }: Entry): string {
  return buffer.toString('hex', key, keyEnd);
}

function keyOfNumber(index: number): Buffer {
  return Buffer.from(String(index).padStart(6, '0'));
}

function everySecond(from: number): Pair[] {
  return Array.from({ length: 5000 }, (_, index) => [
    keyOfNumber(from + 2 * index),
    'value'.repeat(20),
  ]);
}

/** Key and value as one text, which sorts as the pair does. */
function texts(list: readonly Pair[]): string[] {
  return list.map(
    ([key, text]) => `${Buffer.from(key).toString('hex')} ${Buffer.from(text).toString()}`,
  );
}

describe('sorted runs', () => {
  it.each([64, 1000, 2 ** 20])('come back in the order of keys, with %i bytes', (budget) => {
    fc.assert(
      fc.property(fc.array(pairs, { minLength: 1, maxLength: 4 }), (shares) => {
        const merged: string[] = [];
        const keys: string[] = [];
        for (const entry of mergeRuns(open.file, runsOf(shares, budget))) {
          keys.push(keyOf(entry));
          merged.push(`${keyOf(entry)} ${textOf(entry)}`);
        }
        expect(keys).toEqual(keys.toSorted());
        expect(merged.toSorted()).toEqual(texts(shares.flat()).toSorted());
      }),
      { numRuns: 60 },
    );
  });

  it('are merged from as few places as there are writers, if each writes in order', () => {
    const runs = runsOf([everySecond(0), everySecond(1)], 20_000);
    expect(runs.length).toBeGreaterThan(40);
    const buffers = new Set<ArrayBufferLike>();
    let count = 0;
    for (const entry of mergeRuns(open.file, runs)) {
      expect(keyOf(entry)).toBe(keyOfNumber(count).toString('hex'));
      buffers.add(entry.buffer.buffer);
      count += 1;
    }
    expect(count).toBe(10_000);
    // One for each writer, and the last run, which is still in memory.
    expect(buffers.size).toBeLessThanOrEqual(3);
  });

  it('can be read again', () => {
    const runs = runsOf([[[Buffer.from('b'), '2']], [[Buffer.from('a'), '1']]], 100);
    const read = (): string[] => Array.from(mergeRuns(open.file, runs), textOf);
    expect([read(), read()]).toEqual([
      ['1', '2'],
      ['1', '2'],
    ]);
  });
});

describe('an unlinked file', () => {
  it('has no name, and gives each writer a place of its own', () => {
    expect(readdirSync(folder)).toEqual([]);
    const file = openUnlinked(join(folder, 'made'));
    expect([1, 2, 3].map((size) => appendUnlinked(file, Buffer.alloc(size)))).toEqual([0, 1, 3]);
    expect(readdirSync(join(folder, 'made'))).toEqual([]);
    closeSync(file.file);
  });

  it('says which folder could not be written', () => {
    const file = openUnlinked(folder);
    closeSync(file.file);
    expect(() => appendUnlinked(file, Buffer.alloc(1))).toThrow(/returned EBADF/);
    writeFileSync(join(folder, 'file'), '');
    expect(() => openUnlinked(join(folder, 'file'))).toThrow(/a file is where|EEXIST/);
    rmSync(join(folder, 'file'));
  });
});
