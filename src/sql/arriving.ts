/**
 * Which columns of a table arrive in the result of a query: those that stand in what it selects, be
 * it by way of other queries and views. A column that is only filtered, joined, grouped or ordered by
 * does not arrive. Where the text leaves a doubt, a column does not arrive: a person is asked.
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
  /** The text of views, `CREATE VIEW …`, by name in lower case. */
  readonly views: ReadonlyMap<string, string>;
}

/** Columns of table `base`, in lower case, that arrive in the result of the query. */
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

/** A column of something that yields rows. */
interface Output {
  readonly name: string | null;
  /** What it is made of arrives. */
  readonly arrive: () => void;
}

interface Item {
  readonly alias: string | null;
  /** Null where its columns are not known: any name may be one. */
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

/** The columns of a query: names are those of its first select. */
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

/** The columns of a table or view of the schema. */
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

/** Words of an expression behind which no column stands, up to what is given here. */
const SKIPPED: Readonly<Record<string, 'word' | 'parentheses' | 'rest'>> = {
  collate: 'word',
  over: 'parentheses',
  filter: 'parentheses',
  as: 'rest',
  order: 'rest',
};

/** What the tokens of an expression name arrives; not what they order or filter by. */
function arriveIn(tokens: readonly SqlToken[], scope: Scope): void {
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    const skip = SKIPPED[wordOf(token) ?? ''];
    if (skip !== undefined && !isSign(tokens[at + 1], '.') && !isSign(tokens[at - 1], '.')) {
      at = behind(tokens, at, skip);
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

/** The last token that is skipped. */
function behind(
  tokens: readonly SqlToken[],
  at: number,
  skip: 'word' | 'parentheses' | 'rest',
): number {
  if (skip === 'rest') return tokens.length;
  if (skip === 'parentheses' && isSign(tokens[at + 1], '(')) return closing(tokens, at + 1);
  return at + 1;
}

/** `column`, `item.column` or `schema.item.column` at a place; where it ends. */
function arriveByName(tokens: readonly SqlToken[], begin: number, scope: Scope): number {
  let at = begin;
  while (isSign(tokens[at + 1], '.')) at += 2;
  const name = tokens[at]?.text.toLowerCase() ?? '';
  const of = at === begin ? null : (tokens[at - 2]?.text.toLowerCase() ?? null);
  // A function is called, what it is given comes next.
  if (isSign(tokens[at + 1], '(')) return at;
  if (of === null && NO_NAMES.has(wordOf(tokens[at]) ?? '')) return at;
  for (let within: Scope | null = scope; within !== null; within = within.outer) {
    if (arriveFrom(within.items, name, of)) break;
  }
  return at;
}

/** Whether one of the items has the column, which arrives then. */
function arriveFrom(items: readonly Item[], name: string, of: string | null): boolean {
  const asked = items.filter(({ alias }) => of === null || alias === of);
  const found = asked.flatMap(({ columns }) =>
    (columns() ?? []).filter((one) => one.name === name),
  );
  for (const { arrive } of found) arrive();
  if (found.length > 0) return true;
  const open = asked.filter(({ columns }) => columns() === null);
  for (const { arriveAll } of open) arriveAll();
  return open.length > 0 || (of !== null && asked.length > 0);
}
