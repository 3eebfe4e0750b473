/** What may be wrong with snapshot, clean and export. */

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { appendMembers } from '../../src/journal/journal.ts';
import { inTheWay, type Case } from './messageCase.ts';

const ID = 'a'.repeat(64);

const SNAPSHOT: readonly string[] = ['snapshot', '--project', 'PROJECT'];
const VERIFY: readonly string[] = ['snapshot', 'verify', 'PROJECT/kept.tar'];
const RESTORE: readonly string[] = [
  'snapshot',
  'restore',
  'PROJECT/kept.tar',
  '--project',
  'PROJECT',
];
const CLEAN: readonly string[] = ['clean', '--project', 'PROJECT'];
const EXPORT: readonly string[] = ['export', '--project', 'PROJECT', '--out'];

function store(project: string): void {
  mkdirSync(join(project, 'storage_candidate'));
}

/** A candidate that is live according to the journal and the link. */
function live(project: string): void {
  store(project);
  symlinkSync(`storage_candidate/sealed/${ID}`, join(project, 'storage_live'));
  const writer = { command: 'test', pid: 1, at: '2025-01-31T10:00:00.000Z' };
  appendMembers(join(project, 'storage_journal'), writer, [
    { event: 'sealed', candidate: ID, sealId: ID },
    { event: 'promote-intended', to: ID },
    { event: 'promote-done', to: ID },
  ]);
}

/** A folder with the name of a candidate, without its content. */
function emptied(project: string): void {
  live(project);
  mkdirSync(join(project, 'storage_candidate/sealed', ID), { recursive: true });
}

function noArchive(project: string): void {
  writeFileSync(join(project, 'kept.tar'), 'somebody wrote this'.repeat(100));
}

export const SNAPSHOTS: readonly Case[] = [
  { name: 'snapshot without a candidate', args: SNAPSHOT, code: 1 },
  { name: 'snapshot of nothing', args: SNAPSHOT, code: 1, prepare: store },
  { name: 'snapshot of what is missing', args: SNAPSHOT, code: 1, prepare: live },
  { name: 'snapshot of what was emptied', args: SNAPSHOT, code: 1, prepare: emptied },
  {
    name: 'snapshot into a folder that is not there',
    args: [...SNAPSHOT, '--out', 'PROJECT/nowhere/kept.tar'],
    code: 64,
    prepare: live,
  },
  {
    name: 'snapshot over a file',
    args: [...SNAPSHOT, '--out', 'PROJECT/kept.tar'],
    code: 1,
    prepare: (project) => {
      live(project);
      noArchive(project);
    },
  },
  {
    name: 'the folder of snapshots is a link',
    args: SNAPSHOT,
    code: 1,
    prepare: (project) => {
      live(project);
      inTheWay('storage_snapshots', 'link')(project);
    },
  },
  { name: 'snapshot verify of nothing', args: VERIFY, code: 2 },
  { name: 'snapshot verify without a file', args: ['snapshot', 'verify'], code: 64 },
  {
    name: 'snapshot verify of a folder',
    args: VERIFY,
    code: 2,
    prepare: inTheWay('kept.tar', 'folder'),
  },
  { name: 'snapshot verify of no archive', args: VERIFY, code: 2, prepare: noArchive },
  {
    name: 'snapshot verify with a digest that is none',
    args: [...VERIFY, '--expect', '3f1c'],
    code: 64,
  },
  { name: 'snapshot restore of no archive', args: RESTORE, code: 1, prepare: noArchive },
  {
    name: 'snapshot restore into no folder',
    args: ['snapshot', 'restore', 'PROJECT/kept.tar', '--project', 'PROJECT/nowhere'],
    code: 64,
  },
  { name: 'clean of no project', args: ['clean', '--project', 'PROJECT/nowhere'], code: 64 },
  {
    name: 'clean where v1 is a folder',
    args: CLEAN,
    code: 1,
    prepare: inTheWay('storage_candidate/v1', 'folder'),
  },
  {
    name: 'clean where the latest report is a file',
    args: CLEAN,
    code: 1,
    prepare: inTheWay('storage_reports/latest-scan', 'file'),
  },
  { name: 'export without a candidate', args: [...EXPORT, 'PROJECT/copy'], code: 1 },
  { name: 'export without a place', args: ['export'], code: 64 },
  { name: 'export over a folder', args: [...EXPORT, 'PROJECT/mapping'], code: 64 },
  {
    name: 'export into a folder that is not there',
    args: [...EXPORT, 'PROJECT/nowhere/copy'],
    code: 64,
  },
  {
    name: 'export of what was emptied',
    args: [...EXPORT, 'PROJECT/copy'],
    code: 1,
    prepare: emptied,
  },
];
