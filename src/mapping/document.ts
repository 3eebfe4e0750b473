/**
 * Reads one mapping file once, without following links, as strict JSON with positions.
 *
 * Promises: no link is followed, and at most 16 MiB are read. The value has objects without
 * prototype, no `__proto__`, and no number that a double would change. Every error is a MAPPING
 * failure with file, line and column.
 */

import { constants, type Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../disk/errors.ts';
import { openHandleNoLinks, statOf } from '../disk/noLinks.ts';
import { Failure } from '../outcome/failure.ts';
import { decodeUtf8, JsonSyntaxError, parseJson } from '../record/jsonText.ts';
import { InexactNumber, type JsonValue } from '../record/value.ts';
import { escapeToken, formatPlace, type Place } from './place.ts';

/** Most bytes of a mapping file. */
export const MAX_FILE_BYTES: number = 16 * 1024 * 1024;

export interface MappingDocument {
  /** Name relative to the mapping folder. */
  readonly name: string;
  /** The file's bytes as on disk. */
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly json: JsonValue;
  /** The same value as plain objects without prototype. */
  readonly value: unknown;
}

/** Reads a text file of the mapping folder. */
export async function readText(
  folder: string,
  name: string,
): Promise<Pick<MappingDocument, 'bytes' | 'text'>> {
  const bytes = await readRegularFile(join(folder, name), name);
  const text = decodeUtf8(bytes);
  if (text === null) throw fileFailure(name, 'the file is not valid UTF-8', 'save it as UTF-8');
  if (text.startsWith('\uFEFF')) {
    throw fileFailure(
      name,
      'the file starts with a byte order mark',
      'save it as UTF-8 without it',
    );
  }
  return { bytes, text };
}

/** Reads `name` in the mapping folder. */
export async function readDocument(folder: string, name: string): Promise<MappingDocument> {
  const { bytes, text } = await readText(folder, name);
  try {
    const json = parseJson(text);
    return { name, bytes, text, json, value: plainValue(json, { file: name, pointer: '' }, text) };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new Failure('MAPPING', {
      what: `the file is not JSON, ${error.message}`,
      where: `${formatPlace({ file: name, pointer: '' }, null)}:${error.line}:${error.column}`,
      hint: 'correct it there',
    });
  }
}

/** Makes the failure for a file of the mapping that is wrong as a whole. */
export function fileFailure(name: string, what: string, hint: string, cause?: unknown): Failure {
  const where = formatPlace({ file: name, pointer: '' }, null);
  return new Failure('MAPPING', { what, where, hint, cause });
}

/**
 * Opens an ordinary file of at most `limit` bytes, which is neither a link nor a pipe. The caller
 * closes it.
 */
export async function openRegularFile(
  path: string,
  name: string,
  limit: number,
): Promise<FileHandle> {
  const stat = statAt(path, name);
  if (stat.isSymbolicLink()) {
    throw fileFailure(name, 'the file is a symbolic link', 'replace the link by the file itself');
  }
  if (!stat.isFile())
    throw fileFailure(name, 'this is not a file', 'replace it by an ordinary file');
  if (stat.size > limit) throw tooLarge(name, limit);
  // In case it is replaced by a pipe meanwhile.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  return openHandleNoLinks(path, flags).catch((error: unknown) => {
    throw fileFailure(name, 'the file cannot be opened', 'check its permissions', error);
  });
}

/** Yields the bytes of an open file from its position on. Closes it unless `autoClose` is false. */
export async function* chunksOf(
  file: FileHandle,
  name: string,
  autoClose: boolean = true,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of file.createReadStream({ autoClose })) yield chunk as Uint8Array;
  } catch (error) {
    const code = systemCode(error);
    if (code === null) throw error;
    throw fileFailure(name, `the file cannot be read: ${code}`, 'check the disk', error);
  }
}

function statAt(path: string, name: string): Stats {
  const unreadable = (cause?: unknown): Failure =>
    fileFailure(name, 'the file cannot be read', 'check that it exists', cause);
  try {
    const stat = statOf(path);
    if (stat !== undefined) return stat;
  } catch (error) {
    throw unreadable(error);
  }
  throw unreadable();
}

async function readRegularFile(path: string, name: string): Promise<Uint8Array> {
  const file = await openRegularFile(path, name, MAX_FILE_BYTES);
  try {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const bytes of chunksOf(file, name, false)) {
      length += bytes.length;
      if (length > MAX_FILE_BYTES) throw tooLarge(name, MAX_FILE_BYTES);
      chunks.push(bytes);
    }
    return Buffer.concat(chunks);
  } finally {
    await file.close();
  }
}

function tooLarge(name: string, limit: number): Failure {
  const mebibytes = Math.floor(limit / (1024 * 1024));
  return fileFailure(name, `the file is larger than ${mebibytes} MiB`, 'split or shorten it');
}

function plainValue(json: JsonValue, place: Place, text: string): unknown {
  if (json instanceof InexactNumber) {
    throw valueFailure(place, text, 'the number cannot be represented exactly', 'use fewer digits');
  }
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) {
    return json.map((item: JsonValue, index) =>
      plainValue(item, { ...place, pointer: `${place.pointer}/${index}` }, text),
    );
  }
  const object = Object.create(null) as Record<string, unknown>;
  for (const [key, member] of json as ReadonlyMap<string, JsonValue>) {
    const inner: Place = { ...place, pointer: `${place.pointer}/${escapeToken(key)}` };
    if (key === '__proto__') {
      const at: Place = { ...inner, part: 'key' };
      throw valueFailure(at, text, 'the key "__proto__" is not allowed', 'use another name');
    }
    object[key] = plainValue(member, inner, text);
  }
  return object;
}

function valueFailure(place: Place, text: string, what: string, hint: string): Failure {
  return new Failure('MAPPING', { what, where: formatPlace(place, text), hint });
}
