/** A project in which each treatment is declared: people with made ids, and notes without keys. */

import { KEY_ID, type Source } from '../rules/flows.ts';
import { randomOf } from '../dogschool/random.ts';

export interface Person {
  readonly id: number;
  readonly name: string;
  readonly phone: string;
  readonly login: string;
  readonly ahv: string;
  readonly salary: string;
  /** Canonical JSON. */
  readonly health: string;
  readonly iban: string;
  readonly born: string;
  readonly plz: string;
  readonly fax: string;
  readonly mail: string;
}

export const PEOPLE: readonly Person[] = peopleOf(40);

/** Values of which each is in one column of one person alone. */
function peopleOf(count: number): readonly Person[] {
  const random = randomOf(1, 'people');
  const word = (): string =>
    `Q${random.digits(9).replaceAll(/\d/g, (digit) => 'abcdefghij'.charAt(Number(digit)))}`;
  return Array.from({ length: count }, (_, at) => ({
    id: at + 1,
    name: `${word()} ${word()}`,
    phone: `+41 79 ${random.digits(3)} ${random.digits(2)} ${10 + at}`,
    login: word().toLowerCase(),
    ahv: `756.${random.digits(4)}.${random.digits(4)}.${10 + at}`,
    salary: `${random.integer(100_000, 999_999)}.${10 + at}`,
    health: JSON.stringify({ blood: word(), visits: [at, null] }),
    iban: `CH93 0076 2011 ${random.digits(4)} ${random.digits(4)} ${at % 10}`,
    born: `19${String(30 + at)}-0${1 + (at % 9)}-${10 + (at % 18)}`,
    plz: String(1000 + at * 7),
    fax: `+41 44 ${random.digits(3)} ${random.digits(2)} ${10 + at}`,
    mail: `person${at}@example.org`,
  }));
}

const COLUMNS = Object.keys(PEOPLE[0] ?? {});
const field = (column: string, type: string = 'string'): object => ({ column, type });
const key = (column: string, type: string): object => ({ column, type });

const PERSON = {
  source: { table: 'person' },
  key: [key('id', 'integer')],
  id: { rule: 'uuid', field: 'uuid' },
  fields: {
    id: field('id', 'integer'),
    ...Object.fromEntries(
      ['name', 'phone', 'login', 'ahv', 'iban', 'plz', 'mail'].map((name) => [name, field(name)]),
    ),
    salary: field('salary', 'decimal(2)'),
    health: field('health', 'json'),
    born: field('born', 'date'),
  },
  dropped: { fax: 'there is no fax any more' },
  pii: {
    policy: 1,
    keyId: KEY_ID,
    regions: ['CH'],
    fields: {
      name: { class: 'PERSON', treatment: 'pseudonymised' },
      phone: { class: 'PHONE', treatment: 'pseudonymised' },
      login: { class: 'LOGIN', treatment: 'hashed' },
      ahv: { class: 'AHV', treatment: 'encrypted' },
      salary: { class: 'SALARY', treatment: 'encrypted' },
      health: { class: 'HEALTH', treatment: 'encrypted' },
      iban: { class: 'IBAN', treatment: 'masked' },
      born: { class: 'DOB', treatment: 'generalised', to: 'year' },
      plz: { class: 'POSTCODE', treatment: 'generalised', to: { first: 2 } },
      mail: { class: 'EMAIL', treatment: 'plain', purpose: 'contact' },
      fax: { class: 'PHONE', treatment: 'dropped' },
    },
    notPii: { id: { shape: '[0-9]+', reason: 'a number of ours' } },
  },
};

const NOTE = {
  source: { table: 'note' },
  key: [],
  id: { rule: 'keyless', key: KEY_ID },
  fields: { author: field('author'), pin: field('pin'), text: field('text') },
  pii: {
    policy: 1,
    keyId: KEY_ID,
    fields: {
      author: { class: 'PERSON', treatment: 'pseudonymised' },
      pin: { class: 'PIN', treatment: 'encrypted' },
      text: { class: 'FREE_TEXT', treatment: 'plain' },
    },
  },
};

function rowsOf(table: string, rows: readonly (readonly (string | number)[])[]): string {
  const tuples = rows.map((row) => `(${row.map((cell) => `'${cell}'`).join(', ')})`);
  return `INSERT INTO ${table} VALUES ${tuples.join(', ')};`;
}

/** Each person wrote a note, whose author has the name in capitals. */
export const NOTES: readonly { readonly author: string; readonly pin: string }[] = PEOPLE.map(
  ({ name, ahv }) => ({ author: name.toUpperCase(), pin: ahv.replaceAll('.', '').slice(4) }),
);

export const SOURCE: Source = {
  sql: [
    `CREATE TABLE person (${COLUMNS.map((name) => (name === 'id' ? 'id INTEGER PRIMARY KEY' : `${name} TEXT`)).join(', ')});`,
    'CREATE TABLE note (author TEXT, pin TEXT, text TEXT);',
    rowsOf(
      'person',
      PEOPLE.map((person) => Object.values(person) as (string | number)[]),
    ),
    rowsOf(
      'note',
      NOTES.map(({ author, pin }, at) => [author, pin, `note ${at} of the day`]),
    ),
  ].join('\n'),
  modules: { person: PERSON, note: NOTE },
};

/** Texts of the source that may be in no file of a project but the database. */
export const KEPT_OUT: readonly string[] = [
  ...PEOPLE.map(({ name }) => name.toUpperCase()),
  ...PEOPLE.map(({ ahv }) => ahv.replaceAll('.', '')),
  ...(['name', 'phone', 'login', 'ahv', 'salary', 'iban', 'born', 'fax'] as const).flatMap((of) =>
    PEOPLE.map((person) => person[of]),
  ),
];
