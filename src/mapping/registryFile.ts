/**
 * Registries: frozen lists legacy id → target id, one `{legacyId, targetUuid, version?}` each, as
 * NDJSON (one per line, of any length: it is streamed) or as one JSON array.
 *
 * A registry may be empty: that suits a table without rows, and each row of another table is a
 * finding. Rejected are a target id that is not a lower-case UUID, unknown or missing members, and,
 * unless the caller handles them, ids that are given twice. Errors name the file and the line
 * (arrays: the ordinal from 1), never the ids.
 */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Failure } from '../outcome/failure.ts';
import { decodeUtf8, JsonSyntaxError, parseJson } from '../record/jsonText.ts';
import { isUuid } from '../record/uuid.ts';
import type { JsonValue } from '../record/value.ts';
import type { LoadedMapping } from './loadMapping.ts';
import { chunksOf, fileFailure, openRegularFile, readDocument } from './document.ts';

export interface RegistryEntry {
  readonly legacyId: string;
  /** Lower case. */
  readonly targetUuid: string;
  readonly version?: number;
}

/** The place of an entry. */
export interface RegistryPlace {
  /** Relative to the mapping folder: `registries/kunden.ndjson`. */
  readonly file: string;
  /** Ordinal from 1; the line number in NDJSON. */
  readonly entry: number;
}

/**
 * An id that is given twice: a legacy id in one file, or a target id in all registries together.
 */
export interface RegistryDuplicate {
  readonly id: 'legacyId' | 'targetUuid';
  readonly first: RegistryPlace;
  readonly again: RegistryPlace;
}

/** Collects entries, file after file, and finds ids that came before. */
export interface RegistryIds {
  add(place: RegistryPlace, entry: RegistryEntry): void;
}

/** Most bytes of a line without its LF; real entries are far shorter. */
export const MAX_LINE_BYTES = 65_536;
const MAX_REGISTRY_BYTES = 16 * 1024 ** 3;

/**
 * Yields the entries of a registry in the order of its file, each valid in itself; {@link
 * registryIds} finds ids that are given twice. `file` is relative to the mapping folder; `onBytes`
 * gets the file's bytes as they are read.
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

/**
 * Collects the ids of all registries of a project. Memory: the target ids, and the legacy ids of
 * one file.
 */
export function registryIds(onDuplicate: (duplicate: RegistryDuplicate) => void): RegistryIds {
  const files: string[] = [];
  const targets = new Map<string, number>();
  let legacyIds = new Map<string, number>();
  // A place packed into one number: 2^32 entries a file, and more files than a folder holds.
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

/** Makes the failure for an id that is given twice. */
export function duplicateFailure({ id, first, again }: RegistryDuplicate): Failure {
  if (first.file === again.file) return entryFailure(again, `this ${id} came before`);
  return entryFailure(again, `this ${id} is in mapping/${first.file} as well`);
}

/** Returns RFC 8785 of an entry: its members are in canonical order. */
export function canonicalEntry({ legacyId, targetUuid, version }: RegistryEntry): string {
  return JSON.stringify({ legacyId, targetUuid, version });
}

/** Yields the bytes of a registry as on disk. @throws Failure MAPPING if they cannot be read */
export async function* registryBytes(folder: string, file: string): AsyncGenerator<Uint8Array> {
  yield* chunksOf(await openRegularFile(join(folder, file), file, MAX_REGISTRY_BYTES), file);
}

/**
 * Returns legacy id → target id; the first entry of a legacy id counts. `sha256` is the digest of
 * the registry when the mapping was loaded. @throws Failure MAPPING if it has another digest by now
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

/** The registries of a mapping: name → legacy id → target id. Throws as {@link targetsOf} does. */
export async function loadRegistries(
  mapping: Pick<LoadedMapping, 'folder' | 'files' | 'registries'>,
): Promise<Map<string, Map<string, string>>> {
  const registries = new Map<string, Map<string, string>>();
  for (const [name, file] of mapping.registries) {
    const { sha256 = '' } = mapping.files.find((other) => other.name === file) ?? {};
    registries.set(name, await targetsOf(mapping.folder, file, sha256));
  }
  return registries;
}

/** Makes the failure for a registry that was written while a run was reading it. */
export function changedFailure(file: string): Failure {
  return fileFailure(
    file,
    'the registry changed during the run; nothing was published',
    'make sure nothing edits the mapping during the run, then run again',
  );
}

export function isNdjson(file: string): boolean {
  return file.endsWith('.ndjson');
}

/** Makes the failure for a wrong entry, with its place. */
function entryFailure({ file, entry }: RegistryPlace, what: string): Failure {
  const where = isNdjson(file) ? `${file}:${entry}` : `${file}, entry ${entry}`;
  return fileFailure(where, what, 'correct this entry');
}

/** Returns the entry, or a message for people if the value is not one. */
function entryOf(value: JsonValue): RegistryEntry | string {
  if (!(value instanceof Map)) return 'an entry must be an object';
  for (const key of value.keys()) {
    if (key !== 'legacyId' && key !== 'targetUuid' && key !== 'version') {
      return 'unknown member in an entry: allowed are legacyId, targetUuid, version';
    }
  }
  const legacyId: unknown = value.get('legacyId');
  const targetUuid: unknown = value.get('targetUuid');
  const version: unknown = value.get('version');
  if (typeof legacyId !== 'string' || legacyId === '')
    return 'legacyId must be a text that is not empty';
  if (typeof targetUuid !== 'string' || !isUuid(targetUuid)) {
    return 'targetUuid must be a lower-case UUID';
  }
  if (version === undefined) return { legacyId, targetUuid };
  if (typeof version !== 'number' || !Number.isSafeInteger(version)) {
    return 'version must be an integer';
  }
  return { legacyId, targetUuid, version };
}

type OnBytes = (bytes: Uint8Array) => void;

async function* itemsOf(folder: string, file: string, onBytes: OnBytes): AsyncGenerator<JsonValue> {
  const { bytes, json } = await readDocument(folder, file);
  onBytes(bytes);
  if (!Array.isArray(json))
    throw fileFailure(file, 'the registry is not a JSON array', 'make it one');
  yield* json as readonly JsonValue[];
}

/** Yields lines, which end at LF only; the last one needs none. */
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
