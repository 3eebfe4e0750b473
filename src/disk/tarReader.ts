/**
 * Reads the headers of a tar archive of unknown origin, and accepts only what {@link writeTar}
 * writes: plain files with relative names, each once, whole, and nothing after the last. Links,
 * devices, names that leave the folder, and sizes that exceed the file are refused before any
 * content is read. Nothing is written.
 *
 * This is not a general reader: those accept much that must not be unpacked.
 */

import { fstatSync, readSync } from 'node:fs';

/** A member of an archive, and where its content is. */
export interface StoredMember {
  readonly path: string;
  readonly size: number;
  readonly offset: number;
}

/** The reason why an archive is refused: one clause, without any content. */
export class TarError extends Error {
  override readonly name = 'TarError';
}

const BLOCK = 512;
/** Bytes of a pax header; a name of the maximum length takes a few KiB. */
const MAX_PAX = 64 * 1024;
/** Far above any archive that is written: each member takes memory. */
const MAX_MEMBERS = 4_000_000;
const MAX_PATH = 4096;
const MAX_NAME = 255;

interface Header {
  readonly type: string;
  readonly name: string;
  readonly size: number;
}

/** Returns the members in their order. @throws TarError */
export function readTar(file: number): StoredMember[] {
  const total = fstatSync(file).size;
  const members: StoredMember[] = [];
  let at = 0;
  let pax: ReadonlyMap<string, string> = new Map();
  for (;;) {
    const block = readBytes(file, at, BLOCK);
    if (isZero(block)) break;
    const { type, name, size: stated } = headerOf(block);
    const size = sizeIn(pax) ?? stated;
    const offset = at + BLOCK;
    const next = offset + Math.ceil(size / BLOCK) * BLOCK;
    if (next > total) throw new TarError('it is truncated, or a size in it is wrong');
    if (type === 'x') {
      if (pax.size > 0 || size > MAX_PAX) throw new TarError('it has a header of unknown form');
      pax = paxRecords(readBytes(file, offset, size));
    } else {
      members.push({ path: pathOf(pax.get('path') ?? name), size, offset });
      if (members.length > MAX_MEMBERS) throw new TarError('it has too many members');
      pax = new Map();
    }
    at = next;
  }
  if (pax.size > 0) throw new TarError('it ends within a member');
  if (at + 2 * BLOCK !== total || !isZero(readBytes(file, at, 2 * BLOCK))) {
    throw new TarError('it has bytes after its last member');
  }
  assertTree(members);
  return members;
}

/** Bytes of one piece of a content. */
const PIECE = 2 ** 20;

/** Yields a range of a file in pieces. @throws TarError if the file is shorter */
export function* piecesOf(file: number, offset: number, size: number): Generator<Buffer> {
  for (let done = 0; done < size; done += PIECE) {
    yield readBytes(file, offset + done, Math.min(PIECE, size - done));
  }
}

function readBytes(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length;) {
    const count = readSync(file, bytes, done, length - done, at + done);
    if (count === 0) throw new TarError('it is truncated');
    done += count;
  }
  return bytes;
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

const KINDS: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a device',
  '4': 'a device',
  '5': 'a folder',
  '6': 'a pipe',
};

/** Reads a header of a plain file, or of pax. */
function headerOf(block: Buffer): Header {
  if (block.toString('latin1', 257, 265) !== 'ustar\u000000') {
    throw new TarError('it is not a tar archive of the form ustar');
  }
  if (checksum(block) !== octal(block, 148, 156)) throw new TarError('a header in it was changed');
  const type = block.toString('latin1', 156, 157);
  if (type !== '0' && type !== 'x') {
    throw new TarError(`it holds ${KINDS[type] ?? 'a member of unknown kind'}`);
  }
  const [name, prefix] = [textIn(block, 0, 100), textIn(block, 345, 500)];
  return {
    type,
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: octal(block, 124, 136),
  };
}

/** Sums the bytes of a header, its own sum as spaces. */
function checksum(block: Buffer): number {
  let sum = 8 * 0x20;
  for (const [at, byte] of block.entries()) if (at < 148 || at >= 156) sum += byte;
  return sum;
}

function octal(block: Buffer, start: number, end: number): number {
  const text = block.toString('latin1', start, end).replace(/[\0 ]+$/, '');
  if (!/^[0-7]{1,12}$/.test(text)) throw new TarError('a number in a header is malformed');
  return Number.parseInt(text, 8);
}

/** Reads a text that ends at a zero byte, or at the end of its field. */
function textIn(block: Buffer, start: number, end: number): string {
  const field = block.subarray(start, end);
  const zero = field.indexOf(0);
  return decoded(zero === -1 ? field : field.subarray(0, zero));
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new TarError('a name in it is not valid UTF-8');
  }
}

/** Reads pax records `LENGTH KEY=VALUE LF`; only those that {@link writeTar} needs are known. */
function paxRecords(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const digits = space === -1 ? '' : bytes.toString('latin1', at, space);
    const end = at + Number(digits);
    const valid = /^[1-9]\d{0,5}$/.test(digits) && end <= bytes.length && bytes[end - 1] === 0x0a;
    const [, key = '', value = ''] = valid
      ? (/^(path|size)=([^\0]+)$/s.exec(decoded(bytes.subarray(space + 1, end - 1))) ?? [])
      : [];
    if (key === '' || records.has(key)) throw new TarError('it has a header of unknown form');
    records.set(key, value);
    at = end;
  }
  if (records.size === 0) throw new TarError('it has a header of unknown form');
  return records;
}

function sizeIn(pax: ReadonlyMap<string, string>): number | null {
  const text = pax.get('size');
  if (text === undefined) return null;
  if (!/^(?:0|[1-9]\d{0,14})$/.test(text)) throw new TarError('a size in it is malformed');
  return Number(text);
}

/** Returns the name of a member if it is safe to join to the name of a folder. */
function pathOf(path: string): string {
  if (path.startsWith('/')) throw new TarError('it holds an absolute name');
  const names = path.split('/');
  if (names.includes('..')) throw new TarError('it holds a name with ..');
  const valid = names.every((name) => {
    return name !== '' && name !== '.' && Buffer.byteLength(name) <= MAX_NAME;
  });
  // Control characters and backslashes would need escapes in a list of checksums.
  if (!valid || /[\p{Cc}\\]/u.test(path) || Buffer.byteLength(path) > MAX_PATH) {
    throw new TarError('it holds a name that Sealift does not write');
  }
  return path;
}

/** Refuses two members of one name, and a member that is a folder of another. */
function assertTree(members: readonly StoredMember[]): void {
  const paths = new Set(members.map(({ path }) => path));
  if (paths.size < members.length) throw new TarError('it holds a name twice');
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (paths.has(path.slice(0, end))) throw new TarError('a file in it is also a folder');
    }
  }
}
