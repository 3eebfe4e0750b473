/** What may be wrong with the declaration of secrets, with keys, and with runs over them. */

import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { keyHex, KEYS } from '../keys/project.ts';
import type { Case } from './messageCase.ts';

const command = (name: string, ...more: readonly string[]): readonly string[] => [
  'keys',
  name,
  '--project',
  'PROJECT',
  ...more,
];
const PLAN = command('plan');
const COLUMN = {
  table: 'secret',
  id: 'id',
  column: 'value',
  legacy: [{ form: 'base64' }],
  target: 'a1',
  key: 'k1',
};
const SOURCES = { k1: { source: 'env:SECRET_K1' }, log: { source: 'env:SECRET_LOG' } };
const FILE = { format: 1, database: 'sqlite:app.db', keys: SOURCES, log: 'log', columns: [COLUMN] };
const ROW = "INSERT INTO secret VALUES (1, 'c2VjcmV0', 1)";

/** Gives a project a secret, declared as `file` says. */
function declared(
  file: object,
  harm: (project: string) => void = () => {},
  rows: string = ROW,
): (project: string) => void {
  return (project) => {
    const database = new Database(join(project, 'app.db'));
    database.exec(
      `CREATE TABLE secret (id INTEGER PRIMARY KEY, value TEXT, number INTEGER); ${rows};`,
    );
    database.close();
    writeFileSync(join(project, 'mapping/keys.json'), JSON.stringify(file));
    harm(project);
  };
}

const withColumn = (column: object): object => ({ ...FILE, columns: [{ ...COLUMN, ...column }] });
const withSource = (source: string): object => ({
  ...FILE,
  keys: { ...SOURCES, k1: { source } },
});

function keyFile(mode: number): (project: string) => void {
  return (project) => {
    writeFileSync(join(project, 'k1.key'), keyHex(1));
    chmodSync(join(project, 'k1.key'), mode);
  };
}

/** A declaration that is wrong. */
const declaration = (name: string, file: object): Case => {
  return { name: `keys ${name}`, args: PLAN, code: 64, prepare: declared(file), env: KEYS };
};

export const KEY_COLUMNS: readonly Case[] = [
  { name: 'keys that are not declared', args: PLAN, code: 64 },
  declaration('with a member that there is not', { ...FILE, key: 'k1' }),
  declaration('of a column with a member that there is not', withColumn({ from: 'base64' })),
  declaration('whose primary key is not declared', withColumn({ key: 'k2' })),
  declaration('whose log has the key of a column', { ...FILE, log: 'k1' }),
  declaration('with a legacy form that needs a key', withColumn({ legacy: [{ form: 'gcm3' }] })),
  declaration('with a legacy form that has no key', {
    ...withColumn({ legacy: [{ form: 'plain', key: 'k1' }] }),
  }),
  declaration('with two legacy forms without prefix', {
    ...withColumn({ legacy: [{ form: 'plain' }, { form: 'base64' }] }),
  }),
  declaration('with the target form as legacy', {
    ...withColumn({ legacy: [{ form: 'a1', key: 'k1' }] }),
  }),
  declaration('of which the primary one retires', withColumn({ retiring: ['k1'] })),
  declaration('with a column that stands for two things', withColumn({ column: 'id' })),
  declaration('with a column that stands there twice', { ...FILE, columns: [COLUMN, COLUMN] }),
  declaration('in a mapping', withSource(keyHex(1))),
  {
    name: 'keys in a variable that is not set',
    args: PLAN,
    code: 64,
    prepare: declared(FILE),
    env: { SECRET_LOG: keyHex(5) },
  },
  {
    name: 'keys that are the same under two names',
    args: PLAN,
    code: 64,
    prepare: declared(FILE),
    env: { SECRET_K1: keyHex(5), SECRET_LOG: keyHex(5) },
  },
  {
    name: 'keys with a line feed inside',
    args: PLAN,
    code: 64,
    prepare: declared(FILE),
    env: { ...KEYS, SECRET_K1: `${keyHex(1)}\n${keyHex(2)}` },
  },
  {
    name: 'keys of zeros',
    args: PLAN,
    code: 64,
    prepare: declared(FILE),
    env: { ...KEYS, SECRET_K1: '0'.repeat(64) },
  },
  {
    name: 'keys that are too short',
    args: PLAN,
    code: 64,
    prepare: declared(FILE),
    env: { ...KEYS, SECRET_K1: 'c2hvcnQ=' },
  },
  {
    name: 'keys in a file that others can read',
    args: PLAN,
    code: 64,
    prepare: declared(withSource('file:k1.key'), keyFile(0o644)),
    env: KEYS,
  },
  {
    name: 'keys after a symbolic link',
    args: PLAN,
    code: 64,
    prepare: declared(withSource('file:link.key'), (project) => {
      keyFile(0o600)(project);
      symlinkSync('k1.key', join(project, 'link.key'));
    }),
    env: KEYS,
  },
  {
    name: 'keys in a file that is not there',
    args: PLAN,
    code: 64,
    prepare: declared(withSource('file:nowhere.key')),
    env: KEYS,
  },
  {
    name: 'keys for a table that is not there',
    args: PLAN,
    code: 2,
    prepare: declared(withColumn({ table: 'secrets' })),
    env: KEYS,
  },
  {
    name: 'keys for a column that is not there',
    args: PLAN,
    code: 2,
    prepare: declared(withColumn({ column: 'values' })),
    env: KEYS,
  },
  {
    name: 'keys for a column of numbers',
    args: PLAN,
    code: 2,
    prepare: declared(withColumn({ column: 'number' })),
    env: KEYS,
  },
  {
    name: 'keys for a column without a value',
    args: command('migrate'),
    code: 1,
    prepare: declared(FILE, () => {}, 'SELECT 1'),
    env: KEYS,
  },
  {
    name: 'keys to rotate that no column declares',
    args: command('rotate', '--from', 'k1', '--to', 'log'),
    code: 64,
    prepare: declared(FILE),
    env: KEYS,
  },
  {
    name: 'keys to rotate from none',
    args: command('rotate', '--to', 'k1'),
    code: 64,
    prepare: declared(FILE),
    env: KEYS,
  },
  {
    name: 'keys of a run whose name is a path',
    args: command('migrate', '--run', '../x'),
    code: 64,
    prepare: declared(FILE),
    env: KEYS,
  },
  {
    name: 'keys of a run that there is not, rolled back',
    args: command('rollback'),
    code: 1,
    prepare: declared(FILE),
    env: KEYS,
  },
  {
    name: 'a key that would be written over a file',
    args: ['keys', 'generate', 'PROJECT/k1.key'],
    code: 64,
    prepare: declared(FILE, keyFile(0o600)),
  },
  {
    name: 'a key that would be written into no folder',
    args: ['keys', 'generate', 'PROJECT/nowhere/k1.key'],
    code: 64,
  },
];
