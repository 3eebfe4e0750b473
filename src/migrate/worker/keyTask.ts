/**
 * Passes over the rows of a module, in a worker, that collect keys: those of all rows and of
 * filtered rows, those that a sample begins with, and those that sampled records refer to.
 */

import { hash } from 'node:crypto';

import { keyLinksWriter } from '../../extsort/keyLinks.ts';
import type { BatchWriter } from '../../extsort/scratchTables.ts';
import { keySetWriter, openKeySet } from '../../extsort/keySet.ts';
import type { CompiledModule } from '../../mapping/compile/module.ts';
import { columnIndexes, type MapperContext } from '../../mapping/compile/identity.ts';
import { legacyKey } from '../../mapping/compile/recordKey.ts';
import { rowMapper } from '../../mapping/compile/rowMapper.ts';
import type { Row, SourceReader } from '../../source/source.ts';
import type { KeyTask, KeyTaskInput, KeyTaskResult } from '../calls.ts';
import { contentKey, openSelection, rowKey, rowLegacyKey } from '../select/rowSelection.ts';
import { keyOfValues, referencesOf, valuesOf, valueTargets } from '../select/sampleReference.ts';
import { smallest } from '../select/smallest.ts';

interface Pass {
  take(row: Row): void;
  finish(): KeyTaskResult;
}

/** Reads ranges until none is left. If it fails, the other workers stop, too. */
export async function runKeyTask(
  input: KeyTaskInput,
  module: CompiledModule,
  reader: SourceReader,
  context: MapperContext,
): Promise<KeyTaskResult> {
  const next = new Int32Array(input.next);
  const progress = new Int32Array(input.progress);
  const reduced = withColumns(module, input.task);
  const selection = openSelection(reduced, context, input.selection);
  try {
    const pass = openPass(input.task, reduced, selection.context, selection.filter);
    for (;;) {
      const range = input.ranges[Atomics.add(next, 0, 1)];
      if (range === undefined) return pass.finish();
      const { table, columns, asWritten } = reduced;
      for await (const page of reader.read(table, columns, range, asWritten)) {
        for (const row of page) pass.take(row);
        Atomics.add(progress, 0, page.length);
      }
    }
  } catch (error) {
    Atomics.store(next, 0, input.ranges.length);
    throw error;
  } finally {
    selection.close();
  }
}

/** Reduces a module to the columns of keys and filters, unless the task needs whole records. */
function withColumns(module: CompiledModule, { kind }: KeyTask): CompiledModule {
  const whole = kind === 'follow' || kind === 'holders' || module.key.length === 0;
  if (whole) return module;
  const columns = new Set(module.key.map(({ column }) => column));
  for (const { column } of module.mapping.where ?? []) columns.add(column);
  for (const { mapping } of module.fields) {
    if (!('reference' in mapping) || mapping.onFilteredParent !== 'filter') continue;
    for (const column of mapping.columns) columns.add(column);
  }
  return { ...module, columns: [...columns] };
}

type RowFilter = ((row: Row) => boolean) | null;

function openPass(
  task: KeyTask,
  module: CompiledModule,
  context: MapperContext,
  filter: RowFilter,
): Pass {
  switch (task.kind) {
    case 'present':
      return collectPass(task.into, module, () => true);
    case 'filtered':
      return collectPass(task.into, module, (row) => filter?.(row) === false);
    case 'kept':
      return keptPass(task, module, filter);
    case 'links':
      return linksPass(task.into, module, filter);
    case 'smallest':
      return smallestPass(task.count, module, context, filter);
    case 'follow':
      return followPass(task, module, context, filter);
    default:
      return holdersPass(task, module, context, filter);
  }
}

/** Collects the keys of the selected rows. */
function collectPass(
  into: string,
  module: CompiledModule,
  isSelected: (row: Row) => boolean,
): Pass {
  const keyOf = rowLegacyKey(module);
  const keys = keySetWriter(into);
  return {
    take(row) {
      const key = isSelected(row) ? keyOf(row) : null;
      if (key !== null) keys.add(key);
    },
    finish() {
      keys.finish();
      return [];
    },
  };
}

function keptPass(
  task: { readonly among: string; readonly into: string },
  module: CompiledModule,
  filter: RowFilter,
): Pass {
  const keyOf = rowLegacyKey(module);
  const among = openKeySet(task.among);
  const keys = keySetWriter(task.into);
  return {
    take(row) {
      if (filter?.(row) === false) return;
      const key = keyOf(row);
      if (key !== null && among.has(key)) keys.add(key);
    },
    finish() {
      among.close();
      keys.finish();
      return [];
    },
  };
}

