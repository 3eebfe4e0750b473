/** A source whose mapping changes what it reads, and the candidate that is right for it. */

import Database from 'better-sqlite3';
import { NAMESPACE } from './compareFixture.ts';
import type { HandMade, HandMadeModule, Json } from './handMade.ts';

type Cell = string | number | null;
type Field = { readonly [member: string]: Json };

interface Stepped {
  readonly cell: Cell;
  readonly field: Field;
  readonly value: Json;
}

/** What a step makes of a cell: by docs/transforms.md, not by any program. */
const STEPPED: Readonly<Record<string, Stepped>> = {
  trimmed: text('\u00a0 Ada \n', ['trim'], 'Ada'),
  collapsed: text('Ada \n Ammann ', ['collapse-blanks'], 'Ada Ammann '),
  upper: text('straße', ['upper'], 'STRASSE'),
  lower: text('ΟΔΟΣ', ['lower'], 'οδος'),
  composed: text('a\u0308', ['nfc'], 'ä'),
  emptied: text('  ', ['trim', 'empty-to-null'], null),
  none: of(0, 'integer', [{ sentinels: ['0', 0] }], null),
  zero: text('0', [{ sentinels: [0, ''] }], '0'),
  lost: text('9999', [{ sentinels: ['9999'] }], null),
  day: of('29.02.2024', 'date', [date('dd.MM.yyyy')], '2024-02-29'),
  dayOfIso: of('2024-02-29', 'date', [date('dd.MM.yyyy')], '2024-02-29'),
  dayInstead: of(
    '13/08/2021',
    'date',
    [date('yyyyMMdd', 'dd/MM/yyyy', 'MM/dd/yyyy')],
    '2021-08-13',
  ),
  clock: of('9:30', 'time(0)', [{ time: { pattern: 'H:mm' } }], '09:30:00'),
  instant: of(
    "1.2.2024 o'clock 9:05:07.25",
    'timestamptz(2)',
    [{ timestamp: { pattern: "d.M.yyyy 'o''clock' H:mm:ss.SS" } }],
    '2024-02-01T08:05:07.25Z',
  ),
  comma: of('-1.234,5', 'decimal(2)', ['decimal-comma'], '-1234.50'),
  thousands: of('1.234.567', 'integer', ['decimal-comma'], 1234567),
  yes: of('ja', 'boolean', [{ booleans: { true: ['ja', 'x'], false: [''] } }], true),
  no: of('', 'boolean', [{ booleans: { true: ['ja', 'x'], false: [''] } }], false),
  word: of(1, 'string', [{ lookup: { '1': 'male', F: 'female' } }], 'male'),
  kept: text('f', [{ lookup: { F: 'female' }, otherwise: 'keep' }, { suffix: '!' }], 'f!'),
  part: text('a/b/c', [{ split: '/', part: 2 }], 'b'),
  noPart: text('a/b/c', [{ split: '/', part: 4 }], null),
  parts: of('a;b', 'array(string)', [{ split: ';' }], ['a', 'b']),
  noParts: of('', 'array(string)', [{ split: ';' }], []),
  prefixed: of(12, 'string', [{ prefix: 'k' }], 'k12'),
  suffixed: text('12', [{ suffix: '-old' }], '12-old'),
  replaced: text('1.2.3', [{ replace: '.', with: '' }], '123'),
  member: text('{"city":"Bern"}', [{ jsonField: 'city' }], 'Bern'),
  object: of('{"a":{"b":[1.50]}}', 'json', [{ jsonField: 'a' }], { b: [1.5] }),
  truth: of('{"a":true}', 'boolean', [{ jsonField: 'a' }], true),
  noMember: text('{"b":1}', [{ jsonField: 'a' }], null),
  matched: text('AB-12', [], 'AB-12'),
  unassigned: text('\u0378', [], '\u0378'),
};
const MORE: Readonly<Record<string, Field>> = {
  instant: { zone: 'Europe/Zurich' },
  matched: { pattern: '[A-Z]{2}-\\d+', nonBlank: true },
};

