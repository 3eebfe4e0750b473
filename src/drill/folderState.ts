/**
 * The state of a folder: names, kinds, sizes, permissions and targets of links. Two states can be
 * compared. Contents are not part of it, as a seal verifies those.
 */

import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';

/** Path → description of the entry; links are not followed. */
export type Tree = ReadonlyMap<string, string>;

/** Describes everything in `folder`, except for top-level entries named in `without`. */
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

/** Returns the paths of entries that differ, ascending. */
export function treeDifferences(before: Tree, after: Tree): string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort();
}
