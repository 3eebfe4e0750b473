/** A case of something wrong, and what cases are made of. */

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly code: number;
  /** Harms a fresh project with mapping and database; what it returns is called afterwards. */
  readonly prepare?: (project: string) => (() => void) | void | Promise<void>;
  /** What the command may write, besides what every command may. */
  readonly aside?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export const MIGRATE: readonly string[] = ['migrate', '--project', 'PROJECT'];
export const VERIFY: readonly string[] = ['verify-checksums', '--project', 'PROJECT'];
export const DIFF: readonly string[] = ['diff', '--project', 'PROJECT'];
export const NEW: readonly string[] = ['init', '--project', 'PROJECT/new', '--source'];

const elsewhere = (project: string): string => {
  mkdirSync(join(project, 'elsewhere'));
  writeFileSync(join(project, 'elsewhere/precious'), 'x');
  return join(project, 'elsewhere');
};

/** Puts something in a path's place: a file, a folder, or a link to elsewhere. */
export function inTheWay(
  path: string,
  what: 'file' | 'folder' | 'link',
): (project: string) => void {
  return (project) => {
    const full = join(project, path);
    rmSync(full, { recursive: true, force: true });
    mkdirSync(join(full, '..'), { recursive: true });
    if (what === 'file') writeFileSync(full, 'somebody wrote this');
    if (what === 'folder') mkdirSync(full);
    if (what === 'link') symlinkSync(elsewhere(project), full);
  };
}
