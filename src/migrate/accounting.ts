/**
 * What became of the rows of a module: the counts that are sealed, and that have to add up. A query
 * answers for the rows of its base table: none of them may get lost on the way through SQL.
 */

import type { CompiledModule } from '../mapping/compile.ts';
import { counted } from '../outcome/counted.ts';
import type { Finding } from '../outcome/finding.ts';
import type { ModuleAccounting } from '../seal/format.ts';
import type { WrittenModule } from '../seal/moduleWriter.ts';
import type { BaseCounts } from '../source/source.ts';

/** What was counted while a module was built. */
export interface RowCounts {
  /** Rows that were read. */
  readonly rows: number;
  /** Rows that the mapping leaves out on purpose. */
  readonly filtered: number;
  /** Rows that became a record, be it together with others. */
  readonly emitting: number;
  /** Records that were one with another. */
  readonly merged: number;
  /** How the rows of the base table and those that were read belong together. */
  readonly base: BaseCounts | null;
  /** Rows that are not in the sample are among the filtered ones. */
  readonly sampled: boolean;
}

/** @throws Error where records were lost on the way: that is a defect of ours */
export function account(
  module: CompiledModule,
  counts: RowCounts,
  written: WrittenModule,
): ModuleAccounting {
  const { rows, filtered, emitting, merged } = counts;
  const records = written.sealed.count;
  const rejected = rows - emitting - filtered;
  if (records !== emitting - merged || rejected < 0) {
    throw new Error(`${module.name}: ${emitting} rows less ${merged} became ${records} records`);
  }
  const { name, source, base } = module;
  const own = { rows, emitting, filtered, rejected, emitted: emitting, merged };
  // Of a sample of rows that were split or joined, rows of the base table would say nothing true.
  if (counts.base === null || (counts.sampled && !isOneToOne(counts.base))) {
    return { module: name, source, table: module.table, ...own, records };
  }
  return {
    module: name,
    source,
    table: base?.table ?? module.table,
    ...ofBase(counts, counts.base, base?.lost === 'filter'),
    merged: isOneToOne(counts.base) ? merged : counts.base.pairs - records,
    records,
  };
}

type Rows = Pick<ModuleAccounting, 'rows' | 'emitting' | 'filtered' | 'rejected' | 'emitted'>;

/** The rows of the base table. */
function ofBase(counts: RowCounts, base: BaseCounts, lostOnPurpose: boolean): Rows {
  const { rows, lost, pairs } = base;
  const [leftOut, refused] = lostOnPurpose ? [lost, 0] : [0, lost];
  if (!isOneToOne(base)) {
    return { rows, emitting: rows - lost, filtered: leftOut, rejected: refused, emitted: pairs };
  }
  // Each row that was read is a row of the base.
  const { emitting } = counts;
  const filtered = leftOut + counts.filtered;
  return { rows, emitting, filtered, rejected: rows - emitting - filtered, emitted: emitting };
}

/** Whether each base row has one result row at most, and each result row one base row. */
export function isOneToOne({ rows, results, pairs, strays, lost }: BaseCounts): boolean {
  return pairs === results - strays && pairs === rows - lost;
}

/**
 * Rows for which no count of base rows can answer; none where all is well. A candidate with one of
 * them is never sealed, whatever is allowed.
 */
export function unaccounted(module: CompiledModule, counts: RowCounts): Finding[] {
  const { base, rows, filtered, emitting, sampled } = counts;
  if (base === null) return [];
  const table = JSON.stringify(module.base?.table ?? '');
  const reasons: string[] = [];
  const add = (number: number, what: string): void => {
    if (number > 0) reasons.push(`${counted(number, 'row')} of the query ${what}`);
  };
  add(base.strays, `without a partner in its base table ${table}, and not read`);
  if (!isOneToOne(base)) {
    const several = `as its rows are not those of table ${table} one by one, no row of it answers for this`;
    add(rows - filtered - emitting, `rejected; ${several}`);
    // A sample leaves out parts of rows as it comes; it proves nothing about them anyway.
    add(sampled ? 0 : filtered, `filtered; ${several}, and the condition belongs into the SQL`);
  }
  return reasons.map((reason) => {
    return { rule: 'accounting', severity: 'BLOCKER', module: module.name, reason };
  });
}
