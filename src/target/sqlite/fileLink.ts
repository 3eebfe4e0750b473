/** The link through which applications read an SQLite target, and the file that it points to. */

import { dirname, relative, resolve } from 'node:path';

import { linkState, swapLink } from '../../disk/durable.ts';
import { diskFailure, systemCode } from '../../disk/errors.ts';
import { removeHalfSwap } from '../../disk/halfSwap.ts';
import { statOf } from '../../disk/noLinks.ts';
import { Failure } from '../../outcome/failure.ts';

/**
 * Returns the path of the file that a link points to; null if there is no link.
 * @throws Failure TARGET if the path is no link, or it does not point to a file; nothing is changed
 */
export function readFileLink(link: string): string | null {
  const state = confined(link, () => linkState(link));
  if (state === 'absent') return null;
  if (state === 'occupied') {
    throw new Failure('TARGET', {
      what: 'a file or folder is where the link that applications read would be; nothing was changed',
      where: link,
      hint: 'name a link with --live; to make one of a database that is there, stop its application, move the database, and link its old name to it',
    });
  }
  const file = resolve(dirname(link), state.target);
  assertFile(file, `the link that applications read points to`, link);
  return file;
}

/** @throws Failure TARGET if there is no file at the path; `what` says whose it is */
export function assertFile(file: string, what: string, where: string): void {
  // better-sqlite3 trims names: it would open another file than this.
  const stat = file.trim() === file ? confined(file, () => statOf(file)) : undefined;
  if (stat?.isFile() === true) return;
  const found = stat === undefined ? 'a file that is not there' : 'something that is no file';
  throw new Failure('TARGET', {
    what: `${what} ${found}`,
    where: file === where ? file : `${where} → ${file}`,
    hint: 'find out what moved or removed it, and put the database there',
  });
}

/** Points the link to a file in one step; durable when it returns. @throws Failure; see `swapLink` */
export function pointFileLink(link: string, file: string): void {
  removeHalfSwap('TARGET', link);
  try {
    swapLink(link, relative(dirname(link), file));
  } catch (error) {
    throw diskFailure(error, link);
  }
}

/** Runs `work`, which follows no links in the folders of the path. @throws Failure TARGET if there are some */
function confined<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'ENOTDIR' && code !== 'ELOOP') throw diskFailure(error, path);
    throw new Failure('TARGET', {
      what: 'one of the folders of the path is a link, which is not followed, or is no folder',
      where: path,
      hint: 'name the path without links, as realpath prints it',
      cause: error,
    });
  }
}
