/**
 * Registries: frozen lists legacy id → target id, one `{legacyId, targetUuid, version?}` each, as
 * NDJSON (one per line, of any length: it is streamed) or as one JSON array.
 *
 * Refused: an id given twice on either side, a target id that is no lower-case UUID, unknown or
 * missing members, an empty list. Errors name the file and the line (arrays: the ordinal from 1),
 * never the ids.
 */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Failure } from '../outcome/failure.ts';
import { canonicalJson } from '../record/canonical.ts';
import { decodeUtf8, JsonSyntaxError, parseJson } from '../record/json.ts';
import type { JsonValue } from '../record/value.ts';
import { fileFailure, openRegularFile, readDocument } from './document.ts';

export interface RegistryEntry {
  readonly legacyId: string;
  /** Lower case. */
  readonly targetUuid: string;
  readonly version?: number;
}

/** A line may take this many bytes: no honest one comes near. */
const MAX_LINE_BYTES = 65_536;
const MAX_REGISTRY_BYTES = 16 * 1024 ** 3;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The entries of a registry in the order of its file. `file` is relative to the mapping folder:
 * `registries/kunden.ndjson`. Memory: the ids, for the search of duplicates.
 */
export async function* readRegistry(folder: string, file: string): AsyncGenerator<RegistryEntry> {
  const values = file.endsWith('.ndjson') ? linesOf(folder, file) : itemsOf(folder, file);
  const legacyIds = new Set<string>();
  const targetUuids = new Set<string>();
  let ordinal = 0;
  for await (const value of values) {
    ordinal += 1;
    const entry = entryOf(value);
    if (typeof entry === 'string') throw entryFailure(file, ordinal, entry);
    legacyIds.add(entry.legacyId);
    targetUuids.add(entry.targetUuid);
    if (legacyIds.size < ordinal) throw entryFailure(file, ordinal, 'this legacyId came before');
    if (targetUuids.size < ordinal) {
      throw entryFailure(file, ordinal, 'this targetUuid came before');
    }
    yield entry;
  }
  if (ordinal === 0) throw fileFailure(file, 'the registry is empty', 'give it its ids');
}

/**
 * The canonical bytes of an NDJSON registry: one RFC 8785 line per entry, each ended by LF, in the
 * order of the file.
 */
export async function* canonicalRegistry(folder: string, file: string): AsyncGenerator<Uint8Array> {
  for await (const entry of readRegistry(folder, file)) {
    yield Buffer.from(`${canonicalJson(entry)}\n`);
  }
}

/** Reads a whole NDJSON registry; SHA-256 of its canonical bytes, lower-case hex. */
export async function registryDigest(folder: string, file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const line of canonicalRegistry(folder, file)) hash.update(line);
  return hash.digest('hex');
}

function entryFailure(file: string, ordinal: number, what: string): Failure {
  const where = file.endsWith('.ndjson') ? `${file}:${ordinal}` : `${file}, entry ${ordinal}`;
  return fileFailure(where, what, 'correct this entry');
}

/** What a person reads where a value is no entry, or the entry. */
function entryOf(value: JsonValue): RegistryEntry | string {
  if (!(value instanceof Map)) return 'an entry has to be an object';
  for (const key of value.keys()) {
    if (key !== 'legacyId' && key !== 'targetUuid' && key !== 'version') {
      return 'unknown member in an entry: allowed are legacyId, targetUuid, version';
    }
  }
  const legacyId: unknown = value.get('legacyId');
  const targetUuid: unknown = value.get('targetUuid');
  const version: unknown = value.get('version');
  if (typeof legacyId !== 'string' || legacyId === '')
    return 'legacyId has to be a text, not empty';
  if (typeof targetUuid !== 'string' || !UUID.test(targetUuid)) {
    return 'targetUuid has to be a lower-case UUID';
  }
  if (version === undefined) return { legacyId, targetUuid };
  if (typeof version !== 'number' || !Number.isSafeInteger(version)) {
    return 'version has to be an integer';
  }
  return { legacyId, targetUuid, version };
}

async function* itemsOf(folder: string, file: string): AsyncGenerator<JsonValue> {
  const { json } = await readDocument(folder, file);
  if (!Array.isArray(json)) throw fileFailure(file, 'a registry is a JSON array', 'make it one');
  yield* json as readonly JsonValue[];
}

/** Lines end at LF and nowhere else; the last one may go without. */
async function* linesOf(folder: string, file: string): AsyncGenerator<JsonValue> {
  const handle = await openRegularFile(join(folder, file), file, MAX_REGISTRY_BYTES);
  let rest: Uint8Array = Buffer.alloc(0);
  let line = 0;
  for await (const chunk of handle.createReadStream()) {
    const bytes = Buffer.concat([rest, chunk as Uint8Array]);
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      line += 1;
      yield parseLine(bytes.subarray(start, end), file, line);
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > MAX_LINE_BYTES) throw entryFailure(file, line + 1, 'the line is too long');
  }
  if (rest.length > 0) yield parseLine(rest, file, line + 1);
}

function parseLine(bytes: Uint8Array, file: string, line: number): JsonValue {
  if (bytes.length === 0) throw entryFailure(file, line, 'the line is empty');
  const text = decodeUtf8(bytes);
  if (text === null) throw entryFailure(file, line, 'the line is not valid UTF-8');
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    const where = `${file}:${line}:${error.column}`;
    throw fileFailure(where, `the line is not JSON, ${error.message}`, 'correct it there');
  }
}
