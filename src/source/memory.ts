/**
 * The memory source: tables given as rows. For tests, and as the plainest example of the contract.
 * Rows travel inside the handle, in a form that survives structured clone.
 */

import { Failure } from '../outcome/failure.ts';
import {
  InexactNumber,
  InvalidText,
  JsonNode,
  type JsonValue,
  type SourceValue,
} from '../record/value.ts';
import { compareNames } from './nameOrder.ts';
import type { PreparedSource, SourceAdapter, TableSchema } from './source.ts';

export interface MemoryTable {
  readonly schema: TableSchema;
  /** Cells in the order of the schema's columns; a row's locator is its ordinal from 1. */
  readonly rows: readonly (readonly SourceValue[])[];
}

const SCHEME = 'memory';
const PAGE_ROWS = 4096;

/** Classes do not survive structured clone: these stand for them. */
type PlainCell =
  | Exclude<SourceValue, InvalidText | JsonNode>
  | { readonly invalidText: Uint8Array }
  | { readonly json: PlainJson };
type PlainJson =
  | null
  | boolean
  | number
  | string
  | { readonly lexeme: string }
  | { readonly items: readonly PlainJson[] }
  | { readonly members: readonly (readonly [string, PlainJson])[] };

interface PlainTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly PlainCell[])[];
}

/** Has no location of its own: what {@link memorySource} prepares is opened here. */
export const memoryAdapter: SourceAdapter = {
  scheme: SCHEME,
  async prepare() {
    throw new Failure('UNSUPPORTED', {
      what: 'a memory source has no location',
      hint: 'it is made by memorySource()',
    });
  },
  async open(handle) {
    const tables = handle['tables'] as readonly PlainTable[];
    return {
      async *read(name, columns, range) {
        const table = named(tables, name);
        const places = columns.map((column) => placeOf(table, column));
        const [from, to] = [Number(range['from']), Number(range['to'])];
        for (let start = from; start < to; start += PAGE_ROWS) {
          const page = table.rows.slice(start, Math.min(to, start + PAGE_ROWS));
          yield page.map((cells, index) => {
            const row = places.map((place) => revive(cells[place] ?? null));
            row.push(start + index + 1);
            return row;
          });
        }
      },
      async close() {},
    };
  },
};

/** A prepared source of the given tables. */
export function memorySource(tables: readonly MemoryTable[]): PreparedSource {
  const plain = tables.map(({ schema, rows }): PlainTable => ({
    name: schema.name,
    columns: schema.columns.map((column) => column.name),
    rows: rows.map((cells) => cells.map(flatten)),
  }));
  const schemas = tables.map((table) => table.schema);
  return {
    handle: { scheme: SCHEME, tables: plain },
    schema: { tables: schemas.sort((a, b) => compareNames(a.name, b.name)) },
    relations: new Map(),
    bytes: plain.reduce((sum, { rows }) => sum + rows.length, 0),
    async plan(name, rows) {
      const count = named(plain, name).rows.length;
      const step = Math.max(1, Math.floor(rows));
      const ranges = [{ from: 0, to: Math.min(step, count) }];
      for (let from = step; from < count; from += step) {
        ranges.push({ from, to: Math.min(from + step, count) });
      }
      return ranges;
    },
    async count(name) {
      return named(plain, name).rows.length;
    },
    async inOneSnapshot(begin) {
      await begin();
    },
    async assertUnchanged() {},
    async close() {},
  };
}

function named(tables: readonly PlainTable[], name: string): PlainTable {
  const found = tables.find((table) => table.name === name);
  if (found !== undefined) return found;
  throw new Failure('SOURCE_SCHEMA', {
    what: `the source has no table ${JSON.stringify(name)}`,
    hint: 'check the mapping against the tables',
  });
}

function placeOf({ name, columns }: PlainTable, column: string): number {
  const place = columns.indexOf(column);
  if (place >= 0) return place;
  throw new Failure('SOURCE_SCHEMA', {
    what: `table ${JSON.stringify(name)} has no column ${JSON.stringify(column)}`,
    hint: 'check the mapping against the tables',
  });
}

function flatten(cell: SourceValue): PlainCell {
  if (cell instanceof InvalidText) return { invalidText: cell.bytes };
  return cell instanceof JsonNode ? { json: flattenJson(cell.value) } : cell;
}

function flattenJson(value: JsonValue): PlainJson {
  if (value instanceof InexactNumber) return { lexeme: value.lexeme };
  if (value instanceof Map) {
    return { members: [...value].map(([key, member]) => [key, flattenJson(member)] as const) };
  }
  if (Array.isArray(value)) return { items: value.map(flattenJson) };
  return value as null | boolean | number | string;
}

function revive(cell: PlainCell): SourceValue {
  if (typeof cell !== 'object' || cell === null || cell instanceof Uint8Array) return cell;
  if ('invalidText' in cell) return new InvalidText(cell.invalidText);
  return new JsonNode(reviveJson(cell.json) as JsonNode['value']);
}

function reviveJson(value: PlainJson): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  if ('lexeme' in value) return new InexactNumber(value.lexeme);
  if ('items' in value) return value.items.map(reviveJson);
  return new Map(value.members.map(([key, member]) => [key, reviveJson(member)]));
}
