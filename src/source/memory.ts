/**
 * The memory source: tables given as rows, for tests and as the simplest example of the contract.
 * Its rows are passed inside the handle, as pages of bytes.
 */

import { Failure } from '../outcome/failure.ts';
import { parseJsonAsWritten } from '../record/jsonText.ts';
import {
  InexactNumber,
  InvalidText,
  JsonNode,
  type JsonValue,
  type SourceValue,
} from '../record/value.ts';
import { cancellable } from './cancellable.ts';
import { CELL, rowsOf, type CellPage } from './cellPage.ts';
import { compareNames } from './nameOrder.ts';
import type { PreparedSource, SourceAdapter, SourceReader, TableSchema } from './source.ts';

export interface MemoryTable {
  readonly schema: TableSchema;
  /** Cells in the order of the schema's columns; a row's locator is its ordinal from 1. */
  readonly rows: readonly (readonly SourceValue[])[];
}

const SCHEME = 'memory';
const PAGE_ROWS = 4096;

interface HeldTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** Pages of `PAGE_ROWS` rows each, except for the last. */
  readonly pages: readonly CellPage[];
}

/** Makes the adapter of the tables in `registry`, by the name of their source. */
export function memoryAdapter(
  registry: ReadonlyMap<string, readonly MemoryTable[]>,
): SourceAdapter {
  return {
    scheme: SCHEME,
    usage: 'memory:NAME',
    parse: (rest) => ({ scheme: SCHEME, name: rest }),
    format: ({ name }) => String(name),
    dialect: null,
    declared: () => ({ family: 'unknown' }),
    async prepare({ name }, { signal }) {
      signal.throwIfAborted();
      const tables = registry.get(String(name));
      if (tables !== undefined) return memorySource(String(name), tables);
      throw new Failure('SOURCE_MISSING', {
        what: 'there is no source of that name in memory',
        where: JSON.stringify(name),
        hint: 'put its tables into the registry of the adapter',
      });
    },
    async open(handle, signal) {
      signal.throwIfAborted();
      return cancellable(readerOf(handle['tables'] as readonly HeldTable[]), signal);
    },
  };
}

function memorySource(label: string, tables: readonly MemoryTable[]): PreparedSource {
  const held = tables.map(({ schema, rows }): HeldTable => ({
    name: schema.name,
    columns: schema.columns.map((column) => column.name),
    rows: rows.length,
    pages: pagesOf(rows, schema.columns.length),
  }));
  const schemas = tables.map((table) => table.schema);
  const pages = held.flatMap((table) => table.pages);
  return {
    label,
    schema: { tables: schemas.sort((a, b) => compareNames(a.name, b.name)) },
    relations: new Map(),
    estimatedBytes: pages.reduce((sum, { bytes, ends }) => sum + bytes.length + ends.length, 0),
    async plan(name, rows) {
      const count = named(held, name).rows;
      const step = Math.max(1, Math.floor(rows));
      const ranges = [{ from: 0, to: Math.min(step, count) }];
      for (let from = step; from < count; from += step) {
        ranges.push({ from, to: Math.min(from + step, count) });
      }
      return ranges;
    },
    async count(name) {
      return named(held, name).rows;
    },
    inOneSnapshot: (open) => open({ scheme: SCHEME, tables: held }),
    async assertUnchanged() {},
    async close() {},
  };
}

function readerOf(tables: readonly HeldTable[]): SourceReader {
  return {
    async *read(name, columns, range) {
      const table = named(tables, name);
      const places = columns.map((column) => placeOf(table, column));
      const [from, to] = [Number(range['from']), Number(range['to'])];
      for (let start = from; start < to;) {
        const page = Math.floor(start / PAGE_ROWS);
        const [first, end] = [page * PAGE_ROWS, Math.min(to, (page + 1) * PAGE_ROWS)];
        const rows = rowsOf(table.pages[page] as CellPage, places, parseJsonAsWritten);
        yield rows.slice(start - first, end - first);
        start = end;
      }
    },
    async close() {},
  };
}

function named(tables: readonly HeldTable[], name: string): HeldTable {
  const found = tables.find((table) => table.name === name);
  if (found !== undefined) return found;
  throw new Failure('SOURCE_SCHEMA', {
    what: `the source has no table ${JSON.stringify(name)}`,
    hint: 'check the mapping against the tables',
  });
}

function placeOf({ name, columns }: HeldTable, column: string): number {
  const place = columns.indexOf(column);
  if (place >= 0) return place;
  throw new Failure('SOURCE_SCHEMA', {
    what: `table ${JSON.stringify(name)} has no column ${JSON.stringify(column)}`,
    hint: 'check the mapping against the tables',
  });
}

function pagesOf(rows: MemoryTable['rows'], columns: number): CellPage[] {
  const pages: CellPage[] = [];
  for (let start = 0; start < rows.length; start += PAGE_ROWS) {
    pages.push(pageOf(rows.slice(start, start + PAGE_ROWS), columns, start + 1));
  }
  return pages;
}

/** Makes a page of rows; `first` is the ordinal of the first one. */
function pageOf(rows: MemoryTable['rows'], columns: number, first: number): CellPage {
  const cells = rows.flatMap((row) => Array.from({ length: columns }, (_, at) => row[at] ?? null));
  const written = cells.map(writtenCell);
  let end = 0;
  return {
    rows: rows.length,
    columns,
    bytes: Uint8Array.from(Buffer.concat(written.map(([, bytes]) => bytes))),
    ends: Uint32Array.from(written, ([, bytes]) => (end += bytes.length)),
    kinds: Uint8Array.from(written, ([kind]) => kind),
    locators: BigInt64Array.from(rows, (_, index) => BigInt(first + index)),
  };
}

const NONE = new Uint8Array(0);

function writtenCell(cell: SourceValue): readonly [number, Uint8Array] {
  if (cell === null) return [CELL.null, NONE];
  if (cell === true) return [CELL.true, NONE];
  if (cell === false) return [CELL.false, NONE];
  if (typeof cell === 'string') return [CELL.text, Buffer.from(cell)];
  if (typeof cell === 'bigint') return [CELL.integer, Buffer.from(String(cell))];
  if (typeof cell === 'number') return [CELL.double, Buffer.from(digitsOf(cell))];
  if (cell instanceof InvalidText) return [CELL.text, cell.bytes];
  if (cell instanceof JsonNode) return [CELL.json, Buffer.from(jsonText(cell.value))];
  return [CELL.bytes, cell];
}

function digitsOf(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function jsonText(value: JsonValue): string {
  if (value instanceof InexactNumber) return value.lexeme;
  if (value instanceof Map) {
    const members = [...value].map(([key, of]) => `${JSON.stringify(key)}:${jsonText(of)}`);
    return `{${members.join(',')}}`;
  }
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  return typeof value === 'number' ? digitsOf(value) : JSON.stringify(value);
}
