import { constants } from 'node:buffer';

import { describe, expect, it } from 'vitest';

import { canonicalJson } from '../../src/record/canonical.ts';
import { lineForm } from '../../src/seal/lineForm.ts';
import { linePattern, type LinePattern } from '../../src/seal/linePattern.ts';
import { lineEnds } from '../../src/seal/readChunk.ts';
import { recordForm } from '../../src/seal/recordForm.ts';
import { randomOf, type Random } from '../dogschool/random.ts';
import { FUZZ_RUNS } from '../mutate.ts';
import { randomRecord, randomSchema, type RandomLines } from './randomSchema.ts';

/** 100,000 on demand: `FUZZ_RUNS=10000`. */
const CASES = FUZZ_RUNS * 10;
const LINES_PER_SCHEMA = 250;

function lineOf(record: object): Buffer {
  return Buffer.from(canonicalJson(record), 'utf8');
}

/** Whether the fast path takes a line. */
function takes({ regExp }: LinePattern, line: Buffer): boolean {
  regExp.lastIndex = 0;
  return regExp.test(`${line.toString('latin1')}\n`) && regExp.lastIndex === line.length + 1;
}

const BYTES = [
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '-',
  '0',
  '9',
  '.',
  'e',
  'E',
  '+',
  ' ',
  'a',
  'Z',
].concat(['\n', '\t', '\0', '\x7f', '\x80', '\xc3', '\xff']);
/** Other spellings, other values, and bytes that are no UTF-8. */
const PIECES = `null true -0 0.0 1.0 01 1e3 9007199254740993 1E400 "x" "" [] {} [null]
  "\\u0061" "\\/" "\\u000A" "\\u000b" "\\ud800" "\\u001F"
  \xed\xa0\x80 \xc0\x80 \xe0\x80\x80 \xf4\x90\x80\x80 \xf0\x80\x80\x80 \xf5`.split(/[ \n]+/);

