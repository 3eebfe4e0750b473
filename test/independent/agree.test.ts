/**
 * Two programs that share nothing make the same of random cells, by every transform, many types and
 * every condition: ours, and the one in Python that was written from the documentation. Of what Python
 * does not know it says so; that must be little.
 */

import { spawnSync } from 'node:child_process';
import {
  array,
  constant,
  constantFrom,
  integer,
  oneof,
  record,
  sample,
  tuple,
  type Arbitrary,
} from 'fast-check';
import { describe, expect, it } from 'vitest';

import { cellTest } from '../../src/mapping/compile/where.ts';
import { converter } from '../../src/record/convert.ts';
import { BlobContent, RawJson, Rejection } from '../../src/record/converted.ts';
import { transformer, type Transform } from '../../src/record/transform.ts';
import { parseType } from '../../src/record/type.ts';
import { canonical } from './handMade.ts';

/** More on demand: `SEALIFT_CELLS=30000`. */
const CASES = times('SEALIFT_CELLS', 1000, 3000);
const PYTHON = `
import json, sys
sys.dont_write_bytecode = True
from cells import *
from rows import holds
from transforms import transformed
for line in sys.stdin:
    case = json.loads(line)
    try:
        if 'condition' in case:
            print(holds(case['condition'], case['cell']))
        else:
            cell = transformed(case['cell'], case['steps'])
            print(json.dumps(jcs(expected(cell, case['type'], {'zone': 'Europe/Zurich'}))))
    except Unrepresentable:
        print('refused')
    except NotKnown:
        print('unknown')
`;
import { times } from '../kit/long.ts';

type Cell = string | number;

/** What Python makes of each case, and what we do; the answers in which they differ. */
function disagreements<T extends object>(
  cases: readonly T[],
  ours: (each: T) => string,
): { readonly differing: string[]; readonly refused: number; readonly unknown: number } {
  const ran = spawnSync('python3', ['-c', PYTHON], {
    cwd: 'test/independent',
    input: cases.map((each) => `${JSON.stringify(each)}\n`).join(''),
    encoding: 'utf8',
  });
  expect(ran.stderr).toBe('');
  const theirs = ran.stdout.split('\n').slice(0, -1);
  expect(theirs.length).toBe(cases.length);
  const differing = cases.flatMap((each, index) => {
    const [python = '', own] = [theirs[index], ours(each)];
    const same = python === 'unknown' || python === own || decoded(python) === decoded(own);
    return same ? [] : [`${JSON.stringify(each)}: ${own}, in Python ${python}`];
  });
  const count = (answer: string): number => theirs.filter((each) => each === answer).length;
  return { differing, refused: count('refused'), unknown: count('unknown') };
}

/** A text in JSON, however its characters are escaped. */
function decoded(answer: string): unknown {
  return answer.startsWith('"') ? JSON.parse(answer) : answer;
}

/** The value of a field as canonical text in JSON, or `refused`. */
function valueOf(cell: Cell, steps: readonly Transform[], type: string): string {
  const kind = parseType(type);
  if (kind === null) throw new Error(`no type: ${type}`);
  const changed = transformer(steps, () => {})(cell);
  const value =
    changed instanceof Rejection
      ? changed
      : converter({ type: kind, zone: 'Europe/Zurich' })(changed);
  if (value instanceof Rejection) return 'refused';
  if (value instanceof BlobContent) throw new Error('no blob was asked for');
  return JSON.stringify(value instanceof RawJson ? value.text : canonical(value));
}

/** One of the parts of a text. */
function split(listed: string, mark: string | RegExp): Arbitrary<string> {
  return constantFrom(...listed.split(mark));
}

const pieces = oneof(
  split('a Z ß Σ ΟΣ İ ﬁ a\u0308 é 🐕 0 1 12 . , - /', ' '),
  split('\t|\n|\v| |\u0085|\u00a0|\u2003|\u2028|\u3000|\ufeff|\u200b', '|'),
);
const text = array(pieces, { maxLength: 6 }).map((parts) => parts.join(''));
const digits = oneof(
  split('0|-0|007|1.5|1,5|1.234|1.234,50|-12.345.678,9|1e3|5.|x|', '|'),
  split('9007199254740993 -9007199254740991 1.005 12345678901234567890 true 1', ' '),
);
const day = tuple(
  constantFrom('2024', '2023', '0000', '9999'),
  constantFrom('02', '2', '10', '13', '03'),
  constantFrom('29', '1', '01', '31', '27'),
  constantFrom('.', '-', '/', ''),
  constantFrom(
    '',
    ' 02:30',
    'T02:30:00',
    ' 23:59:59.125',
    'T10:00:00Z',
    ' 10:00:00-0530',
    't10:00',
  ),
).chain(([year, month, date, mark, time]) =>
  constantFrom(
    [year, month, date].join(mark) + time,
    [date, month, year].join(mark) + time,
    [month, date, year].join(mark) + time,
  ),
);
const clock = constantFrom('9:05', '09:05', '09:05:07', '09:05:07.5', '24:00', '0905', '23:60');
const json = split(
  `{"a":1} {"a":1.50} {"a":"é","b":1} {"a":null} {"b":1} [1,"x",null,[true]] {"a":1,"a":2} nul []
   {"a":{"z":[0.10]}} {"a":-0} {"a":"\\ud800"} [1,] ["2024-02-29"] [1,2] [true,0] [9007199254740993]
   {"__proto__":1,"a":2}`,
  /\s+/,
);
const number = constantFrom(0, 1, -1, 5, 5.5, 1e21, 1e-7, 2 ** 53 - 1);
const cell: Arbitrary<Cell> = oneof(text, digits, day, clock, json, number);

