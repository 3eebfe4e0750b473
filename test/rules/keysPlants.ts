/** Defects in columns with secrets, which the commands on keys find. */

import { DATABASES } from '../../src/cli/wire.ts';
import {
  emptyDatabase,
  memoryDatabases,
  type MemoryDatabase,
  type MemoryRow,
} from '../../src/database/memory.ts';
import { keysDiscover } from '../../src/flow/keysDiscover.ts';
import { keysPlan } from '../../src/flow/keysPlan.ts';
import { keysReseal } from '../../src/flow/keysReseal.ts';
import { keysVerify } from '../../src/flow/keysVerify.ts';
import type { Environment } from '../../src/run/environment.ts';
import { ENVIRONMENT } from '../fault/fixture.ts';
import { base64, COLUMN, declareKeys, KEYS } from '../keys/project.ts';
import { sealA1 } from '../keys/seals.ts';
import type { CommandPlant } from './commandPlants.ts';
import { projectOf, said, type Said } from './flows.ts';

interface Sound {
  readonly project: string;
  readonly database: MemoryDatabase;
  readonly row: MemoryRow;
  readonly env: Environment;
}

/** A project with one secret, in the form from before; nothing is wrong with it. */
function declared(): Sound {
  const project = projectOf({ sql: 'CREATE TABLE m (id INTEGER PRIMARY KEY)', modules: {} });
  const database = emptyDatabase();
  const row: MemoryRow = { id: 1n, value: base64('secret'), idx: null, note: null };
  const text = { type: 'text', kind: 'text', nullable: true, maxLength: null } as const;
  database.tables.set('secrets', {
    columns: [
      { name: 'id', type: 'bigint', kind: 'integer', nullable: false, maxLength: null },
      { ...text, name: 'value', type: 'varchar(200)', maxLength: 200 },
      { ...text, name: 'idx' },
      { ...text, name: 'note' },
    ],
    key: ['id'],
    rows: [row],
  });
  declareKeys(project, 'memory:app', [{ ...COLUMN, blindIndex: { column: 'idx', key: 'index' } }]);
  const memory = memoryDatabases(new Map([['app', database]]));
  const databases = new Map([...DATABASES, [memory.scheme, memory]]);
  return { project, database, row, env: { ...ENVIRONMENT, databases, variables: KEYS } };
}

function plan({ project, env }: Sound): Promise<Said> {
  return said((found) => keysPlan({ project, batch: 10 }, env, found));
}

function verify({ project, env }: Sound): Promise<Said> {
  return said((found) => keysVerify({ project, expect: null }, env, found));
}

function migrate({ project, env }: Sound): Promise<Said> {
  const limits = { limit: null, batch: 10, rowsPerSecond: null, who: null };
  const options = { project, run: 'rules', step: { name: 'migrate' }, ...limits } as const;
  return said((found) => keysReseal(options, env, found), 'action');
}

async function migrated(): Promise<Sound> {
  const sound = declared();
  const all = [await plan(sound), await migrate(sound), await verify(sound)];
  if (all.map(({ status }) => status).join() === 'PASS,DONE,PASS') return sound;
  throw new Error(`the secrets are not sound: ${all.map(({ line }) => line).join()}`);
}

/** Harm before the migration. */
function before(harm: (sound: Sound) => void, find: (sound: Sound) => Promise<Said>): CommandPlant {
  return {
    stage: 'keys',
    async find() {
      const sound = declared();
      harm(sound);
      return find(sound);
    },
  };
}

/** Harm after it. */
function after(harm: (sound: Sound) => void): CommandPlant {
  return {
    stage: 'keys',
    async find() {
      const sound = await migrated();
      harm(sound);
      return verify(sound);
    },
  };
}

const undeclared = ({ row }: Sound): void => {
  row['note'] = sealA1('foreign', 'forgotten', { id: 1 });
};

/** By rule. */
export const KEYS_PLANTS: Readonly<Record<string, readonly CommandPlant[]>> = {
  'key-unknown': [before(({ row }) => (row['value'] = 'no base64!'), migrate)],
  'key-legacy': [after(({ row }) => (row['value'] = base64('written by an old program')))],
  'key-width': [before(({ row }) => (row['value'] = base64('long '.repeat(30))), plan)],
  'key-undeclared': [
    before(undeclared, ({ project, env }) => said((found) => keysDiscover(project, env, found))),
  ],
  'key-log': [
    after(({ database }) => {
      for (const log of database.logs.values()) {
        log.lines.splice(
          0,
          log.lines.length,
          ...log.lines.map((line) => line.with(6, line[7] ?? null)),
        );
      }
    }),
  ],
  'key-index': [after(({ row }) => (row['idx'] = 'another'))],
};
