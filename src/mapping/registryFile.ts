/**
 * Registries: frozen lists legacy id → target id, one `{legacyId, targetUuid, version?}` each, as
 * NDJSON (one per line, of any length: it is streamed) or as one JSON array.
 *
 * A registry may be empty: it has the ids of a table without rows, and each row of another table is
 * a finding. Refused: a target id that is no lower-case UUID, unknown or missing members, and, unless the
 * caller wants to hear of them, ids that are given twice. Errors name the file and the line
 * (arrays: the ordinal from 1), never the ids.
 */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Failure } from '../outcome/failure.ts';
import { decodeUtf8, JsonSyntaxError, parseJson } from '../record/jsonText.ts';
import { isUuid } from '../record/uuid.ts';
import type { JsonValue } from '../record/value.ts';
import { chunksOf, fileFailure, openRegularFile, readDocument } from './document.ts';

export interface RegistryEntry {
  readonly legacyId: string;
  /** Lower case. */
  readonly targetUuid: string;
  readonly version?: number;
}

/** Where an entry stands. */
export interface RegistryPlace {
  /** Relative to the mapping folder: `registries/kunden.ndjson`. */
  readonly file: string;
  /** Its ordinal from 1, which of NDJSON is the line. */
  readonly entry: number;
}

/** An id that is given twice: a legacy id in a file, a target id in all registries together. */
export interface RegistryDuplicate {
  readonly id: 'legacyId' | 'targetUuid';
  readonly first: RegistryPlace;
  readonly again: RegistryPlace;
}

/** What takes entries, file after file, and says which ids came before. */
export interface RegistryIds {
  add(place: RegistryPlace, entry: RegistryEntry): void;
}

/** A line may take this many bytes, LF not counted: no honest one comes near. */
export const MAX_LINE_BYTES = 65_536;
const MAX_REGISTRY_BYTES = 16 * 1024 ** 3;

/**
 * The entries of a registry in the order of its file, each sound in itself; that no id is given
 * twice is up to {@link registryIds}. `file` is relative to the mapping folder; `onBytes` gets the
 * file's bytes as they are read.
 */
export async function* readRegistry(
  folder: string,
  file: string,
  onBytes: (bytes: Uint8Array) => void = () => {},
): AsyncGenerator<RegistryEntry> {
  const values = isNdjson(file) ? linesOf(folder, file, onBytes) : itemsOf(folder, file, onBytes);
  let ordinal = 0;
  for await (const value of values) {
    ordinal += 1;
    const entry = entryOf(value);
    if (typeof entry === 'string') throw entryFailure({ file, entry: ordinal }, entry);
    yield entry;
  }
}

/** Ids of all registries of a project. Memory: the ids, the legacy ones of a file at a time. */
export function registryIds(onDuplicate: (duplicate: RegistryDuplicate) => void): RegistryIds {
  const files: string[] = [];
  const targets = new Map<string, number>();
  let legacyIds = new Map<string, number>();
  // A place as one number: 2^32 entries a file, and more files than a folder holds.
  const placeOf = (packed: number): RegistryPlace => {
    return { file: files[Math.floor(packed / 2 ** 32)] ?? '', entry: packed % 2 ** 32 };
  };
  return {
    add(again, { legacyId, targetUuid }) {
      if (files.at(-1) !== again.file) {
        files.push(again.file);
        legacyIds = new Map();
      }
      const packed = (files.length - 1) * 2 ** 32 + again.entry;
      const sameLegacy = legacyIds.get(legacyId);
      const sameTarget = targets.get(targetUuid);
      if (sameLegacy === undefined) legacyIds.set(legacyId, packed);
      else onDuplicate({ id: 'legacyId', first: placeOf(sameLegacy), again });
      if (sameTarget === undefined) targets.set(targetUuid, packed);
      else onDuplicate({ id: 'targetUuid', first: placeOf(sameTarget), again });
    },
  };
}

