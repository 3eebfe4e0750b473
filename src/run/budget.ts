/**
 * The part of `--memory` that is available for buffers, after the fixed cost of the runtime and the
 * worker threads. The numbers are measured, see docs/limits.md.
 */

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
