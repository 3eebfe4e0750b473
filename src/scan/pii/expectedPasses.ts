/**
 * Compares treated values with those that the source gives: each record's own, so that values that
 * were swapped between records are found where their form cannot tell.
 */

import type { CompiledModule } from '../../mapping/compile/module.ts';
import { counted } from '../../outcome/counted.ts';
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
      const others = new Map<string, number>();
      return {
        *scan({ first, records }): Generator<Finding> {
          for (const [index, record] of records.entries()) {
            if (record === null) continue;
            for (const field of fields) {
              const key = expectedKey(module, record, field);
              if (!isIn(partition, key) || table.has(key)) continue;
              if (!scope.pii.unchanged) {
                others.set(field, (others.get(field) ?? 0) + 1);
                continue;
              }
              const reason = 'it is not what the value of the source becomes by its treatment';
              const violation = { rule: 'pii-treatment', fields: [field], reason } as const;
              yield recordFinding(scope, module, { ordinal: first + index, record }, violation);
            }
          }
        },
        *end(): Generator<Finding> {
          for (const [field, count] of others) yield changed(module, field, count);
        },
      };
    };
    return recordPass({ check: 'pii', label: 'treated values', open });
  });
}

/** Values may differ because the source has changed; scan-drift tells whether it has. */
function changed({ name: module }: CompiledModule, field: string, count: number): Finding {
  const what = `${counted(count, 'value')} ${count === 1 ? 'is' : 'are'} not what the source gives now`;
  const reason = `${what}: it has changed since, or they were changed; sealift scan-drift compares both`;
  return { rule: 'pii-unproven', severity: 'WARNING', module, field, reason };
}
