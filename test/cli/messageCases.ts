/** What people get wrong, and what machines do to them: one case for each line that they may see. */

import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { randomOf } from '../dogschool/random.ts';

import { ATTACHMENTS } from './attachmentCases.ts';
import { RUNBOOKS } from './cutoverCases.ts';
import { KEY_COLUMNS } from './keysCases.ts';
import { SECRETS } from './secretCases.ts';
import { MAPPINGS } from './mappingCases.ts';
import { DIFF, inTheWay, MIGRATE, NEW, VERIFY, type Case } from './messageCase.ts';
import { REGISTRIES } from './registryCases.ts';
import { CURRENCY } from './currencyCases.ts';
import { REVIEWS } from './reviewCases.ts';
import { POINTERS } from './pointerCases.ts';
import { SCANS } from './scanCases.ts';
import { WRITES } from './writesCases.ts';
import { SMOKES } from './smokeCases.ts';
import { SNAPSHOTS } from './snapshotCases.ts';
import { TARGETS } from './targetCases.ts';

function writeRandom(project: string): void {
  const random = randomOf(1, 'encrypted');
  const bytes = Buffer.from(Array.from({ length: 8192 }, () => random.integer(0, 255)));
  writeFileSync(join(project, 'legacy.db'), bytes);
}

/** Takes the database away from everybody else. */
function lockSource(project: string): () => void {
  const db = new Database(join(project, 'legacy.db'));
  db.exec('BEGIN EXCLUSIVE');
  return () => {
    db.close();
  };
}

/** Another run is at work. */
function lockProject(project: string): () => void {
  mkdirSync(join(project, 'storage_candidate'), { recursive: true });
  const db = new Database(join(project, 'storage_candidate/.lock'));
  db.exec('BEGIN EXCLUSIVE');
  const holder = { command: 'migrate', pid: 4711, since: '2025-01-31T10:00:00.000Z' };
  writeFileSync(join(project, 'storage_candidate/.lock.json'), JSON.stringify(holder));
  return () => {
    db.close();
  };
}

function withSource(name: string, content: string): (project: string) => void {
  return (project) => {
    writeFileSync(join(project, name), content);
  };
}

const SOURCES: readonly Case[] = [
  { name: 'no such source', args: [...NEW, 'sqlite:PROJECT/nowhere.db'], code: 1 },
  { name: 'a folder for a database', args: [...NEW, 'sqlite:PROJECT/mapping'], code: 1 },
  { name: 'not a database', args: [...NEW, 'sqlite:PROJECT/mapping/project.json'], code: 1 },
  {
    name: 'an empty file for a database',
    args: [...NEW, 'sqlite:PROJECT/empty.db'],
    code: 1,
    prepare: withSource('empty.db', ''),
  },
  {
    name: 'no such source of a mapping',
    args: MIGRATE,
    code: 1,
    prepare: (project) => rmSync(join(project, 'legacy.db')),
  },
  {
    name: 'an empty file for the database of a mapping',
    args: MIGRATE,
    code: 64,
    prepare: (project) => truncateSync(join(project, 'legacy.db'), 0),
  },
  { name: 'an encrypted database', args: MIGRATE, code: 1, prepare: writeRandom },
  {
    name: 'a truncated database',
    args: MIGRATE,
    code: 1,
    prepare: (project) => truncateSync(join(project, 'legacy.db'), 8192),
  },
  {
    name: 'a truncated page',
    args: MIGRATE,
    code: 1,
    prepare: (project) => truncateSync(join(project, 'legacy.db'), 10_000),
  },
  {
    name: 'a truncated header',
    args: MIGRATE,
    code: 1,
    prepare: (project) => truncateSync(join(project, 'legacy.db'), 50),
  },
  {
    name: 'a damaged database',
    args: MIGRATE,
    code: 1,
    prepare: (project) => {
      const path = join(project, 'legacy.db');
      const bytes = readFileSync(path);
      bytes.fill(0xee, 4096);
      writeFileSync(path, bytes);
    },
  },
  { name: 'a locked database', args: MIGRATE, code: 1, prepare: lockSource },
  {
    name: 'a locked database, to init',
    args: [...NEW, 'sqlite:PROJECT/legacy.db'],
    code: 1,
    prepare: lockSource,
  },
  { name: 'a kind of source that there is not', args: [...NEW, 'sqllite:legacy.db'], code: 64 },
  { name: 'a kind of source far from any', args: [...NEW, 'oracle:legacy'], code: 64 },
  { name: 'a source without a kind', args: [...NEW, 'legacy.db'], code: 64 },
  { name: 'a source without a file', args: [...NEW, 'sqlite:'], code: 64 },
  {
    name: 'a source that the mapping does not name',
    args: [...MIGRATE, '--source', 'mian=sqlite:x.db'],
    code: 64,
  },
  {
    name: 'NDJSON with a broken line',
    args: [...NEW, 'ndjson:PROJECT/a.ndjson'],
    code: 1,
    prepare: withSource('a.ndjson', '{"a":1}\n{"a":Geheimnis}\n'),
  },
  {
    name: 'NDJSON with a key twice',
    args: [...NEW, 'ndjson:PROJECT/a.ndjson'],
    code: 1,
    prepare: withSource('a.ndjson', '{"a":1,"a":2}\n'),
  },
  {
    name: 'CSV with a row too long',
    args: [...NEW, 'csv:PROJECT/a.csv'],
    code: 1,
    prepare: withSource('a.csv', 'a,b\n1,2\nGeheimnis,2,3\n'),
  },
  {
    name: 'CSV in an unknown encoding',
    args: [...NEW, 'csv:PROJECT/a.csv?encoding=utf-9'],
    code: 64,
    prepare: withSource('a.csv', 'a,b\n1,2\n'),
  },
  {
    name: 'CSV with a misspelt option',
    args: [...NEW, 'csv:PROJECT/a.csv?delimeter=;'],
    code: 64,
    prepare: withSource('a.csv', 'a,b\n1,2\n'),
  },
];

