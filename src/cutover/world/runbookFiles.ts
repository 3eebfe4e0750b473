/**
 * Files that a runbook names, from its folder. Paths are attacker-controlled: none leaves the folder, by
 * `..`, as an absolute one, or over a link.
 */

import { closeSync, constants, fstatSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { systemCode } from '../../disk/errors.ts';
import { entriesOf, openNoLinks, realFolder } from '../../disk/noLinks.ts';
import { Failure } from '../../outcome/failure.ts';
import { byteCount } from '../../outcome/byteCount.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { byUtf8 } from '../../seal/format.ts';
import type { RunbookFiles } from './world.ts';

/** Returns the files below a folder, which is that of a runbook. */
export function filesOf(folder: string): RunbookFiles {
  const root = realFolder(folder);
  const place = (path: string): string => placeIn(root, path);
  return {
    place,
    read: (path, most) => readAt(place(path), path, most),
    matching: (pattern) => matching(pattern, place),
  };
}

/** Returns the absolute path, without links. */
function placeIn(root: string, path: string): string {
  const parts = path.split('/');
  if (path.startsWith('/') || path.includes('\0') || parts.includes('..')) throw outside(path);
  const real = realFolder(join(root, path));
  if (real !== root && !real.startsWith(root === '/' ? root : `${root}/`)) throw outside(path);
  return real;
}

function outside(path: string): Failure {
  return new Failure('USAGE', {
    what: 'a path of the runbook has to stay in the folder of the runbook',
    where: quoteName(path),
    hint: 'move the file there, or the runbook',
  });
}

function readAt(full: string, path: string, most: number): Buffer | null {
  const file = openAt(full, path);
  if (file === null) return null;
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw unread(path, 'it is no ordinary file');
    const bytes = Buffer.alloc(Math.min(stat.size, most) + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(file, bytes, length, bytes.length - length, null);
    }
    // A file that grows while it is read is longer than it was, too.
    if (length === bytes.length)
      throw unread(path, `it has more than ${byteCount(bytes.length - 1)}`);
    return bytes.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

function openAt(full: string, path: string): number | null {
  try {
    return openNoLinks(full, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (code === null) throw error;
    throw unread(path, 'this user cannot open it');
  }
}

function unread(path: string, why: string): Failure {
  return new Failure('USAGE', {
    what: `a file of the runbook is not read, as ${why}`,
    where: quoteName(path),
    hint: 'check it',
  });
}

function matching(pattern: string, place: (path: string) => string): readonly string[] {
  const folder = dirname(pattern);
  if (folder.includes('*')) {
    throw new Failure('USAGE', {
      what: 'a pattern has "*" in its last part only',
      where: quoteName(pattern),
      hint: 'name the folder',
    });
  }
  const last = pattern.slice(pattern.lastIndexOf('/') + 1);
  const before = pattern.slice(0, pattern.length - last.length);
  return ordinaryIn(place(folder))
    .filter((name) => isMatch(name, last))
    .sort(byUtf8)
    .map((name) => before + name);
}

function ordinaryIn(folder: string): string[] {
  try {
    return entriesOf(folder).flatMap((entry) => (entry.isFile() ? entry.name : []));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return [];
    throw error;
  }
}

/** Whether a name matches: `*` is any text, and the first one of a name is not a dot. Linear in both. */
function isMatch(name: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return name === pattern;
  if (!name.startsWith(first) || (first === '' && name.startsWith('.'))) return false;
  const last = rest.pop() ?? '';
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