/** A line with one or two things changed, as somebody might who wants it to pass. */
function mutated(random: Random, line: Buffer): Buffer {
  let text = line.toString('latin1');
  for (let times = random.integer(1, 2); times > 0; times -= 1) {
    const at = random.integer(0, text.length - 1);
    const to = at + random.integer(0, 3);
    const piece = random.pick(random.chance(0.4) ? PIECES : BYTES);
    const members = text.slice(1, -1).split(',"');
    const other = random.integer(0, members.length - 1);
    switch (random.integer(0, 6)) {
      case 0:
        text = text.slice(0, at) + piece + text.slice(to);
        break;
      case 1:
        text = text.slice(0, at) + text.slice(to);
        break;
      case 2:
        text = `{${members.concat(random.pick(members)).join(',"')}}`;
        break;
      case 3:
        text = `{${members.filter((_, index) => index !== other).join(',"')}}`;
        break;
      case 4:
        text = text.replace(/:("[^"\\]*"|[\d.e+-]+|null|true|false)/, `:${piece}`);
        break;
      case 5: {
        // Where a text begins, or behind its end.
        const quote = random.pick([...text.matchAll(/"/g)].map(({ index }) => index)) + 1;
        text = text.slice(0, quote) + piece + text.slice(quote);
        break;
      }
      default:
        // Another value of the same kind, or one that is a little longer.
        text = text.replaceAll(/\d/g, (digit) => (random.chance(0.2) ? random.digits(1) : digit));
    }
  }
  return Buffer.from(text, 'latin1');
}

interface Tried {
  /** Lines that the fast path took. */
  readonly taken: number;
  /** Of these, lines that are not as their schema and the canonical form have it. */
  readonly wrong: readonly string[];
  readonly refused: number;
}

/** Tries mutated lines of random schemas on what `patternOf` makes of them, until enough were wrong. */
function tryMutants(
  cases: number,
  patternOf: (lines: RandomLines) => LinePattern | null,
  enough = Infinity,
): Tried {
  let [taken, refused] = [0, 0];
  const wrong: string[] = [];
  for (let schema = 0; schema * LINES_PER_SCHEMA < cases && wrong.length < enough; schema += 1) {
    const random = randomOf(schema, 'mutants');
    const lines = randomSchema(random, schema % 2 === 0);
    const pattern = patternOf(lines);
    const form = recordForm(lines.schema);
    if (pattern === null) continue;
    const look = lineForm(lines, pattern);
    for (let run = 0; run < LINES_PER_SCHEMA; run += 1) {
      const line = mutated(random, lineOf(randomRecord(random, lines)));
      const data = Buffer.concat([Buffer.from('\0'), line, Buffer.from('\n')]);
      const faults = look(data, lineEnds(data)).faults.filter(
        ({ fault }) => fault.kind !== 'order',
      );
      const isRight = form(line).length === 0;
      if (faults.length > 0) refused += 1;
      else taken += 1;
      if (faults.length === 0 && !isRight) wrong.push(line.toString('latin1'));
    }
  }
  return { taken, wrong, refused };
}

describe('the pattern of a line', () => {
  it('is there for all types whose values have bounds', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const lines = randomSchema(randomOf(seed, 'there'));
      expect(linePattern(lines.schema, lines.keyFields), String(seed)).not.toBeNull();
    }
  });

  it('matches nearly all lines that are right, so that little is left to the slow path', () => {
    let [all, matched] = [0, 0];
    for (let seed = 0; seed < 40; seed += 1) {
      const random = randomOf(seed, 'right');
      const lines = randomSchema(random);
      const pattern = linePattern(lines.schema, lines.keyFields) as LinePattern;
      const form = recordForm(lines.schema);
      for (let run = 0; run < 50; run += 1) {
        const line = lineOf(randomRecord(random, lines));
        expect(form(line), line.toString()).toEqual([]);
        all += 1;
        if (takes(pattern, line)) matched += 1;
      }
    }
    // The rest are mostly integers near 2^53.
    expect(matched / all).toBeGreaterThan(0.75);
  });

  it(`takes nothing that the validator or the canonical form refuses, ${CASES} mutated lines`, () => {
    const tried = tryMutants(CASES, (lines) => linePattern(lines.schema, lines.keyFields));
    expect(tried.wrong).toEqual([]);
    expect(Math.min(tried.taken, tried.refused)).toBeGreaterThan(CASES / 20);
  });

  it.each<[string, (source: string) => string]>([
    [
      'upper-case escapes',
      (source) => source.replaceAll('u00(?:0[0-7bef]|1[0-9a-f])', 'u00[01][0-9a-fA-F]'),
    ],
    [
      'surrogates in UTF-8',
      (source) => source.replaceAll('\\xed[\\x80-\\x9f]', '\\xed[\\x80-\\xbf]'),
    ],
    ['escapes that nobody needs', (source) => source.replaceAll('["\\\\bfnrt]', '["\\\\/bfnrt]')],
    [
      'numbers with leading zeros',
      (source) => source.replaceAll('(?:0|-?(?:[1-8]', '(?:-?(?:[0-8]'),
    ],
  ])('is caught if it lets %s pass (negative control)', (_, weaken) => {
    const tried = tryMutants(
      50_000,
      (lines) => {
        const pattern = linePattern(lines.schema, lines.keyFields);
        if (pattern === null) return null;
        return { ...pattern, regExp: new RegExp(weaken(pattern.regExp.source), 'y') };
      },
      1,
    );
    expect(tried.wrong.length).toBeGreaterThan(0);
  });

  it('is caught if nothing is asked of captures (negative control)', () => {
    const tried = tryMutants(
      50_000,
      (lines) => {
        const pattern = linePattern(lines.schema, lines.keyFields);
        return pattern === null ? null : { ...pattern, checks: pattern.checks.map(() => null) };
      },
      1,
    );
    expect(tried.wrong.length).toBeGreaterThan(0);
  });
});

describe('a line that no text can hold', () => {
  it('is no record', () => {
    const form = recordForm({ type: 'object' });
    expect(form(Buffer.alloc(constants.MAX_STRING_LENGTH + 1))).toEqual([{ kind: 'no-record' }]);
    expect(form(Buffer.from('{}'))).toEqual([]);
  });
});

describe('a schema that says more than is known here', () => {
  const base = {
    type: 'object',
    properties: { id: { type: 'string' } },
    required: ['id'],
    additionalProperties: false,
  };
  const withId = (id: object): object => ({ ...base, properties: { id } });
  it.each([
    ['a keyword of the record', { ...base, minProperties: 2 }],
    ['open records', { ...base, additionalProperties: true }],
    ['a member that may be missing', { ...base, required: [] }],
    ['a member that must be there and is none', { ...base, required: ['id', 'x'] }],
    ['no record', { ...base, type: 'array' }],
    [
      'two values without bounds',
      { ...base, properties: { id: {}, x: {} }, required: ['id', 'x'] },
    ],
    ['a keyword of a value', withId({ type: 'string', minLength: 2 })],
    ['two limits of a text', withId({ type: 'string', enum: ['a'], maxLength: 2 })],
    ['a list without the null that is allowed', withId({ type: ['string', 'null'], enum: ['a'] })],
    ['a pattern that is not simple', withId({ type: 'string', pattern: '^a.$' })],
    ['a pattern without anchors', withId({ type: 'string', pattern: 'a' })],
    ['a pattern that looks ahead', withId({ type: 'string', pattern: '^(?=b)a$' })],
    ['a small range', withId({ type: 'integer', minimum: 0, maximum: 9 })],
    ['a range that begins elsewhere', withId({ type: 'integer', minimum: 1 })],
    ['three types', withId({ type: ['string', 'integer', 'null'] })],
    [
      'another keyword of a list',
      withId({ type: 'array', items: { type: 'boolean' }, maxItems: 2 }),
    ],
  ])('has no pattern: %s', (_, schema) => {
    expect(linePattern(schema as Record<string, unknown>, [])).toBeNull();
    expect(linePattern(base, [])).not.toBeNull();
  });
});
