/** The order in which tables with foreign keys are filled: those that others refer to first. Pure. */

import type { TargetNames } from '../targetNames.ts';
import type { TableForm } from '../tableForm.ts';
import type { TargetProblem } from '../target.ts';
import { identifier } from './ddl.ts';
import type { SchemaThere } from './tablesThere.ts';

export interface LoadOrder {
  readonly order: readonly string[];
  /** Modules whose records refer to each other: a foreign key is checked at the end of a statement. */
  readonly oneBatch: ReadonlySet<string>;
  /** Tables that refer to each other in a circle, which no order can fill. */
  readonly cycle: readonly TargetProblem[];
}

/** Orders the modules by the foreign keys of their tables. */
export function loadOrder(
  tables: readonly TableForm[],
  { tables: there }: SchemaThere,
  names: TargetNames,
): LoadOrder {
  const tableOf = (module: string): string => identifier(names.table(module));
  const moduleOf = new Map(tables.map(({ module }) => [tableOf(module), module]));
  const parentsOf = (module: string): string[] => {
    const parents = there.get(tableOf(module))?.parents ?? [];
    return parents.flatMap((table) => moduleOf.get(table) ?? []);
  };
  const left = new Map(
    tables.map(({ module }) => {
      return [module, new Set(parentsOf(module).filter((parent) => parent !== module))] as const;
    }),
  );
  const order: string[] = [];
  while (left.size > 0) {
    const free = [...left].find(([, parents]) => [...parents].every((one) => !left.has(one)));
    if (free === undefined) break;
    order.push(free[0]);
    left.delete(free[0]);
  }
  const what =
    'foreign keys of the tables form a circle: drop one of them for the load, and add it again';
  return {
    order,
    oneBatch: new Set(order.filter((module) => parentsOf(module).includes(module))),
    cycle: [...left.keys()].map((module) => ({ module, what })),
  };
}
