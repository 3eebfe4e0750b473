/**
 * Modes of what is sealed: files 0400 and folders 0500, so that neither an editor nor `rm -r` changes
 * them by accident. They are not part of what is sealed, and are no protection against root.
 */

import { closeSync, constants, fchmodSync, openSync } from 'node:fs';
import { join } from 'node:path';

import { PRIVATE_FOLDER } from '../disk/durable.ts';
import { entriesOf, inFolder, openNoLinks } from '../disk/noLinks.ts';

const SEALED_FILE = 0o400;
const SEALED_FOLDER_MODE = 0o500;

/** Makes a sealed candidate read-only, its files first. Links are neither followed nor changed. */
export function makeReadOnly(folder: string): void {
  const entries = entriesOf(folder);
  inFolder(folder, (at) => {
    for (const entry of entries) {
      if (entry.isFile()) setMode(openPlain(join(at, entry.name)), SEALED_FILE);
    }
  });
  for (const entry of entries) {
    if (entry.isDirectory()) makeReadOnly(join(folder, entry.name));
  }
  setMode(openNoLinks(folder, constants.O_RDONLY | constants.O_DIRECTORY), SEALED_FOLDER_MODE);
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
