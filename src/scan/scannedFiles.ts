/**
 * Reads the record files of a candidate: parsed records in batches, or chunks that worker threads
 * have scanned. Counts the lines of each file and, when it is read, those that are not records.
 */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { countLines, readRecords, recordFile, type RecordBatch } from '../seal/candidateReader.ts';
import type { PackedIds } from '../seal/packedIds.ts';
import type { Pool } from '../threads/pool.ts';
import type { ScannedChunk } from './calls.ts';
import { lineageSearch, recordSearch, scannedChunks, type Wanted } from './scannedChunks.ts';

/** A chunk that a worker thread has scanned, and its place in the file. */
export interface PlacedChunk extends ScannedChunk {
  /** 0-based number in the file of the chunk's first line. */
  readonly firstLine: number;
  /** Returns the ids in a requested member, one for each line; undefined for any other member. */
  readonly idsOf: (field: string) => PackedIds | undefined;
}

/** Lines of a file that are not records. */
export interface BadLines {
  readonly lines: number;
  /** 0-based. */
  readonly first: number;
}

export interface ChunkReading {
  /** Whether to read the module's lineage instead of its records. */
  readonly lineage: boolean;
  readonly wanted: Wanted;
  /** Name of the reading in progress; null to report none. */
  readonly label: string | null;
}

export interface ScannedFiles {
  /** Folder of the candidate. */
  readonly folder: string;
  /** Returns the number of records of a module; 0 if its file cannot be read. */
  countOf(module: string): number;
  /** Reads a module's records or, with `lineage`, its legacy keys in the same order. */
  records(module: string, label: string, lineage?: boolean): AsyncGenerator<RecordBatch>;
  /** Has the threads of `pool` scan a module's file; yields its chunks in order. */
  chunks(pool: Pool, module: CompiledModule, reading: ChunkReading): AsyncGenerator<PlacedChunk>;
  /** Returns the result of the last complete reading of the file; undefined if there was none. */
  badLines(module: string, lineage: boolean): BadLines | undefined;
}

/** Opens the files of a candidate. `counts` are known numbers of records by module. */
export function openFiles(
  folder: string,
  counts: ReadonlyMap<string, number> = new Map(),
  onProgress: (label: string, done: number, total: number) => void = () => {},
): ScannedFiles {
  const lines = new Map(counts);
  const bad = new Map<string, BadLines>();
  const countOf = (module: string): number => {
    const known = lines.get(module);
    if (known !== undefined) return known;
    const count = countLines(recordFile(folder, module)) ?? 0;
    lines.set(module, count);
    return count;
  };
  return {
    folder,
    countOf,
    async *records(module, label, lineage = false) {
      const total = countOf(module);
      const path = recordFile(folder, module, lineage);
      const found = badLineCounter();
      for await (const batch of readRecords(path)) {
        yield batch;
        for (const [index, record] of batch.records.entries()) {
          if (record === null) found.add(batch.first + index);
        }
        onProgress(`${label} of ${module}`, batch.first + batch.records.length, total);
      }
      bad.set(path, found.result());
    },
    async *chunks(pool, module, { lineage, wanted, label }) {
      const path = recordFile(folder, module.name, lineage);
      const search = lineage ? lineageSearch(module) : recordSearch(module, wanted);
      const found = badLineCounter();
      let firstLine = 0;
      for await (const scan of scannedChunks(path, search, pool, wanted)) {
        const idsOf = (field: string): PackedIds | undefined =>
          scan.ids[search.idFields.indexOf(field)];
        yield { ...scan, firstLine, idsOf };
        for (const { line, fault } of scan.faults) {
          if (fault.kind === 'no-record') found.add(firstLine + line);
        }
        firstLine += scan.lines;
        if (label === null) continue;
        onProgress(`${label} of ${module.name}`, firstLine, countOf(module.name));
      }
      bad.set(path, found.result());
    },
    badLines: (module, lineage) => bad.get(recordFile(folder, module, lineage)),
  };
}

function badLineCounter(): { add(line: number): void; result(): BadLines } {
  let lines = 0;
  let first = -1;
  return {
    add(line) {
      if (lines === 0) first = line;
      lines += 1;
    },
    result: () => ({ lines, first }),
  };
}
