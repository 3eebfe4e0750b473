/**
 * Compares treated values with those that the source gives: each record's own, so that values that
 * were swapped between records are found where their form cannot tell.
 */

import type { CompiledModule } from '../../mapping/compile/module.ts';
import type { Finding } from '../../outcome/finding.ts';
import { memberOf, type ReadRecord, type RecordBatch } from '../../seal/candidateReader.ts';
import { isIn, keyHash, partitionsFor, partText, tableBytes, type KeyHash } from '../keyTable.ts';
import { recordPass, type RecordPass, type Visitor } from '../pass.ts';
import { recordFinding } from '../recordFinding.ts';
import type { Scope } from '../scope.ts';

/** Returns the key of a treated value in a record. */
export function expectedKey(module: CompiledModule, record: ReadRecord, field: string): KeyHash {
  const members = module.mapping.id.rule === 'keyless' ? [] : module.orderFields;
  const parts = [...members, field].map((name) => partText(memberOf(record, name)));
  return keyHash(module.name, [field, ...parts]);
}

/** Returns the names of a module's treated fields. */
export function treatedNames({ fields }: CompiledModule): string[] {
  return fields.filter(({ treated }) => treated !== null).map(({ name }) => name);
}

/** Plans findings `pii-treatment` of values that the source does not give; none without a source. */
export function expectedPasses(scope: Scope, module: CompiledModule): RecordPass[] {
  const expected = scope.pii.expectedOf(module.name);
  const fields = treatedNames(module);
  if (expected === null || fields.length === 0) return [];
  const partitions = partitionsFor(tableBytes(expected.entries, 0), scope.memory);
  return partitions.map((partition) => {
    const open = async (): Promise<Visitor<RecordBatch>> => {
      const table = await expected.read(partition);
      return {
        *scan({ first, records }): Generator<Finding> {
          for (const [index, record] of records.entries()) {
            if (record === null) continue;
            for (const field of fields) {
              const key = expectedKey(module, record, field);
              if (!isIn(partition, key) || table.has(key)) continue;
              const reason = 'it is not what the value of the source becomes by its treatment';
              const violation = { rule: 'pii-treatment', fields: [field], reason } as const;
              yield recordFinding(scope, module, { ordinal: first + index, record }, violation);
            }
          }
        },
      };
    };
    return recordPass({ check: 'pii', label: 'treated values', open });
  });
}
