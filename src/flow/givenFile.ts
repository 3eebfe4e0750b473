/** Files that options of a command line name. */

import { basename, dirname, join, resolve } from 'node:path';

import { writeFileDurably } from '../disk/durable.ts';
import { onDisk, systemCode } from '../disk/errors.ts';
import { realFolder, statOf } from '../disk/noLinks.ts';
import { MAX_APPROVAL } from '../journal/approval.ts';
import { Failure } from '../outcome/failure.ts';
import type { Environment } from '../run/environment.ts';
import { readPlainFile } from '../seal/files.ts';

/** Writes a new file that an option names, or an argument (null). @throws Failure USAGE if it exists, DISK */
export async function writeGiven(
  option: string | null,
  file: string,
  bytes: Uint8Array,
  env: Environment,
): Promise<void> {
  const path = givenPath(file, env);
  if (statOf(dirname(path))?.isDirectory() !== true) {
    throw new Failure('USAGE', {
      what: 'there is no folder to write the file in',
      where: option === null ? file : `${option} ${file}`,
      hint: 'create it, or give another name',
    });
  }
  await onDisk(path, () => {
    try {
      writeFileDurably(path, bytes);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      throw new Failure('USAGE', {
        what: 'the file exists already',
        where: option === null ? file : `${option} ${file}`,
        hint: 'give another name',
      });
    }
  });
}

function givenPath(file: string, { cwd }: Environment): string {
  const path = resolve(cwd, file);
  return join(realFolder(dirname(path)), basename(path));
}

/** Reads a file of at most `most` bytes that an option names. @throws Failure USAGE */
export function readGiven(
  file: string,
  option: string,
  env: Environment,
  most: number = MAX_APPROVAL,
): Buffer {
  const bytes = readPlainFile(givenPath(file, env), most);
  if (bytes !== null) return bytes;
  throw new Failure('USAGE', {
    what: `there is no such file, or it is no ordinary file of at most ${most / 1024} KiB`,
    where: `${option} ${file}`,
    hint: 'check the path',
  });
}
