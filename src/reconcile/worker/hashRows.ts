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
import { rowsOf } from '../../source/cellPage.ts';
import type { LinePage } from '../../source/linePage.ts';
import type { ReadRange, Row, SourceReader } from '../../source/source.ts';
import type { HashedRows, HashRowsInput } from '../calls.ts';
import { lineRecords, type LineRecords } from './lineRecord.ts';

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
  return { ...hasher.finish(), statements: reader.tellStatements?.() ?? null };
}

/** Hashes the rows of a range, as lines if the source has them; yields the number of rows of each page. */
async function* hashedPages(
  hasher: RowHasher,
  range: ReadRange,
  { table, columns, asWritten }: CompiledModule,
  reader: SourceReader,
): AsyncGenerator<number> {
  const { lineColumns } = hasher;
  if (reader.readLines !== undefined && lineColumns !== null) {
    for await (const page of reader.readLines(table, lineColumns, range)) {
      yield hasher.takeLines(page);
    }
    return;
  }
  for await (const page of reader.read(table, columns, range, asWritten)) {
    for (const row of page) hasher.take(row);
    yield page.length;
  }
}

interface RowHasher {
  /** Columns of lines that records can be made from; null if rows have to be mapped. */
  readonly lineColumns: readonly string[] | null;
  /** Returns the number of rows. */
  takeLines(page: LinePage): number;
  take(row: Row): void;
  finish(): Omit<HashedRows, 'statements'>;
}

const INITIAL = 64 * 1024;
const LF = 0x0a;

function rowHasher(
  { router, spill, chunk }: HashRowsInput,
  module: CompiledModule,
  context: MapperContext,
): RowHasher {
  const mapper = rowMapper(module, context);
  const writer = spillWriter(spill, bucketCount(router), chunk);
  const writeKey = keyWriter(module);
  const lines = lineRecords(module);
  const places = lines === null ? [] : module.columns.map((name) => lines.columns.indexOf(name));
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
  /** Hashes the row in a line; returns whether its cells are of common forms. */
  const takeLine = (from: LineRecords, page: LinePage, start: number, stop: number): boolean => {
    const end = from.write(start, stop);
    if (end < 0) return false;
    const { buffer } = writer.reserve(ENTRY_HEADER + from.keyCapacity() + DIGEST_LENGTH);
    const keyEnd = from.writeKey(buffer, ENTRY_HEADER);
    if (keyEnd < 0) return false;
    packedLeafHash(from.buffer, 1, end, buffer, keyEnd);
    commit(buffer, keyEnd, page.locator(from.locatorAt, stop));
    return true;
  };
  return {
    lineColumns: lines?.columns ?? null,
    take,
    takeLines(page) {
      const isText = lines?.begin(page) === true;
      let rows = 0;
      for (let start = 0; start < page.bytes.length; rows += 1) {
        const stop = page.bytes.indexOf(LF, start);
        if (lines === null || !isText || !takeLine(lines, page, start, stop)) {
          for (const row of rowsOf(page.decode(start, stop), places)) take(row);
        }
        start = stop + 1;
      }
      return rows;
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
