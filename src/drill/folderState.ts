/**
 * What lies in a folder: names, kinds, sizes, permissions and where links lead. Two states of it can
 * be compared, and what differs is named; that contents are the same, a seal tells.
 */

import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';

/** Path → what is there; links are not followed. */
export type Tree = ReadonlyMap<string, string>;

/** Everything in `folder` but the names in `without`, which count only at its top. */
export function treeOf(folder: string, without: readonly string[]): Tree {
  const tree = new Map<string, string>();
  const visit = (relative: string): void => {
    for (const name of readdirSync(join(folder, relative)).sort()) {
      if (relative === '' && without.includes(name)) continue;
      const path = relative === '' ? name : `${relative}/${name}`;
      const stat = lstatSync(join(folder, path));
      tree.set(path, described(join(folder, path), stat));
      if (stat.isDirectory()) visit(path);
    }
  };
  visit('');
  return tree;
}

function described(path: string, stat: Stats): string {
  if (stat.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  const mode = (stat.mode & 0o777).toString(8);
  return stat.isFile() ? `file of ${stat.size} bytes, ${mode}, ${stat.ino}` : `folder, ${mode}`;
}

/** Paths that are not the same in both, ascending. */
export function treeDifferences(before: Tree, after: Tree): string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort();
}
