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
import { keyEncoding, keyFits } from '../../record/keyOrder.ts';
import { locatorOf, rowsOf, type CellPage } from '../../source/cellPage.ts';
import type { ReadRange, Row, SourceReader } from '../../source/source.ts';
import type { HashedRows, HashRowsInput } from '../calls.ts';
import { cellRecords, type CellRecords } from './cellRecord.ts';

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
      for await (const rows of hashedPages(hasher, range, module, reader)) {
        Atomics.add(progress, 0, rows);
      }
    }
  } catch (error) {
    Atomics.store(next, 0, input.ranges.length);
    throw error;
  }
  return hasher.finish();
}

/** Hashes the rows of a range, as bytes if the source has them; yields the number of rows of each page. */
async function* hashedPages(
  hasher: RowHasher,
  range: ReadRange,
  { table, columns, asWritten }: CompiledModule,
  reader: SourceReader,
): AsyncGenerator<number> {
  if (reader.readCells !== undefined && hasher.takesCells) {
    for await (const page of reader.readCells(table, columns, range)) {
      hasher.takePage(page);
      yield page.rows;
    }
    return;
  }
  for await (const page of reader.read(table, columns, range, asWritten)) {
    for (const row of page) hasher.take(row);
    yield page.length;
  }
}

interface RowHasher {
  /** Whether records can be made from the bytes of cells. */
  readonly takesCells: boolean;
  takePage(page: CellPage): void;
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
  const cells = cellRecords(module);
  const locatorAt = module.columns.length;
  let line = Buffer.allocUnsafeSlow(INITIAL);
  let read = 0;
  const commit = (buffer: Buffer, keyEnd: number, locator: Locator): void => {
    const end = keyEnd + DIGEST_LENGTH;
    writeHeader(buffer, 0, { start: 0, keyEnd, recordEnd: end, lineageEnd: end, end }, locator);
    writer.commit(route(router, buffer, ENTRY_HEADER, keyEnd), end);
    read += 1;
  };
  const take = (row: Row): void => {
    const isRecord = mapper.map(row) && mapper.diagnostics.every(isHarmless);
    const { record } = mapper.out;
    const longest = 1 + (record.length < INITIAL ? record.length * 3 : Buffer.byteLength(record));
    if (line.length < longest) line = Buffer.allocUnsafeSlow(longest);
    const { buffer } = writer.reserve(ENTRY_HEADER + keyCapacity(mapper) + DIGEST_LENGTH);
    const hasKey = mapper.hasKey && keyFits(mapper.out.key, module.orderTypes);
    const keyEnd = hasKey ? writeKey(mapper, buffer, ENTRY_HEADER) : ENTRY_HEADER;
    if (isRecord && hasKey) packedLeafHash(line, 1, 1 + line.write(record, 1), buffer, keyEnd);
    else buffer.fill(0, keyEnd, keyEnd + DIGEST_LENGTH);
    commit(buffer, keyEnd, (row[locatorAt] ?? null) as Locator);
  };
  /** Hashes a row from its bytes; returns whether they are of common forms. */
  const takeCells = (from: CellRecords, page: CellPage, row: number): boolean => {
    const end = from.write(row);
    if (end < 0) return false;
    const { buffer } = writer.reserve(ENTRY_HEADER + from.keyCapacity(row) + DIGEST_LENGTH);
    const keyEnd = from.writeKey(row, buffer, ENTRY_HEADER);
    if (keyEnd < 0) return false;
    packedLeafHash(from.buffer, 1, end, buffer, keyEnd);
    commit(buffer, keyEnd, locatorOf(page.locators[row] ?? 0n));
    return true;
  };
  return {
    takesCells: cells !== null,
    take,
    takePage(page) {
      cells?.begin(page);
      let rows: Row[] | null = null;
      for (let row = 0; row < page.rows; row += 1) {
        if (cells !== null && takeCells(cells, page, row)) continue;
        rows ??= rowsOf(page);
        take(rows[row] ?? []);
      }
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
