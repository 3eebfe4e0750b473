/**
 * What there is to plan with of `--memory`: the runtime, the program and the threads take their part
 * whatever is asked for. The numbers are measured, see docs/limits.md.
 */

const MIB = 2 ** 20;
/** A process that builds, with what is on its way between the threads. */
const BUILD = 240 * MIB;
const WORKER = 50 * MIB;
/** A process that scans. */
const SCAN = 380 * MIB;
/** Look-up tables get at least this much: with less, records are read too often. */
const LEAST_TABLES = 64 * MIB;

/** Bytes for the buffers of a build; 0 where all are taken, and buffers are as small as they get. */
export function forBuffers(memory: number, workers: number): number {
  return Math.max(0, memory - BUILD - workers * WORKER);
}

/** Bytes for the look-up tables of a scan. */
export function forTables(memory: number): number {
  return Math.max(LEAST_TABLES, memory - SCAN);
}

/** What SQL of a mapping may take besides: room for a row of large cells, and no more. */
const QUERIES = 1024 * MIB;

/** Bytes that a process may hold while it reads by queries of a mapping or views of a source. */
export function mostForQueries(memory: number): number {
  return memory + QUERIES;
}