const PLACES: readonly Case[] = [
  ...(['file', 'link'] as const).map((what) => ({
    name: `storage_candidate is a ${what}`,
    args: MIGRATE,
    code: 1,
    prepare: inTheWay('storage_candidate', what),
  })),
  ...(['file', 'folder', 'link'] as const).map((what) => ({
    name: `the candidate is a ${what}`,
    args: MIGRATE,
    code: 1,
    prepare: inTheWay('storage_candidate/v1', what),
  })),
  ...(['file', 'link'] as const).map((what) => ({
    name: `sealed is a ${what}`,
    args: MIGRATE,
    code: 1,
    prepare: inTheWay('storage_candidate/sealed', what),
  })),
  ...(['file', 'link'] as const).map((what) => ({
    name: `staging is a ${what}`,
    args: MIGRATE,
    code: 1,
    prepare: inTheWay('storage_candidate/.staging', what),
  })),
  ...(['file', 'folder', 'link'] as const).map((what) => ({
    name: `the lock is a ${what}`,
    args: MIGRATE,
    code: 1,
    prepare: inTheWay('storage_candidate/.lock', what),
  })),
  { name: 'another run is at work', args: MIGRATE, code: 1, prepare: lockProject },
  { name: 'mapping is a file', args: MIGRATE, code: 64, prepare: inTheWay('mapping', 'file') },
  { name: 'the project is a file', args: ['migrate', '--project', 'PROJECT/legacy.db'], code: 64 },
  {
    name: 'init where mapping is a file',
    args: ['init', '--project', 'PROJECT', '--source', 'sqlite:PROJECT/legacy.db'],
    code: 64,
    prepare: inTheWay('mapping', 'file'),
  },
  {
    name: 'init where mapping is a link to nowhere',
    args: ['init', '--project', 'PROJECT', '--source', 'sqlite:PROJECT/legacy.db'],
    code: 64,
    prepare: (project) => {
      rmSync(join(project, 'mapping'), { recursive: true });
      symlinkSync('nowhere', join(project, 'mapping'));
    },
  },
  {
    name: 'init below a file',
    args: ['init', '--project', 'PROJECT/legacy.db/x', '--source', 'sqlite:PROJECT/legacy.db'],
    code: 1,
  },
];

