/** Finds the lines of records by their keys, in bounded memory, for keys that may not be shown. */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { encodeKey, isKeyValue } from '../record/keyOrder.ts';
import { memberOf, readRecords, recordFile, type RecordBatch } from '../seal/candidateReader.ts';

export interface RecordLines {
  /** Returns the 1-based line of the record with this key, or null. Successive keys must ascend. */
  lineOf(key: readonly unknown[]): Promise<number | null>;
  close(): Promise<void>;
}

/** Opens one pass over the records of a module, which reads only as far as the requested keys. */
export function recordLines(folder: string, module: CompiledModule): RecordLines {
  const { orderFields } = module;
  const batches = readRecords(recordFile(folder, module.name));
  let batch: RecordBatch = { first: 0, records: [] };
  let at = 0;
  return {
    async lineOf(key) {
      const wanted = encoded(module, key);
      if (wanted === null) return null;
      for (;;) {
        for (; at < batch.records.length; at += 1) {
          const record = batch.records[at] ?? {};
          const found = encoded(
            module,
            orderFields.map((field) => memberOf(record, field)),
          );
          const order = found === null ? -1 : Buffer.compare(found, wanted);
          if (order === 0) return batch.first + at + 1;
          if (order > 0) return null;
        }
        const next = await batches.next();
        if (next.done === true) return null;
        [batch, at] = [next.value, 0];
      }
    },
    async close() {
      await batches.return(undefined);
    },
  };
}

/** Encodes a key; null if it is not valid for the module, as the files are not trusted. */
function encoded({ orderTypes }: CompiledModule, key: readonly unknown[]): Buffer | null {
  if (key.length !== orderTypes.length || !key.every(isKeyValue)) return null;
  try {
    return encodeKey(orderTypes, key);
  } catch {
    return null;
  }
}
