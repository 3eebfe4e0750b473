/**
 * The modules of an outcome as a table of text. A long table is folded: the worst and the largest
 * modules stay, and one line sums up the others. Pure.
 */

import { countCauses } from '../outcome/cause.ts';
import type { ModuleLine } from '../outcome/moduleLine.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { counted } from '../outcome/counted.ts';
import { printable } from '../outcome/printable.ts';
import { alignColumns } from './alignColumns.ts';
import { comparedTable } from './comparedTable.ts';
import { placesTable } from './placesTable.ts';

/** Lines that are not modules: the header and the sum. */
const FRAME = 2;

/** Returns at most `lines` lines; `lines` has to be at least 5. */
export function moduleTable(outcome: Outcome, lines: number): string[] {
  const { modules, compared, places } = outcome;
  if (compared !== undefined) return comparedTable(compared, lines);
  if (places !== undefined) return placesTable(places);
  if (modules.length === 0) return [];
  const kept =
    modules.length + FRAME <= lines ? modules : worstAndLargest(outcome, lines - FRAME - 1);
  const sum = (of: (line: ModuleLine) => number): number =>
    modules.reduce((total, line) => total + of(line), 0);
  const table = alignColumns(
    [
      ['module', 'rows', 'records', 'rejected', 'root'],
      ...kept.map((line) => [
        line.module,
        String(line.rows),
        String(line.records),
        String(line.rejected),
        line.root.slice(0, 16),
      ]),
      [
        counted(modules.length, 'module'),
        String(sum((line) => line.rows)),
        String(sum((line) => line.records)),
        String(sum((line) => line.rejected)),
      ],
    ],
    3,
  );
  if (kept.length < modules.length) table.splice(-1, 0, others(outcome, new Set(kept)));
  return table.map(printable);
}

/** Picks modules with most findings or rejected rows, then with most rows; keeps their order. */
function worstAndLargest(outcome: Outcome, most: number): ModuleLine[] {
  const found = foundIn(outcome);
  const badness = (line: ModuleLine): readonly number[] => {
    const { blockers = 0, warnings = 0 } = found.get(line.module) ?? {};
    return [blockers + line.rejected, warnings, line.rows, line.records];
  };
  const ranked = outcome.modules
    .map((line) => ({ line, badness: badness(line) }))
    .sort((a, b) => {
      const at = a.badness.findIndex((number, index) => number !== b.badness[index]);
      return at < 0 ? 0 : (b.badness[at] ?? 0) - (a.badness[at] ?? 0);
    });
  const kept = new Set(ranked.slice(0, Math.max(1, most)).map(({ line }) => line));
  return outcome.modules.filter((line) => kept.has(line));
}

function others(outcome: Outcome, kept: ReadonlySet<ModuleLine>): string {
  const found = foundIn(outcome);
  const folded = outcome.modules.filter((line) => !kept.has(line));
  const bad = folded.filter((line) => line.rejected > 0 || found.has(line.module)).length;
  const many = `and ${folded.length} more`;
  if (bad === folded.length) return `${many}, all with findings`;
  if (bad > 0) return `${many}, ${bad} of them with findings`;
  const isCheck = outcome.status !== 'DONE' && outcome.status !== 'FAILED';
  return isCheck ? `${many}, all PASS` : `${many}, nothing rejected`;
}

/** Counts the BLOCKERs and WARNINGs of each module that has some. */
function foundIn({ findings }: Outcome): Map<string, { blockers: number; warnings: number }> {
  const found = new Map<string, { blockers: number; warnings: number }>();
  for (const { module, severity, count } of countCauses(findings)) {
    if (severity === 'INFO') continue;
    const { blockers = 0, warnings = 0 } = found.get(module) ?? {};
    const isBlocker = severity === 'BLOCKER';
    found.set(module, {
      blockers: blockers + (isBlocker ? count : 0),
      warnings: warnings + (isBlocker ? 0 : count),
    });
  }
  return found;
}
