/** Samples a module's rows before buckets are planned. */

import { ENTRY_HEADER } from '../../extsort/spill.ts';
import type { MapperContext } from '../../mapping/compile/identity.ts';
import type { CompiledModule } from '../../mapping/compile/module.ts';
import { rowMapper } from '../../mapping/compile/rowMapper.ts';
import { whereOf } from '../../mapping/compile/where.ts';
import { keyEncoding } from '../../record/keyOrder.ts';
import type { Row, SourceReader } from '../../source/source.ts';
import type { Sample, SampleInput } from '../calls.ts';
import { entryCapacity, writeEntry } from './spillEntry.ts';

/** Samples the first rows of some ranges for the size of entries and the distribution of keys. */
export async function sampleRows(
  input: SampleInput,
  module: CompiledModule,
  reader: SourceReader,
  context: MapperContext,
): Promise<Sample> {
  const mapper = rowMapper(module, context);
  const filter = whereOf(module);
  const encodings = module.orderTypes.map(keyEncoding);
  const keys: Uint8Array[] = [];
  let [rows, bytes] = [0, 0];
  const take = (row: Row): void => {
    if (filter?.(row) === false || !mapper.map(row)) return;
    const { key, record, lineage } = mapper.out;
    rows += 1;
    bytes += Buffer.byteLength(record) + Buffer.byteLength(lineage) + 40;
    if (key.length === 0) return;
    const entry = { key, record: '', lineage: '', diagnoses: '', locator: 0 };
    const target = Buffer.alloc(entryCapacity(entry));
    writeEntry(target, 0, encodings, entry);
    const keyEnd = ENTRY_HEADER + target.readUInt32LE(0);
    keys.push(Uint8Array.from(target.subarray(ENTRY_HEADER, keyEnd)));
  };
  for (const range of input.ranges) {
    for await (const page of reader.read(module.table, module.columns, range)) {
      for (const row of page.slice(0, input.rowsPerRange)) take(row);
      break;
    }
  }
  return { keys, rows, bytes };
}
