/**
 * Modes of what is sealed: files 0400 and folders 0500, so that neither an editor nor `rm -r` changes
 * them by accident. They are not part of what is sealed, and are no protection against root.
 */

import { closeSync, constants, fchmodSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { PRIVATE_FOLDER } from '../disk/durable.ts';
import { inFolder, openNoLinks } from '../disk/noLinks.ts';

const SEALED_FILE = 0o400;
const SEALED_FOLDER_MODE = 0o500;

/** Makes a sealed candidate read-only, its files first. Links are neither followed nor changed. */
export function makeReadOnly(folder: string): void {
  inFolder(folder, (at) => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.isFile()) setMode(openPlain(path), SEALED_FILE);
      // Opened relative to the folder that is open already, which is faster than from the root.
      else if (entry.isDirectory()) makeReadOnly(path);
    }
    setMode(openSync(at, constants.O_RDONLY | constants.O_DIRECTORY), SEALED_FOLDER_MODE);
  });
}

/** Makes a folder writable for its owner: only such a one can be moved to another folder. */
export function makeMovable(folder: string): void {
  setMode(openNoLinks(folder, constants.O_RDONLY | constants.O_DIRECTORY), PRIVATE_FOLDER);
}

function openPlain(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
}

function setMode(file: number, mode: number): void {
  try {
    fchmodSync(file, mode);
  } finally {
    closeSync(file);
  }
}
