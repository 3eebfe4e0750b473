/** Reads the sources for the proof of a policy, in worker threads that have them open. */

import {
  DEFAULT_SOURCE,
  findModule,
  type Mapping,
  type ModuleMapping,
} from '../../mapping/model.ts';
import type { NamedSource } from '../../project/sources.ts';
import { ROWS_PER_RANGE } from '../../run/rowsPerRange.ts';
import { inOrder } from '../../threads/inOrder.ts';
import type { Pool } from '../../threads/pool.ts';
import { COUNT_RELATION, READ_EXPECTED, READ_TEXTS } from '../calls.ts';
import type { Partition } from '../keyTable.ts';

/** A table or relation that a module reads, or its base. */
export interface TableOf {
  readonly module: string;
  readonly table: string;
}

export interface SourceRows {
  /** Yields the texts of columns, in parts: one list for each column; null for what is no text. */
  texts(
    of: TableOf,
    columns: readonly string[],
  ): AsyncGenerator<readonly (readonly (string | null)[])[]>;
  /** Yields the keys of the treated values of a module that are in the partition, four words each. */
  expected(module: string, table: string, partition: Partition): AsyncGenerator<Uint32Array>;
  count(of: TableOf): Promise<number>;
  /** Columns of a table or relation; empty if there is none of this name. */
  columns(of: TableOf): ReadonlySet<string>;
}

/** Reads by the threads of `pool`, which have all sources open in one snapshot each. */
export function sourceRows(
  mapping: Mapping,
  sources: readonly NamedSource[],
  pool: Pool,
): SourceRows {
  const preparedOf = (module: string): NamedSource['prepared'] => {
    const name = sourceNameOf(findModule(mapping, module));
    const found = sources.find((source) => source.name === name);
    if (found === undefined) throw new TypeError(`source ${name} is not open`);
    return found.prepared;
  };
  return {
    async *texts({ module, table }, columns) {
      const ranges = await preparedOf(module).plan(table, ROWS_PER_RANGE);
      yield* inOrder(ranges, pool.size + 1, (range) =>
        pool.call(READ_TEXTS, { module, table, columns, range }),
      );
    },
    async *expected(module, table, partition) {
      const ranges = await preparedOf(module).plan(table, ROWS_PER_RANGE);
      yield* inOrder(ranges, pool.size + 1, (range) =>
        pool.call(READ_EXPECTED, { module, range, partition }),
      );
    },
    async count({ module, table }) {
      const prepared = preparedOf(module);
      if (!prepared.relations.has(table)) return prepared.count(table);
      return pool.call(COUNT_RELATION, { module, table });
    },
    columns({ module, table }) {
      const { schema, relations } = preparedOf(module);
      const found =
        relations.get(table)?.schema ?? schema.tables.find(({ name }) => name === table);
      return new Set(found?.columns.map(({ name }) => name));
    },
  };
}

function sourceNameOf(module: ModuleMapping | undefined): string {
  return module?.source.name ?? DEFAULT_SOURCE;
}
