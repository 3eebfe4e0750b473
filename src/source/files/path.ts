/** Locations that are paths: of a file, or of a folder with files. */

import { relative, resolve, sep } from 'node:path';

import type { SourceLocation } from '../source.ts';

export interface FileLocation extends SourceLocation {
  /** Absolute. */
  readonly path: string;
}

/** A source may lie so many folders above the mapping for its path to be written relative to it. */
const NEAR = 3;

/** The location of a path that is relative to `base`. */
export function fileLocation(scheme: string, path: string, base: string): FileLocation {
  return { scheme, path: resolve(base, path) };
}

/** The path of a location. @throws TypeError where it is none of a file */
export function pathOf({ scheme, path }: SourceLocation): string {
  if (typeof path === 'string') return path;
  throw new TypeError(`a location of scheme ${scheme} has no path`);
}

/** The path as it is written near `base`: relative, unless it lies far off; with slashes. */
export function formatPath(location: SourceLocation, base: string): string {
  const path = pathOf(location);
  const short = relative(resolve(base), path);
  const near = short.split(sep).filter((part) => part === '..').length <= NEAR;
  return (near ? short || '.' : path).split(sep).join('/');
}
