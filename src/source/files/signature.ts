/** Recognises files of other formats by their first bytes. */

import { open, type FileHandle } from 'node:fs/promises';
import { Failure } from '../../outcome/failure.ts';
import { unreadable } from './file.ts';

interface Format {
  readonly what: string;
  readonly hint: string;
  /** Possible first bytes, in latin1. */
  readonly begins: readonly string[];
  /** Must also match among the first bytes. */
  readonly holds?: RegExp;
}

const UNPACK = 'unpack it, and name the file that was inside';
const SHEET = 'open it where it was made, save the sheet as "CSV UTF-8", and name that file';
const EXPORT = 'export its tables as CSV, and name those files';

/** The first match counts. */
const FORMATS: readonly Format[] = [
  {
    what: 'the file is a spreadsheet or another office document',
    hint: SHEET,
    begins: ['PK\x03\x04'],
    holds: /\[Content_Types\]\.xml|_rels\/|mimetypeapplication\/vnd\.|xl\/|docProps\//,
  },
  {
    what: 'the file is a zip archive',
    hint: UNPACK,
    begins: ['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08'],
  },
  {
    what: 'the file is an office document of an old format, such as .xls',
    hint: SHEET,
    begins: ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'],
  },
  { what: 'the file is compressed by gzip', hint: UNPACK, begins: ['\x1f\x8b\x08'] },
  {
    what: 'the file is compressed by bzip2',
    hint: UNPACK,
    begins: ['BZh'],
    holds: /^BZh[1-9]1AY&SY/,
  },
  { what: 'the file is compressed by xz', hint: UNPACK, begins: ['\xfd7zXZ\x00'] },
  { what: 'the file is compressed by zstd', hint: UNPACK, begins: ['\x28\xb5\x2f\xfd'] },
  { what: 'the file is a 7z archive', hint: UNPACK, begins: ['7z\xbc\xaf\x27\x1c'] },
  { what: 'the file is a rar archive', hint: UNPACK, begins: ['Rar!\x1a\x07'] },
  {
    what: 'the file is a SQLite database',
    hint: 'write sqlite: before its name',
    begins: ['SQLite format 3\x00'],
  },
  {
    what: 'the file is a Microsoft Access database',
    hint: EXPORT,
    begins: ['\x00\x01\x00\x00Standard Jet DB', '\x00\x01\x00\x00Standard ACE DB'],
  },
  { what: 'the file is a Parquet file', hint: EXPORT, begins: ['PAR1\x15', 'PAR1\x00'] },
  { what: 'the file is an Avro file', hint: EXPORT, begins: ['Obj\x01'] },
  { what: 'the file is a PDF', hint: 'ask for the data as CSV', begins: ['%PDF-'] },
  {
    what: 'the file is a dump of PostgreSQL',
    hint: EXPORT,
    begins: ['PGDMP'],
    holds: /^PGDMP[^\w,;"]/,
  },
  {
    what: 'the file is a web page',
    hint: 'it may be a page that asks for a password: download the file again',
    begins: ['<'],
    holds: /^<(?:!doctype html|html)/i,
  },
  {
    what: 'the file is XML',
    hint: 'convert it to CSV or JSON',
    begins: ['<?xml'],
  },
];

/** Byte order marks, in latin1; a mark comes before its own prefixes. */
const MARKS = [
  ['utf-32', '\xff\xfe\x00\x00'],
  ['utf-32', '\x00\x00\xfe\xff'],
  ['utf-8', '\xef\xbb\xbf'],
  ['utf-16le', '\xff\xfe'],
  ['utf-16be', '\xfe\xff'],
] as const;

export type Mark = (typeof MARKS)[number][0];

const HEAD_BYTES = 4096;

/** Reads the first bytes of a file, enough to recognise its format. */
export async function readHead(file: string): Promise<Buffer> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    throw unreadable(file, cause);
  } finally {
    await handle?.close();
  }
}

/** @throws Failure SOURCE_FORMAT with the name of the file's actual format */
export function refuseForeign(file: string, head: Buffer): void {
  const text = head.toString('latin1');
  const format = FORMATS.find(({ begins, holds }) => {
    return begins.some((start) => text.startsWith(start)) && (holds?.test(text) ?? true);
  });
  if (format === undefined) return;
  const { what, hint } = format;
  throw new Failure('SOURCE_FORMAT', { what, where: file, hint });
}

/** Returns the byte order mark at the beginning. */
export function markOf(head: Buffer): Mark | null {
  const text = head.toString('latin1', 0, 4);
  return MARKS.find(([, mark]) => text.startsWith(mark))?.[0] ?? null;
}

/** Recognises UTF-16 without a mark: exactly every other byte of its first characters is zero. */
export function looksLikeUtf16(head: Buffer): 'utf-16le' | 'utf-16be' | null {
  const text = head.toString('latin1', 0, 8);
  if (/^(?:[^\0]\0){2,}[^\0]?$/s.test(text)) return 'utf-16le';
  return /^(?:\0[^\0]){2,}\0?$/s.test(text) ? 'utf-16be' : null;
}
