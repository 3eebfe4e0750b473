/**
 * A small project with every treatment of personal data, a module without a policy, and one whose policy
 * allows what it does not name. What is planted has the marks of {@link PLANTED}.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';

import { writeMapping } from '../kit/project.ts';

/** The key of the policies, by its variable. */
export const KEY_VARIABLES: Readonly<Record<string, string>> = {
  SEALIFT_KEY_TRIAL: '00112233445566778899aabbccddeeff'.repeat(2),
};

/** Values that no report and no message may hold. */
export const PLANTED: Readonly<Record<'mail' | 'iban' | 'before' | 'name', string>> = {
  mail: 'berta.planted@mail.example',
  iban: 'CH93 0076 2011 6238 5295 7',
  before: 'Ruf\u001b[31mrot',
  name: 'Plantagenet',
};

const text = (column: string): object => ({ column, type: 'string' });
const ID = { source: { table: 'owner' }, key: [{ column: 'id', type: 'integer' }] };

/** Fields of the owners, with one treatment each. */
const FIELDS: Readonly<Record<string, object>> = {
  mail: { class: 'EMAIL', treatment: 'plain', purpose: 'contact of customers' },
  second: { class: 'EMAIL', treatment: 'hashed' },
  phone: { class: 'PHONE', treatment: 'pseudonymised', purpose: 'joins with the old calls' },
  ahv: { class: 'AHV', treatment: 'encrypted', purpose: 'wages' },
  card: { class: 'CREDIT_CARD', treatment: 'masked' },
  born: { class: 'DOB', treatment: 'generalised', to: 'year', purpose: 'statistics' },
  note: { class: 'FREE_TEXT', treatment: 'plain', mayContain: ['PHONE'] },
  fax: { class: 'PHONE', treatment: 'dropped' },
};

/** Writes database and mapping of a new project to a folder that does not exist. */
export function writePersonalProject(folder: string): void {
  mkdirSync(folder);
  const database = new Database(join(folder, 'legacy.db'));
  database.exec(`CREATE TABLE owner (id INTEGER PRIMARY KEY, mail TEXT, second TEXT, phone TEXT,
      ahv TEXT, card TEXT, born TEXT, note TEXT, fax TEXT, chip TEXT);
    CREATE TABLE dog (id INTEGER PRIMARY KEY, remark TEXT, breed TEXT);
    CREATE TABLE course (id INTEGER PRIMARY KEY, title TEXT)`);
  const owner = database.prepare('INSERT INTO owner VALUES (?,?,?,?,?,?,?,?,?,?)');
  for (let id = 1; id <= 12; id += 1) {
    const note = id === 7 ? `${PLANTED.before} ${PLANTED.mail} an, ${PLANTED.name}` : 'nothing';
    owner.run(
      id,
      `owner${id}@mail.example`,
      `second${id}@mail.example`,
      `+41 79 123 45 ${10 + id}`,
      '756.9217.0769.85',
      '4111 1111 1111 1111',
      `19${70 + id}-02-03`,
      note,
      `+41 44 765 43 ${10 + id}`,
      `75609810000${1000 + id}`,
    );
  }
  const dog = database.prepare('INSERT INTO dog VALUES (?,?,?)');
  for (let id = 1; id <= 5; id += 1) dog.run(id, id === 3 ? PLANTED.iban : null, 'Pudel');
  database.exec("INSERT INTO course VALUES (1, 'Welpen'), (2, 'Agility')");
  database.close();
  const uuid = { id: { rule: 'uuid' } };
  writeMapping(folder, {
    sources: { main: 'sqlite:legacy.db' },
    modules: {
      owner: {
        ...ID,
        ...uuid,
        fields: {
          ...Object.fromEntries(
            ['mail', 'second', 'phone', 'ahv', 'card', 'note', 'chip'].map((name) => [
              name,
              text(name),
            ]),
          ),
          born: { column: 'born', type: 'date' },
        },
        dropped: { fax: 'no longer in use' },
        pii: {
          policy: 1,
          keyId: 'trial',
          regions: ['CH'],
          fields: FIELDS,
          notPii: { chip: { shape: '^\\d{15}$', reason: 'number of a transponder' } },
          accept: [],
        },
      },
      dog: {
        ...uuid,
        source: { table: 'dog' },
        key: [{ column: 'id', type: 'integer' }],
        fields: { remark: text('remark'), breed: text('breed') },
        pii: { policy: 1, default: 'allow', keyId: 'trial' },
      },
      course: {
        ...uuid,
        source: { table: 'course' },
        key: [{ column: 'id', type: 'integer' }],
        fields: { title: text('title') },
      },
    },
  });
}

/** Adds an acceptance to the policy of a module. */
export function accept(folder: string, module: string, acceptance: object): void {
  const path = join(folder, `mapping/modules/${module}.json`);
  const mapping = JSON.parse(readFileSync(path, 'utf8')) as { pii: { accept?: object[] } };
  mapping.pii.accept = [...(mapping.pii.accept ?? []), acceptance];
  writeFileSync(path, JSON.stringify(mapping));
}
