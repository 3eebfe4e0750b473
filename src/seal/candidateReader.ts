/**
 * Reads the records of a candidate, sealed or provisional, in bounded memory. The files are not
 * trusted: a line that is not a JSON object in valid UTF-8 is read as null, and a file that cannot
 * be read is distinguished from an empty one. Links are not followed.
 */

import { closeSync, constants, fstatSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { systemCode } from '../disk/errors.ts';
import { openNoLinks } from '../disk/noLinks.ts';
import { decodeUtf8 } from '../record/jsonText.ts';
import { isTooDeep } from '../record/nesting.ts';
import { DATA_FILE, LINEAGE_FILE } from './format.ts';
import { MAX_LINE } from './readChunk.ts';

/** Record as JSON.parse returns it; {@link memberOf} reads its members. */
export type ReadRecord = Readonly<Record<string, unknown>>;

export interface RecordBatch {
  /** 0-based number of the first line in the file. */
  readonly first: number;
  /** In the order of the lines; null for a line that is not a record. */
  readonly records: readonly (ReadRecord | null)[];
}

const CHUNK = 1024 * 1024;
const LF = 0x0a;

/** Returns the path of a module's records or, with `lineage`, of their legacy keys. */
export function recordFile(folder: string, module: string, lineage = false): string {
  return join(folder, module, lineage ? LINEAGE_FILE : DATA_FILE);
}

/** Returns a record's own member; null if it has none. */
export function memberOf(record: ReadRecord, name: string): unknown {
  return Object.hasOwn(record, name) ? (record[name] ?? null) : null;
}

/** Counts the lines of a file, a last one without LF included; null if it cannot be read. */
export function countLines(path: string): number | null {
  const file = openPlain(path);
  if (file === null) return null;
  try {
    const chunk = chunkFor(file);
    let lines = 0;
    let last = LF;
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
      const bytes = chunk.subarray(0, read);
      for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines += 1;
      last = bytes.at(-1) ?? LF;
    }
    return last === LF ? lines : lines + 1;
  } finally {
    closeSync(file);
  }
}

/**
 * Yields the records of a file in batches of about a megabyte, in order; none if it cannot be read.
 * Yields to the event loop between batches.
 */
export async function* readRecords(path: string): AsyncGenerator<RecordBatch> {
  const file = openPlain(path);
  if (file === null) return;
  try {
    let first = 0;
    for (const lines of wholeLines(file)) {
      const records = parseLines(lines);
      yield { first, records };
      first += records.length;
      await setImmediate();
    }
  } finally {
    closeSync(file);
  }
}

/** Opens a plain file; null if it is missing, a link, or of another kind. */
function openPlain(path: string): number | null {
  try {
    const file = openNoLinks(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (fstatSync(file).isFile()) return file;
    closeSync(file);
    return null;
  } catch (error) {
    if (systemCode(error) === null) throw error;
    return null;
  }
}

/** Yields runs of whole lines; only the last may lack its LF. Null for a line above MAX_LINE. */
function* wholeLines(file: number): Generator<Buffer | null> {
  let pending: Buffer[] = [];
  let length = 0;
  const read = chunkReader(file);
  for (let chunk = read(); chunk.length > 0; chunk = read()) {
    const end = chunk.lastIndexOf(LF) + 1;
    if (end > 0) {
      yield length > MAX_LINE ? null : Buffer.concat([...pending, chunk.subarray(0, end)]);
      if (length > MAX_LINE) yield chunk.subarray(chunk.indexOf(LF) + 1, end);
      pending = [];
      length = 0;
    }
    length += chunk.length - end;
    // A line that is too long is counted, not kept.
    if (length > MAX_LINE) pending = [];
    else if (end < chunk.length) pending.push(chunk.subarray(end));
  }
  if (length > 0) yield length > MAX_LINE ? null : Buffer.concat(pending);
}

/** Allocates a buffer for a chunk, or for the rest of a small file, as there may be thousands. */
function chunkFor(file: number, done: number = 0): Buffer {
  return Buffer.allocUnsafe(Math.min(CHUNK, Math.max(0, fstatSync(file).size - done) + 1));
}

/** Returns a function that reads the next chunk, empty at the end of the file. */
function chunkReader(file: number): () => Buffer {
  let done = 0;
  return () => {
    const chunk = chunkFor(file, done);
    const read = readSync(file, chunk);
    done += read;
    return chunk.subarray(0, read);
  };
}

function parseLines(lines: Buffer | null): (ReadRecord | null)[] {
  if (lines === null) return [null];
  const text = decodeUtf8(lines);
  const records: (ReadRecord | null)[] = [];
  if (text === null) {
    for (let at = 0; at < lines.length;) {
      const end = lines.indexOf(LF, at);
      const line = decodeUtf8(lines.subarray(at, end === -1 ? lines.length : end));
      records.push(line === null ? null : parseRecord(line));
      at = end === -1 ? lines.length : end + 1;
    }
    return records;
  }
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at);
    records.push(parseRecord(text.slice(at, end === -1 ? text.length : end)));
    at = end === -1 ? text.length : end + 1;
  }
  return records;
}

function parseRecord(line: string): ReadRecord | null {
  try {
    const value: unknown = JSON.parse(line);
    const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isRecord && !isTooDeep(value, line) ? (value as ReadRecord) : null;
  } catch {
    return null;
  }
}
