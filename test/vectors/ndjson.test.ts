/** JSONTestSuite (test_parsing) as records of the NDJSON and the JSON array source. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../src/outcome/failure.ts';
import { jsonAdapter } from '../../src/source/json.ts';
import { ndjsonAdapter } from '../../src/source/ndjson.ts';
import type { SourceAdapter } from '../../src/source/source.ts';
import { shared } from '../shared.ts';
import { prepareAt, waiting } from '../contract/opening.ts';

const folder = shared('vectors/json-parsing-JSONTestSuite/test_parsing');
const names = folder === null ? [] : readdirSync(folder).sort();

/** Accepted by the standard, refused here on purpose: duplicate keys. */
const DUPLICATES = /^y_object_duplicated_key/;
const LF = 0x0a;

const bytesOf = (name: string): Buffer => readFileSync(join(folder ?? '', name));

const wrap = (before: string, bytes: Buffer, after: string): Buffer =>
  Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);

describe.skipIf(folder === null)('JSONTestSuite', () => {
  let root = '';
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'sealift-suite-'));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  /** The number of records, or null when they were refused. */
  async function records(adapter: SourceAdapter, content: Buffer): Promise<number | null> {
    const file = join(root, 'case');
    writeFileSync(file, content);
    try {
      const source = await prepareAt(adapter, file, { scratch: root, ...waiting(0) });
      return await source.count('case');
    } catch (error) {
      expect(error).toBeInstanceOf(Failure);
      expect((error as Failure).code).toBe('SOURCE_FORMAT');
      return null;
    }
  }

  it('is the whole suite', () => {
    expect(names.filter((name) => name.startsWith('n_')).length).toBeGreaterThan(180);
    expect(names.filter((name) => name.startsWith('y_')).length).toBeGreaterThan(90);
  });

  it.each(names.filter((name) => name.startsWith('n_')))('refuses %s', async (name) => {
    const bytes = bytesOf(name);
    expect(await records(ndjsonAdapter, wrap('{"v":', bytes, '}\n'))).toBeNull();
    expect(await records(jsonAdapter, wrap('[{"v":', bytes, '}]'))).toBeNull();
    expect(await records(ndjsonAdapter, bytes.length === 0 ? Buffer.from('\n') : bytes)).toBeNull();
    expect(await records(jsonAdapter, bytes)).toBeNull();
  });

  it.each(names.filter((name) => name.startsWith('y_')))('takes %s', async (name) => {
    const bytes = bytesOf(name);
    const expected = DUPLICATES.test(name) ? null : 1;
    expect(await records(jsonAdapter, wrap('[{"v":', bytes, '}]'))).toBe(expected);
    // A line feed inside a record is whitespace in JSON, and the end of the record in NDJSON.
    const inside = bytes.includes(LF);
    expect(await records(ndjsonAdapter, wrap('{"v":', bytes, '}\n'))).toBe(
      inside ? null : expected,
    );
  });

  it.each(names.filter((name) => name.startsWith('i_')))('decides about %s', async (name) => {
    const found = await records(ndjsonAdapter, wrap('{"v":', bytesOf(name), '}\n'));
    expect([null, 1]).toContain(found);
  });
});
