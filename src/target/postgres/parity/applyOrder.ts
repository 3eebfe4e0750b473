/** The order in which statements work: what an object depends on is made before it. */

import type { Dependency } from './homes.ts';
import type { Listed } from './parityKind.ts';

/** Sorts what is to be made; keeps the given order but for dependencies. Pure. */
export function applyOrder<T extends { readonly listed: Listed }>(
  entries: readonly T[],
  dependencies: readonly Dependency[],
): T[] {
  const byNode = new Map<string, T>();
  for (const entry of entries) {
    if (entry.listed.node !== undefined) byNode.set(entry.listed.node, entry);
  }
  const edges = edgesOf(dependencies, byNode);
  const sorted: T[] = [];
  const seen = new Set<string>();
  const visit = (start: string): void => {
    // Not by recursion, as a chain of views may be long. A node is made when all before it are.
    const path: { readonly node: string; readonly rest: string[] }[] = [];
    const enter = (node: string): void => {
      if (seen.has(node)) return;
      seen.add(node);
      path.push({ node, rest: [...(edges.get(node) ?? [])].reverse() });
    };
    enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.rest.pop();
      if (next !== undefined) {
        enter(next);
        continue;
      }
      path.pop();
      const entry = byNode.get(top.node);
      if (entry !== undefined) sorted.push(entry);
    }
  };
  for (const entry of entries) {
    if (entry.listed.node === undefined) sorted.push(entry);
    else visit(entry.listed.node);
  }
  return sorted;
}

/** A relation needs what its columns need; so does a column that is added with its default. */
function edgesOf(
  dependencies: readonly Dependency[],
  missing: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const edges = new Map<string, Set<string>>();
  const add = (node: string, on: string): void => {
    const known = edges.get(node);
    if (known === undefined) edges.set(node, new Set([on]));
    else known.add(on);
  };
  for (const { node, on, column, isGenerated } of dependencies) {
    const users = new Set([node, relationOf(node)]);
    if (column !== null && missing.has(column)) users.add(column);
    if (column !== null && isGenerated) users.add(relationOf(column));
    for (const user of users) {
      if (relationOf(user) === relationOf(on)) continue;
      add(user, on);
      add(user, relationOf(on));
    }
  }
  return edges;
}

/** Node of the relation that a node of a column belongs to; others are their own. */
function relationOf(node: string): string {
  return node.replace(/\.\d+$/, '');
}
