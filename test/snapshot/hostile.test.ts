/** Archives that others have made or changed: each is refused in one line, and nothing is written. */

import { hash } from 'node:crypto';
import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { packTar, unpackTar } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { temporaryFolder, treeOf } from '../fault/fixture.ts';
import { sealift } from '../kit/run.ts';
import { headMembers, makeManifest, type Manifest } from '../../src/snapshot/manifest.ts';
import { cutOver, snapshotOf, type Cutover } from './fixture.ts';

type Entry = Awaited<ReturnType<typeof unpackTar>>[number];

let from: Cutover;
let folder: string;
let file: string;
let entries: readonly Entry[];

beforeAll(async () => {
  from = await cutOver();
  folder = temporaryFolder();
  const made = await snapshotOf(from.project);
  entries = await unpackTar(readFileSync(made));
  file = join(folder, 'changed.tar');
  copyFileSync(made, join(folder, 'kept.tar'));
});

afterAll(() => {
  rmSync(from.project, { recursive: true });
  rmSync(folder, { recursive: true });
});

function kept(): Buffer {
  return readFileSync(join(folder, 'kept.tar'));
}

async function pack(changed: readonly Entry[]): Promise<void> {
  writeFileSync(file, await packTar(changed));
}

/** A member at the end, with other properties. */
function extra(about: Partial<Entry['header']>): () => Promise<void> {
  return async () => {
    const header = { name: 'mapping/x', size: 0, mtime: new Date(0), mode: 0o600, ...about };
    await pack([...entries, { header: { ...header, type: about.type ?? 'file' } }]);
  };
}

function dataOf(name: string): Buffer {
  const entry = entries.find(({ header }) => header.name === name);
  return Buffer.from(entry?.data ?? []);
}

/** Packs files of a snapshot with a manifest that fits them. */
async function forge(
  change: (files: Map<string, Buffer>) => void,
  about: Partial<Manifest> = {},
): Promise<void> {
  const old = JSON.parse(dataOf('snapshot.json').toString()) as Manifest;
  const files = new Map(old.files.map(({ path }) => [path, dataOf(path)]));
  change(files);
  const listed = [...files].map(([path, bytes]) => {
    return { path, sha256: hash('sha256', bytes, 'hex'), size: bytes.length };
  });
  const manifest = { ...makeManifest(old.head, old, listed), ...about };
  const head = headMembers(manifest);
  const all = [...head, ...manifest.files.map(({ path }) => [path, files.get(path)] as const)];
  await pack(
    all.map(([name, data = Buffer.alloc(0)]) => ({
      header: { name, size: data.length, mtime: new Date(0), mode: 0o600, type: 'file' },
      data: Uint8Array.from(data),
    })),
  );
}

