/** Records in chunks: all of them, whatever the size of a chunk, and from any of them on. */

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { blobReader } from '../../src/load/blobContent.ts';
import { recordChunks } from '../../src/load/recordChunks.ts';
import type { Progress } from '../../src/target/target.ts';
import { workFolder } from '../kit/project.ts';

const file = join(workFolder('chunks'), 'data.ndjson');
const START: Progress = { records: 0, offset: 0 };

interface Read {
  readonly records: unknown[];
  readonly progress: Progress[];
}

async function read(from: Progress, most: number): Promise<Read> {
  const found: Read = { records: [], progress: [] };
  for await (const chunk of recordChunks(file, from, most)) {
    const records = chunk.records();
    expect(records).toHaveLength(chunk.count);
    found.records.push(...records);
    found.progress.push(chunk.after);
  }
  return found;
}

describe('the chunks of a file', () => {
  it('are all its records, from any progress on', async () => {
    const texts = fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 200 }), async (list, most) => {
        const records = list.map((v, id) => ({ id, v }));
        const wellFormed = records.map(({ id, v }) => ({ id, v: v.toWellFormed() }));
        writeFileSync(file, wellFormed.map((record) => `${JSON.stringify(record)}\n`).join(''));
        const all = await read(START, most);
        expect(all.records).toEqual(wellFormed);
        for (const from of all.progress) {
          expect((await read(from, 64)).records).toEqual(wellFormed.slice(from.records));
        }
      }),
    );
  });

  it.each(['{"id":1}\n{"id":', '{"id":1}\nnot JSON\n', '{"id":1}\n{"id":"\xff"}\n'])(
    'stop where the file was changed (%#)',
    async (text) => {
      writeFileSync(file, Buffer.from(text, 'latin1'));
      await expect(read(START, 1000)).rejects.toThrow(
        'the candidate was changed while it was loaded',
      );
    },
  );
});

describe('the content of a blob', () => {
  const folder = join(file, '..');
  const digest = createHash('sha256').update('photo').digest('hex');
  const path = join(folder, 'm/blobs', digest);
  const content = (size: number): string => {
    return Buffer.concat([...blobReader(folder)('m', digest, size)]).toString();
  };

  it('is read if it is what its record says', () => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'photo');
    expect(content(5)).toBe('photo');
  });

  it('stops a load if it is not', () => {
    expect(() => content(4)).toThrow('the content of a blob is not what its record says');
    writeFileSync(path, 'phota');
    expect(() => content(5)).toThrow('the content of a blob is not what its record says');
  });
});
