/**
 * Finds the columns of a table that arrive in the result of a query: those in its select list,
 * directly or through other queries and views. A column that is only used to filter, join, group or
 * order does not arrive. In doubt, a column does not arrive, which leaves the decision to a person.
 */

import {
  closing,
  isQuery,
  NO_NAMES,
  readQuery,
  type SqlItem,
  type SqlQuery,
  type SqlSelect,
} from './selects.ts';
import { isSign, sqlTokens, wordOf, type SqlToken } from './tokens.ts';

/** The tables and views that a query may name. */
export interface SqlTables {
  /** Columns by name of the table or view in lower case. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** Text of each view, `CREATE VIEW …`, by name in lower case. */
  readonly views: ReadonlyMap<string, string>;
}

/** Returns the columns of table `base`, in lower case, that arrive in the query's result. */
export function arrivingColumns(sql: string, base: string, tables: SqlTables): Set<string> {
  const arrived = new Set<string>();
  const world: World = { base: base.toLowerCase(), tables, arrived };
  const query = readQuery(sqlTokens(sql));
  for (const output of outputsOf(query, { world, outer: null, ctes: new Map(), items: [] })) {
    output.arrive();
  }
  return arrived;
}

interface World {
  readonly base: string;
  readonly tables: SqlTables;
  readonly arrived: Set<string>;
}

/** A column of a query, table or view. */
interface Output {
  readonly name: string | null;
  /** Marks the columns that it is made of. */
  readonly arrive: () => void;
}

interface Item {
  readonly alias: string | null;
  /** Columns of the item; null if unknown, when any name may be one. */
  readonly columns: () => readonly Output[] | null;
  readonly arriveAll: () => void;
}

interface Scope {
  readonly world: World;
  readonly outer: Scope | null;
  readonly ctes: ReadonlyMap<string, () => readonly Output[]>;
  readonly items: readonly Item[];
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}

function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}

/** Returns the columns of a query, with the names of its first select. */
function outputsOf(query: SqlQuery, outer: Scope): readonly Output[] {
  const ctes = new Map(outer.ctes);
  const scope: Scope = { ...outer, ctes };
  for (const [name, { columns, query: inner }] of query.ctes) {
    ctes.set(
      name,
      lazy(() => {
        const outputs = outputsOf(inner, scope);
        if (columns === null) return outputs;
        return columns.map((column, at) => {
          return { name: column, arrive: outputs[at]?.arrive ?? (() => {}) };
        });
      }),
    );
  }
  const [first, ...others] = query.selects.map((select) => lazy(() => selected(select, scope)));
  return (first?.() ?? []).map(({ name, arrive }, at) => ({
    name,
    arrive: once(() => {
      arrive();
      for (const other of others) other()[at]?.arrive();
    }),
  }));
}

function selected({ results, from }: SqlSelect, outer: Scope): readonly Output[] {
  const items: Item[] = [];
  const scope: Scope = { ...outer, outer, items };
  for (const item of from) items.push(itemOf(item, scope));
  return results.flatMap((result): readonly Output[] => {
    if (!result.star) {
      const { name, expression } = result;
      return [{ name, arrive: once(() => arriveIn(expression, scope)) }];
    }
    return items
      .filter(({ alias }) => result.of === null || alias === result.of)
      .flatMap(({ columns, arriveAll }) => columns() ?? [{ name: null, arrive: arriveAll }]);
  });
}

function itemOf({ alias, table, query, given }: SqlItem, scope: Scope): Item {
  if (query !== null) return { alias, ...known(lazy(() => outputsOf(query, scope))) };
  if (table === null) {
    return { alias, columns: () => null, arriveAll: once(() => arriveIn(given, scope)) };
  }
  const cte = scope.ctes.get(table);
  return { alias, ...known(cte ?? lazy(() => tableOutputs(table, scope.world))) };
}

function known(columns: () => readonly Output[]): Omit<Item, 'alias'> {
  return {
    columns,
    arriveAll: () => {
      for (const { arrive } of columns()) arrive();
    },
  };
}

/** Returns the columns of a table or view of the schema. */
function tableOutputs(table: string, world: World): readonly Output[] {
  const { tables, base, arrived } = world;
  const columns = (tables.columns.get(table) ?? []).map((column) => column.toLowerCase());
  const view = tables.views.get(table);
  if (view === undefined) {
    return columns.map((name) => ({
      name,
      arrive: () => {
        if (table === base) arrived.add(name);
      },
    }));
  }
  const tokens = sqlTokens(view);
  const begin = tokens.findIndex((token) => wordOf(token) === 'as') + 1;
  const outputs = lazy(() =>
    outputsOf(readQuery(tokens.slice(begin)), { world, outer: null, ctes: new Map(), items: [] }),
  );
  return columns.map((name, at) => ({ name, arrive: () => outputs()[at]?.arrive() }));
}

/** Words of an expression, with the part after each that names no column. */
const SKIPPED: Readonly<Record<string, 'word' | 'parentheses' | 'rest'>> = {
  collate: 'word',
  over: 'parentheses',
  filter: 'parentheses',
  as: 'rest',
  order: 'rest',
};

/** Marks the columns that an expression names, except for those that it orders or filters by. */
function arriveIn(tokens: readonly SqlToken[], scope: Scope): void {
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    const skip = SKIPPED[wordOf(token) ?? ''];
    if (skip !== undefined && !isSign(tokens[at + 1], '.') && !isSign(tokens[at - 1], '.')) {
      at = lastSkipped(tokens, at, skip);
    } else if (isSign(token, '(')) {
      const end = closing(tokens, at);
      const inner = tokens.slice(at + 1, end);
      if (isQuery(inner)) for (const output of outputsOf(readQuery(inner), scope)) output.arrive();
      else arriveIn(inner, scope);
      at = end;
    } else if (token?.kind === 'name' || token?.kind === 'quoted') {
      at = arriveByName(tokens, at, scope);
    }
  }
}

/** Returns the index of the last token to skip. */
function lastSkipped(
  tokens: readonly SqlToken[],
  at: number,
  skip: 'word' | 'parentheses' | 'rest',
): number {
  if (skip === 'rest') return tokens.length;
  if (skip === 'parentheses' && isSign(tokens[at + 1], '(')) return closing(tokens, at + 1);
  return at + 1;
}

/** Marks `column`, `item.column` or `schema.item.column`; returns the index of its last token. */
function arriveByName(tokens: readonly SqlToken[], begin: number, scope: Scope): number {
  let at = begin;
  while (isSign(tokens[at + 1], '.')) at += 2;
  const name = tokens[at]?.text.toLowerCase() ?? '';
  const of = at === begin ? null : (tokens[at - 2]?.text.toLowerCase() ?? null);
  // A function's arguments follow.
  if (isSign(tokens[at + 1], '(')) return at;
  if (of === null && NO_NAMES.has(wordOf(tokens[at]) ?? '')) return at;
  for (let within: Scope | null = scope; within !== null; within = within.outer) {
    if (arriveFrom(within.items, name, of)) break;
  }
  return at;
}

/** Marks the column if one of the items has it; returns whether one does. */
function arriveFrom(items: readonly Item[], name: string, of: string | null): boolean {
  const eligible = items.filter(({ alias }) => of === null || alias === of);
  const found = eligible.flatMap(({ columns }) =>
    (columns() ?? []).filter((one) => one.name === name),
  );
  for (const { arrive } of found) arrive();
  if (found.length > 0) return true;
  const open = eligible.filter(({ columns }) => columns() === null);
  for (const { arriveAll } of open) arriveAll();
  return open.length > 0 || (of !== null && eligible.length > 0);
}
