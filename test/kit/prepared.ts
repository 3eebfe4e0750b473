/**
 * Set-ups that many tests begin with: built once by the code as it is, kept in a folder that is named
 * by a digest of that code, and copied by each test.
 */

import { createHash, randomUUID } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CACHE = join(ROOT, 'node_modules/.cache/sealift-prepared');
/** What a set-up is made by. */
const MAKERS = [
  'src',
  'test/dogschool',
  'test/fault/fixture.ts',
  'test/kit',
  'test/promote/fixture.ts',
  'test/torture',
  'package.json',
];
const DAY_MS = 86_400_000;

/** Where set-ups are kept, for the processes of one run of the tests. */
const VARIABLE = 'SEALIFT_PREPARED';

/** A digest of the names and contents of files, or of all files in folders, below `root`. */
export function digestOf(root: string, names: readonly string[]): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    if (statSync(join(root, path)).isDirectory()) {
      for (const name of readdirSync(join(root, path)).sort()) add(join(path, name));
      return;
    }
    const content = createHash('sha256').update(readFileSync(join(root, path)));
    hash.update(`${path}\0${content.digest('hex')}\n`);
  };
  for (const name of names) add(name);
  return hash.digest('hex').slice(0, 16);
}

/** Before all tests: names the folder of this code, and removes those that have not been used for a day. */
export default function prepare(): void {
  const folder = join(CACHE, digestOf(ROOT, MAKERS));
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(CACHE)) {
    const other = join(CACHE, name);
    const age = Date.now() - statSync(other).mtimeMs;
    if (other !== folder && age > DAY_MS) rmSync(other, { recursive: true, force: true });
  }
  process.env[VARIABLE] = folder;
}

/**
 * Copies the set-up of this name to `target`, which `make` builds if it is the first to be asked for
 * it. Where no tests are run, nothing is kept.
 */
export async function copyPrepared(
  name: string,
  target: string,
  make: (folder: string) => unknown,
): Promise<void> {
  const kept = process.env[VARIABLE];
  if (kept === undefined) {
    await make(target);
    return;
  }
  const ready = join(kept, name);
  if (!existsSync(ready)) {
    const own = join(kept, `.${name}-${randomUUID()}`);
    mkdirSync(own);
    await make(own);
    try {
      renameSync(own, ready);
    } catch {
      // Another process was faster: its set-up is the same.
      rmSync(own, { recursive: true });
    }
  }
  cpSync(ready, target, { recursive: true, verbatimSymlinks: true });
}
