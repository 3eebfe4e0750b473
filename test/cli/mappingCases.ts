/** What is wrong in a mapping, or in what it says of its source. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { inTheWay, MIGRATE, type Case } from './messageCase.ts';

type Json = object;

function editJson(file: string, change: (value: Json) => unknown): (project: string) => void {
  return (project) => {
    const path = join(project, 'mapping', file);
    const value = JSON.parse(readFileSync(path, 'utf8')) as Json;
    writeFileSync(path, JSON.stringify(change(value) ?? value, null, 2));
  };
}

function editText(file: string, change: (text: string) => string): (project: string) => void {
  return (project) => {
    const path = join(project, 'mapping', file);
    const text = change(readFileSync(path, 'utf8'));
    writeFileSync(path, text);
  };
}

const dogs = (change: (value: Json) => unknown): ((project: string) => void) =>
  editJson('modules/dogs.json', change);

/** Module dogs from SQL, which answers for table dogs unless told otherwise. */
function dogsBy(sql: string, base: Json = {}): (project: string) => void {
  const source = { sql, base: { table: 'dogs', key: { chip: 'chip' }, ...base } };
  return dogs((value) => ({ ...value, source }));
}

/** Runs SQL on the source. */
function inSource(sql: string): (project: string) => void {
  return (project) => {
    const db = new Database(join(project, 'legacy.db'));
    db.exec(sql);
    db.close();
  };
}

function setField(value: Json, members: Record<string, unknown>, name = 'owner'): unknown {
  const fields = (value as { fields: Record<string, object> }).fields;
  return { ...value, fields: { ...fields, [name]: { ...fields[name], ...members } } };
}

