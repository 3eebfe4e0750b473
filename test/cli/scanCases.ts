/** What goes wrong with scans of a candidate that is there. */

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { succeed } from '../kit/project.ts';
import type { Case } from './messageCase.ts';

async function migrated(project: string): Promise<void> {
  await succeed(['migrate', '--project', project]);
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
  {
    name: 'a finding to explain before there is a report',
    args: ['explain', '4f0c2a9be1d7c355', '--project', 'PROJECT'],
    code: 64,
  },
  {
    name: 'a finding that no report has',
    args: ['explain', '4f0c2a9be1d7c355', '--project', 'PROJECT'],
    code: 64,
    prepare: migrated,
  },
  {
    name: 'a report that there is not',
    args: ['explain', '4f0c2a9be1d7c355', '--report', 'migrat', '--project', 'PROJECT'],
    code: 64,
    prepare: migrated,
  },
  {
    name: 'the value of a finding into a pipe',
    args: ['explain', '4f0c2a9be1d7c355', '--show-values', '--project', 'PROJECT'],
    code: 64,
    prepare: migrated,
  },
  { name: 'no candidate that could have drifted', args: drift(), code: 2 },
  {
    name: 'a module that the candidate does not have',
    args: ['scan-pii', 'dgos', '--project', 'PROJECT'],
    code: 64,
    prepare: migrated,
  },
  {
    name: 'a check that there is not',
    args: ['scan', 'refs', '--project', 'PROJECT'],
    code: 64,
    prepare: migrated,
  },
  {
    name: 'several checks as one JSON object',
    args: ['scan', 'pii', 'schema', '--json', '--project', 'PROJECT'],
    code: 64,
    prepare: migrated,
  },
  {
    name: 'a run id of a scan that is none',
    args: ['scan-all', '--project', 'PROJECT'],
    code: 64,
    env: { SCAN_RUN_ID: ' ' },
    prepare: migrated,
  },
  {
    name: 'a source that scan-drift cannot reach',
    args: drift('--counts'),
    code: 2,
    prepare: async (project) => {
      await migrated(project);
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
    prepare: async (project) => {
      await migrated(project);
      writeFileSync(join(project, 'mapping/modules/dogs.json'), '{"module": "dogs"');
    },
  },
];
