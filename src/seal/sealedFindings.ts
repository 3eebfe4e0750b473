/**
 * findings.ndjson of a module: the findings of the mapper on records that it kept, as (field, id,
 * rule). Lines are in the order of the records, then by field, then by rule, without duplicates.
 * Locators, values and reasons are left out; the report of the run has them.
 */

import { join } from 'node:path';

import { canonicalJson } from '../record/canonical.ts';
import { isKeyValue, type KeyValue } from '../record/keyOrder.ts';
import { readRecords } from './candidateReader.ts';
import { byUtf8, FINDINGS_FILE } from './format.ts';

/** Finding on a record of the candidate. */
export interface SealedFinding {
  readonly field: string;
  /** Key of the record in the candidate: its target id, or the parts of the kept key. */
  readonly id: readonly KeyValue[];
  readonly rule: string;
}

/** Finding in one field of a record. */
export type Diagnosis = readonly [field: string, rule: string];

/** Sorts diagnoses by field, then by rule, and removes duplicates. */
export function sortDiagnoses(diagnoses: readonly Diagnosis[]): Diagnosis[] {
  const sorted = [...diagnoses].sort(([a, x], [b, y]) => byUtf8(a, b) || byUtf8(x, y));
  return sorted.filter(([field, rule], at) => {
    const before = sorted[at - 1];
    return before === undefined || before[0] !== field || before[1] !== rule;
  });
}

/** Formats the lines of one record, whose diagnoses are sorted. */
export function findingLines(id: readonly KeyValue[], diagnoses: readonly Diagnosis[]): string {
  return diagnoses.map(([field, rule]) => `${canonicalJson({ field, id, rule })}\n`).join('');
}

/**
 * Yields the findings that were sealed with a module, in batches, in order; none if the file is
 * missing. A line that is not a finding is null.
 */
export async function* readSealedFindings(
  folder: string,
  module: string,
): AsyncGenerator<(SealedFinding | null)[]> {
  for await (const { records } of readRecords(join(folder, module, FINDINGS_FILE))) {
    yield records.map(asSealedFinding);
  }
}

function asSealedFinding(value: Readonly<Record<string, unknown>> | null): SealedFinding | null {
  const { field, id, rule, ...rest } = value ?? {};
  if (typeof field !== 'string' || typeof rule !== 'string' || !Array.isArray(id)) return null;
  if (!id.every(isKeyValue) || Object.keys(rest).length > 0) return null;
  return { field, id, rule };
}
