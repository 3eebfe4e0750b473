/** Reads single rows of a target as records, to tell in which fields they differ. */

import { rowMapper } from '../../mapping/compile/rowMapper.ts';
import type { CompiledModule } from '../../mapping/compile/module.ts';
import type { MapperContext } from '../../mapping/compile/identity.ts';
import type { SourceReader } from '../../source/source.ts';
import type { ReadRow, ReadRows, ReadRowsInput } from '../calls.ts';
import { isHarmless } from './hashRows.ts';

/** Returns the rows with these locators, in the order of the source. */
export async function readRows(
  { ranges, locators }: ReadRowsInput,
  module: CompiledModule,
  reader: SourceReader,
  context: MapperContext,
): Promise<ReadRows> {
  const wanted = new Set(locators);
  const mapper = rowMapper(module, context);
  const { table, columns, asWritten } = module;
  const found: ReadRow[] = [];
  for (const range of ranges) {
    for await (const page of reader.read(table, columns, range, asWritten)) {
      for (const row of page) {
        const locator = BigInt(row[columns.length] as number | string);
        if (!wanted.has(locator)) continue;
        mapper.map(row);
        const faults = mapper.diagnostics.filter((diagnostic) => !isHarmless(diagnostic));
        const rejected = [...new Set(faults.map(({ field }) => field))].sort();
        found.push({ locator, record: mapper.hasKey ? mapper.out.record : '', rejected });
      }
    }
  }
  return { rows: found, statements: reader.tellStatements?.() ?? null };
}
