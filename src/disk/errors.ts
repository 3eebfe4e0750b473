/** Errors of the file system → failures that say which path and what to do. */

import { Failure } from '../outcome/failure.ts';

interface SystemError extends Error {
  readonly code: string;
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && typeof (error as { code?: unknown }).code === 'string';
}

/** The error code of the operating system, such as `ENOENT`; null for any other error. */
export function systemCode(error: unknown): string | null {
  return isSystemError(error) ? error.code : null;
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
    return new Failure('DISK', {
      what: `the file system answered ${code}, nothing was published`,
      where: path,
      hint: 'check the disk, then run again',
      cause: error,
    });
  }
  return error;
}

/** Runs `work`; its write errors become Failures that name `path`. */
export async function onDisk<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskFailure(error, path);
  }
}
