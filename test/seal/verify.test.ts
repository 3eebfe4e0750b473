/** The verifier against candidates that somebody made to break it, and the strict list of sums. */

import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { canonicalJson } from '../../src/record/canonical.ts';
import {
  dataRoot,
  formatSums,
  parseSums,
  RUN_FILE,
  SUMS_FILE,
  type RunFile,
} from '../../src/seal/format.ts';
import { verifyCandidate, type Verification } from '../../src/seal/verify.ts';
import { readFiles, restore, resum, type Files } from '../fault/corruptions.ts';
import { HASHING, migrateHere, newProject, SECRET } from '../fault/fixture.ts';

const SHA = 'a'.repeat(64);
const MERKLE = 'dogs/checksums/merkle.json';

describe('parseSums', () => {
  const sums = (...paths: string[]): string => paths.map((path) => `${SHA}  ${path}\n`).join('');

  it('reads what formatSums writes', () => {
    const part = fc.stringMatching(/^[a-z0-9][A-Za-z0-9_.-]{0,9}$/);
    const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/);
    const lines = fc.uniqueArray(fc.record({ sha256, path }), {
      minLength: 1,
      selector: (line) => line.path,
    });
    fc.assert(
      fc.property(lines, (all) => {
        const text = formatSums(all);
        expect(formatSums(parseSums(text) ?? [])).toBe(text);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['an empty line', `${sums('a')}\n`],
    ['no end of line', sums('a').slice(0, -1)],
    ['CRLF', sums('a').replace('\n', '\r\n')],
    ['a path that leads up', sums('../a')],
    ['a path that leads up later', sums('a/../b')],
    ['an absolute path', sums('/etc/passwd')],
    ['a path of a dot', sums('./a')],
    ['a double slash', sums('a//b')],
    ['a backslash', sums('a\\b')],
    ['an escaped name, as GNU writes them', `\\${sums('a\\nb')}`],
    ['a path with a space', sums('a b')],
    ['a path with a zero byte', sums('a\0b')],
    ['a path of other letters', sums('ä')],
    ['a binary mark', `${SHA} *a\n`],
    ['one space', `${SHA} a\n`],
    ['upper-case digits', sums('a').replaceAll('a'.repeat(64), 'A'.repeat(64))],
    ['a short digest', `${SHA.slice(1)}  a\n`],
    ['a path twice', sums('a', 'a')],
    ['another order', sums('b', 'a')],
    ['the order of a locale', sums('a', 'B', 'c')],
    ['a byte order mark', `\uFEFF${sums('a')}`],
    ['a comment', `# sums\n${sums('a')}`],
    ['a deep path', sums('a/b/c/d/e/f')],
  ])('refuses %s', (_, text) => {
    expect(parseSums(text)).toBeNull();
    expect(parseSums(sums('a'))).toHaveLength(1);
  });
});

/** A line of findings.ndjson. */
function foundIn(id: string): string {
  return `{"field":"name","id":["${id}"],"rule":"sentinel"}\n`;
}

describe('a candidate that was made to break the verifier', () => {
  let project: string;
  let folder: string;
  let files: Files;

  beforeAll(async () => {
    project = await newProject(10);
    await migrateHere(project);
    files = readFiles(join(project, 'storage_candidate/v1'));
    folder = join(project, 'copy');
  });
  beforeEach(() => {
    restore(folder, files);
  });
  afterAll(() => {
    rmSync(project, { recursive: true });
  });

  const verify = (): Promise<Verification> => verifyCandidate(folder, null, HASHING);
  const rules = async (): Promise<Set<string>> =>
    new Set((await verify()).findings.map(({ rule }) => rule));
  const put = (path: string, content: string | Uint8Array): void => {
    writeFileSync(join(folder, path), content);
    if (path !== SUMS_FILE) resum(folder);
  };
  /** Canonical JSON of a file with some members replaced, sealed again. */
  const change = (path: string, members: Record<string, unknown>): void => {
    const value = JSON.parse(readFileSync(join(folder, path), 'utf8')) as object;
    put(path, `${canonicalJson({ ...value, ...members })}\n`);
  };

  it('passes as it is', async () => {
    const { findings, records, files: seen } = await verify();
    expect(findings).toEqual([]);
    expect(records).toBe(30);
    expect(seen).toBe(files.size - 1);
  });

  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  const BOMBS: readonly (readonly [string, string | Uint8Array])[] = [
    ['nothing', ''],
    ['null', 'null\n'],
    ['a number', '1\n'],
    ['an array', '[]\n'],
    ['an object', '{}\n'],
    ['deep nesting', `${deep}\n`],
    ['deep nesting of objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}\n`],
    ['a huge number', '{"count":1e400}\n'],
    ['a long number', `{"count":${'9'.repeat(1_000_000)}}\n`],
    ['a key twice', '{"count":1,"count":1}\n'],
    ['__proto__', '{"__proto__":{"format":1}}\n'],
    ['a lone surrogate', '{"a":"\\ud800"}\n'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d, 0x0a])],
    ['bytes that are not text', randomBytes(4096)],
    ['half of a text', '{"format":1,"tool":{"na'],
    ['zero bytes', Buffer.alloc(65_536)],
  ];

  it.each(BOMBS)('gives a finding for a run.json of %s', async (_, content) => {
    put(RUN_FILE, content);
    const found = await verify();
    expect(found.findings.map(({ rule }) => rule)).toContain('seal-format');
    expect(found.run).toBeNull();
  });

  it.each(BOMBS)('gives a finding for a merkle.json of %s', async (_, content) => {
    put(MERKLE, content);
    expect(await rules()).toContain('seal-format');
  });

  it.each(BOMBS)('gives a finding for a schema.json of %s', async (_, content) => {
    put('dogs/schema.json', content);
    expect(await rules()).toContain('checksum');
  });

  it.each(BOMBS)('gives a finding for a data file of %s', async (_, content) => {
    put('dogs/data.ndjson', content);
    expect(await rules()).toContain('merkle');
  });

  it.each(BOMBS)('gives a finding for a list of checksums of %s', async (_, content) => {
    put(SUMS_FILE, content);
    expect(await rules()).toEqual(new Set(['seal-format']));
  });

  it.each(['../dogs', '/etc', 'a/b', '', 'Dogs', '__proto__', 'do\ngs', 'x'.repeat(64)])(
    'looks nowhere for a module called %j',
    async (name) => {
      const run = JSON.parse(readFileSync(join(folder, RUN_FILE), 'utf8')) as {
        modules: { name: string }[];
      };
      const modules = run.modules.map((module) => Object.assign(module, { name }));
      change(RUN_FILE, { modules });
      expect(await rules()).toContain('seal-format');
    },
  );

  it('refuses members and formats that it does not know', async () => {
    for (const members of [{ format: 2 }, { format: '1' }, { more: 1 }, { runId: null }]) {
      restore(folder, files);
      change(RUN_FILE, members);
      expect(await rules(), JSON.stringify(members)).toContain('seal-format');
    }
    for (const members of [{ algorithm: 'md5' }, { more: 1 }, { segmentLeaves: 4 }]) {
      restore(folder, files);
      change(MERKLE, members);
      expect(await rules(), JSON.stringify(members)).toContain('seal-format');
    }
  });

  it('does not take inherited members for fields of the key', async () => {
    for (const field of ['constructor', '__proto__', 'toString', 'nowhere']) {
      restore(folder, files);
      change(MERKLE, { order: { fields: [field], types: ['uuid'] } });
      expect(await rules(), field).toContain('merkle');
    }
  });

  it('finds every statement of merkle.json that is not so', async () => {
    const other = 'b'.repeat(64);
    for (const members of [
      { count: 11 },
      { root: other },
      { segments: [] },
      { segments: [other] },
    ]) {
      restore(folder, files);
      change(MERKLE, members);
      expect(await rules(), JSON.stringify(members)).toEqual(new Set(['merkle']));
    }
  });

  it.each([
    ['nothing', ''],
    ['another range', '{"count":1,"digest":"x","end":1,"last":["x"]}\n'],
    ['no range', 'null\n'],
  ])('finds ranges that are not those of the records: %s', async (_, text) => {
    put('dogs/checksums/ranges.ndjson', text);
    expect(await rules()).toEqual(new Set(['merkle']));
  });

  it('finds findings that were added, taken away, or put in another order', async () => {
    const path = 'dogs/findings.ndjson';
    const [first = '', second = ''] = readFileSync(join(folder, 'dogs/data.ndjson'), 'utf8')
      .split('\n')
      .map((line) => (line === '' ? '' : String((JSON.parse(line) as { id: unknown }).id)));
    const run = JSON.parse(readFileSync(join(folder, RUN_FILE), 'utf8')) as {
      modules: { name: string }[];
    };
    const stating = (findings: number): object[] =>
      run.modules.map((module) =>
        Object.assign(module, module.name === 'dogs' ? { findings } : {}),
      );
    const sealing = async (text: string, count: number): Promise<Set<string>> => {
      restore(folder, files);
      put(path, text);
      change(RUN_FILE, { modules: stating(count) });
      return rules();
    };
    expect(await sealing(foundIn(first) + foundIn(second), 2)).toEqual(new Set());
    expect(await sealing(foundIn(first), 2)).toEqual(new Set(['accounting']));
    expect(await sealing(foundIn(first) + foundIn(second), 1)).toEqual(new Set(['accounting']));
    expect(await sealing(foundIn(second) + foundIn(first), 2)).toEqual(new Set(['seal-format']));
    expect(await sealing(foundIn(first) + foundIn(first), 2)).toEqual(new Set(['seal-format']));
    expect(await sealing('{"field":"name"}\n', 1)).toEqual(new Set(['seal-format']));
    expect(await sealing('', 0)).toEqual(new Set(['accounting']));
  });

  it.each([
    ['root', 'b'.repeat(64)],
    ['count', 11],
  ])(
    'finds a %s in run.json that is not that of the records, under a data root to match',
    async (name, value) => {
      const run = JSON.parse(readFileSync(join(folder, RUN_FILE), 'utf8')) as RunFile;
      const modules = run.modules.map((one) =>
        one.name === 'dogs' ? { ...one, [name]: value } : one,
      );
      const counts = { rows: 11, emitting: 11, emitted: 11, records: 11 };
      const accounting = run.accounting.map((one) =>
        one.module === 'dogs' && name === 'count' ? Object.assign(one, counts) : one,
      );
      change(RUN_FILE, { modules, accounting, dataRoot: dataRoot(modules) });
      expect(await rules()).toEqual(new Set(['merkle']));
    },
  );

  it('finds a blob that a record names and that is not there', async () => {
    rmSync(join(folder, 'dogs/blobs'), { recursive: true });
    resum(folder);
    expect(await rules()).toEqual(new Set(['file-missing']));
  });

  it('finds a mapping that is not the one that the run used', async () => {
    const path = 'mapping/project.json';
    put(path, readFileSync(join(folder, path), 'utf8').replace('"format"', ' "format"'));
    expect(await rules()).toEqual(new Set(['checksum']));
  });

  it('finds another seal than the expected one, whatever it holds', async () => {
    const other = await verifyCandidate(folder, '0'.repeat(64), HASHING);
    expect(other.findings.map(({ rule }) => rule)).toEqual(['seal-unexpected']);
    const same = await verifyCandidate(folder, other.sealId, HASHING);
    expect(same.findings).toEqual([]);
  });

  it('finds an accounting that does not add up', async () => {
    const run = JSON.parse(readFileSync(join(folder, RUN_FILE), 'utf8')) as {
      accounting: Record<string, unknown>[];
    };
    const [first, ...rest] = run.accounting;
    for (const members of [
      { rows: 11 },
      { rejected: 1 },
      { emitted: 11 },
      { merged: 1 },
      { module: 'cats' },
      { rows: 11, emitting: 11, emitted: 11, records: 11 },
    ]) {
      restore(folder, files);
      change(RUN_FILE, { accounting: [{ ...first, ...members }, ...rest] });
      expect(await rules(), JSON.stringify(members)).toEqual(new Set(['accounting']));
    }
    restore(folder, files);
    change(RUN_FILE, { accounting: rest });
    expect(await rules()).toEqual(new Set(['accounting']));
  });

  it('finds modules that are listed twice, left out, or in another order', async () => {
    const { modules } = JSON.parse(readFileSync(join(folder, RUN_FILE), 'utf8')) as {
      modules: unknown[];
    };
    for (const list of [[...modules, modules[0]], modules.slice(1), modules.toReversed(), []]) {
      restore(folder, files);
      change(RUN_FILE, { modules: list });
      expect((await verify()).findings.length).toBeGreaterThan(0);
    }
  });

  it('gives a finding for a data file without an end of line, however long', async () => {
    writeFileSync(join(folder, 'dogs/data.ndjson'), 'x');
    truncateSync(join(folder, 'dogs/data.ndjson'), 40 * 2 ** 20);
    expect(await rules()).toEqual(new Set(['checksum', 'merkle']));
  });

  it('says that a line is longer than one can be, and does not hold it in memory', async () => {
    const path = join(folder, 'dogs/data.ndjson');
    const [first = ''] = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, `${first}\n{"`);
    // A file of holes: it takes no space, and is read as zeros.
    truncateSync(path, 600 * 2 ** 20);
    appendFileSync(path, '"}\n');
    resum(folder);
    const { arrayBuffers } = process.memoryUsage();
    const { findings } = await verifyCandidate(folder, null, HASHING);
    expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(200 * 2 ** 20);
    const about = findings.filter(({ file }) => file === 'dogs/data.ndjson');
    expect(about.map(({ rule }) => rule)).toEqual(['seal-format']);
    expect(about[0]?.reason).toContain('longer than 512 MiB');
  });

  it('reads no list of checksums of more than 256 MiB', async () => {
    truncateSync(join(folder, SUMS_FILE), 2 ** 28 + 1);
    expect(await rules()).toEqual(new Set(['file-missing']));
  });

  it('gives findings for folders that are missing, empty, or files', async () => {
    for (const name of ['checksums', 'mapping', 'dogs', 'dogs/checksums', 'dogs/blobs']) {
      for (const instead of ['nothing', 'a folder', 'a file']) {
        restore(folder, files);
        rmSync(join(folder, name), { recursive: true });
        if (instead === 'a folder') mkdirSync(join(folder, name));
        if (instead === 'a file') writeFileSync(join(folder, name), 'x');
        expect(await rules(), `${instead} for ${name}`).toContain('file-missing');
      }
    }
  });

  it('never shows a value, whatever a data file holds', async () => {
    const lines = [`"${SECRET}"`, `{"photo":{"sha256":"${SECRET}","size":1}}`, `{"${SECRET}":1}`];
    for (const line of lines) {
      restore(folder, files);
      put('dogs/data.ndjson', `${line}\n`);
      const { findings } = await verify();
      expect(findings.length).toBeGreaterThan(0);
      expect(JSON.stringify(findings)).not.toContain(SECRET);
    }
  });
});
