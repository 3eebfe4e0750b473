/**
 * Counts the rows of a table that no module takes, in a worker: those that the conditions of all
 * its modules leave out, by a value or only by the kind of a cell; and those with a cell that no
 * module takes.
 */

import type { CompiledModule } from '../../mapping/compile/module.ts';
import type { MapperContext } from '../../mapping/compile/identity.ts';
import { verdictOfWhere } from '../../mapping/compile/where.ts';
import type { Row, SourceReader } from '../../source/source.ts';
import type { LeftOut, LeftOutInput, OddCells } from '../calls.ts';
import { openSelection } from '../select/rowSelection.ts';

/** Reads ranges until none is left. If it fails, the other workers stop, too. */
export async function countLeftOut(
  input: LeftOutInput,
  modules: readonly CompiledModule[],
  reader: SourceReader,
  context: MapperContext,
): Promise<LeftOut> {
  const [first] = modules;
  if (first === undefined) throw new Error('no module reads the table');
  const shared = input.parts.flatMap((part) => part.columns);
  const columns = [...new Set([...modules.flatMap(columnsOfFilter), ...shared])];
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
    const takes = opened.map(({ filter }) => filter === null || filter(row));
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

/** Columns that decide whether a row counts. */
function columnsOfFilter({ mapping, fields }: CompiledModule): string[] {
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
