/** Turns errors of the file system into failures that name the path and what to do. */

import { constants } from 'node:os';

import { Failure } from '../outcome/failure.ts';

interface SystemError extends Error {
  readonly code: string;
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && typeof (error as { code?: unknown }).code === 'string';
}

/** Error code of the runtime for an errno that it does not know, such as an exceeded quota. */
const UNNAMED = /^Unknown system error -(\d+)$/;
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, number]) => [number, name]),
);

const UNKNOWN = 'EUNKNOWN';

/** Returns the operating system's error code, such as `ENOENT`; null for any other error. */
export function systemCode(error: unknown): string | null {
  if (!isSystemError(error)) return null;
  // Some calls report no number.
  if (error.code === '' || error.code === 'UNKNOWN') return UNKNOWN;
  const [, number] = UNNAMED.exec(error.code) ?? [];
  return number === undefined ? error.code : (NAMES.get(Number(number)) ?? `E${number}`);
}

function syscallOf(error: unknown): unknown {
  return (error as { readonly syscall?: unknown }).syscall;
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL']);
const FORBIDDEN = new Set(['EACCES', 'EPERM', 'EROFS']);

/** Turns a failed write into a Failure DISK; returns other errors unchanged. */
export function diskFailure(error: unknown, path: string): unknown {
  const code = systemCode(error);
  if (code === null || error instanceof Failure) return error;
  if (FULL.has(code)) {
    return new Failure('DISK', {
      what: 'the disk is full, nothing was published',
      where: path,
      hint: 'free space or choose another folder, then run again',
      cause: error,
    });
  }
  // Node reports ENOENT if a folder cannot be made recursively on a read-only disk.
  if (FORBIDDEN.has(code) || (code === 'ENOENT' && syscallOf(error) === 'mkdir')) {
    return new Failure('DISK', {
      what: 'the folder cannot be written',
      where: path,
      hint: 'give this user write access, or choose another project folder with --project',
      cause: error,
    });
  }
  if (code === 'ENOTDIR') {
    return new Failure('DISK', {
      what: 'a file is where a folder is needed',
      where: path,
      hint: 'move it away, or choose another project folder with --project',
      cause: error,
    });
  }
  if (code.startsWith('E')) {
    const answer = code === UNKNOWN ? 'an unknown error' : code;
    return new Failure('DISK', {
      what: `the file system returned ${answer}, nothing was published`,
      where: path,
      hint:
        code === UNKNOWN
          ? 'check the disk and the quota, then run again'
          : 'check the disk, then run again',
      cause: error,
    });
  }
  return error;
}

/** Turns a failed read into a Failure DISK; returns other errors unchanged. */
export function readFailure(error: unknown, path: string): unknown {
  if (!isForbidden(error)) return diskFailure(error, path);
  return new Failure('DISK', {
    what: 'this user has no permission to read it',
    where: path,
    hint: 'run the command as its owner, or get a copy that this user can read',
    cause: error,
  });
}

/** Whether the user lacks permission; the path may exist or not. */
export function isForbidden(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'EACCES' || code === 'EPERM';
}

/** Runs `work`; turns its read errors into Failures that name `path`. */
export async function onRead<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw readFailure(error, path);
  }
}

/** Returns the path in a system error, without its descriptor; '' if it has none. */
export function pathOf(error: unknown): string {
  const { path } = error as { readonly path?: unknown };
  return typeof path === 'string' ? path.replace(/^\/proc\/self\/fd\/\d+\//, '') : '';
}

/** Runs `work`; turns its write errors into Failures that name `path`. */
export async function onDisk<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskFailure(error, path);
  }
}
