/**
 * Makes entries for legacy ids that a registry does not have. Target ids are UUIDs of version 5 as
 * id rule `uuid` makes them, so that building twice, or elsewhere, gives the same. If modules share
 * a registry, the ids are made with the name that comes first.
 *
 * Existing entries stay as they are. Memory: the registry.
 */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { MAX_FILE_BYTES } from '../mapping/document.ts';
import { targetId, type MapperContext } from '../mapping/compile/identity.ts';
import type { LoadedMapping } from '../mapping/loadMapping.ts';
import { quoteName } from '../outcome/quoteName.ts';
import {
  canonicalEntry,
  isNdjson,
  MAX_LINE_BYTES,
  readRegistry,
  type RegistryEntry,
} from '../mapping/registryFile.ts';
import { Failure } from '../outcome/failure.ts';
import { Rejection } from '../record/converted.ts';
import { legacyIds, type OpenSource } from './legacyIds.ts';

export interface BuiltRegistry {
  /** Name relative to the mapping folder. */
  readonly file: string;
  /** All entries, ascending by the UTF-8 bytes of the legacy ids. */
  readonly entries: readonly RegistryEntry[];
  readonly added: number;
  /** Number of rows without an id that a registry can hold. */
  readonly without: number;
}

export interface RegistryInput {
  readonly mapping: LoadedMapping;
  readonly sources: ReadonlyMap<string, OpenSource>;
  /** Target ids of all registries; those of new entries are added. */
  readonly targets: Set<string>;
  readonly onRows: (module: string, done: number) => void;
}

/** Reads the target ids of all existing registries. */
export async function allTargets({ folder, files }: LoadedMapping): Promise<Set<string>> {
  const targets = new Set<string>();
  for (const { name } of files) {
    if (!name.startsWith('registries/')) continue;
    for await (const { targetUuid } of readRegistry(folder, name)) targets.add(targetUuid);
  }
  return targets;
}

/**
 * Completes the registry `file` with an entry for every legacy id of `modules`, at least one, which
 * use it. `first` is the name that comes first among all modules that use it, also those left out.
 * @throws Failure MAPPING if a target id is taken already
 */
export async function completeRegistry(
  input: RegistryInput,
  file: string,
  first: string,
  modules: readonly CompiledModule[],
): Promise<BuiltRegistry> {
  const { mapping, targets } = input;
  const entries = new Map<string, RegistryEntry>();
  if (mapping.files.some(({ name }) => name === file)) {
    for await (const entry of readRegistry(mapping.folder, file))
      entries.set(entry.legacyId, entry);
  }
  const before = entries.size;
  const none = new Map<string, never>();
  const context: MapperContext = { mapping, secrets: none, registries: none };
  const target = targetId(first, { rule: 'uuid' }, context);
  let without = 0;
  for (const module of modules) {
    const source = input.sources.get(module.source);
    if (source === undefined) throw new TypeError(`source ${module.source} is not open`);
    let rows = 0;
    for await (const page of legacyIds(module, source)) {
      for (const { row, key, id } of page) {
        if (entries.has(id)) continue;
        const targetUuid = key instanceof Rejection ? undefined : target(key);
        if (targetUuid === undefined || !fits({ legacyId: id, targetUuid })) {
          without += 1;
          continue;
        }
        if (targets.has(targetUuid)) throw taken(module, row);
        targets.add(targetUuid);
        entries.set(id, { legacyId: id, targetUuid });
      }
      rows += page.length;
      input.onRows(module.name, rows);
    }
  }
  const sorted = [...entries.values()].sort((a, b) => compareUtf8(a.legacyId, b.legacyId));
  return { file, entries: sorted, added: entries.size - before, without };
}

/** Whether the entry can be read back from a registry. */
function fits(entry: RegistryEntry): boolean {
  return entry.legacyId !== '' && Buffer.byteLength(canonicalEntry(entry)) <= MAX_LINE_BYTES;
}

function taken(module: CompiledModule, row: number | string): Failure {
  return new Failure('MAPPING', {
    what: 'the target id of a new entry belongs to another legacy id in a registry already',
    where: `table ${quoteName(module.table)}, row ${row}`,
    hint: 'find it with sealift registry check and correct it; nothing was written',
  });
}

/**
 * Yields the bytes of a registry's file in pieces: NDJSON has an RFC 8785 line per entry, JSON an
 * array with an entry a line. @throws Failure MAPPING if an array would exceed the size limit
 */
export function registryBytes({ file, entries }: BuiltRegistry): Uint8Array[] {
  const lines = isNdjson(file);
  const pieces: Uint8Array[] = [];
  let text = lines ? '' : '[\n';
  let length = 0;
  const flush = (): void => {
    pieces.push(Buffer.from(text));
    length += pieces.at(-1)?.length ?? 0;
    text = '';
  };
  for (const [index, entry] of entries.entries()) {
    const comma = lines || index === entries.length - 1 ? '' : ',';
    text += `${canonicalEntry(entry)}${comma}\n`;
    if (text.length >= PIECE) flush();
  }
  if (!lines) text += ']\n';
  flush();
  if (lines || length <= MAX_FILE_BYTES) return pieces;
  throw new Failure('MAPPING', {
    what: 'the registry would be too long for a JSON array',
    where: `mapping/${file}`,
    hint: 'write it as NDJSON, one entry a line, in a file that ends in .ndjson',
  });
}

const PIECE = 65_536;

/** Compares in the order of UTF-8 bytes, which is that of code points. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left !== right) return codePointOrder(left) - codePointOrder(right);
  }
  return a.length - b.length;
}

/** Maps a UTF-16 unit to its place in code point order: surrogates come after all other units. */
function codePointOrder(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