/** An id that is given twice, as the failure that says so. */
export function duplicateFailure({ id, first, again }: RegistryDuplicate): Failure {
  if (first.file === again.file) return entryFailure(again, `this ${id} came before`);
  return entryFailure(again, `this ${id} is in mapping/${first.file} as well`);
}

/** RFC 8785 of an entry: its members are in canonical order. */
export function canonicalEntry({ legacyId, targetUuid, version }: RegistryEntry): string {
  return JSON.stringify({ legacyId, targetUuid, version });
}

/**
 * The bytes of a registry as they are on disk.
 * @throws Failure MAPPING where they cannot be read
 */
export async function* registryBytes(folder: string, file: string): AsyncGenerator<Uint8Array> {
  yield* chunksOf(await openRegularFile(join(folder, file), file, MAX_REGISTRY_BYTES), file);
}

/**
 * Legacy id → target id; of a legacy id that is given twice the first one counts. `sha256` is the
 * digest that the registry had when the mapping was loaded.
 * @throws Failure MAPPING when it is another one by now
 */
export async function targetsOf(
  folder: string,
  file: string,
  sha256: string,
): Promise<Map<string, string>> {
  const targets = new Map<string, string>();
  const hash = createHash('sha256');
  for await (const entry of readRegistry(folder, file, (bytes) => hash.update(bytes))) {
    if (!targets.has(entry.legacyId)) targets.set(entry.legacyId, entry.targetUuid);
  }
  if (hash.digest('hex') !== sha256) throw changedFailure(file);
  return targets;
}

/** Somebody wrote the registry while a run was reading it. */
export function changedFailure(file: string): Failure {
  return fileFailure(
    file,
    'the registry changed during the run, nothing was published',
    'let nobody write the mapping meanwhile, then run again',
  );
}

export function isNdjson(file: string): boolean {
  return file.endsWith('.ndjson');
}

/** What is wrong with an entry, and where it is. */
function entryFailure({ file, entry }: RegistryPlace, what: string): Failure {
  const where = isNdjson(file) ? `${file}:${entry}` : `${file}, entry ${entry}`;
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
  if (typeof targetUuid !== 'string' || !isUuid(targetUuid)) {
    return 'targetUuid has to be a lower-case UUID';
  }
  if (version === undefined) return { legacyId, targetUuid };
  if (typeof version !== 'number' || !Number.isSafeInteger(version)) {
    return 'version has to be an integer';
  }
  return { legacyId, targetUuid, version };
}

type OnBytes = (bytes: Uint8Array) => void;

async function* itemsOf(folder: string, file: string, onBytes: OnBytes): AsyncGenerator<JsonValue> {
  const { bytes, json } = await readDocument(folder, file);
  onBytes(bytes);
  if (!Array.isArray(json)) throw fileFailure(file, 'a registry is a JSON array', 'make it one');
  yield* json as readonly JsonValue[];
}

/** Lines end at LF and nowhere else; the last one may go without. */
async function* linesOf(folder: string, file: string, onBytes: OnBytes): AsyncGenerator<JsonValue> {
  let rest: Uint8Array = Buffer.alloc(0);
  let line = 0;
  for await (const chunk of registryBytes(folder, file)) {
    onBytes(chunk);
    const bytes = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      line += 1;
      if (end - start > MAX_LINE_BYTES) throw longLine(file, line);
      yield parseLine(bytes.subarray(start, end), file, line);
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > MAX_LINE_BYTES) throw longLine(file, line + 1);
  }
  if (rest.length > 0) yield parseLine(rest, file, line + 1);
}

function longLine(file: string, line: number): Failure {
  return entryFailure({ file, entry: line }, 'the line is too long');
}

function parseLine(bytes: Uint8Array, file: string, line: number): JsonValue {
  if (bytes.length === 0) throw entryFailure({ file, entry: line }, 'the line is empty');
  const text = decodeUtf8(bytes);
  if (text === null) throw entryFailure({ file, entry: line }, 'the line is not valid UTF-8');
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    const where = `${file}:${line}:${error.column}`;
    throw fileFailure(where, `the line is not JSON, ${error.message}`, 'correct it there');
  }
}
