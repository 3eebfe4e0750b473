/** The order of statements, and what is left out of it. */

import { describe, expect, it } from 'vitest';

import { applyOrder } from '../../../src/target/postgres/parity/applyOrder.ts';
import type { Dependency } from '../../../src/target/postgres/parity/homes.ts';
import type { Listed } from '../../../src/target/postgres/parity/parityKind.ts';

const entry = (what: string, node?: string): { readonly listed: Listed } => {
  const rest = node === undefined ? {} : { node };
  return { listed: { kind: 'x', key: what, definition: '', what, sql: '', ...rest } };
};

const needs = (node: string, on: string, rest: Partial<Dependency> = {}): Dependency => {
  return { node, on, column: null, isGenerated: false, ...rest };
};

function order(
  entries: readonly { readonly listed: Listed }[],
  ...dependencies: Dependency[]
): string[] {
  return applyOrder(entries, dependencies).map(({ listed }) => listed.what);
}

describe('the order of statements', () => {
  it('is the given one where nothing depends on another', () => {
    expect(order([entry('c', 'pg_class:3'), entry('a'), entry('b', 'pg_class:1')])).toEqual([
      'c',
      'a',
      'b',
    ]);
  });

  it('has first what others need, also through what is there already', () => {
    const entries = [entry('view', 'pg_class:1'), entry('function', 'pg_proc:2')];
    const through = [needs('pg_class:1', 'pg_type:9'), needs('pg_type:9', 'pg_proc:2')];
    expect(order(entries, ...through)).toEqual(['function', 'view']);
  });

  it('has a type before the table one of whose columns has it', () => {
    const entries = [entry('table', 'pg_class:1'), entry('type', 'pg_type:2')];
    expect(order(entries, needs('pg_class:1.3', 'pg_type:2'))).toEqual(['type', 'table']);
  });

  it('has what a default needs before the column that is added with it, and not before the table', () => {
    const preset = needs('pg_attrdef:5', 'pg_proc:2', { column: 'pg_class:1.3' });
    const column = [entry('column', 'pg_class:1.3'), entry('function', 'pg_proc:2')];
    expect(order(column, preset)).toEqual(['function', 'column']);
    const table = [entry('table', 'pg_class:1'), entry('function', 'pg_proc:2')];
    expect(order(table, preset)).toEqual(['table', 'function']);
    expect(order(table, { ...preset, isGenerated: true })).toEqual(['function', 'table']);
  });

  it('names each once where two depend on each other, and where a chain is long', () => {
    const cycle = [entry('a', 'pg_class:1'), entry('b', 'pg_class:2')];
    const both = [needs('pg_class:1', 'pg_class:2'), needs('pg_class:2', 'pg_class:1')];
    expect(order(cycle, ...both)).toEqual(['b', 'a']);
    const length = 50_000;
    const chain = Array.from({ length }, (_, at) => entry(String(at), `pg_class:${at}`));
    const links = chain.slice(1).map((_, at) => needs(`pg_class:${at}`, `pg_class:${at + 1}`));
    const sorted = order(chain, ...links);
    expect(sorted).toHaveLength(length);
    expect(sorted.slice(0, 2)).toEqual([String(length - 1), String(length - 2)]);
  });
});