/** Made of no column, or of several. */
const MADE: Readonly<Record<string, { readonly field: Field; readonly value: Json }>> = {
  site: { field: { constant: 'Bern', type: 'string', transforms: ['upper'] }, value: 'BERN' },
  rate: { field: { constant: 7.7, type: 'decimal(2)' }, value: '7.70' },
  sure: { field: { constant: true, type: 'boolean' }, value: true },
  joined: {
    field: { columns: ['first', 'middle', 'nr'], combine: { join: ' ' }, type: 'string' },
    value: 'Ada 7',
  },
  first: {
    field: { columns: ['middle', 'blank', 'first'], combine: 'coalesce', type: 'string' },
    value: '',
  },
};

/** A column and a cell of it that its field refuses. */
const REFUSED: readonly (readonly [string, Cell])[] = [
  ['comma', '1.234'],
  ['day', '31.04.2024'],
  ['dayInstead', '01/08/2021'],
  ['yes', 'vielleicht'],
  ['word', 'f'],
  ['member', '[1]'],
  ['truth', '{"a":true,"a":true}'],
  ['matched', 'AB-12\n'],
  ['matched', ''],
];

function of(cell: Cell, type: string, transforms: readonly Json[], value: Json): Stepped {
  return { cell, field: transforms.length === 0 ? { type } : { type, transforms }, value };
}

function text(cell: string, transforms: readonly Json[], value: Json): Stepped {
  return of(cell, 'string', transforms, value);
}

function date(pattern: string, ...fallbacks: string[]): Json {
  return { date: fallbacks.length === 0 ? { pattern } : { pattern, fallbacks } };
}

/** The table `steps`: a row that becomes a record, and one for each refusal. */
export function createStepped(file: string): void {
  const db = new Database(file);
  const names = Object.keys(STEPPED);
  db.exec(`CREATE TABLE steps (id INTEGER PRIMARY KEY, first TEXT, middle TEXT, blank TEXT,
    nr INTEGER, ${names.map((name) => `"${name}"`).join(', ')})`);
  const insert = db.prepare(
    `INSERT INTO steps VALUES (?, 'Ada', NULL, '', 7${', ?'.repeat(names.length)})`,
  );
  const cells = Object.values(STEPPED).map(({ cell }) => cell);
  insert.run(1, ...cells);
  for (const [index, [name, bad]] of REFUSED.entries()) {
    insert.run(index + 2, ...cells.map((cell, at) => (names[at] === name ? bad : cell)));
  }
  db.close();
}

export const STEPPED_FIELDS: readonly string[] = [...Object.keys(STEPPED), ...Object.keys(MADE)];

/** Where `spoilt` names a field, its value is the cell as it came, or null where it is made. */
export function steppedCandidate(spoilt: readonly string[] = []): HandMade {
  const stepped = Object.entries(STEPPED);
  const fields = stepped.map(([name, { field }]) => [
    name,
    { column: name, ...field, ...MORE[name] },
  ]);
  const made = Object.entries(MADE);
  const values = stepped.map(([name, { cell, value }]) => [
    name,
    spoilt.includes(name) ? changed(cell, value) : value,
  ]);
  const module: HandMadeModule = {
    mapping: {
      fields: {
        id: { column: 'id', type: 'integer' },
        ...(Object.fromEntries(fields) as Field),
        ...Object.fromEntries(made.map(([name, { field }]) => [name, field])),
      },
      id: { rule: 'keep' },
      key: [{ column: 'id', type: 'integer' }],
      module: 'steps',
      source: { table: 'steps' },
    },
    records: [
      {
        id: 1,
        ...(Object.fromEntries(values) as Field),
        ...Object.fromEntries(
          made.map(([name, { value }]) => [name, spoilt.includes(name) ? null : value]),
        ),
      },
    ],
    rows: 1 + REFUSED.length,
  };
  return {
    project: { format: 1, name: 'stepped', namespace: NAMESPACE, sources: {} },
    modules: [module],
    tables: { steps: 1 + REFUSED.length },
  };
}

/** As if the steps had not been taken; null where they change nothing. */
function changed(cell: Cell, value: Json): Json {
  return cell === value ? null : cell;
}