export const MAPPINGS: readonly Case[] = [
  {
    name: 'no mapping',
    args: MIGRATE,
    code: 64,
    prepare: (project) => rmSync(join(project, 'mapping'), { recursive: true }),
  },
  { name: 'no project folder', args: ['migrate', '--project', 'PROJECT/nowhere'], code: 64 },
  {
    name: 'a mapping that is there already',
    args: ['init', '--project', 'PROJECT', '--source', 'sqlite:PROJECT/legacy.db'],
    code: 64,
  },
  {
    name: 'an unknown column',
    args: MIGRATE,
    code: 64,
    prepare: dogs((value) => setField(value, { columns: ['onwer'] })),
  },
  {
    name: 'an unknown table',
    args: MIGRATE,
    code: 64,
    prepare: dogs((value) => ({ ...value, source: { table: 'dgos' } })),
  },
  {
    name: 'an unknown module in a reference',
    args: MIGRATE,
    code: 64,
    prepare: dogs((value) => setField(value, { reference: 'onwers' })),
  },
  {
    name: 'an unknown type',
    args: MIGRATE,
    code: 64,
    prepare: editText('modules/owners.json', (text) =>
      text.replace('"type": "string"', '"type": "strnig"'),
    ),
  },
  {
    name: 'an unknown property',
    args: MIGRATE,
    code: 64,
    prepare: dogs((value) => ({ ...value, filds: {} })),
  },
  {
    name: 'an unknown id rule',
    args: MIGRATE,
    code: 64,
    prepare: dogs((value) => ({ ...value, id: { rule: 'uid' } })),
  },
  {
    name: 'a column that is not mapped',
    args: MIGRATE,
    code: 64,
    prepare: dogs((value) => ({ ...value, fields: {} })),
  },
  {
    name: 'a table that is not mapped',
    args: MIGRATE,
    code: 64,
    prepare: (project) => rmSync(join(project, 'mapping/modules/visits.json')),
  },
  {
    name: 'a syntax error',
    args: MIGRATE,
    code: 64,
    prepare: editText('modules/dogs.json', (text) => text.replace('"source": {', '"source": {,')),
  },
  {
    name: 'a text that does not end',
    args: MIGRATE,
    code: 64,
    prepare: editText('project.json', (text) => text.slice(0, 40)),
  },
  {
    name: '__proto__',
    args: MIGRATE,
    code: 64,
    prepare: editText('modules/dogs.json', (text) =>
      text.replace('"fields": {', '"fields": {\n    "__proto__": {},'),
    ),
  },
  {
    name: 'a module called ../x',
    args: MIGRATE,
    code: 64,
    prepare: dogs((value) => ({ ...value, module: '../x' })),
  },
  {
    name: 'a module called checksums',
    args: MIGRATE,
    code: 64,
    prepare: dogs((value) => ({ ...value, module: 'checksums' })),
  },
  {
    name: 'a module that is not called like its file',
    args: MIGRATE,
    code: 64,
    prepare: dogs((value) => ({ ...value, module: 'cats' })),
  },
  {
    name: 'a key twice',
    args: MIGRATE,
    code: 64,
    prepare: editText('modules/dogs.json', (text) =>
      text.replace('"source": {', '"module": "cats",\n  "source": {'),
    ),
  },
  {
    name: 'a format of the future',
    args: MIGRATE,
    code: 64,
    prepare: editText('project.json', (text) => text.replace('"format": 1', '"format": 2')),
  },
  {
    name: 'a mapping file that is a link',
    args: MIGRATE,
    code: 64,
    prepare: (project) => {
      inTheWay('mapping/modules/dogs.json', 'link')(project);
    },
  },
  {
    name: 'a folder of modules that is a link',
    args: MIGRATE,
    code: 64,
    prepare: inTheWay('mapping/modules', 'link'),
  },
  {
    name: 'a file that is no mapping',
    args: MIGRATE,
    code: 64,
    prepare: (project) => writeFileSync(join(project, 'mapping/modules/dogs.jsno'), ''),
  },
  {
    name: 'a secret key that is missing',
    args: MIGRATE,
    code: 64,
    prepare: dogs((value) => ({ ...value, blind: 'kennel-1' })),
  },
  {
    name: 'a secret key that is too short',
    args: MIGRATE,
    code: 64,
    prepare: dogs((value) => ({ ...value, blind: 'kennel-1' })),
    env: { SEALIFT_KEY_KENNEL_1: 'abcd' },
  },
  {
    name: 'SQL that depends on chance',
    args: MIGRATE,
    code: 64,
    prepare: dogsBy('SELECT chip, owner, random() AS photo FROM dogs'),
  },
  {
    name: 'SQL that SQLite does not take',
    args: MIGRATE,
    code: 64,
    prepare: dogsBy('SELECT chip, ower, photo FROM dogs'),
  },
  {
    name: 'SQL without a column that is mapped',
    args: MIGRATE,
    code: 64,
    prepare: dogsBy('SELECT chip, owner, photo AS photos FROM dogs'),
  },
  {
    name: 'SQL that yields nothing of a column of its base',
    args: MIGRATE,
    code: 64,
    prepare: dogsBy('SELECT chip, 1 AS owner, photo FROM dogs WHERE owner > 5'),
  },
  {
    name: 'SQL whose base is not there',
    args: MIGRATE,
    code: 64,
    prepare: dogsBy('SELECT chip, owner, photo FROM dogs', { table: 'dgos' }),
  },
  {
    name: 'SQL whose base has another key',
    args: MIGRATE,
    code: 64,
    prepare: dogsBy('SELECT chip, owner, photo FROM dogs', { key: { chip: 'chp' } }),
  },
  {
    name: 'SQL that makes rows up',
    args: MIGRATE,
    code: 1,
    prepare: dogsBy("SELECT chip, owner, photo FROM dogs UNION ALL SELECT 'x', 1, NULL"),
  },
  {
    name: 'SQL whose base has a key that is not unique',
    args: MIGRATE,
    code: 1,
    prepare: (project) => {
      const db = new Database(join(project, 'legacy.db'));
      db.exec('UPDATE dogs SET owner = 1');
      db.close();
      dogsBy('SELECT chip, owner, photo FROM dogs', { key: { owner: 'owner' } })(project);
    },
  },
  {
    name: 'rows that are rejected',
    args: MIGRATE,
    code: 1,
    prepare: inSource("UPDATE owners SET name = CAST(x'ff' AS TEXT) WHERE id < 3"),
  },
  {
    name: 'rows that are kept, with a BLOCKER',
    args: MIGRATE,
    code: 1,
    prepare: inSource("UPDATE owners SET name = 'a' || char(0) WHERE id < 3"),
  },
  {
    name: 'a module below its minimum',
    args: MIGRATE,
    code: 1,
    prepare: dogs((value) => ({ ...value, minimumRows: 99 })),
  },
  {
    name: 'a condition on an unknown column',
    args: MIGRATE,
    code: 64,
    prepare: dogs((value) => ({ ...value, where: [{ column: 'onwer', isNull: false }] })),
  },
  {
    name: 'a condition that says nothing',
    args: MIGRATE,
    code: 64,
    prepare: dogs((value) => ({ ...value, where: [{ column: 'owner' }] })),
  },
  {
    name: 'a constant that its field refuses',
    args: MIGRATE,
    code: 64,
    prepare: dogs((value) => setField(value, { constant: 'x', type: 'integer' }, 'site')),
  },
  {
    name: 'modules that filter each other in a circle',
    args: MIGRATE,
    code: 64,
    prepare: (project) => {
      const filter = { columns: ['id'], onFilteredParent: 'filter' };
      dogs((value) => setField(value, { ...filter, reference: 'owners' }, 'o'))(project);
      editJson('modules/owners.json', (value) =>
        setField(value, { ...filter, reference: 'dogs' }, 'd'),
      )(project);
    },
  },
  {
    name: 'fields of an external module',
    args: MIGRATE,
    code: 64,
    prepare: dogs((value) => ({ ...value, external: true })),
  },
  {
    name: 'a module whose rows are all filtered',
    args: MIGRATE,
    code: 1,
    prepare: dogs((value) => ({ ...value, where: [{ column: 'owner', below: 0 }] })),
  },
  {
    name: 'a source without rows',
    args: MIGRATE,
    code: 1,
    prepare: (project) => {
      const db = new Database(join(project, 'legacy.db'));
      db.exec('DELETE FROM visits; DELETE FROM dogs; DELETE FROM owners');
      db.close();
    },
  },
];
