/** Archives: what is written is read back, by this reader and by others; the bytes never differ. */

import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { unpackTar } from 'modern-tar';
import { expect, it } from 'vitest';

import { piecesOf, readTar, TarError } from '../../src/disk/tarReader.ts';
import { writeTar } from '../../src/disk/tarWriter.ts';
import { workFolder } from '../kit/project.ts';

const folder = workFolder('tar');

/** Names that fit into a header, that are split, that need pax, and that are not ASCII. */
const NAMES: readonly string[] = [
  'a',
  'n'.repeat(100),
  `${'p'.repeat(150)}/${'n'.repeat(90)}`,
  `${'p'.repeat(200)}/${'n'.repeat(200)}`,
  'mapping/Übersicht.md',
  `${'ü'.repeat(80)}/${'€'.repeat(60)}`,
];
const SIZES: readonly number[] = [0, 1, 511, 512, 513, 3_000_000];

const members = NAMES.map((path, at) => {
  const bytes = Buffer.alloc(SIZES[at] ?? 0, `${at}`);
  return { path, size: bytes.length, bytes, content: () => [bytes] };
});

async function write(name: string): Promise<string> {
  const file = openSync(join(folder, name), 'w');
  try {
    return await writeTar(file, members);
  } finally {
    closeSync(file);
  }
}

it('has the same bytes each time, and the digest that is returned', async () => {
  const [one, two] = [await write('one.tar'), await write('two.tar')];
  const listed = execFileSync('sha256sum', ['one.tar', 'two.tar'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(listed).toBe(`${one}  one.tar\n${two}  two.tar\n`);
  expect(one).toBe(two);
});

it('is read back as it was written', async () => {
  await write('read.tar');
  const file = openSync(join(folder, 'read.tar'), 'r');
  try {
    const read = readTar(file);
    expect(read.map(({ path, size }) => [path, size])).toEqual(
      members.map(({ path, size }) => [path, size]),
    );
    for (const [at, { offset, size }] of read.entries()) {
      const content = Buffer.concat([...piecesOf(file, offset, size)]);
      expect(content.equals(members[at]?.bytes ?? Buffer.alloc(0))).toBe(true);
    }
  } finally {
    closeSync(file);
  }
});

it('is read by tar and by the library in the same way', async () => {
  await write('others.tar');
  const args = ['--quoting-style=literal', '-tf', 'others.tar'];
  const env = { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' };
  const listed = execFileSync('tar', args, { cwd: folder, encoding: 'utf8', env });
  expect(listed.trimEnd().split('\n')).toEqual(NAMES);
  const entries = await unpackTar(readFileSync(join(folder, 'others.tar')), { strict: true });
  expect(entries.map(({ header }) => header.name)).toEqual(NAMES);
  expect(entries.every(({ header }) => header.mtime?.getTime() === 0 && header.uid === 0)).toBe(
    true,
  );
});

it('is not written with a content of another size, and not read beyond its end', async () => {
  const file = openSync(join(folder, 'short.tar'), 'w+');
  const short = { path: 'a', size: 3, content: () => [Buffer.from('ab')] };
  await expect(writeTar(file, [short])).rejects.toThrow('Size mismatch');
  expect(() => [...piecesOf(file, 0, 10_000_000)]).toThrow(TarError);
  closeSync(file);
});
