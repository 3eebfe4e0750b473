/**
 * Conditions of a module on the cells of a row, as the source has them: rows for which one does not
 * hold are filtered, before anything is mapped.
 *
 * Text equals text and numbers equal numbers, by value: 5 is 5.0 and the bigint 5, never "5". Order
 * is that of numbers, or of the UTF-8 bytes of texts; a cell of another kind has none.
 */

import type { SourceValue } from '../../record/value.ts';
import type { Row } from '../../source/source.ts';
import type { CompiledModule } from './module.ts';
import type { Condition } from '../model.ts';

type CellTest = (cell: SourceValue) => boolean;

/** Whether all conditions of the module hold for a row of its columns; null where it has none. */
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

/** What became of a row by the conditions of a module. */
export type ByConditions =
  | 'kept'
  /** A cell that a condition can judge does not fulfil it. */
  | 'left-out'
  /** Nothing but cells that are null, or of a kind that no value of their condition has. */
  | { readonly column: string; readonly cell: 'null' | 'other-kind' };

/** What becomes of a row, and where only the kind of a cell decided it, of which column. */
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

/** The kinds of cells that a condition judges by their value; null where it judges every cell. */
function kindsOf(condition: Condition): ReadonlySet<CellKind> | null {
  if ('in' in condition) return new Set(condition.in.map(kindOf));
  if ('atLeast' in condition) return new Set([kindOf(condition.atLeast)]);
  return 'below' in condition ? new Set([kindOf(condition.below)]) : null;
}

/** The test of one condition. */
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

/** Below zero where the cell is less, zero where it equals, NaN where the two have no order. */
function orderTo(bound: string | number): (cell: SourceValue) => number {
  if (typeof bound === 'number') return (cell) => numberOrder(cell, bound);
  const bytes = Buffer.from(bound);
  return (cell) =>
    typeof cell === 'string' ? Buffer.compare(Buffer.from(cell), bytes) : Number.NaN;
}

/** JavaScript compares a bigint with a number exactly. */
function numberOrder(cell: SourceValue, bound: number): number {
  if (typeof cell !== 'number' && typeof cell !== 'bigint') return Number.NaN;
  if (cell < bound) return -1;
  if (cell > bound) return 1;
  return Number.isNaN(Number(cell)) ? Number.NaN : 0;
}
