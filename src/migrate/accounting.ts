/**
 * Accounts for the rows of a module: the counts are sealed and have to add up. A query accounts for
 * the rows of its base table, so that SQL cannot lose any of them unnoticed.
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

/** Counts of a module's build. */
export interface RowCounts {
  /** Rows that were read. */
  readonly rows: number;
  /** Rows that the mapping leaves out on purpose. */
  readonly filtered: number;
  /** Rows that became a record, alone or merged with others. */
  readonly emitting: number;
  /** Entries merged into an equal one. */
  readonly merged: number;
  /** How the rows that were read match those of the base table; null without a base. */
  readonly base: BaseCounts | null;
  /** Whether the run is a sample: rows outside of it count as filtered. */
  readonly sampled: boolean;
}

/** Makes the sealed counts of a module. @throws Error if records were lost, which is a bug */
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
  // In a sample of split or joined rows, counts of base rows would be wrong.
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

/** Counts the rows of the base table. */
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

/** Number of emitted rows: the pairs, or the base rows that the results count. */
function emittedOf({ rows, pairs, lost, counted }: BaseCounts): number {
  return counted === null ? pairs : rows - lost - counted.uncounted;
}

/** Whether each base row has one result row at most, and each result row one base row. */
export function isOneToOne({ rows, results, pairs, strays, lost }: BaseCounts): boolean {
  return pairs === results - strays && pairs === rows - lost;
}

/**
 * Reports rows that no count of base rows accounts for. A candidate with such a finding is never
 * sealed, whatever options allow.
 */
export function unaccounted(module: CompiledModule, counts: RowCounts): Finding[] {
  const { base, rows, filtered, emitting, sampled } = counts;
  if (base === null || module.base === null) return [];
  const table = quoteName(module.base.table);
  const reasons = [...sharedKeys(module.base, base), ...wrongCounts(module.base, base)];
  const add = (number: number, what: string): void => {
    if (number > 0) reasons.push(`${counted(number, 'row')} of the query ${what}`);
  };
  add(base.strays, `not read: no matching row in base table ${table}`);
  if (!isOneToOne(base)) {
    const several = `rows of the query and of table ${table} do not match one to one, so no row of the table accounts for this`;
    add(rows - filtered - emitting, `rejected; ${several}`);
    // A sample leaves out arbitrary parts of rows, and proves nothing about them anyway.
    add(sampled ? 0 : filtered, `filtered; ${several}, and the condition belongs in the SQL`);
  }
  return reasons.map((reason) => {
    return { rule: 'accounting', severity: 'BLOCKER', module: module.name, reason };
  });
}

/** Reports base rows that share a key: a result for one would also account for the others. */
function sharedKeys({ table, key, count }: BaseTable, { shared }: BaseCounts): string[] {
  if (shared === 0 || count !== undefined) return [];
  const columns = Object.keys(key).map(quoteName).join(', ');
  const them = shared === 1 ? 'row' : 'rows';
  return [
    `base table ${quoteName(table)} has ${shared} ${them} that share their key (${columns}) with ` +
      'another row, so rows that the query leaves out cannot be identified: name a unique key, ' +
      'or in "count" the result column of count(*)',
  ];
}

/** Reports results whose counts differ from the number of base rows. */
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
      `${column} counts rows that do not exist, or is not a whole number above 0: ` +
        `${by.miscounted} too many`,
    );
  }
  return reasons;
}

/** Reports a query that makes several records of a row, which its author may not expect. */
export function multiplied(
  module: CompiledModule,
  counts: RowCounts,
  project: ProjectMapping,
): Finding[] {
  const { base } = counts;
  // Shared keys are reported instead.
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
