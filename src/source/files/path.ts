/** Locations that are paths of a file or of a folder with files. */

import { relative, resolve, sep } from 'node:path';

import type { SourceLocation } from '../source.ts';

export interface FileLocation extends SourceLocation {
  /** Absolute path. */
  readonly path: string;
}

/** Maximum number of folders above the mapping up to which a path is written relative to it. */
const NEAR = 3;

/** Returns the location of a path that is relative to `base`. */
export function fileLocation(scheme: string, path: string, base: string): FileLocation {
  return { scheme, path: resolve(base, path) };
}

/** Returns the path of a location. @throws TypeError if it is not a path */
export function pathOf({ scheme, path }: SourceLocation): string {
  if (typeof path === 'string') return path;
  throw new TypeError(`a location of scheme ${scheme} has no path`);
}

/** Formats a path with slashes, relative to `base` unless it is far above it. */
export function formatPath(location: SourceLocation, base: string): string {
  const path = pathOf(location);
  const short = relative(resolve(base), path);
  const near = short.split(sep).filter((part) => part === '..').length <= NEAR;
  return (near ? short || '.' : path).split(sep).join('/');
}
