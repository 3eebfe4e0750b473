/** Every field type with cells that careless code changes, and what the records have to hold. */

import { createHash } from 'node:crypto';

import type { Json } from '../independent/handMade.ts';

/** Content that is beyond what a bytes field takes. */
export const FILE: Buffer = Buffer.alloc(70_000, 'seven ');

export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export interface Example {
  readonly type: string;
  readonly options?: object;
  /** SQL of the cell, and the value that the record has to hold. */
  readonly cells: readonly (readonly [string, Json])[];
}

/** By name of the column. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  text: {
    type: 'string',
    options: { maxLength: 4 },
    cells: [
      [`'😀😀😀😀'`, '😀😀😀😀'],
      [`''`, ''],
      [`'Zu' || char(776)`, 'Zu\u0308'],
      [`'a' || char(0) || char(8232)`, 'a\0\u2028'],
    ],
  },
  flag: {
    type: 'boolean',
    cells: [
      ['1', true],
      ['0', false],
      [`'true'`, true],
      [`'false'`, false],
    ],
  },
  count: {
    type: 'integer',
    cells: [
      ['9007199254740991', 9_007_199_254_740_991],
      ['-9007199254740991', -9_007_199_254_740_991],
      ['0', 0],
      [`'42'`, 42],
    ],
  },
  big: {
    type: 'bigint',
    cells: [
      ['9223372036854775807', '9223372036854775807'],
      ['-9223372036854775808', '-9223372036854775808'],
      ['9007199254740993', '9007199254740993'],
      [`'123456789012345678901234567890'`, '123456789012345678901234567890'],
    ],
  },
  price: {
    type: 'decimal(2)',
    cells: [
      ['0.1', '0.10'],
      ['-12.5', '-12.50'],
      ['7', '7.00'],
      [`'99999999999999999999.99'`, '99999999999999999999.99'],
    ],
  },
  exact: {
    type: 'decimal',
    cells: [
      [`'1.500'`, '1.500'],
      ['0.1', '0.1'],
      ['3', '3'],
      ['NULL', null],
    ],
  },
  ratio: {
    type: 'float',
    cells: [
      ['1e300', 1e300],
      ['5e-324', 5e-324],
      ['0.1 + 0.2', 0.30000000000000004],
      [`'2.5'`, 2.5],
    ],
  },
  day: {
    type: 'date',
    cells: [
      [`'2024-02-29'`, '2024-02-29'],
      [`'0001-01-01'`, '0001-01-01'],
      [`'9999-12-31'`, '9999-12-31'],
      ['NULL', null],
    ],
  },
  clock: {
    type: 'time(3)',
    cells: [
      [`'08:15:00'`, '08:15:00.000'],
      [`'23:59:59.5'`, '23:59:59.500'],
      [`'00:00:00'`, '00:00:00.000'],
      ['NULL', null],
    ],
  },
  local: {
    type: 'timestamp(6)',
    cells: [
      [`'2024-03-31 02:30:00.123456'`, '2024-03-31T02:30:00.123456'],
      [`'1969-12-31T23:59:59'`, '1969-12-31T23:59:59.000000'],
      ['NULL', null],
      ['NULL', null],
    ],
  },
  instant: {
    type: 'timestamptz(3)',
    options: { zone: 'Europe/Zurich' },
    cells: [
      // The hour before the gap of 2024-03-31, and the hour behind it.
      [`'2024-03-31 01:59:59.999'`, '2024-03-31T00:59:59.999Z'],
      [`'2024-03-31 03:00:00'`, '2024-03-31T01:00:00.000Z'],
      // Twice on the clock of Zurich, but an offset says which one.
      [`'2024-10-27T02:30:00+01:00'`, '2024-10-27T01:30:00.000Z'],
      [`'2024-10-27T02:30:00+02:00'`, '2024-10-27T00:30:00.000Z'],
    ],
  },
  guid: {
    type: 'uuid',
    cells: [
      [`'0B000000-0000-4000-8000-00000000000A'`, '0b000000-0000-4000-8000-00000000000a'],
      [`x'000102030405060708090a0b0c0d0e0f'`, '00010203-0405-0607-0809-0a0b0c0d0e0f'],
      ['NULL', null],
      ['NULL', null],
    ],
  },
  small: {
    type: 'bytes',
    cells: [
      [`x'00ff'`, 'AP8='],
      [`x''`, ''],
      ['zeroblob(65536)', Buffer.alloc(65_536).toString('base64')],
      ['NULL', null],
    ],
  },
  hex: {
    type: 'bytes',
    options: { encoding: 'hex' },
    cells: [
      [`'00FF'`, 'AP8='],
      [`''`, ''],
      [`x'41'`, 'QQ=='],
      ['NULL', null],
    ],
  },
  file: {
    type: 'blob',
    cells: [
      [`x'${FILE.toString('hex')}'`, { sha256: digest(FILE), size: FILE.length }],
      [`x'${FILE.toString('hex')}'`, { sha256: digest(FILE), size: FILE.length }],
      [`x''`, { sha256: digest(Buffer.alloc(0)), size: 0 }],
      ['NULL', null],
    ],
  },
  mood: {
    type: 'enum',
    options: { values: ['good', '', 'bäd'] },
    cells: [
      [`'good'`, 'good'],
      [`''`, ''],
      [`'bäd'`, 'bäd'],
      ['NULL', null],
    ],
  },
  doc: {
    type: 'json',
    cells: [
      [`'{"b":[1.0,2e2],"a":"\\u00e9","10":1,"9":2}'`, { '10': 1, '9': 2, a: 'é', b: [1, 200] }],
      [`'null'`, null],
      [`' [ ] '`, []],
      [`'"text"'`, 'text'],
    ],
  },
  tags: {
    type: 'array(string)',
    options: { maxLength: 3 },
    cells: [
      [`'["x",null,"😀😀😀"]'`, ['x', null, '😀😀😀']],
      [`'[]'`, []],
      ['NULL', null],
      ['NULL', null],
    ],
  },
  moods: {
    type: 'array(enum)',
    options: { values: ['a', 'b'] },
    cells: [
      [`'["b","a",null]'`, ['b', 'a', null]],
      [`'[]'`, []],
      ['NULL', null],
      ['NULL', null],
    ],
  },
  nested: {
    type: 'array(array(decimal(1)))',
    cells: [
      [`'[[1,2.5],[]]'`, [['1.0', '2.5'], []]],
      [`'[null]'`, [null]],
      ['NULL', null],
      ['NULL', null],
    ],
  },
  any: {
    type: 'tagged',
    cells: [
      ['5', { number: '5' }],
      [`'5'`, { text: '5' }],
      [`x'05'`, { bytes: 'BQ==' }],
      [`CAST(x'ff41' AS TEXT)`, { invalidText: '/0E=' }],
    ],
  },
};