const patterns = (...forms: string[]) =>
  record({
    pattern: constantFrom(...forms),
    fallbacks: array(constantFrom(...forms), { maxLength: 3 }),
  });
const step: Arbitrary<Transform> = oneof(
  constantFrom<Transform[]>('trim', 'collapse-blanks', 'upper', 'lower', 'nfc', 'empty-to-null'),
  constant<Transform>('decimal-comma'),
  constant<Transform>({ sentinels: ['0', '', 5, -1] }),
  record({ date: patterns('dd.MM.yyyy', 'd/M/yyyy', 'M/d/yyyy', 'yyyyMMdd', 'yyyy-MM-dd') }),
  record({ time: patterns('HH:mm', 'H:mm', 'HHmm', 'HH:mm:ss.S') }),
  record({ timestamp: patterns('d.M.yyyy HH:mm', "yyyy-MM-dd'T'HH:mm:ss", 'yyyy/MM/dd HH:mm') }),
  constant<Transform>({ booleans: { true: ['1', 'a'], false: ['0', ''] } }),
  constantFrom<Transform[]>(
    { lookup: { '1': 'one', a: 'A' } },
    {
      lookup: { '1': 'one' },
      otherwise: 'keep',
    },
  ),
  record({ split: constantFrom('.', 'a', '🐕'), part: integer({ min: 1, max: 3 }) }),
  record({ split: constantFrom('.', ',', '1') }),
  constantFrom<Transform[]>({ prefix: 'k' }, { suffix: '$&' }),
  record({ replace: constantFrom('a', '1', '.', 'Σ'), with: constantFrom('', '$&', '\\1') }),
  constant<Transform>({ jsonField: 'a' }),
);
const types = split(
  `string boolean integer bigint decimal(2) decimal float date time(2) timestamp(1) timestamptz uuid
   timestamptz(0) json tagged array(string) array(integer) array(date) array(boolean) array(json)
   array(array(tagged))`,
  /\s+/,
);

describe('ours and the program in Python agree', () => {
  it('about what steps make of a cell', () => {
    const cases = sample(
      record({
        cell,
        type: constant('tagged'),
        steps: array(step, { minLength: 1, maxLength: 3 }),
      }),
      {
        numRuns: CASES,
        seed: 1,
      },
    );
    const found = disagreements(cases, (each) => valueOf(each.cell, each.steps, each.type));
    expect(found.differing).toEqual([]);
    expect(found.refused).toBeLessThan(CASES * 0.8);
    expect(found.unknown).toBeLessThan(CASES * 0.05);
  });

  it('about what a type makes of a cell', () => {
    const cases = sample(record({ cell, type: types, steps: constant([]) }), {
      numRuns: CASES,
      seed: 1,
    });
    const found = disagreements(cases, (each) => valueOf(each.cell, [], each.type));
    expect(found.differing).toEqual([]);
    expect(found.refused).toBeLessThan(CASES * 0.9);
    expect(found.unknown).toBeLessThan(CASES * 0.05);
  });

  it('about which cells a condition lets pass', () => {
    const value: Arbitrary<Cell> = constantFrom<Cell[]>(
      'a',
      '',
      '5',
      'é',
      '🐕',
      '\uffee',
      0,
      5,
      5.5,
    );
    const column = constant('x');
    const values = array(value, { minLength: 1, maxLength: 3 });
    const condition = oneof(
      record({ column, in: values }),
      record({ column, notIn: values }),
      record({ column, isNull: constantFrom(true, false) }),
      record({ column, atLeast: value }),
      record({ column, below: value }),
    );
    const cells = oneof(value, constant(null), text);
    const cases = sample(record({ cell: cells, condition }), { numRuns: CASES, seed: 1 });
    const found = disagreements(cases, (each) =>
      cellTest(each.condition)(each.cell) ? 'True' : 'False',
    );
    expect(found.differing).toEqual([]);
  });
});
