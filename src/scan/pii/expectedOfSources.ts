/** What treated fields of a module are to hold, by its source. */

import { compileModule, type CompiledModule } from '../../mapping/compile/module.ts';
import { isReference, type Mapping, type ModuleMapping } from '../../mapping/model.ts';
import { keysIn, keyTable } from '../keyTable.ts';
import { treatedNames } from './expectedPasses.ts';
import type { ExpectedValues, PiiProof } from './piiProof.ts';
import type { SourceRows } from './sourceRows.ts';

/** Counts the rows of all modules with treated fields; reads their values when they are needed. */
export async function expectedOfSources(
  mapping: Mapping,
  rows: SourceRows,
): Promise<PiiProof['expectedOf']> {
  const expected = new Map<string, ExpectedValues>();
  for (const { module: name } of mapping.modules) {
    const module = treatedPart(mapping, name);
    const fields = treatedNames(module);
    if (fields.length === 0) continue;
    const entries = (await rows.count({ module: name, table: module.table })) * fields.length;
    expected.set(name, {
      entries,
      async read(partition) {
        const table = keyTable(keysIn(partition, entries), 0);
        for await (const words of rows.expected(name, module.table, partition)) {
          for (let at = 0; at < words.length; at += 4) {
            const [a = 0, b = 0, c = 0, d = 0] = words.subarray(at, at + 4);
            if (!table.has([a, b, c, d])) table.add([a, b, c, d]);
          }
        }
        return table;
      },
    });
  }
  return (module) => expected.get(module) ?? null;
}

/** Returns a module with its key and its treated fields alone. */
export function treatedPart(mapping: Mapping, name: string): CompiledModule {
  const modules = mapping.modules.map((module) => {
    return module.module === name ? withTreated(module) : module;
  });
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
