/** Reads the values that a finding is about from the candidate that was scanned, for a terminal only. */

import { compileModule, type CompiledModule } from '../mapping/compile/module.ts';
import type { Mapping } from '../mapping/model.ts';
import type { Finding } from '../outcome/finding.ts';
import { memberOf, readRecords, recordFile, type ReadRecord } from '../seal/candidateReader.ts';
import { shownKeyOf } from './recordFinding.ts';

export interface FieldValue {
  readonly field: string;
  readonly value: unknown;
}

/**
 * Returns the values of the fields that a finding names, in its order; a column of the legacy key has
 * its value from the lineage. Null if the candidate has no such module or record.
 */
export async function valuesOfFinding(
  folder: string,
  mapping: Mapping,
  finding: Finding,
): Promise<FieldValue[] | null> {
  const { module: name = '', field } = finding;
  if (field === undefined || !mapping.modules.some(({ module }) => module === name)) return null;
  const module = compileModule(mapping, name);
  const found = await recordOf(folder, module, finding);
  if (found === null) return null;
  const names = new Set(module.fields.map((one) => one.name));
  const wanted = names.has(field) ? [field] : field.split('+');
  if (wanted.every((one) => names.has(one))) {
    return wanted.map((one) => ({ field: one, value: memberOf(found.record, one) }));
  }
  const at = module.key.findIndex(({ column }) => column === field);
  const lineage = at < 0 ? null : await lineOf(recordFile(folder, name, true), found.ordinal);
  const key = lineage === null ? null : memberOf(lineage, 'key');
  return Array.isArray(key) ? [{ field, value: key[at] as unknown }] : null;
}

interface Found {
  /** 0-based line. */
  readonly ordinal: number;
  readonly record: ReadRecord;
}

/** Returns the record by its line or, without one, the first that reports name as the finding does. */
async function recordOf(
  folder: string,
  module: CompiledModule,
  { recordId, line }: Finding,
): Promise<Found | null> {
  const path = recordFile(folder, module.name);
  if (line !== undefined) {
    const record = await lineOf(path, line - 1);
    return record === null ? null : { ordinal: line - 1, record };
  }
  for await (const { first, records } of readRecords(path)) {
    for (const [index, record] of records.entries()) {
      if (record === null) continue;
      const key = module.orderFields.map((field) => memberOf(record, field));
      if (shownKeyOf(module, key) === recordId) return { ordinal: first + index, record };
    }
  }
  return null;
}

/** Returns the record on a 0-based line. */
async function lineOf(path: string, ordinal: number): Promise<ReadRecord | null> {
  for await (const { first, records } of readRecords(path)) {
    if (ordinal < first + records.length) return records[ordinal - first] ?? null;
  }
  return null;
}
