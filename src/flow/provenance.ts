/** Where the records of a provisional candidate come from, and which of their cells failed. */

import type { FailedCells, FailedRow } from '../findings/failedCells.ts';
import type { BuiltModule } from '../migrate/buildModule.ts';
import type { Provenance } from '../scan/scanCandidate.ts';

const NONE: ReadonlySet<string> = new Set();

/** `cells` are those of the build. Memory: 8 bytes a record. */
export function provenanceOf(built: readonly BuiltModule[], cells: FailedCells): Provenance {
  const modules = new Map(built.map((module) => [module.accounting.module, module]));
  const originOf = (module: string, ordinal: number): { table: string; row: bigint } => {
    const found = modules.get(module);
    const row = found?.rows[ordinal];
    if (found === undefined || row === undefined) throw new RangeError('no such record');
    return { table: found.places, row };
  };
  // A check asks several things about one record.
  let last: { module: string; ordinal: number; failed: FailedRow | null } | null = null;
  const failedOf = (module: string, ordinal: number): FailedRow | null => {
    if (last?.module !== module || last.ordinal !== ordinal) {
      const { table, row } = originOf(module, ordinal);
      last = { module, ordinal, failed: cells.of(module, table, row) };
    }
    return last.failed;
  };
  return {
    rowOf(module, ordinal) {
      const { table, row } = originOf(module, ordinal);
      const plain = Number(row);
      return { table, row: Number.isSafeInteger(plain) ? plain : String(row) };
    },
    sharesRows: (module) => modules.get(module)?.sharesRows === true,
    failedFields: (module, ordinal) => failedOf(module, ordinal)?.fields ?? NONE,
    findingOf: (module, ordinal, field) => failedOf(module, ordinal)?.findingOf(field),
  };
}
