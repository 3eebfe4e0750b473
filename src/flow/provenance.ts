/** Where the records of a provisional candidate come from, and which of their cells failed. */

import type { BuiltModule } from '../migrate/buildModule.ts';
import type { Finding, SourcePlace } from '../outcome/finding.ts';
import type { Provenance } from '../scan/scanCandidate.ts';

const NONE: ReadonlySet<string> = new Set();

/** `findings` are those of the cells, each with its id. Memory: 8 bytes a record, and the findings. */
export function provenanceOf(
  built: readonly BuiltModule[],
  findings: readonly Finding[],
): Provenance {
  const modules = new Map(built.map((module) => [module.accounting.module, module]));
  const failed = new Map<string, Set<string>>();
  const ids = new Map<string, string>();
  for (const { module = '', source, field = '', severity, id } of findings) {
    if (source === undefined || severity !== 'BLOCKER') continue;
    const key = `${module} ${source.row}`;
    failed.set(key, (failed.get(key) ?? new Set()).add(field));
    if (id === undefined) continue;
    ids.set(`${key} ${field}`, id);
    if (!ids.has(key)) ids.set(key, id);
  }
  const rowOf = (module: string, ordinal: number): SourcePlace => {
    const found = modules.get(module);
    const row = found?.rows[ordinal];
    if (found === undefined || row === undefined) throw new RangeError('no such record');
    const plain = Number(row);
    return {
      table: found.accounting.table,
      row: Number.isSafeInteger(plain) ? plain : String(row),
    };
  };
  const keyOf = (module: string, ordinal: number): string =>
    `${module} ${rowOf(module, ordinal).row}`;
  return {
    rowOf,
    failedFields: (module, ordinal) => failed.get(keyOf(module, ordinal)) ?? NONE,
    findingOf(module, ordinal, field) {
      const key = keyOf(module, ordinal);
      return ids.get(field === null ? key : `${key} ${field}`);
    },
  };
}
