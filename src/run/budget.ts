/**
 * The part of `--memory` that is available for buffers, after the fixed cost of the runtime and the
 * worker threads. The numbers are measured, see docs/limits.md.
 */

import { bucketCount, type Router } from '../extsort/router.ts';
import type { SortMemory } from '../extsort/splitBucket.ts';

const MIB = 2 ** 20;
/** Fixed bytes of a process that builds, with messages in transit between threads. */
const BUILD = 240 * MIB;
const WORKER = 50 * MIB;
/** Fixed bytes of a process that scans. */
const SCAN = 380 * MIB;
/** Least bytes for lookup tables: with less, records are read too often. */
const LEAST_TABLES = 64 * MIB;

/** Returns the bytes for the buffers of a build; with 0, each buffer gets its minimum size. */
export function forBuffers(memory: number, workers: number): number {
  return Math.max(0, memory - BUILD - workers * WORKER);
}

/** Returns the bytes for the lookup tables of a scan. */
export function forTables(memory: number): number {
  return Math.max(LEAST_TABLES, memory - SCAN);
}

/** Bytes that SQL of a mapping may take in addition: enough for a row of large cells. */
const QUERIES = 1024 * MIB;

/** Returns the bytes that a process may hold while it runs queries of a mapping or reads views. */
export function mostForQueries(memory: number): number {
  return memory + QUERIES;
}

/** Divides `bytes` of memory among `workers`; sorting a bucket takes about four times its size. */
export function planMemory(bytes: number, workers: number): SortMemory {
  const each = bytes / 2 / (workers + 1);
  return {
    bucketBytes: Math.max(2 ** 20, Math.floor(Math.min(each / 5, 16 * 2 ** 20))),
    spillBytes: Math.max(2 ** 20, Math.floor(Math.min(each / 2, 16 * 2 ** 20))),
  };
}

/** Minimum chunk size in bytes; locations of smaller chunks would take more memory than saved. */
const MIN_CHUNK = 16 * 1024;
const MOST_CHUNK = 256 * 1024;

/** Returns the bytes that each bucket holds in memory before they are written. */
export function chunkFor(router: Router, { spillBytes }: SortMemory): number {
  const perBucket = Math.floor(spillBytes / bucketCount(router));
  return Math.min(MOST_CHUNK, Math.max(MIN_CHUNK, perBucket));
}
