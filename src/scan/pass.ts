/**
 * Passes of a scan over one module. A pass is one reading of a file; the checks that visit it scan each
 * part of the file in turn, and each of them reports its own findings.
 */

import type { CompiledModule } from '../mapping/compile/module.ts';
import type { Check } from '../outcome/checks.ts';
import type { Finding } from '../outcome/finding.ts';
import type { RecordBatch } from '../seal/candidateReader.ts';
import type { Pool } from '../threads/pool.ts';
import type { PlacedChunk } from './scannedFiles.ts';
import type { Wanted } from './scannedChunks.ts';
import type { Scope } from './scope.ts';

/** A check while a file is read. */
export interface Visitor<Part> {
  /** Takes the next part of the file, and gives the findings that it shows by itself. */
  scan(part: Part): Iterable<Finding>;
  /** Called after the last part: gives the findings that only the whole file shows. */
  end?(): Iterable<Finding>;
}

/** A check's place in a pass. */
export interface Visit<Part> {
  readonly check: Check;
  /** Name of the reading in progress, if this check is the first that visits it. */
  readonly label: string;
  /** Loads what parts are compared with; it is held until the end of the pass, and no longer. */
  open(): Visitor<Part> | Promise<Visitor<Part>>;
}

export interface ChunkVisit extends Visit<PlacedChunk> {
  /** What threads search the lines for. */
  readonly wanted: Wanted;
}

/** The lines of a file, scanned in chunks by the threads of `pool`. */
export interface ChunkPass {
  readonly reads: 'chunks';
  readonly lineage: boolean;
  readonly pool: Pool;
  /** In the order of the checks; not empty. */
  readonly visits: readonly ChunkVisit[];
}

/** The parsed records of a file. */
export interface RecordPass {
  readonly reads: 'records';
  readonly lineage: boolean;
  /** In the order of the checks; not empty. */
  readonly visits: readonly Visit<RecordBatch>[];
}

/** A reading for one check alone, or for what it has noted before; for none where it is about files as such. */
export interface OwnPass {
  readonly reads: 'schema' | 'sealed findings' | 'noted records' | 'database' | 'unread files';
  readonly check: Check | null;
  run(): Iterable<Finding> | AsyncIterable<Finding>;
}

export type Pass = ChunkPass | RecordPass | OwnPass;

/** The readings that a check takes of a module. */
export interface CheckPlan {
  /** Visits of the records' chunks, of one pass each; the passes are shared with other checks. */
  readonly chunks?: readonly ChunkVisit[];
  /** Passes of its own, after these. */
  readonly passes?: readonly Pass[];
}

/** A pass over parsed records for one check. */
export function recordPass(visit: Visit<RecordBatch>, lineage: boolean = false): RecordPass {
  return { reads: 'records', lineage, visits: [visit] };
}

/** The findings of a visitor that only notes what it scans. */
export const NO_FINDINGS: readonly Finding[] = [];

/** Reads the file of a pass once. Yields findings as they are found, of each part in the order of the checks. */
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

/** All that the visits of a pass want of its lines. */
function joined(visits: readonly ChunkVisit[]): Wanted {
  return {
    idFields: [...new Set(visits.flatMap(({ wanted }) => wanted.idFields ?? []))],
    searched: visits.flatMap(({ wanted }) => wanted.searched ?? []),
  };
}
