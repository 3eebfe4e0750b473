/** Rows of the sources for the proof of a policy: from the readers of a run, or from readers of its own. */

import { DEFAULT_SOURCE, type ModuleMapping } from '../../mapping/model.ts';
import type { NamedSource } from '../../project/sources.ts';
import type { Environment } from '../../run/environment.ts';
import { ROWS_PER_LONG_RANGE } from '../../run/rowsPerRange.ts';
import type { Row, SourceReader } from '../../source/source.ts';

/** A table or relation of the source that a module reads, or its base. */
export interface RowsOf {
  /** Name of the source. */
  readonly source: string;
  readonly table: string;
  readonly columns: readonly string[];
  /** Columns whose numbers are read as written. */
  readonly asWritten: readonly string[];
}

export interface SourceRows {
  /** Yields pages of rows: the columns in order, then the locator. */
  read(what: RowsOf): AsyncIterable<readonly Row[]>;
  /** Returns the number of rows of a table; of a query only an upper bound may be known. */
  count(what: Pick<RowsOf, 'source' | 'table'>): Promise<number>;
  /** Columns of a table or relation; empty if there is none of this name. */
  columns(what: Pick<RowsOf, 'source' | 'table'>): ReadonlySet<string>;
}

/** Returns the name of the source that a module reads. */
export function sourceOf({ source }: ModuleMapping): string {
  return source.name ?? DEFAULT_SOURCE;
}

/** Opens a reader of each source in one snapshot, and closes them after `work`. */
export async function withRows<T>(
  sources: readonly NamedSource[],
  env: Environment,
  work: (rows: SourceRows) => Promise<T>,
): Promise<T> {
  const readers = new Map<string, SourceReader>();
  try {
    for (const { name, scheme, prepared } of sources) {
      await prepared.inOneSnapshot(async (handle) => {
        await readers.get(name)?.close();
        const adapter = env.adapters.get(scheme);
        if (adapter === undefined) throw new TypeError(`no adapter for ${scheme}`);
        readers.set(name, await adapter.open(handle, env.signal));
      });
    }
    return await work(rowsOf(sources, readers));
  } finally {
    for (const reader of readers.values()) await reader.close();
  }
}

/** Reads by these readers, each of the source of its name. */
export function rowsOf(
  sources: readonly NamedSource[],
  readers: ReadonlyMap<string, Pick<SourceReader, 'read' | 'relations'>>,
): SourceRows {
  const preparedOf = (name: string): NamedSource['prepared'] => {
    const found = sources.find((source) => source.name === name);
    if (found === undefined) throw new TypeError(`source ${name} is not open`);
    return found.prepared;
  };
  const readerOf = (name: string): Pick<SourceReader, 'read' | 'relations'> => {
    const reader = readers.get(name);
    if (reader === undefined) throw new TypeError(`source ${name} is not open`);
    return reader;
  };
  return {
    async *read({ source, table, columns, asWritten }) {
      for (const range of await preparedOf(source).plan(table, ROWS_PER_LONG_RANGE)) {
        yield* readerOf(source).read(table, columns, range, asWritten);
      }
    },
    async count({ source, table }) {
      const prepared = preparedOf(source);
      const { relations } = readerOf(source);
      const isRelation = prepared.relations.has(table) && relations !== undefined;
      return isRelation ? relations.count(table) : prepared.count(table);
    },
    columns({ source, table }) {
      const { schema, relations } = preparedOf(source);
      const found = relations.get(table)?.schema ?? schema.tables.find(({ name }) => name === table);
      return new Set(found?.columns.map(({ name }) => name));
    },
  };
}
