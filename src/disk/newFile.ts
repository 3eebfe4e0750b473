/** The path for a new file or folder that a person has named: nothing is overwritten. */

import { dirname } from 'node:path';

import { Failure } from '../outcome/failure.ts';
import { statOf } from './noLinks.ts';

/** @throws Failure USAGE, with the option, if something has the name, or the folder for it does not exist */
export function assertFree(path: string, option: string): void {
  if (statOf(path) !== undefined) {
    throw new Failure('USAGE', {
      what: 'this exists already, and nothing is overwritten',
      where: path,
      hint: `name another one with ${option}`,
    });
  }
  if (statOf(dirname(path))?.isDirectory() === true) return;
  throw new Failure('USAGE', {
    what: 'the folder for it does not exist',
    where: dirname(path),
    hint: `create it, or name another one with ${option}`,
  });
}
