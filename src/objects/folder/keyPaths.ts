/**
 * Where a folder store keeps what: objects as files below the folder, by their keys, and all else in a
 * hidden folder beside them. Facts and parts are named by digests, so that no key is too long for
 * their names. No path leaves the folder, and no symbolic link below it is followed.
 */

import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';

import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { assertKey } from '../objectKey.ts';

/** The folder for all that is no object. */
export const OWN = '.sealift';
/** Bytes of a name, as the usual file systems have it. */
const LONGEST_NAME = 255;

/** Returns the path of an object. @throws Failure OBJECT for a key that cannot be one */
export function objectPath(root: string, key: string): string {
  assertKey(key);
  const names = key.split('/');
  const tooLong = names.find((name) => Buffer.byteLength(name) > LONGEST_NAME);
  if (tooLong !== undefined) {
    throw new Failure('OBJECT', {
      what: `the key has a name of ${Buffer.byteLength(tooLong)} bytes, and a file system takes ${LONGEST_NAME}`,
      where: quoteName(key),
      hint: 'give the object another key, or use an S3 store',
    });
  }
  if (names[0] === OWN) {
    throw new Failure('OBJECT', {
      what: `the key begins with ${OWN}, where the store keeps what is not an object`,
      where: quoteName(key),
      hint: 'give the object another key',
    });
  }
  return join(root, ...names);
}

/** Returns the folders between the root and a path in it, the outermost first. */
export function foldersAbove(root: string, path: string): string[] {
  const above: string[] = [];
  for (let folder = dirname(path); folder.length > root.length; folder = dirname(folder)) {
    above.unshift(folder);
  }
  return above;
}

export function factsPath(root: string, key: string): string {
  const name = digest(key);
  return join(root, OWN, 'facts', name.slice(0, 2), `${name}.json`);
}

export function partsFolder(root: string): string {
  return join(root, OWN, 'parts');
}

/** Returns the folder for the parts of an object of this key and this content. */
export function partsPath(root: string, key: string, sha256: string): string {
  return join(partsFolder(root), digest(`${key}\0${sha256}`));
}

export function temporaryFolder(root: string): string {
  return join(root, OWN, 'temporary');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
