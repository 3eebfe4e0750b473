/** What goes wrong with scans of a candidate that is there. */

import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Case } from './messageCase.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

function migrated(project: string): void {
  const ran = spawnSync(process.execPath, [MAIN, 'migrate', '--project', project]);
  if (ran.status !== 0) throw new Error(ran.stderr.toString());
}

function drift(...more: readonly string[]): readonly string[] {
  return ['scan-drift', '--project', 'PROJECT', ...more];
}

export const SCANS: readonly Case[] = [
  { name: 'no candidate to scan', args: ['scan-all', '--project', 'PROJECT'], code: 2 },
  {
    name: 'a live candidate to scan where none is live',
    args: ['scan-all', '--project', 'PROJECT', '--candidate', 'live'],
    code: 2,
  },
  {
    name: 'a candidate to verify that is not there',
    args: ['verify-checksums', '--project', 'PROJECT', '--candidate', '3f1c3f1c'],
    code: 2,
  },
  {
    name: 'a module to drill that the mapping does not have',
    args: ['drill', '--project', 'PROJECT', '--module', 'dgos'],
    code: 64,
  },
  { name: 'a shell without completion', args: ['completion', 'tcsh'], code: 64 },
  { name: 'no candidate that could have drifted', args: drift(), code: 2 },
  {
    name: 'a module that the candidate does not have',
    args: ['scan-pii', 'dgos', '--project', 'PROJECT'],
    code: 64,
    prepare: migrated,
  },
  {
    name: 'a source that scan-drift cannot reach',
    args: drift('--counts'),
    code: 2,
    prepare: (project) => {
      migrated(project);
      rmSync(join(project, 'legacy.db'));
    },
  },
  {
    name: 'a source that the sealed mapping does not name',
    args: drift('--source', 'mian=sqlite:x.db'),
    code: 64,
    prepare: migrated,
  },
  {
    name: 'a mapping that is not valid any more',
    args: drift('--no-source'),
    code: 64,
    prepare: (project) => {
      migrated(project);
      writeFileSync(join(project, 'mapping/modules/dogs.json'), '{"module": "dogs"');
    },
  },
];