/** Changes the header of the first member, with a checksum that fits. */
function header(change: (block: Buffer) => void): () => void {
  return () => {
    const bytes = kept();
    const block = bytes.subarray(0, 512);
    change(block);
    block.fill(0x20, 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    writeFileSync(file, bytes);
  };
}

const sealed = (files: Map<string, Buffer>, suffix: string): string =>
  [...files.keys()].find((path) => path.endsWith(suffix)) ?? '';

describe('an archive that', () => {
  it.each<[string, string, () => void | Promise<void>]>([
    ['has a name with ..', 'a name with ..', extra({ name: 'mapping/../../x' })],
    ['has an absolute name', 'an absolute name', extra({ name: '/etc/x' })],
    ['has a symbolic link', 'a symbolic link', extra({ type: 'symlink', linkname: '/etc' })],
    ['has a hard link', 'a hard link', extra({ type: 'link', linkname: 'snapshot.json' })],
    ['has a device', 'a device', extra({ type: 'block-device' })],
    ['has a pipe', 'a pipe', extra({ type: 'fifo' })],
    ['has a folder', 'a folder', extra({ type: 'directory', name: 'mapping/x/' })],
    ['has a name twice', 'a name twice', extra({ name: 'snapshot.json' })],
    ['has a file that is a folder', 'also a folder', extra({ name: 'snapshot.json/x' })],
    ['has an extra member', 'which its manifest does not list', extra({})],
    ['has a name that controls a terminal', 'does not write', extra({ name: 'mapping/\u001b[2J' })],
    [
      'has a pax header of another kind',
      'header of unknown form',
      extra({ pax: { comment: 'x' } }),
    ],
    [
      'states a huge size',
      'a size in it is wrong',
      header((block) => block.write('77777777777\0', 124, 'latin1')),
    ],
    [
      'states a size that is no number',
      'malformed',
      header((block) => block.write('-0000000001\0', 124, 'latin1')),
    ],
    [
      'is truncated',
      'truncated',
      () => {
        writeFileSync(file, kept());
        truncateSync(file, 40_000);
      },
    ],
    [
      'ends after its last member',
      'truncated',
      () => {
        writeFileSync(file, kept());
        truncateSync(file, kept().length - 1024);
      },
    ],
    ['is empty', 'truncated', () => writeFileSync(file, '')],
    ['is no archive', 'not a tar archive', () => writeFileSync(file, 'x'.repeat(2000))],
    [
      'has bytes after its end',
      'bytes after its last member',
      () => writeFileSync(file, Buffer.concat([kept(), Buffer.alloc(512)])),
    ],
    [
      'has a changed byte in a member',
      'was changed',
      () => {
        const bytes = kept();
        const at = bytes.indexOf('"algorithm"');
        bytes[at + 2] = 0x21;
        writeFileSync(file, bytes);
      },
    ],
    ['lacks a member', 'is missing or differs', () => pack(entries.filter((_, at) => at !== 9))],
    ['lacks its manifest', 'not the manifest', () => pack(entries.slice(1))],
    ['has other checksums', 'checksums differs', () => pack(withSums('0'.repeat(64)))],
    [
      'has a changed candidate and a manifest that fits',
      'does not have the seal in its name',
      () =>
        forge((files) => {
          const path = sealed(files, 'data.ndjson');
          files.set(path, Buffer.from(`${files.get(path)?.toString() ?? ''} `));
        }),
    ],
    [
      'has an added file in a candidate',
      'does not have the seal in its name',
      () =>
        forge((files) => {
          files.set(`${sealed(files, 'data.ndjson')}.more`, Buffer.from('x'));
        }),
    ],
    [
      'has a changed journal',
      'journal is broken',
      () =>
        forge((files) => {
          const path = 'journal/journal.ndjson';
          const text = files.get(path)?.toString() ?? '';
          files.set(path, Buffer.from(text.replace('"PASS"', '"WARN"')));
        }),
    ],
    [
      'has a shorter journal',
      'does not end as its manifest states',
      () =>
        forge((files) => {
          const path = 'journal/journal.ndjson';
          const lines = files.get(path)?.toString().split('\n') ?? [];
          files.set(path, Buffer.from(`${lines.slice(0, -2).join('\n')}\n`));
        }),
    ],
    [
      'names another live candidate',
      'another live candidate',
      () => forge(() => {}, { live: null }),
    ],
    [
      'has no mapping',
      'is missing in it',
      () => forge((files) => files.delete('mapping/project.json')),
    ],
    [
      'has a file elsewhere',
      'a file that no snapshot has',
      () => forge((files) => files.set('storage_live', Buffer.from('x'))),
    ],
  ])('%s is refused, and nothing is written', async (_, said, make) => {
    await make();
    const before = treeOf(from.project);
    const verify = await sealift(['snapshot', 'verify', file]);
    expect([verify.code, verify.stderr]).toEqual([2, expect.stringContaining(said)]);
    expect(verify.stderr.trimEnd().split('\n')).toHaveLength(1);
    const args = ['snapshot', 'restore', file, '--project', from.project, '--replace'];
    const restored = await sealift(args);
    expect([restored.code, restored.stderr]).toEqual([1, expect.stringContaining(said)]);
    expect(treeOf(from.project)).toEqual(before);
  });

  it('is forged in whole passes alone, but not with the SHA-256 that was kept', async () => {
    await forge((files) => {
      files.set('mapping/note.md', Buffer.from('x'));
    });
    expect((await sealift(['snapshot', 'verify', file])).code).toBe(0);
    const expected = hash('sha256', kept(), 'hex');
    const { code, stderr } = await sealift(['snapshot', 'verify', file, '--expect', expected]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('not the expected one')]);
    const named = join(folder, `snapshot-000009-${expected}.tar`);
    copyFileSync(file, named);
    const renamed = await sealift(['snapshot', 'verify', named]);
    expect([renamed.code, renamed.stderr]).toEqual([
      2,
      expect.stringContaining('not the one in its name'),
    ]);
  });

  it('is whole passes, packed by another program, too (negative control)', async () => {
    await pack(entries);
    expect((await sealift(['snapshot', 'verify', file])).code).toBe(0);
  });
});

function withSums(digest: string): Entry[] {
  return entries.map((entry, at) => {
    if (at !== 1) return entry;
    const text = Buffer.from(entry.data ?? []).toString();
    return { header: entry.header, data: Uint8Array.from(Buffer.from(digest + text.slice(64))) };
  });
}
