/** What may be wrong with freeze-writes, unfreeze-writes and migrate --require-frozen. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { appendMembers } from '../../src/journal/journal.ts';
import { FROZEN_SOURCE, frozenHeader } from '../../src/sqlite/frozenHeader.ts';
import type { Case } from './messageCase.ts';

const FREEZE: readonly string[] = ['freeze-writes', '--project', 'PROJECT'];
const UNFREEZE: readonly string[] = ['unfreeze-writes', '--project', 'PROJECT'];
const REQUIRE: readonly string[] = ['migrate', '--require-frozen', '--project', 'PROJECT'];

/** Journals a freeze, of which the database may know or not. */
function journaled(...steps: readonly string[]): (project: string) => void {
  return (project) => {
    const before = readFileSync(join(project, 'legacy.db')).subarray(0, 100).toString('hex');
    const writer = { command: 'test', pid: 1, at: '2025-01-31T10:00:00.000Z' };
    const events = steps.map((step) => {
      return { event: `writes-freeze-${step}`, source: 'main', label: 'sqlite:legacy.db', before };
    });
    appendMembers(join(project, 'storage_journal'), writer, events);
  };
}

/** Gives the database a header that refuses writes; `count` is added to its change counter. */
function refusing(project: string, count: number): void {
  const path = join(project, 'legacy.db');
  const bytes = readFileSync(path);
  frozenHeader(bytes.subarray(0, 100), FROZEN_SOURCE).copy(bytes);
  bytes.writeUInt32BE(bytes.readUInt32BE(24) + count, 24);
  writeFileSync(path, bytes);
}

/** Puts a CSV file in the place of the database. */
function asCsv(project: string): void {
  const path = join(project, 'mapping/project.json');
  const text = readFileSync(path, 'utf8').replace('sqlite:legacy.db', 'csv:legacy.csv');
  writeFileSync(path, text);
}

export const WRITES: readonly Case[] = [
  {
    name: 'freeze-writes of no such source',
    args: [...FREEZE, '--source', 'mian'],
    code: 64,
  },
  { name: 'freeze-writes of a CSV file', args: FREEZE, code: 1, prepare: asCsv },
  {
    name: 'freeze-writes of no database',
    args: FREEZE,
    code: 1,
    prepare: (project) => {
      rmSync(join(project, 'legacy.db'));
    },
  },
  {
    name: 'freeze-writes of an empty file',
    args: FREEZE,
    code: 1,
    prepare: (project) => {
      writeFileSync(join(project, 'legacy.db'), '');
    },
  },
  {
    name: 'freeze-writes of a database that another project froze',
    args: FREEZE,
    code: 1,
    prepare: (project) => {
      refusing(project, 0);
    },
  },
  {
    name: 'freeze-writes of a database that was made writable by hand',
    args: FREEZE,
    code: 1,
    prepare: journaled('intended', 'done'),
  },
  {
    name: 'unfreeze-writes of a database with another header',
    args: UNFREEZE,
    code: 1,
    prepare: (project) => {
      journaled('intended', 'done')(project);
      refusing(project, 7);
    },
  },
  {
    name: 'unfreeze-writes of a database with another header, after a kill',
    args: UNFREEZE,
    code: 1,
    prepare: (project) => {
      journaled('intended')(project);
      refusing(project, 7);
    },
  },
  { name: 'migrate of what is not frozen', args: REQUIRE, code: 1 },
  { name: 'migrate of a CSV file that cannot be frozen', args: REQUIRE, code: 1, prepare: asCsv },
  {
    name: 'migrate of what was made writable by hand',
    args: REQUIRE,
    code: 1,
    prepare: journaled('intended', 'done'),
  },
  {
    name: 'migrate of what a killed command left',
    args: REQUIRE,
    code: 1,
    prepare: journaled('intended'),
  },
];
