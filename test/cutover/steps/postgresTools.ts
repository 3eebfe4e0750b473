/** Where pg_dump and pg_restore are on this machine, with a server of their age; a notice where they are not. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const HOME = '/usr/lib/postgresql';

function find(): { readonly folder: string; readonly version: number } | null {
  const versions = existsSync(HOME)
    ? readdirSync(HOME)
        .map(Number)
        .sort((a, b) => b - a)
    : [];
  for (const version of versions) {
    const folder = join(HOME, String(version), 'bin');
    const all = ['pg_dump', 'pg_restore', 'postgres'];
    if (all.every((name) => existsSync(join(folder, name)))) return { folder, version };
  }
  process.stderr.write(
    'notice: pg_dump with a server of its age is not here; its tests are skipped\n',
  );
  return null;
}

const found = find();

/** Folder of the programs; null if there are none. */
export const POSTGRES_TOOLS: string | null = found?.folder ?? null;

/** Version of the server that goes with them. */
export function toolsVersion(): number {
  return found?.version ?? 0;
}
