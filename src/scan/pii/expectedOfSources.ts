/** Reads from the sources what treated fields are to hold, record by record. */

import type { MapperContext } from '../../mapping/compile/identity.ts';
import { compileModule, type CompiledModule } from '../../mapping/compile/module.ts';
import { rowMapper } from '../../mapping/compile/rowMapper.ts';
import { isReference, type Mapping, type ModuleMapping } from '../../mapping/model.ts';
import type { ReadRecord } from '../../seal/candidateReader.ts';
import { isIn, keysIn, keyTable, type KeyTable, type Partition } from '../keyTable.ts';
import { expectedKey, treatedNames } from './expectedPasses.ts';
import type { ExpectedValues, PiiProof } from './proof.ts';
import type { SourceRows } from './sourceRows.ts';

/** Counts the rows of all modules with treated fields; reads their values when they are needed. */
export async function expectedOfSources(
  context: MapperContext,
  rows: SourceRows,
): Promise<PiiProof['expectedOf']> {
  const expected = new Map<string, ExpectedValues>();
  for (const { module: name } of context.mapping.modules) {
    const module = reduced(context.mapping, name);
    const fields = treatedNames(module);
    if (fields.length === 0) continue;
    const entries = (await rows.count({ source: module.source, table: module.table })) * fields.length;
    expected.set(name, {
      entries,
      read: (partition) => readExpected(module, context, rows, partition, entries),
    });
  }
  return (module) => expected.get(module) ?? null;
}

async function readExpected(
  module: CompiledModule,
  context: MapperContext,
  rows: SourceRows,
  partition: Partition,
  entries: number,
): Promise<KeyTable> {
  const table = keyTable(keysIn(partition, entries), 0);
  const mapper = rowMapper(module, context);
  const fields = treatedNames(module);
  const { columns, asWritten, source } = module;
  for await (const page of rows.read({ source, table: module.table, columns, asWritten })) {
    for (const row of page) {
      mapper.map(row);
      if (!mapper.hasKey) continue;
      const record = JSON.parse(mapper.out.record) as ReadRecord;
      for (const field of fields) {
        const key = expectedKey(module, record, field);
        if (isIn(partition, key) && !table.has(key)) table.add(key);
      }
    }
  }
  return table;
}

/** Returns a module with its key and its treated fields alone. */
function reduced(mapping: Mapping, name: string): CompiledModule {
  const modules = mapping.modules.map((module) => (module.module === name ? withTreated(module) : module));
  return compileModule({ ...mapping, modules }, name);
}

function withTreated(module: ModuleMapping): ModuleMapping {
  const { fields: declared = {} } = module.pii ?? {};
  const keyColumns = new Set(module.key.map(({ column }) => column));
  const fields = Object.entries(module.fields).filter(([name, field]) => {
    if (isReference(field)) return false;
    const isTreated = Object.hasOwn(declared, name) && declared[name]?.treatment !== 'plain';
    return isTreated || ('column' in field && keyColumns.has(field.column));
  });
  const { blind: _, ...rest } = module;
  return { ...rest, fields: Object.fromEntries(fields) };
}
