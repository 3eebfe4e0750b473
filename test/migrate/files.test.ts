/** The same rows as SQLite, CSV, NDJSON and JSON, and several of them in one project. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';

import {
  findingsOf,
  linesOf,
  migrate,
  recordsOf,
  runFileOf,
  succeed,
  workFolder,
  writeMapping,
  type Summary,
} from '../kit/project.ts';
import { sealift } from '../kit/run.ts';
import { migrateHere } from '../fault/fixture.ts';
import { writeTable, type Dialect } from '../source/csvWriter.ts';

const folder = workFolder('files');

interface Person {
  readonly nr: number;
  readonly name: string | null;
  readonly price: string | null;
  readonly since: string;
  /** Hex. */
  readonly photo: string | null;
  readonly tags: readonly (string | null)[];
  readonly big: bigint;
}

const NAMES = [
  null,
  '',
  'Zürich',
  'Zu\u0308rich',
  'a "quoted", b',
  'line\nbreak\r\n',
  '🐕\u2028',
  ' ',
];
const PEOPLE: readonly Person[] = Array.from({ length: 500 }, (_, n) => ({
  nr: ((n * 7919) % 1009) - 300,
  name: NAMES[n % NAMES.length] ?? null,
  price: n % 5 === 4 ? null : `${n}.${n % 10}`,
  since: `2024-0${(n % 9) + 1}-15T10:00:00${n % 2 === 0 ? 'Z' : '+02:00'}`,
  photo: n % 3 === 2 ? null : Buffer.alloc(n % 40, n).toString('hex'),
  tags: n % 4 === 3 ? [] : [`t${n}`, null],
  big: BigInt(n) * 4_611_686_018_427_387_904n,
}));

const COLUMNS = ['nr', 'name', 'price', 'since', 'photo', 'tags', 'big'] as const;

function writeSqlite(people: readonly Person[]): string {
  const file = join(folder, 'people.db');
  const db = new Database(file);
  db.exec('CREATE TABLE people (nr INTEGER, name, price TEXT, since, photo BLOB, tags, big TEXT)');
  const insert = db.prepare('INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?)');
  for (const person of people) {
    const { nr, name, price, since, photo, tags, big } = person;
    const bytes = photo === null ? null : Buffer.from(photo, 'hex');
    insert.run(nr, name, price, since, bytes, JSON.stringify(tags), String(big));
  }
  db.close();
  return `sqlite:${file}`;
}

function csvField(value: string | number | bigint | null): string {
  return value === null ? '' : `"${String(value).replaceAll('"', '""')}"`;
}

function writeCsv(people: readonly Person[]): string {
  const file = join(folder, 'people.csv');
  const lines = people.map((person) =>
    COLUMNS.map((column) =>
      csvField(column === 'tags' ? JSON.stringify(person.tags) : person[column]),
    ).join(';'),
  );
  const text = `\uFEFF${COLUMNS.join(';')}\r\n${lines.join('\r\n')}\r\n`;
  writeFileSync(file, Buffer.from(text, 'utf16le'));
  return `csv:${file}?encoding=utf-16le&delimiter=;`;
}

/** Members in another order each time; a null is left out now and then. */
function objects(people: readonly Person[]): string[] {
  return people.map((person, n) => {
    const members = COLUMNS.filter((column) => n % 2 === 0 || person[column] !== null).map(
      (column) =>
        `"${column}":${column === 'big' ? String(person.big) : JSON.stringify(person[column])}`,
    );
    return `{${(n % 3 === 0 ? members.toReversed() : members).join(', ')}}`;
  });
}

function writeNdjson(people: readonly Person[]): string {
  const file = join(folder, 'people.ndjson');
  writeFileSync(file, objects(people).join('\n'));
  return `ndjson:${file}`;
}

function writeJson(people: readonly Person[]): string {
  const file = join(folder, 'people.json');
  writeFileSync(file, `[${objects(people.toReversed()).join(',\n')}]`);
  return `json:${file}`;
}

