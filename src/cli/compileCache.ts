/**
 * Caches compiled code between runs, which cuts the start of a command to a third. Cached code is
 * executed as it is, so nothing is cached unless the folder is the user's alone. No result depends
 * on it.
 */

import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';

/** Mode bits that must not be set: write access for group and others. */
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Turns the cache on for this process, its threads and its children. NODE_COMPILE_CACHE names
 * another folder; NODE_DISABLE_COMPILE_CACHE=1 turns the cache off.
 */
export function keepCompiledCode(variables: NodeJS.ProcessEnv): void {
  const variablesOfNode = ['NODE_COMPILE_CACHE', 'NODE_DISABLE_COMPILE_CACHE'];
  if (variablesOfNode.some((name) => variables[name] !== undefined)) return;
  const folder = privateFolder(variables);
  if (folder === null) return;
  enableCompileCache(folder);
  // Threads and children inherit the cache through the variable only.
  variables['NODE_COMPILE_CACHE'] = folder;
}

/**
 * Returns `sealift` in the user's cache folder (XDG), created if missing; null if it is not
 * private.
 */
function privateFolder(variables: NodeJS.ProcessEnv): string | null {
  try {
    const path = foldersOf(variables);
    const [first] = path;
    // Creates nothing in another user's folder.
    if (first === undefined || !isOnlyOurs(first)) return null;
    for (const folder of path.slice(1)) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (!isOnlyOurs(folder)) return null;
    }
    return path.at(-1) ?? null;
  } catch {
    return null;
  }
}

/** Returns the folders on the path, the first of which exists; empty if no variable names one. */
function foldersOf({ XDG_CACHE_HOME: own = '', HOME: home = '' }: NodeJS.ProcessEnv): string[] {
  if (isAbsolute(own)) {
    const caches = realpathSync(own);
    return [caches, join(caches, 'sealift')];
  }
  if (!isAbsolute(home)) return [];
  const caches = join(realpathSync(home), '.cache');
  return [dirname(caches), caches, join(caches, 'sealift')];
}

/** Whether no other user can write to the folder: under sudo, HOME may be another user's. */
function isOnlyOurs(folder: string): boolean {
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) return false;
  return (found.mode & WRITABLE_BY_OTHERS) === 0;
}
