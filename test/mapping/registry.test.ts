import { createHash } from 'node:crypto';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  canonicalEntry,
  duplicateFailure,
  loadRegistries,
  readRegistry,
  registryIds,
  targetsOf,
  type RegistryDuplicate,
  type RegistryEntry,
} from '../../src/mapping/registryFile.ts';
import type { MappingFile } from '../../src/mapping/place.ts';
import { canonicalJson } from '../../src/record/canonical.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { NAMESPACE, writeProject } from './project.ts';

const OTHER = NAMESPACE.replace('6ba7', '7ba7');

function entry(legacyId: unknown, targetUuid: unknown, rest: object = {}): string {
  return JSON.stringify({ legacyId, targetUuid, ...rest });
}

async function read(name: string, content: unknown): Promise<RegistryEntry[]> {
  const folder = join(writeProject({ [name]: content }), 'mapping');
  const entries: RegistryEntry[] = [];
  const ids = registryIds((duplicate) => {
    throw duplicateFailure(duplicate);
  });
  for await (const item of readRegistry(folder, name)) {
    entries.push(item);
    ids.add({ file: name, entry: entries.length }, item);
  }
  return entries;
}

async function lineOf(name: string, content: unknown): Promise<string> {
  const error: unknown = await read(name, content).catch((reason: unknown) => reason);
  if (!(error instanceof Failure)) throw new Error('not a failure', { cause: error });
  expect(error.code).toBe('MAPPING');
  return error.line();
}

describe('readRegistry', () => {
  const expected = [
    { legacyId: 'a\r', targetUuid: NAMESPACE },
    { legacyId: 'ä', targetUuid: OTHER, version: 2 },
  ];

  it.each(['\n', ''])('reads NDJSON, with and without a last LF (%j)', async (end) => {
    const lines = [entry('a\r', NAMESPACE), entry('ä', OTHER, { version: 2 })];
    expect(await read('registries/r.ndjson', lines.join('\n') + end)).toEqual(expected);
  });

  it('reads a JSON array', async () => {
    expect(await read('registries/r.json', JSON.stringify(expected))).toEqual(expected);
  });

  it('reads lines across chunks', async () => {
    const lines: string[] = [];
    for (let i = 0; i < 20_000; i += 1) {
      const tail = i.toString(16).padStart(12, '0');
      lines.push(entry(`kunde-ä-${i}`, `6ba7b810-9dad-41d1-80b4-${tail}`));
    }
    const entries = await read('registries/r.ndjson', lines.join('\n'));
    expect(entries.length).toBe(20_000);
    expect(entries.at(-1)?.legacyId).toBe('kunde-ä-19999');
  });

  it.each<[string, unknown, string]>([
    ['a duplicate legacyId', [entry('SECRET', NAMESPACE), entry('SECRET', OTHER)], 'this legacyId'],
    ['a target given twice', [entry('a', NAMESPACE), entry('b', NAMESPACE)], 'this targetUuid'],
    ['an upper-case target', ['', entry('a', NAMESPACE.toUpperCase())], 'lower-case UUID'],
    ['a target that is none', ['', entry('a', 'SECRET')], 'lower-case UUID'],
    ['a numeric id', ['', entry(1, NAMESPACE)], 'legacyId must be a text'],
    ['an empty id', ['', entry('', NAMESPACE)], 'legacyId must be a text'],
    ['an unknown member', ['', entry('a', NAMESPACE, { SECRET: 1 })], 'unknown member'],
    ['a missing member', ['', '{"legacyId":"a"}'], 'targetUuid must be'],
    ['a fractional version', ['', entry('a', NAMESPACE, { version: 1.5 })], 'version must be'],
    ['what is no object', ['', '["SECRET"]'], 'an entry must be an object'],
  ])('refuses %s with its place and without its value', async (_name, lines, expectedText) => {
    const texts = (lines as string[]).map((text) => text || entry('first', OTHER));
    const ndjson = await lineOf('registries/r.ndjson', texts.join('\n'));
    expect(ndjson).toContain(expectedText);
    expect(ndjson).toContain('(mapping/registries/r.ndjson:2)');
    const json = await lineOf('registries/r.json', `[${texts.join(',')}]`);
    expect(json).toContain('(mapping/registries/r.json, entry 2)');
    expect(ndjson + json).not.toContain('SECRET');
  });

  it.each([
    [
      'an empty line',
      `${entry('a', NAMESPACE)}\n\n`,
      'the line is empty (mapping/registries/r.ndj',
    ],
    ['a carriage return as a line end', '{}\r{}\n', 'r.ndjson:1:4'],
    ['a syntax error', `${entry('a', NAMESPACE)}\n{"legacyId" 1}`, 'r.ndjson:2:13'],
    ['a duplicate key', '{"legacyId":"a","legacyId":"b"}', 'duplicate key'],
    ['a line without end', `"${'x'.repeat(200_000)}`, 'the line is too long'],
    [
      'a line that is too long, wherever chunks end',
      `${entry('a', NAMESPACE)}\n${entry('x'.repeat(70_000), OTHER)}\n`,
      'the line is too long (mapping/registries/r.ndjson:2)',
    ],
    ['a byte order mark', `\uFEFF${entry('a', NAMESPACE)}`, 'the line is not JSON'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'not valid UTF-8'],
  ])('refuses %s', async (_name, content, expectedText) => {
    expect(await lineOf('registries/r.ndjson', content)).toContain(expectedText);
  });

  it('refuses what is no array', async () => {
    expect(await lineOf('registries/r.json', '{}')).toContain('the registry is not a JSON array');
  });

  it('refuses a symbolic link', async () => {
    const folder = join(writeProject({ 'registries/r.ndjson': entry('a', NAMESPACE) }), 'mapping');
    symlinkSync('r.ndjson', join(folder, 'registries/link.ndjson'));
    const first = readRegistry(folder, 'registries/link.ndjson').next();
    await expect(first).rejects.toThrow('symbolic link');
  });
});