const WORDS: readonly Case[] = [
  { name: 'an unknown command', args: ['migrat'], code: 64 },
  { name: 'an unknown option', args: [...MIGRATE, '--worker', '2'], code: 64 },
  { name: 'an argument too many', args: [...MIGRATE, 'now'], code: 64 },
  { name: 'an option without its value', args: [...MIGRATE, '--workers'], code: 64 },
  { name: 'no workers', args: [...MIGRATE, '--workers', '0'], code: 64 },
  { name: 'workers in words', args: [...MIGRATE, '--workers', 'two'], code: 64 },
  { name: 'too little memory', args: [...MIGRATE, '--memory', '1M'], code: 64 },
  { name: 'negative rejected rows', args: [...MIGRATE, '--allow-rejected=-1'], code: 64 },
  {
    name: 'a rule for ids that there is not',
    args: [...NEW, 'sqlite:x', '--ids', 'uuids'],
    code: 64,
  },
  { name: 'init without a source', args: ['init', '--project', 'PROJECT/new'], code: 64 },
  { name: 'a seal id that is none', args: [...VERIFY, '--expect-seal', '3f1c'], code: 64 },
  {
    name: 'a run id that is none',
    args: MIGRATE,
    code: 64,
    env: { MIGRATE_RUN_ID: '\u001B[31mred\n' },
  },
];

const CHECKS: readonly Case[] = [
  { name: 'no candidate', args: VERIFY, code: 2 },
  {
    name: 'no folder of a candidate',
    args: [...VERIFY, '--candidate', 'PROJECT/nowhere'],
    code: 2,
  },
  {
    name: 'a folder that is no candidate',
    args: [...VERIFY, '--candidate', 'PROJECT/mapping'],
    code: 2,
  },
  {
    name: 'a file for a candidate',
    args: [...VERIFY, '--candidate', 'PROJECT/legacy.db'],
    code: 2,
  },
  {
    name: 'a candidate that is a file',
    args: VERIFY,
    code: 2,
    prepare: inTheWay('storage_candidate/v1', 'file'),
  },
  {
    name: 'a candidate that links to nowhere',
    args: VERIFY,
    code: 2,
    prepare: (project) => {
      mkdirSync(join(project, 'storage_candidate'));
      symlinkSync('sealed/gone', join(project, 'storage_candidate/v1'));
    },
  },
];

const DIFFS: readonly Case[] = [
  { name: 'a comparison with nothing', args: [...DIFF, 'v1', 'v1'], code: 2 },
  { name: 'a comparison with one that is not live', args: [...DIFF, 'live', 'v1'], code: 2 },
  {
    name: 'a comparison with a seal id that is not there',
    args: [...DIFF, '3f1c3f1c', 'PROJECT'],
    code: 2,
  },
  {
    name: 'a comparison with several of that name',
    args: [...DIFF, '3f1c3f1c', 'v1'],
    code: 64,
    prepare: (project) => {
      const sealed = join(project, 'storage_candidate/sealed');
      mkdirSync(join(sealed, `3f1c3f1c${'0'.repeat(56)}`), { recursive: true });
      mkdirSync(join(sealed, `3f1c3f1c${'1'.repeat(56)}`));
    },
  },
  { name: 'a comparison of a folder', args: [...DIFF, 'PROJECT', 'PROJECT/mapping'], code: 2 },
  { name: 'values into a pipe', args: [...DIFF, 'v1', 'v1', '--show-values'], code: 64 },
];

/** Where reports go is not where candidates go: the command does its work, and says what it could not do. */
export const REPORTS: readonly Case[] = [
  ...(['file', 'link'] as const).map((what) => ({
    name: `storage_reports is a ${what}`,
    args: MIGRATE,
    code: 74,
    prepare: inTheWay('storage_reports', what),
  })),
  ...(['file', 'folder', 'link'] as const).map((what) => ({
    name: `latest-migrate is a ${what}`,
    args: MIGRATE,
    code: 74,
    prepare: inTheWay('storage_reports/latest-migrate', what),
  })),
  {
    name: 'history is a link',
    args: MIGRATE,
    code: 74,
    prepare: inTheWay('storage_reports/history', 'link'),
  },
];

export const CASES: readonly Case[] = [
  ...SOURCES,
  ...MAPPINGS,
  ...REGISTRIES,
  ...PLACES,
  ...WORDS,
  ...CHECKS,
  ...POINTERS,
  ...WRITES,
  ...CURRENCY,
  ...REVIEWS,
  ...SCANS,
  ...SMOKES,
  ...DIFFS,
  ...SNAPSHOTS,
  ...TARGETS,
  ...ATTACHMENTS,
  ...KEY_COLUMNS,
  ...RUNBOOKS,
  ...SECRETS,
];
