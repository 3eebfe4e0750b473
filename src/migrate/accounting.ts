/**
 * What became of the rows of a module: the counts that are sealed, and that have to add up. A query
 * answers for the rows of its base table: none of them may get lost on the way through SQL.
 */

import type { CompiledModule } from '../mapping/compile/module.ts';
import type { BaseTable, ProjectMapping } from '../mapping/model.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { severityOf } from '../mapping/severity.ts';
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
    merged: isOneToOne(counts.base) ? merged : emittedOf(counts.base) - records,
    records,
  };
}

type Rows = Pick<ModuleAccounting, 'rows' | 'emitting' | 'filtered' | 'rejected' | 'emitted'>;

/** The rows of the base table. */
function ofBase(counts: RowCounts, base: BaseCounts, lostOnPurpose: boolean): Rows {
  const { rows } = base;
  if (!isOneToOne(base)) {
    const lost = base.lost + (base.counted?.uncounted ?? 0);
    const [filtered, rejected] = lostOnPurpose ? [lost, 0] : [0, lost];
    return { rows, emitting: rows - lost, filtered, rejected, emitted: emittedOf(base) };
  }
  // Each row that was read is a row of the base.
  const { emitting } = counts;
  const filtered = (lostOnPurpose ? base.lost : 0) + counts.filtered;
  return { rows, emitting, filtered, rejected: rows - emitting - filtered, emitted: emitting };
}

/** What base rows and results make: each pair, or each base row once that the results count. */
function emittedOf({ rows, pairs, lost, counted }: BaseCounts): number {
  return counted === null ? pairs : rows - lost - counted.uncounted;
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
  if (base === null || module.base === null) return [];
  const table = quoteName(module.base.table);
  const reasons = [...sharedKeys(module.base, base), ...wrongCounts(module.base, base)];
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

/** Where rows share a key, a result that belongs to one of them would answer for the others. */
function sharedKeys({ table, key, count }: BaseTable, { shared }: BaseCounts): string[] {
  if (shared === 0 || count !== undefined) return [];
  const columns = Object.keys(key).map(quoteName).join(', ');
  const them = shared === 1 ? 'row' : 'rows';
  return [
    `base table ${quoteName(table)} has ${shared} ${them} that share their key (${columns}) with ` +
      'another row, so it would not show which of them the query leaves out: name a unique key, ' +
      'or in "count" the result column of count(*)',
  ];
}

/** Results that count other rows than there are. */
function wrongCounts({ table, count, lost }: BaseTable, { counted: by }: BaseCounts): string[] {
  if (by === null || count === undefined) return [];
  const column = `result column ${quoteName(count)}`;
  const reasons: string[] = [];
  if (by.uncounted > 0 && lost !== 'filter') {
    const rows = counted(by.uncounted, 'row');
    reasons.push(`${rows} of base table ${quoteName(table)} missing in ${column}, key by key`);
  }
  if (by.miscounted > 0) {
    reasons.push(
      `${column} counts rows that are not there, or holds what is no whole number above 0: ` +
        `${by.miscounted} too many`,
    );
  }
  return reasons;
}

/** What a person may not expect of a query: a finding where it makes several records of a row. */
export function multiplied(
  module: CompiledModule,
  counts: RowCounts,
  project: ProjectMapping,
): Finding[] {
  const { base } = counts;
  // Where keys are shared, that is what has to be told.
  if (base === null || base.multiplied === 0 || base.shared > 0) return [];
  const table = quoteName(module.base?.table ?? '');
  return [
    {
      rule: 'row-multiplied',
      severity: severityOf(project, 'row-multiplied', module.name),
      module: module.name,
      reason:
        `the query yields ${base.pairs} rows for ${base.rows - base.lost} of its base table ` +
        `${table}: more than one for ${base.multiplied} of them`,
    },
  ];
}
