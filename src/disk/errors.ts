/** Errors of the file system → failures that say which path and what to do. */

import { constants } from 'node:os';

import { Failure } from '../outcome/failure.ts';

interface SystemError extends Error {
  readonly code: string;
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && typeof (error as { code?: unknown }).code === 'string';
}

/** What the runtime calls errors that it has no name for, a quota that is used up among them. */
const NAMELESS = /^Unknown system error -(\d+)$/;
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, number]) => [number, name]),
);

const UNKNOWN = 'EUNKNOWN';

/** The error code of the operating system, such as `ENOENT`; null for any other error. */
export function systemCode(error: unknown): string | null {
  if (!isSystemError(error)) return null;
  // Of some calls it does not even say that.
  if (error.code === '' || error.code === 'UNKNOWN') return UNKNOWN;
  const [, number] = NAMELESS.exec(error.code) ?? [];
  return number === undefined ? error.code : (NAMES.get(Number(number)) ?? `E${number}`);
}

function syscallOf(error: unknown): unknown {
  return (error as { readonly syscall?: unknown }).syscall;
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL']);
const FORBIDDEN = new Set(['EACCES', 'EPERM', 'EROFS']);

/** A failed write as a Failure of code DISK; other errors come back as they are. */
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
  // Node answers ENOENT where a folder cannot be made recursively on a read-only disk.
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
      what: 'a file stands where a folder is needed',
      where: path,
      hint: 'move it away, or choose another project folder with --project',
      cause: error,
    });
  }
  if (code.startsWith('E')) {
    const answer = code === UNKNOWN ? 'an error that has no name here' : code;
    return new Failure('DISK', {
      what: `the file system answered ${answer}, nothing was published`,
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

/** A failed read as a Failure of code DISK; other errors come back as they are. */
export function readFailure(error: unknown, path: string): unknown {
  if (!isForbidden(error)) return diskFailure(error, path);
  return new Failure('DISK', {
    what: 'this user may not read it',
    where: path,
    hint: 'run it as the user whose it is, or have it copied for this one',
    cause: error,
  });
}

/** Whether an error says that this user may not look, which is no answer to whether something is there. */
export function isForbidden(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'EACCES' || code === 'EPERM';
}

/** Runs `work`; its read errors become Failures that name `path`. */
export async function onRead<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw readFailure(error, path);
  }
}

/** The path in an error of the system, as a person knows it; '' where it names none. */
export function pathOf(error: unknown): string {
  const { path } = error as { readonly path?: unknown };
  return typeof path === 'string' ? path.replace(/^\/proc\/self\/fd\/\d+\//, '') : '';
}

/** Runs `work`; its write errors become Failures that name `path`. */
export async function onDisk<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskFailure(error, path);
  }
}