function linksPass(into: string, module: CompiledModule, filter: RowFilter): Pass {
  const keyOf = rowLegacyKey(module);
  const parents = module.fields.flatMap(({ mapping }) => {
    if (!('reference' in mapping) || mapping.reference !== module.name) return [];
    if (mapping.onFilteredParent !== 'filter') return [];
    return legacyKey(module.mapping, columnIndexes(module, mapping.columns));
  });
  const links = keyLinksWriter(into);
  return {
    take(row) {
      const key = filter?.(row) === false ? null : keyOf(row);
      if (key === null) return;
      links.add({ key, parents: parents.flatMap((parentOf) => parentOf(row) ?? []) });
    },
    finish() {
      links.finish();
      return [];
    },
  };
}

/** Makes functions for the key of a row's record in a sample, and for the record. */
function sampleKey(
  module: CompiledModule,
  context: MapperContext,
): { readonly keyOf: (row: Row) => string | null; readonly recordOf: (row: Row) => string } {
  const mapper = rowMapper(module, context);
  const recordOf = (row: Row): string => {
    mapper.map(row);
    return mapper.out.record;
  };
  const keyless = module.mapping.id.rule === 'keyless';
  return {
    keyOf: keyless ? (row) => contentKey(recordOf(row)) : rowKey(module, context),
    recordOf,
  };
}

function smallestPass(
  count: number,
  module: CompiledModule,
  context: MapperContext,
  filter: RowFilter,
): Pass {
  // Modules with a key need no record here, and its columns may not be read.
  const keyed = module.mapping.id.rule !== 'keyless';
  const keyOf = keyed ? rowKey(module, context) : sampleKey(module, context).keyOf;
  const found = smallest(count);
  return {
    take(row) {
      const key = filter?.(row) === false ? null : keyOf(row);
      // The key of a record without key is its digest already.
      if (key !== null) found.add({ key, rank: keyed ? hash('sha256', key, 'hex') : key });
    },
    finish: () => found.take(),
  };
}

function followPass(
  task: Extract<KeyTask, { kind: 'follow' }>,
  module: CompiledModule,
  context: MapperContext,
  filter: RowFilter,
): Pass {
  const { keyOf, recordOf } = sampleKey(module, context);
  const among = openKeySet(task.among);
  const writers = new Map<string, BatchWriter<string>>();
  const writerOf = (path: string | undefined): BatchWriter<string> => {
    if (path === undefined) throw new Error('no set for a module that is referred to');
    const writer = writers.get(path) ?? keySetWriter(path);
    writers.set(path, writer);
    return writer;
  };
  const { byKey, byValue } = referencesOf(module, context);
  return {
    take(row) {
      const own = filter?.(row) === false ? null : keyOf(row);
      if (own === null || !among.has(own)) return;
      for (const { parent, keyOf: keyOfParent } of byKey) {
        const key = keyOfParent(row);
        if (key !== null) writerOf(task.keys.get(parent)).add(key);
      }
      if (byValue.length === 0) return;
      const record = JSON.parse(recordOf(row)) as unknown;
      for (const reference of byValue) {
        for (const key of valuesOf(record, reference)) {
          writerOf(task.values.get(reference.parent)).add(key);
        }
      }
    },
    finish() {
      among.close();
      for (const writer of writers.values()) writer.finish();
      return [];
    },
  };
}

function holdersPass(
  task: { readonly values: string; readonly into: string },
  module: CompiledModule,
  context: MapperContext,
  filter: RowFilter,
): Pass {
  const { keyOf, recordOf } = sampleKey(module, context);
  const values = openKeySet(task.values);
  const keys = keySetWriter(task.into);
  const targets = valueTargets(context.mapping, module.name);
  return {
    take(row) {
      const own = filter?.(row) === false ? null : keyOf(row);
      if (own === null) return;
      const record = JSON.parse(recordOf(row)) as unknown;
      const held = targets.some((fields, index) => {
        const key = keyOfValues(record, fields, index);
        return key !== null && values.has(key);
      });
      if (held) keys.add(own);
    },
    finish() {
      values.close();
      keys.finish();
      return [];
    },
  };
}
