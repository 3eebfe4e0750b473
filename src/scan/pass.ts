/**
 * Passes of a scan over one module. A pass reads a file once; the checks that visit it scan each
 * part of the file in turn, and report their own findings.
 */

import type { CompiledModule } from '../mapping/compile/module.ts';
import type { Check } from '../outcome/checks.ts';
import type { Finding } from '../outcome/finding.ts';
import type { RecordBatch } from '../seal/candidateReader.ts';
import type { Pool } from '../threads/pool.ts';
import type { PlacedChunk } from './scannedFiles.ts';
import type { Wanted } from './scannedChunks.ts';
import type { Scope } from './scope.ts';

/** State of a check while a file is read. */
export interface Visitor<Part> {
  /** Scans the next part of the file; returns the findings of that part. */
  scan(part: Part): Iterable<Finding>;
  /** Called after the last part; returns the findings of the file as a whole. */
  end?(): Iterable<Finding>;
}

/** A check's place in a pass. */
export interface Visit<Part> {
  readonly check: Check;
  /** Name of the reading in progress, if this check is the first that visits it. */
  readonly label: string;
  /** Loads the data that parts are compared with; it is released at the end of the pass. */
  open(): Visitor<Part> | Promise<Visitor<Part>>;
}

export interface ChunkVisit extends Visit<PlacedChunk> {
  /** Data that threads return of the lines. */
  readonly wanted: Wanted;
}

/** Reads the lines of a file, which the threads of `pool` scan in chunks. */
export interface ChunkPass {
  readonly reads: 'chunks';
  readonly lineage: boolean;
  readonly pool: Pool;
  /** In the order of the checks; not empty. */
  readonly visits: readonly ChunkVisit[];
}

/** Reads the parsed records of a file. */
export interface RecordPass {
  readonly reads: 'records';
  readonly lineage: boolean;
  /** In the order of the checks; not empty. */
  readonly visits: readonly Visit<RecordBatch>[];
}

/** Reads other data for one check, such as its noted records; `check` is null for the file pass. */
export interface OwnPass {
  readonly reads: 'schema' | 'sealed findings' | 'noted records' | 'database' | 'unread files';
  readonly check: Check | null;
  run(): Iterable<Finding> | AsyncIterable<Finding>;
}

export type Pass = ChunkPass | RecordPass | OwnPass;

/** Visits and passes of a check over a module. */
export interface CheckPlan {
  /** Visits of the records' chunks, one per pass; other checks share the passes. */
  readonly chunks?: readonly ChunkVisit[];
  /** Passes of the check alone, after the shared ones. */
  readonly passes?: readonly Pass[];
}

/** Makes a pass over parsed records for one check. */
export function recordPass(visit: Visit<RecordBatch>, lineage: boolean = false): RecordPass {
  return { reads: 'records', lineage, visits: [visit] };
}

/** Findings of a visitor that only notes violations for a later pass. */
export const NO_FINDINGS: readonly Finding[] = [];

/** Runs a pass. Yields findings as they are found; those of one part in the order of the checks. */
export async function* runPass(
  scope: Scope,
  module: CompiledModule,
  pass: Pass,
): AsyncGenerator<Finding> {
  switch (pass.reads) {
    case 'chunks': {
      const { lineage, pool, visits } = pass;
      const reading = { lineage, wanted: joined(visits), label: visits[0]?.label ?? null };
      yield* visitAll(visits, () => scope.files.chunks(pool, module, reading));
      return;
    }
    case 'records': {
      const { lineage, visits } = pass;
      const label = visits[0]?.label ?? 'records';
      yield* visitAll(visits, () => scope.files.records(module.name, label, lineage));
      return;
    }
    default:
      yield* pass.run();
  }
}

async function* visitAll<Part>(
  visits: readonly Visit<Part>[],
  read: () => AsyncIterable<Part>,
): AsyncGenerator<Finding> {
  const visitors: Visitor<Part>[] = [];
  for (const visit of visits) visitors.push(await visit.open());
  for await (const part of read()) {
    for (const visitor of visitors) yield* visitor.scan(part);
  }
  for (const visitor of visitors) yield* visitor.end?.() ?? NO_FINDINGS;
}

/** Joins the data that the visits of a pass request of its lines. */
function joined(visits: readonly ChunkVisit[]): Wanted {
  // Only the check of personal data has these.
  const { secrets, taint, names } = visits.find(({ check }) => check === 'pii')?.wanted ?? {};
  const more = {
    ...(secrets === undefined ? {} : { secrets }),
    ...(taint === undefined ? {} : { taint }),
    ...(names === undefined ? {} : { names }),
  };
  return {
    idFields: [...new Set(visits.flatMap(({ wanted }) => wanted.idFields ?? []))],
    searched: visits.flatMap(({ wanted }) => wanted.searched ?? []),
    tainted: visits.flatMap(({ wanted }) => wanted.tainted ?? []),
    ...more,
  };
}
