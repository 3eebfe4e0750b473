/** The dump of a backup in the folder of the run, with the list of its tables beside it; and its digest. */

import { createHash, hash } from 'node:crypto';
import { closeSync, createReadStream, fsyncSync, openSync } from 'node:fs';
import { join } from 'node:path';

import { createFile, syncFolder, writeFileDurably } from '../../disk/durable.ts';
import { removeFile, rename, statOf } from '../../disk/noLinks.ts';
import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import type { Kept } from '../steps/stepType.ts';
import type { Artifacts } from '../world/world.ts';
import { digestsText, type TableDigest } from './tableDigests.ts';

/** What a step keeps of its dump. */
export interface KeptDump {
  /** Names in the folder of the run. */
  readonly file: string;
  readonly tables: string;
  /** Of the file, in lower-case hex. */
  readonly sha256: string;
  /** SHA-256 of the list of tables, with the number of rows and the digest of each. */
  readonly root: string;
}

/** A dump that is being made: its name tells that it counts for nothing yet. */
export interface DraftDump {
  readonly path: string;
  /** Gives it its name, durably, with the list of its tables. */
  finish(digests: readonly TableDigest[], sha256: string): KeptDump;
}

/** Makes an empty private file for a program to write; one that a killed run has left is removed. */
export function draftDump({ folder }: Artifacts, id: string, ending: string): DraftDump {
  const [file, tables] = [`${id}.${ending}`, `${id}.tables.json`];
  const path = join(folder, `${file}.new`);
  removeFile(path);
  closeSync(createFile(path));
  return {
    path,
    finish(digests, sha256) {
      const text = digestsText(digests);
      removeFile(join(folder, tables));
      writeFileDurably(join(folder, tables), text);
      const opened = openSync(path, 'r+');
      try {
        fsyncSync(opened);
      } finally {
        closeSync(opened);
      }
      rename(path, join(folder, file));
      syncFolder(folder);
      return { file, tables, sha256, root: hash('sha256', text, 'hex') };
    },
  };
}

/** Returns size and SHA-256 of a file, read as a stream. */
export async function fileDigest(
  path: string,
  signal: AbortSignal,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const digest = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { signal })) {
    digest.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { bytes, sha256: digest.digest('hex') };
}

/** Reads what a step has kept of its dump. @throws Failure USAGE if it has kept none */
export function keptDump(step: string, kept: Kept): KeptDump {
  const { file, tables, sha256, root } = kept;
  const texts = [file, tables, sha256, root];
  if (texts.every((text) => typeof text === 'string')) {
    return { file, tables, sha256, root } as KeptDump;
  }
  throw new Failure('USAGE', {
    what: 'the step has made no backup in this run',
    where: `step ${quoteName(step)}`,
    hint: 'name a step of type pg.backup that has passed, with "from"',
  });
}

/** Path of a file of the run. @throws Failure SNAPSHOT if it is not there */
export function artifactPath({ folder }: Artifacts, name: string): string {
  const path = join(folder, name);
  if (!name.includes('/') && statOf(path)?.isFile() === true) return path;
  throw damaged('the file of the backup is missing', path);
}

export function damaged(what: string, where: string): Failure {
  return new Failure('SNAPSHOT', { what, where, hint: 'fetch a copy of it that is intact' });
}
