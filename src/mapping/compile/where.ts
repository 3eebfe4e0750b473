/**
 * Conditions of a module on the cells of a row, as read from the source. Rows that do not fulfil
 * all of them are filtered before anything is mapped.
 *
 * Text equals text and numbers equal numbers, by value: 5 is 5.0 and the bigint 5, never "5".
 * Numbers have their order, texts that of their UTF-8 bytes; a cell of another kind has none.
 */

import type { SourceValue } from '../../record/value.ts';
import type { Row } from '../../source/source.ts';
import type { CompiledModule } from './module.ts';
import type { Condition } from '../model.ts';

type CellTest = (cell: SourceValue) => boolean;

/**
 * Returns whether a row of its columns fulfils all conditions of the module; null if it has none.
 */
export function whereOf(
  module: Pick<CompiledModule, 'mapping' | 'columns'>,
): ((row: Row) => boolean) | null {
  const { where = [] } = module.mapping;
  if (where.length === 0) return null;
  const tests = where.map((condition) => ({
    index: module.columns.indexOf(condition.column),
    holds: cellTest(condition),
  }));
  return (row) => tests.every(({ index, holds }) => holds(row[index] ?? null));
}

/** Result of a module's conditions for a row. */
export type ByConditions =
  | 'kept'
  /** A cell that a condition can compare does not fulfil it. */
  | 'left-out'
  /**
   * Only cells that are null, or of a kind that no value of their condition has, do not fulfil it.
   */
  | { readonly column: string; readonly cell: 'null' | 'other-kind' };

/** Returns the result for a row, with the column if only the kind of a cell decided it. */
export function verdictOfWhere(
  module: Pick<CompiledModule, 'mapping' | 'columns'>,
): (row: Row) => ByConditions {
  const conditions = (module.mapping.where ?? []).map((condition) => ({
    column: condition.column,
    index: module.columns.indexOf(condition.column),
    holds: cellTest(condition),
    kinds: kindsOf(condition),
  }));
  return (row) => {
    let odd: ByConditions = 'kept';
    for (const { column, index, holds, kinds } of conditions) {
      const cell = row[index] ?? null;
      if (holds(cell)) continue;
      if (kinds === null || kinds.has(kindOf(cell))) return 'left-out';
      if (odd === 'kept') odd = { column, cell: cell === null ? 'null' : 'other-kind' };
    }
    return odd;
  };
}

type CellKind = 'text' | 'number' | 'other';

function kindOf(cell: SourceValue): CellKind {
  if (typeof cell === 'string') return 'text';
  return typeof cell === 'number' || typeof cell === 'bigint' ? 'number' : 'other';
}

/**
 * Returns the kinds of cells that a condition compares by value; null if it compares every cell.
 */
function kindsOf(condition: Condition): ReadonlySet<CellKind> | null {
  if ('in' in condition) return new Set(condition.in.map(kindOf));
  if ('atLeast' in condition) return new Set([kindOf(condition.atLeast)]);
  return 'below' in condition ? new Set([kindOf(condition.below)]) : null;
}

/** Returns the test of one condition. */
export function cellTest(condition: Condition): CellTest {
  if ('in' in condition) return oneOf(condition.in);
  if ('notIn' in condition) {
    const listed = oneOf(condition.notIn);
    return (cell) => !listed(cell);
  }
  if ('isNull' in condition) return (cell) => (cell === null) === condition.isNull;
  if ('atLeast' in condition) {
    const order = orderTo(condition.atLeast);
    return (cell) => order(cell) >= 0;
  }
  const order = orderTo(condition.below);
  return (cell) => order(cell) < 0;
}

function oneOf(values: readonly (string | number)[]): CellTest {
  const known = new Set<SourceValue>(values);
  for (const value of values) {
    if (typeof value === 'number' && Number.isInteger(value)) known.add(BigInt(value));
  }
  return (cell) => known.has(cell);
}

/** Negative if the cell is less, zero if it is equal, NaN if the two have no order. */
function orderTo(bound: string | number): (cell: SourceValue) => number {
  if (typeof bound === 'number') return (cell) => numberOrder(cell, bound);
  const bytes = Buffer.from(bound);
  return (cell) =>
    typeof cell === 'string' ? Buffer.compare(Buffer.from(cell), bytes) : Number.NaN;
}

/** Compares a bigint with a number exactly, as JavaScript does. */
function numberOrder(cell: SourceValue, bound: number): number {
  if (typeof cell !== 'number' && typeof cell !== 'bigint') return Number.NaN;
  if (cell < bound) return -1;
  if (cell > bound) return 1;
  return Number.isNaN(Number(cell)) ? Number.NaN : 0;
}
