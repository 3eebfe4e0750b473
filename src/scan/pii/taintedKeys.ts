/**
 * Looks in the legacy keys of the lineage for values that a policy keeps out: a key that is in no field may
 * be such a value under another name, as a query gives it. Keys in fields are found there.
 */

import type { CompiledModule } from '../../mapping/compile/module.ts';
import type { Finding } from '../../outcome/finding.ts';
import { memberOf, type RecordBatch } from '../../seal/candidateReader.ts';
import { taintFinder } from '../../taint/taintSet.ts';
import { recordPass, type RecordPass, type Visitor } from '../pass.ts';
import type { Scope } from '../scope.ts';
import { idOnly, partsInNoField } from './lineageIds.ts';
import { piiFinding } from './piiFinding.ts';
import { sourceFaults } from './sourceValues.ts';

/** Plans findings `pii-dropped` of key columns; none without values to look for. */
export function taintedKeyPasses(scope: Scope, module: CompiledModule): RecordPass[] {
  const { tainted } = scope.pii;
  if (tainted === null || !module.hasLineage) return [];
  const parts = partsInNoField(module);
  if (parts.length === 0) return [];
  const open = (): Visitor<RecordBatch> => {
    const find = taintFinder(tainted.taint);
    return {
      *scan({ first, records }): Generator<Finding> {
        for (const [index, record] of records.entries()) {
          const key = record === null ? null : memberOf(record, 'key');
          if (record === null || !Array.isArray(key)) continue;
          const scanned = { ordinal: first + index, record: idOnly(module, record) };
          for (const { column, at } of parts) {
            for (const fault of sourceFaults(key[at], find, { allows: [] })) {
              yield piiFinding(scope, module, scanned, column, fault);
            }
          }
        }
      },
    };
  };
  return [recordPass({ check: 'pii', label: 'legacy keys', open }, true)];
}
