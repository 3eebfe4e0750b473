/**
 * First phase, in a worker: rows of a partition → canonical records → buckets on disk. Rows never
 * leave the thread that has read them.
 */

import { closeSync, fsyncSync } from 'node:fs';
import { join } from 'node:path';

import { createFile, writeAll } from '../../disk/durable.ts';
import { systemCode } from '../../disk/errors.ts';
import type { Locator } from '../../extsort/entry.ts';
import { ENTRY_HEADER, spillWriter } from '../../extsort/spill.ts';
import type { BlobReference } from '../../mapping/compile/blobReference.ts';
import type { CompiledModule } from '../../mapping/compile/module.ts';
import type { Diagnostic, RowMapper } from '../../mapping/compile/rowMapper.ts';
import { keyEncoding, keyFits } from '../../record/keyOrder.ts';
import { sortDiagnoses } from '../../seal/sealedFindings.ts';
import type { Row, SourceReader } from '../../source/source.ts';
import type { PartitionInput, PartitionResult } from '../calls.ts';
import type { ContentWriter } from './contentEntry.ts';
import { entryCapacity, writeEntry } from './spillEntry.ts';
import { findingLog } from './findingLog.ts';
import { bucketCount, route } from '../../extsort/router.ts';

export interface PartitionContext {
  readonly module: CompiledModule;
  readonly mapper: RowMapper;
  /** Whether a row counts; null if all do. */
  readonly filter: ((row: Row) => boolean) | null;
  /** Whether a record counts, given its text without id; null if all do. */
  readonly isChosen: ((record: string) => boolean) | null;
  readonly reader: SourceReader;
  /** Set for keyless modules, whose ids are derived from the content. */
  readonly content: ContentWriter | null;
}

/** Reads ranges until none is left. If it fails, the other workers stop, too. */
export async function readPartition(
  input: PartitionInput,
  context: PartitionContext,
): Promise<PartitionResult> {
  const next = new Int32Array(input.next);
  const progress = new Int32Array(input.progress);
  const partition = openPartition(input, context);
  try {
    for (;;) {
      const range = input.ranges[Atomics.add(next, 0, 1)];
      if (range === undefined) break;
      const { table, columns, asWritten } = context.module;
      for await (const page of context.reader.read(table, columns, range, asWritten)) {
        for (const row of page) partition.take(row);
        Atomics.add(progress, 0, page.length);
      }
    }
  } catch (error) {
    Atomics.store(next, 0, input.ranges.length);
    throw error;
  }
  return partition.finish();
}

interface Partition {
  take(row: Row): void;
  finish(): PartitionResult;
}

function openPartition(input: PartitionInput, context: PartitionContext): Partition {
  const { module, mapper, filter, isChosen, content } = context;
  const writer = spillWriter(input.spill, bucketCount(input.router), input.chunk);
  const encodings = module.orderTypes.map(keyEncoding);
  const log = findingLog({ name: module.name, table: input.locatedIn }, input.findings);
  const locatorAt = module.columns.length;
  let [read, entered, filtered] = [0, 0, 0];
  const put = (locator: Locator): void => {
    const { key, record, lineage } = mapper.out;
    // The findings of a provisional candidate are in the report, with their rows.
    const silent = mapper.diagnostics.length === 0 || input.provisional;
    const diagnoses = silent ? '' : diagnosesOf(mapper.diagnostics);
    if (content !== null) {
      const entry = content.entry(record, locator, diagnoses, (size) => writer.reserve(size));
      writer.commit(route(input.router, entry.buffer, ENTRY_HEADER, entry.keyEnd), entry.size);
      return;
    }
    const parts = { key, record, lineage, diagnoses, locator };
    const { buffer } = writer.reserve(entryCapacity(parts));
    const size = writeEntry(buffer, 0, encodings, parts);
    const keyEnd = ENTRY_HEADER + buffer.readUInt32LE(0);
    writer.commit(route(input.router, buffer, ENTRY_HEADER, keyEnd), size);
  };
  return {
    take(row) {
      read += 1;
      if (filter !== null && !filter(row)) {
        filtered += 1;
        return;
      }
      const locator = (row[locatorAt] ?? null) as Locator;
      const accepted = mapper.map(row);
      if (isChosen !== null && !isChosen(mapper.out.record)) {
        filtered += 1;
        return;
      }
      for (const diagnostic of mapper.diagnostics) log.add(diagnostic, locator);
      if (!mapper.hasKey) return;
      if (!keyFits(mapper.out.key, module.orderTypes)) {
        log.add({ ...LONG_KEY, field: module.orderFields[0] ?? '' }, locator);
        return;
      }
      if (!accepted && !input.provisional) return;
      for (const blob of mapper.out.blobs) storeBlob(input.blobs, blob);
      put(locator);
      entered += 1;
    },
    finish() {
      return { buckets: writer.finish(), read, entered, filtered, findings: log.finish() };
    },
  };
}

/** The sealed part of the diagnostics on a kept row, in a fixed order, as JSON. */
function diagnosesOf(diagnostics: readonly Diagnostic[]): string {
  return JSON.stringify(sortDiagnoses(diagnostics.map(({ field, rule }) => [field, rule])));
}

const LONG_KEY = {
  rule: 'exactness',
  severity: 'BLOCKER',
  reason: 'the numeric key exceeds 127 bytes',
} as const;

/** Stores content under its digest; an existing file has the same content. */
function storeBlob(folder: string, blob: BlobReference): void {
  let file: number;
  try {
    file = createFile(join(folder, blob.sha256));
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return;
    throw error;
  }
  try {
    writeAll(file, blob.bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