describe('registryIds', () => {
  it('tells where an id came before: legacy ids in a file, target ids in all', () => {
    const found: RegistryDuplicate[] = [];
    const ids = registryIds((duplicate) => found.push(duplicate));
    const add = (file: string, ordinal: number, legacyId: string, targetUuid: string): void => {
      ids.add({ file, entry: ordinal }, { legacyId, targetUuid });
    };
    add('a', 1, 'x', NAMESPACE);
    add('a', 2, 'y', OTHER);
    add('a', 3, 'x', NAMESPACE.replace('6ba7', '8ba7'));
    add('b', 1, 'x', OTHER);
    add('b', 2, 'y', NAMESPACE.replace('6ba7', '9ba7'));
    expect(found).toEqual([
      { id: 'legacyId', first: { file: 'a', entry: 1 }, again: { file: 'a', entry: 3 } },
      { id: 'targetUuid', first: { file: 'a', entry: 2 }, again: { file: 'b', entry: 1 } },
    ]);
  });
});

describe('targetsOf', () => {
  const lines = `${entry('a', NAMESPACE)}\n${entry('b', OTHER)}\n`;

  it('refuses a registry that is not the one that was loaded', async () => {
    const files = { 'registries/r.ndjson': lines };
    const folder = join(writeProject(files), 'mapping');
    const sha256 = createHash('sha256').update(lines).digest('hex');
    const targets = await targetsOf(folder, 'registries/r.ndjson', sha256);
    expect([...targets]).toEqual([
      ['a', NAMESPACE],
      ['b', OTHER],
    ]);
    const again = targetsOf(folder, 'registries/r.ndjson', '0'.repeat(64));
    await expect(again).rejects.toThrow('the registry changed during the run');
  });
});

describe('loadRegistries', () => {
  const name = 'registries/r.ndjson';
  const text = `${entry('a', NAMESPACE)}\n`;
  const registries = new Map([['r', name]]);
  const folder = (): string => join(writeProject({ [name]: text }), 'mapping');
  const file = (sha256: string): MappingFile => ({ name, sha256, bytes: null, text: null });

  it('has the target ids of each registry by its name', async () => {
    const files = [file(createHash('sha256').update(text).digest('hex'))];
    const loaded = await loadRegistries({ folder: folder(), files, registries });
    expect([...loaded].map(([key, ids]) => [key, [...ids]])).toEqual([['r', [['a', NAMESPACE]]]]);
  });

  it.each([{ files: [file('0')] }, { files: [] }])('refuses other files: $files', async (given) => {
    const loaded = loadRegistries({ folder: folder(), ...given, registries });
    await expect(loaded).rejects.toThrow('the registry changed during the run');
  });
});

describe('canonicalEntry', () => {
  it.each<RegistryEntry>([
    { legacyId: 'a', targetUuid: OTHER },
    { legacyId: '"\\\u0000\u2028é😀', targetUuid: OTHER, version: -3 },
  ])('is RFC 8785', (item) => {
    expect(canonicalEntry(item)).toBe(canonicalJson(item));
  });
});