const URLS = {
  sqlite: writeSqlite(PEOPLE),
  csv: writeCsv(PEOPLE),
  ndjson: writeNdjson(PEOPLE),
  json: writeJson(PEOPLE),
};

const NR = { column: 'nr', type: 'integer' };
const FIELDS = {
  nr: NR,
  name: { column: 'name', type: 'string' },
  price: { column: 'price', type: 'decimal(3)' },
  since: { column: 'since', type: 'timestamptz(0)' },
  photo: { column: 'photo', type: 'bytes', encoding: 'hex' },
  tags: { column: 'tags', type: 'array(string)' },
  big: { column: 'big', type: 'bigint' },
};

describe.each(['keep', 'keyless'])('one mapping with ids of rule %s', (rule) => {
  const project = join(folder, rule);
  let first: Summary;

  beforeAll(async () => {
    const key = rule === 'keyless' ? [] : [NR];
    writeMapping(project, {
      sources: { main: URLS.sqlite },
      modules: { people: { source: { table: 'people' }, key, id: { rule }, fields: FIELDS } },
    });
    first = await migrate(project);
  });

  it('takes the rows of SQLite as they are', () => {
    const records = recordsOf(project, 'people');
    const expected = PEOPLE.map((person) => ({
      big: String(person.big),
      name: person.name,
      nr: person.nr,
      photo: person.photo === null ? null : Buffer.from(person.photo, 'hex').toString('base64'),
      price: person.price === null ? null : `${person.price}00`,
      since: person.since.replace('T10:00:00+02:00', 'T08:00:00Z'),
      tags: person.tags,
    }));
    const actual = records
      .map(({ big, name, nr, photo, price, since, tags }) => {
        return { big, name, nr, photo, price, since, tags };
      })
      .sort((a, b) => Number(a.nr) - Number(b.nr));
    expect(actual).toEqual([...expected].sort((a, b) => a.nr - b.nr));
  });

  it.each(['csv', 'ndjson', 'json'] as const)('gives the same data root from %s', async (kind) => {
    const again = await migrate(project, ['--source', URLS[kind]]);
    expect(again.dataRoot).toBe(first.dataRoot);
    expect(again.sealId).not.toBe(first.sealId); // run.json says what kind of source it was
    expect(runFileOf(project).sources[0]?.scheme).toBe(kind);
  });
});

/** The bytes of a file in which everything is quoted, but nulls. */
function inDialect(
  people: readonly Person[],
  dialect: Pick<Dialect, 'delimiter' | 'end' | 'encoding'>,
) {
  const cells = (person: Person): (string | null)[] =>
    COLUMNS.map((column) => {
      if (column === 'tags') return JSON.stringify(person.tags);
      return person[column] === null ? null : String(person[column]);
    });
  const table = { columns: COLUMNS, rows: people.map(cells) };
  const rest = { quotes: 'all', protect: [], lastEnd: true, emptyLines: 1, sep: false } as const;
  return writeTable(table, { ...dialect, ...rest, mark: dialect.encoding !== 'utf-8' });
}

describe('one table in every dialect of CSV', () => {
  it('has one data root, whatever is told from the files', async () => {
    const project = join(folder, 'dialects');
    const source = { table: 'people' };
    const people = { source, key: [NR], id: { rule: 'keep' }, fields: FIELDS };
    writeMapping(project, { sources: { main: URLS.sqlite }, modules: { people } });
    const { dataRoot } = await migrateHere(project);
    const ends = ['lf', 'crlf', 'cr', 'crcrlf'] as const;
    for (const [index, delimiter] of [',', ';', '\t', '|'].entries()) {
      for (const encoding of ['utf-8', 'utf-16le', 'utf-16be'] as const) {
        const end = ends[index] ?? 'lf';
        const file = join(folder, 'dialects', 'people.csv');
        writeFileSync(file, inDialect(PEOPLE, { delimiter, end, encoding }));
        const url = `csv:${file}${end === 'crcrlf' ? '?lines=crcrlf' : ''}`;
        const again = await migrateHere(project, { sources: new Map([['main', url]]) });
        expect(again.dataRoot).toBe(dataRoot);
      }
    }
  });
});

