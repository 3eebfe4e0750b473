/**
 * What a run makes: large files of steps in its folder, and the outputs of programs and answers, redacted, in
 * `outputs/` there. All of it is private. No output replaces another: a second one of a name has a number.
 */

import { createHash } from 'node:crypto';
import { closeSync, fsyncSync } from 'node:fs';
import { join } from 'node:path';

import { createFile, makeFolder, syncFolder, writeAll } from '../../disk/durable.ts';
import { diskFailure, systemCode } from '../../disk/errors.ts';
import { realFolder } from '../../disk/noLinks.ts';
import type { Redactor } from '../../redact/redactor.ts';
import type { Artifacts, KeptOutput } from './world.ts';

/** An output that is written in pieces, redacted already. */
export interface OutputFile {
  write(bytes: Uint8Array): void;
  /** Makes it durable. */
  close(): KeptOutput;
}

export interface RunArtifacts extends Artifacts {
  /** Begins an output of a name such as `backup.stdout`. @throws Failure DISK */
  begin(name: string): OutputFile;
}

/** Folder of what steps and watches said, in that of the run. */
export const OUTPUTS_OF_RUN = 'outputs';

const NAME = /^[A-Za-z0-9_][\w.-]{0,127}$/;

/**
 * Returns what is made in a folder, which is created when it is needed.
 * @param kept is told each output when it is durable
 */
export function artifactsIn(
  folder: string,
  redactor: Redactor,
  kept: (output: KeptOutput) => void = () => {},
): RunArtifacts {
  const root = realFolder(folder);
  const outputs = join(root, OUTPUTS_OF_RUN);
  const unlessFull = <T>(work: () => T): T => onFolder(outputs, work);
  const begin = (name: string): OutputFile => {
    if (!NAME.test(name)) throw new TypeError('an output with a name that is not safe');
    const file = unlessFull(() => openNew(outputs, name));
    const digest = createHash('sha256');
    let bytes = 0;
    return {
      write(piece) {
        digest.update(piece);
        bytes += piece.length;
        unlessFull(() => writeAll(file.descriptor, piece));
      },
      close() {
        unlessFull(() => {
          try {
            fsyncSync(file.descriptor);
          } finally {
            closeSync(file.descriptor);
          }
          syncFolder(outputs);
        });
        const output = { name: file.name, bytes, sha256: digest.digest('hex') };
        kept(output);
        return output;
      },
    };
  };
  return {
    get folder() {
      onFolder(root, () => makeFolder(root));
      return root;
    },
    begin,
    keep(name, bytes) {
      const output = begin(name);
      output.write(redactor.bytes(bytes));
      return output.close();
    },
  };
}

function openNew(
  folder: string,
  name: string,
): { readonly descriptor: number; readonly name: string } {
  makeFolder(folder);
  for (let number = 1; ; number += 1) {
    const fresh = number === 1 ? name : `${name}.${number}`;
    try {
      return { descriptor: createFile(join(folder, fresh)), name: fresh };
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
  }
}

function onFolder<T>(folder: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw diskFailure(error, folder);
  }
}
