/**
 * Counts the records that few others are like: those whose values of a module's quasi-identifiers, such
 * as postcode, date of birth and sex, are shared by fewer than `k` records (k-anonymity). Such a record
 * may be a known person's, though no field of it names one. Null is a value like others.
 */

import type { CompiledModule } from '../../mapping/compile/module.ts';
import type { QuasiIdentifiers } from '../../mapping/piiPolicy.ts';
import { severityOf } from '../../mapping/severity.ts';
import { counted } from '../../outcome/counted.ts';
import type { Finding } from '../../outcome/finding.ts';
import { memberOf, type RecordBatch } from '../../seal/candidateReader.ts';
import {
  isIn,
  keyHash,
  keysIn,
  keyTable,
  partitionsFor,
  partText,
  tableBytes,
  type Partition,
} from '../keyTable.ts';
import { NO_FINDINGS, recordPass, type CheckPlan, type Visitor } from '../pass.ts';
import type { Scope } from '../scope.ts';

/** Groups of fewer than k records, and the records in them. */
interface Small {
  groups: number;
  records: number;
}

/** Plans one finding `pii-quasi` of a module, with the number of records and groups; none if all are large. */
export function planQuasi(scope: Scope, module: CompiledModule): CheckPlan {
  const { quasi } = module.mapping.pii ?? {};
  if (quasi === undefined) return {};
  const count = scope.files.countOf(module.name);
  const small: Small = { groups: 0, records: 0 };
  const passes = partitionsFor(tableBytes(count, 1), scope.memory).map((partition) => {
    const open = (): Visitor<RecordBatch> => counter(quasi, partition, count, small);
    return recordPass({ check: 'pii', label: 'quasi-identifiers', open });
  });
  const run = (): Finding[] => findingsOf(scope, module, quasi, small);
  return { passes: [...passes, { reads: 'noted records', check: 'pii', run }] };
}

/** Counts the records of each group, up to k. */
function counter(
  { fields, k }: QuasiIdentifiers,
  partition: Partition,
  count: number,
  small: Small,
): Visitor<RecordBatch> {
  const table = keyTable(keysIn(partition, count), 1);
  return {
    scan({ records }) {
      for (const record of records) {
        if (record === null) continue;
        const values = fields.map((field) => partText(memberOf(record, field)));
        const key = keyHash('', values);
        if (isIn(partition, key)) addRecord(small, table.countUp(key, k), k);
      }
      return NO_FINDINGS;
    },
  };
}

/** Adds a record to a group that had `before` records, or k and more. */
function addRecord(small: Small, before: number, k: number): void {
  if (before >= k) return;
  const isLarge = before + 1 >= k;
  if (before > 0 && isLarge) small.groups -= 1;
  if (before === 0 && !isLarge) small.groups += 1;
  small.records += isLarge ? -before : 1;
}

function findingsOf(
  scope: Scope,
  { name }: CompiledModule,
  { fields, k, severity: own }: QuasiIdentifiers,
  { groups, records }: Small,
): Finding[] {
  if (records === 0) return [];
  const severity = own ?? severityOf(scope.mapping.project, 'pii-quasi', name, fields);
  const counts = `${counted(records, 'record')} in ${counted(groups, 'group')}`;
  const reason = `fewer than ${k} records share these values: ${counts}`;
  return [{ rule: 'pii-quasi', severity, module: name, field: fields.join('+'), reason }];
}
