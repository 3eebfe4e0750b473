/**
 * What is sealed is read-only, so a user other than root cannot remove or change it. Tests remove the
 * projects that they have made, and damage candidates: for such a user, everything below a folder is
 * made writable before it is removed, and a file and its folder before they are changed.
 */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname } from 'node:path';

const KEY = Symbol.for('sealift.readOnlyFolders');

if (process.getuid?.() !== 0 && !(KEY in globalThis)) {
  Object.assign(globalThis, { [KEY]: true });
  const { appendFileSync, chmodSync, lstatSync, readdirSync, renameSync } = fs;
  const { copyFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } = fs;

  const loosen = (path: unknown): void => {
    if (typeof path !== 'string' || !/storage_(?:candidate|live)|sealed/.test(path)) return;
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined || stat.isSymbolicLink()) return;
    if ((stat.mode & 0o200) === 0) chmodSync(path, stat.mode | 0o200);
  };
  const loosenAll = (path: string): void => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory() !== true) return;
    if ((stat.mode & 0o700) !== 0o700) chmodSync(path, stat.mode | 0o700);
    for (const name of readdirSync(path)) loosenAll(`${path}/${name}`);
  };
  const around = (path: unknown): void => {
    if (typeof path !== 'string') return;
    loosen(dirname(path));
    loosen(path);
  };

  Object.assign(fs, {
    rmSync: (path: string, options?: fs.RmOptions) => {
      around(path);
      if (options?.recursive === true) loosenAll(path);
      rmSync(path, options);
    },
    renameSync: (from: string, to: string) => {
      around(from);
      around(to);
      renameSync(from, to);
    },
    unlinkSync: (path: string) => {
      around(path);
      unlinkSync(path);
    },
    writeFileSync: (...args: Parameters<typeof writeFileSync>) => {
      around(args[0]);
      writeFileSync(...args);
    },
    appendFileSync: (...args: Parameters<typeof appendFileSync>) => {
      around(args[0]);
      appendFileSync(...args);
    },
    truncateSync: (path: string, length?: number) => {
      around(path);
      truncateSync(path, length);
    },
    copyFileSync: (...args: Parameters<typeof copyFileSync>) => {
      around(args[1]);
      copyFileSync(...args);
    },
  });
  syncBuiltinESMExports();
}
