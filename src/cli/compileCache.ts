/**
 * Compiled code, kept from one run to the next: a command starts in a third of the time. What is
 * kept is run as it is, so the folder has to be the user's alone; where that is not certain, nothing
 * is kept. No result depends on it.
 */

import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';

/** Others may not write. */
const WRITABLE_BY_OTHERS = 0o022;

/**
 * Turns it on for this process, its threads and its children. NODE_COMPILE_CACHE names another
 * folder, NODE_DISABLE_COMPILE_CACHE=1 turns it off.
 */
export function keepCompiledCode(variables: NodeJS.ProcessEnv): void {
  const told = ['NODE_COMPILE_CACHE', 'NODE_DISABLE_COMPILE_CACHE'];
  if (told.some((name) => variables[name] !== undefined)) return;
  const folder = privateFolder(variables);
  if (folder === null) return;
  enableCompileCache(folder);
  // Threads and children do not take it over by themselves.
  variables['NODE_COMPILE_CACHE'] = folder;
}

/** `sealift` in the user's folder of caches (XDG Base Directory Specification), made if need be. */
function privateFolder(variables: NodeJS.ProcessEnv): string | null {
  try {
    const path = placeOf(variables);
    const [first] = path;
    // Nothing is made in somebody else's folder.
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

/** The folders on the way to it, the first of which is there; empty where there is none. */
function placeOf({ XDG_CACHE_HOME: own = '', HOME: home = '' }: NodeJS.ProcessEnv): string[] {
  if (isAbsolute(own)) {
    const caches = realpathSync(own);
    return [caches, join(caches, 'sealift')];
  }
  if (!isAbsolute(home)) return [];
  const caches = join(realpathSync(home), '.cache');
  return [dirname(caches), caches, join(caches, 'sealift')];
}

/** Where root's HOME is left at somebody else's, that one could put code into root's hands. */
function isOnlyOurs(folder: string): boolean {
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) return false;
  return (found.mode & WRITABLE_BY_OTHERS) === 0;
}