describe('several sources in one project', () => {
  const project = join(folder, 'several');
  const id = { column: 'id', type: 'integer' };
  const module = (name: string, table: string): object => ({
    source: { name, table },
    key: [id],
    id: { rule: 'keep' },
    fields: { id, x: { column: 'x', type: 'string' } },
  });

  beforeAll(async () => {
    const db = new Database(join(folder, 'one.db'));
    db.exec(`CREATE TABLE items (id INTEGER PRIMARY KEY, x TEXT);
      INSERT INTO items VALUES (1, 'sqlite'), (2, 'sqlite'); CREATE TABLE log (x)`);
    db.close();
    writeFileSync(join(folder, 'items.csv'), 'id,x\n1,csv\n');
    writeFileSync(join(folder, 'items.ndjson'), '{"id":1,"x":"ndjson"}\n{"id":5,"x":null}\n');
    writeMapping(project, {
      sources: {
        old: 'sqlite:../one.db',
        sheet: 'csv:../items.csv',
        main: 'ndjson:../items.ndjson',
      },
      modules: {
        'a-items': module('sheet', 'items'),
        'b-items': module('old', 'items'),
        'c-items': module('main', 'items'),
      },
      dropped: [{ source: 'old', table: 'log', reason: 'empty' }],
    });
    await migrate(project);
  });

  it('each give their own rows to their own modules', () => {
    expect(linesOf(project, 'a-items')).toEqual(['{"id":1,"x":"csv"}']);
    expect(linesOf(project, 'b-items')).toEqual(['{"id":1,"x":"sqlite"}', '{"id":2,"x":"sqlite"}']);
    expect(linesOf(project, 'c-items')).toEqual(['{"id":1,"x":"ndjson"}', '{"id":5,"x":null}']);
  });

  it('are all counted in the seal, dropped tables too', async () => {
    const { sources, accounting } = runFileOf(project);
    expect(sources.map(({ name, scheme, tables }) => [name, scheme, tables])).toEqual([
      ['main', 'ndjson', [{ table: 'items', rows: 2 }]],
      [
        'old',
        'sqlite',
        [
          { table: 'items', rows: 2 },
          { table: 'log', rows: 0 },
        ],
      ],
      ['sheet', 'csv', [{ table: 'items', rows: 1 }]],
    ]);
    expect(accounting.map(({ module: name, source, rows }) => [name, source, rows])).toEqual([
      ['a-items', 'sheet', 1],
      ['b-items', 'old', 2],
      ['c-items', 'main', 2],
    ]);
    await succeed(['verify-checksums', '--project', project]);
  });

  it('are replaced one by one with --source NAME=URL', async () => {
    writeFileSync(join(folder, 'more.csv'), 'id,x\n3,other\n1,csv\n');
    const url = `csv:${join(folder, 'more.csv')}`;
    const wrong = await sealift(['migrate', '--project', project, '--source', `sheet=${url}`]);
    expect([wrong.code, wrong.stderr]).toEqual([
      64,
      expect.stringContaining('source "sheet" has no table "items"'),
    ]);
    writeFileSync(join(folder, 'items.csv'), 'id,x\n3,other\n1,csv\n');
    const own = `sheet=csv:${join(folder, 'items.csv')}`;
    await migrate(project, ['--source', own]);
    expect(linesOf(project, 'a-items')).toEqual(['{"id":1,"x":"csv"}', '{"id":3,"x":"other"}']);
    expect(linesOf(project, 'b-items').length).toBe(2);
  });

  it('report a bad row by its ordinal in its own file, without its value', async () => {
    writeFileSync(join(folder, 'items.csv'), 'id,x\n3,other\nGEHEIM,csv\n');
    const ran = await sealift(['migrate', '--project', project]);
    expect(ran.code).toBe(1);
    expect(ran.stdout + ran.stderr).not.toContain('GEHEIM');
    const [finding] = findingsOf(project);
    expect(finding).toMatchObject({
      rule: 'type',
      module: 'a-items',
      field: 'id',
      source: { table: 'items', row: 2 },
    });
  });
});
