/**
 * Reads a worker's share of a target's table and hashes the record of each row. An entry is the encoded
 * key and the leaf of the record; a row without a key has an empty one, a row with a cell that is no value
 * of its field has a leaf of zeros, which no record has.
 */

import { ENTRY_HEADER, spillWriter } from '../../extsort/spill.ts';
import { writeHeader, type Locator } from '../../extsort/entry.ts';
import { bucketCount, route } from '../../extsort/router.ts';
import type { CompiledModule } from '../../mapping/compile/module.ts';
import { rowMapper, type Diagnostic, type RowMapper } from '../../mapping/compile/rowMapper.ts';
import type { MapperContext } from '../../mapping/compile/identity.ts';
import { DIGEST_LENGTH, packedLeafHash } from '../../merkle/hash.ts';
import { keyEncoding } from '../../record/keyOrder.ts';
import type { Row, SourceReader } from '../../source/source.ts';
import type { HashedRows, HashRowsInput } from '../calls.ts';

/** Reads ranges until none is left. If it fails, the other workers stop, too. */
export async function hashRows(
  input: HashRowsInput,
  module: CompiledModule,
  reader: SourceReader,
  context: MapperContext,
): Promise<HashedRows> {
  const next = new Int32Array(input.next);
  const progress = new Int32Array(input.progress);
  const hasher = rowHasher(input, module, context);
  try {
    for (;;) {
      const range = input.ranges[Atomics.add(next, 0, 1)];
      if (range === undefined) break;
      const { table, columns, asWritten } = module;
      for await (const page of reader.read(table, columns, range, asWritten)) {
        for (const row of page) hasher.take(row);
        Atomics.add(progress, 0, page.length);
      }
    }
  } catch (error) {
    Atomics.store(next, 0, input.ranges.length);
    throw error;
  }
  return hasher.finish();
}

interface RowHasher {
  take(row: Row): void;
  finish(): HashedRows;
}

const INITIAL = 64 * 1024;

function rowHasher(
  { router, spill, chunk }: HashRowsInput,
  module: CompiledModule,
  context: MapperContext,
): RowHasher {
  const mapper = rowMapper(module, context);
  const writer = spillWriter(spill, bucketCount(router), chunk);
  const writeKey = keyWriter(module);
  const locatorAt = module.columns.length;
  let line = Buffer.allocUnsafe(INITIAL);
  let read = 0;
  return {
    take(row) {
      read += 1;
      const isRecord = mapper.map(row) && mapper.diagnostics.every(isHarmless);
      const { record } = mapper.out;
      const longest = 1 + (record.length < INITIAL ? record.length * 3 : Buffer.byteLength(record));
      if (line.length < longest) line = Buffer.allocUnsafe(longest);
      const { buffer, start } = writer.reserve(ENTRY_HEADER + keyCapacity(mapper) + DIGEST_LENGTH);
      const keyEnd = mapper.hasKey
        ? writeKey(mapper, buffer, start + ENTRY_HEADER)
        : start + ENTRY_HEADER;
      const end = keyEnd + DIGEST_LENGTH;
      if (isRecord) packedLeafHash(line, 1, 1 + line.write(record, 1), buffer, keyEnd);
      else buffer.fill(0, keyEnd, end);
      const locator = (row[locatorAt] ?? null) as Locator;
      writeHeader(buffer, start, { start, keyEnd, recordEnd: end, lineageEnd: end, end }, locator);
      writer.commit(route(router, buffer, start + ENTRY_HEADER, keyEnd), end - start);
    },
    finish: () => ({ buckets: writer.finish(), read }),
  };
}

/** Whether a diagnostic leaves the cell's value as it is, so that its record can equal a sealed one. */
export function isHarmless({ rule }: Diagnostic): boolean {
  return rule.startsWith('text-') || rule === 'json-key';
}

/** Upper bound of the bytes of a key. */
function keyCapacity({ out }: RowMapper): number {
  let bytes = 0;
  for (const part of out.key) bytes += typeof part === 'string' ? part.length * 6 + 2 : 16;
  return bytes;
}

type WriteKey = (mapper: RowMapper, target: Buffer, at: number) => number;

function keyWriter(module: CompiledModule): WriteKey {
  const encodings = module.orderTypes.map(keyEncoding);
  return ({ out }, target, from) => {
    let at = from;
    for (const [index, encoding] of encodings.entries()) {
      at = encoding.write(out.key[index] ?? '', target, at);
    }
    return at;
  };
}
