/**
 * A pass over a table, in a worker, that counts the rows which no module takes: those that the
 * conditions of all its modules leave out, by a value, or only by the kind of a cell; and those of
 * which a cell is taken by none.
 */

import type { CompiledModule } from '../../mapping/compile/module.ts';
import type { MapperContext } from '../../mapping/compile/identity.ts';
import { verdictOfWhere } from '../../mapping/compile/where.ts';
import { compareNames } from '../../source/nameOrder.ts';
import type { ReadRange, Row, SourceReader } from '../../source/source.ts';
import { openSelection, type RowSelection } from './rowSelection.ts';

/** Columns that not all modules of a table map, and which ones do: indexes into its modules. */
export interface SharedColumns {
  readonly columns: readonly string[];
  readonly modules: readonly number[];
}

export interface LeftOutInput {
  /** All that read the table. */
  readonly modules: readonly string[];
  readonly parts: readonly SharedColumns[];
  readonly selection: RowSelection;
  readonly ranges: readonly ReadRange[];
  /** Int32: the next range that nobody reads yet. */
  readonly next: SharedArrayBuffer;
}

/** Rows that are left out because of what kind the cells of a column are. */
interface OddCells {
  readonly column: string;
  nulls: number;
  others: number;
}

export interface LeftOut {
  /** Rows that no module takes. */
  readonly rows: number;
  /** Those among them that are left out by the kind of a cell alone. */
  readonly odd: readonly OddCells[];
  /** By part: rows that a module takes, but none that maps the part, where a cell of it is not null. */
  readonly parts: readonly number[];
}

/** Reads ranges until none is left. When it fails, the other workers stop too. */
export async function countLeftOut(
  input: LeftOutInput,
  modules: readonly CompiledModule[],
  reader: SourceReader,
  context: MapperContext,
): Promise<LeftOut> {
  const [first] = modules;
  if (first === undefined) throw new Error('no module reads the table');
  const shared = input.parts.flatMap((part) => part.columns);
  const columns = [...new Set([...modules.flatMap(columnsOfGate), ...shared])];
  const next = new Int32Array(input.next);
  const opened = modules.map((module) => {
    const reduced: CompiledModule = { ...module, columns };
    return {
      ...openSelection(reduced, context, input.selection),
      verdict: verdictOfWhere(reduced),
    };
  });
  const parts = input.parts.map((part) => ({
    cells: part.columns.map((column) => columns.indexOf(column)),
    modules: part.modules,
  }));
  const found = tally(parts.length);
  const take = (row: Row): void => {
    const takes = opened.map(({ gate }) => gate === null || gate(row));
    if (!takes.includes(true)) {
      found.add(opened.map(({ verdict }) => verdict(row)));
      return;
    }
    for (const [index, part] of parts.entries()) {
      if (part.modules.some((module) => takes[module] === true)) continue;
      if (part.cells.some((cell) => (row[cell] ?? null) !== null)) found.addPart(index);
    }
  };
  try {
    for (;;) {
      const range = input.ranges[Atomics.add(next, 0, 1)];
      if (range === undefined) return found.result();
      for await (const page of reader.read(first.table, columns, range)) page.forEach(take);
    }
  } catch (error) {
    Atomics.store(next, 0, input.ranges.length);
    throw error;
  } finally {
    for (const one of opened) one.close();
  }
}

/** Columns that say whether a row counts. */
function columnsOfGate({ mapping, fields }: CompiledModule): string[] {
  const columns = (mapping.where ?? []).map(({ column }) => column);
  for (const { mapping: field } of fields) {
    if ('reference' in field && field.onFilteredParent === 'filter') columns.push(...field.columns);
  }
  return columns;
}

function tally(numberOfParts: number): {
  add(verdicts: readonly ReturnType<ReturnType<typeof verdictOfWhere>>[]): void;
  addPart(index: number): void;
  result(): LeftOut;
} {
  let rows = 0;
  const parts = Array.from({ length: numberOfParts }, () => 0);
  const odd = new Map<string, OddCells>();
  return {
    add(verdicts) {
      rows += 1;
      const cell = verdicts.find((verdict) => typeof verdict !== 'string');
      if (cell === undefined) return;
      const known = odd.get(cell.column) ?? { column: cell.column, nulls: 0, others: 0 };
      known[cell.cell === 'null' ? 'nulls' : 'others'] += 1;
      odd.set(cell.column, known);
    },
    addPart(index) {
      parts[index] = (parts[index] ?? 0) + 1;
    },
    result: () => ({ rows, odd: [...odd.values()], parts }),
  };
}

/** What several workers have counted. */
export function sumLeftOut(parts: readonly LeftOut[]): LeftOut {
  const odd = new Map<string, OddCells>();
  for (const { column, nulls, others } of parts.flatMap((part) => part.odd)) {
    const known = odd.get(column) ?? { column, nulls: 0, others: 0 };
    known.nulls += nulls;
    known.others += others;
    odd.set(column, known);
  }
  return {
    rows: parts.reduce((sum, part) => sum + part.rows, 0),
    odd: [...odd.values()].sort((a, b) => compareNames(a.column, b.column)),
    parts: (parts[0]?.parts ?? []).map((_, index) =>
      parts.reduce((sum, part) => sum + (part.parts[index] ?? 0), 0),
    ),
  };
}
