/**
 * Selects the rows of a module that count, by the keys of other rows: sets of keys on disk, made by
 * passes over the sources before anything is built, and open while a worker reads rows.
 */

import { hash } from 'node:crypto';

import { openKeySet, type KeyLookup } from '../../extsort/keySet.ts';
import type { CompiledModule } from '../../mapping/compile/module.ts';
import { columnIndexes, type MapperContext } from '../../mapping/compile/identity.ts';
import { legacyKey, recordKey } from '../../mapping/compile/recordKey.ts';
import { rowFilter } from '../../mapping/compile/rowFilter.ts';
import type { Row } from '../../source/source.ts';
import { presentParents } from './presentParents.ts';

/** Paths of key sets; can be structured-cloned. */
export interface RowSelection {
  /** Module → legacy keys that only filtered rows have. */
  readonly filtered: ReadonlyMap<string, string>;
  /** Module → legacy keys of all rows, including filtered ones. */
  readonly present: ReadonlyMap<string, string>;
  /** Module → keys of the records of a sample; null if all records count. */
  readonly chosen: ReadonlyMap<string, string> | null;
}

export const ALL_ROWS: RowSelection = {
  filtered: new Map(),
  present: new Map(),
  chosen: null,
};

export interface OpenSelection {
  /** Context for mappers, which look up filtered and existing parents. */
  readonly context: MapperContext;
  /** Whether a row counts; null if all do. */
  readonly filter: ((row: Row) => boolean) | null;
  /** Whether a record counts, given its text without id; null if all do, or if it has a key. */
  readonly isChosen: ((record: string) => boolean) | null;
  close(): void;
}

/** Opens the key sets that a module's rows depend on; they must not be written meanwhile. */
export function openSelection(
  module: CompiledModule,
  context: MapperContext,
  selection: RowSelection,
): OpenSelection {
  const open: KeyLookup[] = [];
  const lookup = (path: string): KeyLookup => {
    const set = openKeySet(path);
    open.push(set);
    return set;
  };
  const lookups = (
    modules: ReadonlySet<string>,
    sets: ReadonlyMap<string, string>,
  ): Map<string, KeyLookup> => {
    const known = [...modules].flatMap((name) => {
      const path = sets.get(name);
      return path === undefined ? [] : [[name, lookup(path)] as const];
    });
    return new Map(known);
  };
  const filtered = lookups(filteringParents(module), selection.filtered);
  const present = lookups(presentParents(module), selection.present);
  const within: MapperContext = { ...context, filtered, present };
  const path = selection.chosen?.get(module.name);
  const chosen = path === undefined ? null : lookup(path);
  const filter = rowFilter(module, within);
  const keyless = module.mapping.id.rule === 'keyless';
  return {
    context: within,
    filter: chosen === null || keyless ? filter : sampleFilter(module, context, filter, chosen),
    isChosen: chosen === null || !keyless ? null : (record) => chosen.has(contentKey(record)),
    close() {
      for (const set of open) set.close();
    },
  };
}

/** The key of a record without key in key sets: a digest of its text, in lower-case hex. */
export function contentKey(record: string): string {
  return hash('sha256', record, 'hex');
}

/** Makes a function that returns the key of a row's record, or null. */
export function rowKey(
  module: CompiledModule,
  context: MapperContext,
): (row: Row) => string | null {
  const columns = module.key.map(({ column }) => column);
  return recordKey(module.mapping, columnIndexes(module, columns), context);
}

/** Makes a function that returns the legacy key of a row, or null. */
export function rowLegacyKey(module: CompiledModule): (row: Row) => string | null {
  const columns = module.key.map(({ column }) => column);
  return legacyKey(module.mapping, columnIndexes(module, columns));
}

function sampleFilter(
  module: CompiledModule,
  context: MapperContext,
  filter: ((row: Row) => boolean) | null,
  chosen: KeyLookup,
): (row: Row) => boolean {
  const keyOf = rowKey(module, context);
  return (row) => {
    if (filter?.(row) === false) return false;
    const key = keyOf(row);
    return key !== null && chosen.has(key);
  };
}

/** Names of modules whose filtered rows affect a module's rows. */
function filteringParents(module: CompiledModule): Set<string> {
  const parents = module.fields.flatMap(({ mapping }) =>
    'reference' in mapping && (mapping.onFilteredParent ?? 'block') !== 'block'
      ? [mapping.reference]
      : [],
  );
  return new Set(parents);
}
