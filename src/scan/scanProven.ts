/**
 * Scans a candidate and proves its policies on personal data: with the sources, values that are kept out
 * are looked for everywhere, and treated values are compared with what the sources give.
 */

import { treatedColumns } from '../mapping/piiPolicy.ts';
import type { Finding } from '../outcome/finding.ts';
import type { ModulePrivacy } from '../outcome/privacy.ts';
import { expectedOfSources } from './pii/expectedOfSources.ts';
import { knownNames } from './pii/knownNames.ts';
import { NO_PROOF, type PiiProof } from './pii/piiProof.ts';
import type { SourceRows } from './pii/sourceRows.ts';
import { taintOfSources } from './pii/taintOfSources.ts';
import { scanCandidate, type ScanInput } from './scanCandidate.ts';

export interface ProofInput {
  /** Secret keys of the policies, by id. */
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  readonly now: Date;
  /** 16 random bytes. */
  readonly seeds: Uint8Array;
  /** Null if the sources cannot be read. */
  readonly rows: SourceRows | null;
  /** Whether the sources hold what the candidate was built from, to the byte. */
  readonly unchanged: boolean;
  /** Whether to search for classes of personal data as well. */
  readonly searches: boolean;
  /** Receives what the scan saw of each module. */
  readonly report: (seen: ModulePrivacy) => void;
}

/** Whether the policies of a mapping keep values of the sources out of the candidate. */
export function treatsAny({ modules }: ScanInput['mapping']): boolean {
  return modules.some((module) => treatedColumns(module).size > 0);
}

/** Share of the memory, as a divisor, for the values that are looked for. */
const TAINT_SHARE = 4;

/** Yields the findings of {@link scanCandidate}, then those of the sources as a whole. */
export async function* scanProven(input: ScanInput, proof: ProofInput): AsyncGenerator<Finding> {
  const { secrets, unchanged, searches, report } = proof;
  const today = proof.now.toISOString().slice(0, 10);
  const isChecked = input.checks?.includes('pii') ?? true;
  const names = isChecked && searches ? await knownNames(input.folder, input.mapping) : null;
  const base: PiiProof = { ...NO_PROOF, secrets, today, names, unchanged, searches, report };
  if (!isChecked || !treatsAny(input.mapping)) {
    yield* scanCandidate({ ...input, pii: base });
    return;
  }
  if (proof.rows === null) {
    yield* scanCandidate({ ...input, pii: base });
    yield unproven(
      'the sources were not read, so values that a policy keeps out were not looked for',
    );
    return;
  }
  const expectedOf = await expectedOfSources(input.mapping, proof.rows);
  const memory = Math.floor(input.memory / TAINT_SHARE);
  const taint = taintOfSources(input.mapping, { rows: proof.rows, memory, seeds: proof.seeds });
  const rest = { ...input, memory: input.memory - memory };
  let scanned = false;
  for await (const tainted of taint.parts()) {
    if (!scanned) yield* scanCandidate({ ...rest, pii: { ...base, expectedOf, tainted } });
    else {
      const pii = { ...base, tainted, searches: false };
      yield* taintedOnly(scanCandidate({ ...rest, checks: ['pii'], pii }));
    }
    scanned = true;
  }
  if (!scanned) yield* scanCandidate({ ...rest, pii: { ...base, expectedOf } });
  yield* taint.findings();
}

/** Leaves out what the first part has found already. */
async function* taintedOnly(findings: AsyncIterable<Finding>): AsyncGenerator<Finding> {
  for await (const finding of findings) if (finding.rule === 'pii-dropped') yield finding;
}

/** A warning that a policy was not proven in whole. */
export function unproven(reason: string): Finding {
  return { rule: 'pii-unproven', severity: 'WARNING', reason };
}
