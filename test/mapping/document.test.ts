import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { chunksOf } from '../../src/mapping/document.ts';
import { Failure } from '../../src/outcome/failure.ts';

async function read(path: string): Promise<string> {
  let text = '';
  for await (const chunk of chunksOf(await open(path), 'modules/dogs.json')) {
    text += Buffer.from(chunk).toString();
  }
  return text;
}

describe('the bytes of a file of the mapping', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sealift-document-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('are those that are there', async () => {
    const path = join(folder, 'dogs.json');
    writeFileSync(path, 'x'.repeat(200_000));
    expect(await read(path)).toHaveLength(200_000);
  });

  it('are a failure of the mapping, in one line, where the disk does not give them', async () => {
    // To read a folder as a file is an error that every system has.
    const error: unknown = await read(folder).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).line()).toBe(
      'the file cannot be read: EISDIR (mapping/modules/dogs.json): check the disk',
    );
  });
});
