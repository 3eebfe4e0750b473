/**
 * mapping/allowed_signers: the public keys of the reviewers, in the format of OpenSSH. A part of the
 * mapping if it is there, so that it is frozen and sealed with it: a key that is added later counts
 * for no candidate that was built before.
 */

import { hash } from 'node:crypto';
import { join } from 'node:path';

import { readAllowedSigners } from '../crypto/allowedSigners.ts';
import { isForbidden, readFailure } from '../disk/errors.ts';
import { statOf } from '../disk/noLinks.ts';
import { Failure } from '../outcome/failure.ts';
import { readText } from './document.ts';
import { formatPlace, type MappingFile } from './place.ts';

export const SIGNERS_FILE = 'allowed_signers';

/** Whether the mapping folder has a file of allowed signers, or something in its place. */
export function hasSigners(folder: string): boolean {
  const path = join(folder, SIGNERS_FILE);
  try {
    return statOf(path) !== undefined;
  } catch (error) {
    if (isForbidden(error)) throw readFailure(error, path);
    return false;
  }
}

/** Reads the file of allowed signers; null if there is none. @throws Failure MAPPING */
export async function readSigners(folder: string): Promise<MappingFile | null> {
  if (!hasSigners(folder)) return null;
  const { bytes, text } = await readText(folder, SIGNERS_FILE);
  const { fault } = readAllowedSigners(text);
  if (fault !== null) {
    throw new Failure('MAPPING', {
      what: `a line of the allowed signers cannot be used, as ${fault.why}`,
      where: `${formatPlace({ file: SIGNERS_FILE, pointer: '' }, null)}:${fault.line}`,
      hint: 'write the names of a person, then the public key',
    });
  }
  return {
    name: SIGNERS_FILE,
    sha256: hash('sha256', bytes, 'hex'),
    bytes: Uint8Array.from(bytes),
    text,
  };
}
