import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeUtf8,
  JsonSyntaxError,
  MAX_DEPTH,
  parseJson,
  parseJsonWithPositions,
} from '../../src/record/jsonText.ts';
import { InexactNumber, type JsonValue } from '../../src/record/value.ts';

const SUITE = new URL(
  '../../../shared/vectors/json-parsing-JSONTestSuite/test_parsing/',
  import.meta.url,
);
const HAVE_SUITE = existsSync(SUITE);
if (!HAVE_SUITE) process.stdout.write('skipped: JSONTestSuite is not there\n');

/** What JSON.parse would give, for values that it does not change. */
function plain(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, member]) => [key, plain(member as JsonValue)]));
  }
  return value;
}

function refusal(text: string): JsonSyntaxError {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error;
    throw error;
  }
  throw new Error('not refused');
}

/** Whether our parser takes the bytes. Anything but a JsonSyntaxError is a crash. */
function takes(bytes: Uint8Array): boolean {
  const text = decodeUtf8(bytes);
  if (text === null) return false;
  try {
    parseJson(text);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(JsonSyntaxError);
    return false;
  }
}

describe.skipIf(!HAVE_SUITE)('JSONTestSuite', () => {
  const names = HAVE_SUITE ? readdirSync(SUITE).filter((name) => name.endsWith('.json')) : [];
  const bytes = (name: string): Uint8Array =>
    readFileSync(new URL(encodeURIComponent(name), SUITE));
  const ours = /^y_object_duplicated_key/;

  it('has all its files', () => {
    expect(names.length).toBeGreaterThan(300);
    expect(names.filter((name) => ours.test(name)).length).toBe(2);
  });
  it.each(names.filter((name) => name.startsWith('n_')))('refuses %s', (name) => {
    expect(takes(bytes(name))).toBe(false);
  });
  it.each(names.filter((name) => name.startsWith('y_') && !ours.test(name)))('takes %s', (name) => {
    expect(takes(bytes(name))).toBe(true);
  });
  it.each(names.filter((name) => ours.test(name)))('refuses on purpose %s', (name) => {
    expect(takes(bytes(name))).toBe(false);
  });
  it.each(names.filter((name) => name.startsWith('i_')))('survives %s', (name) => {
    expect(takes(bytes(name))).toBeTypeOf('boolean');
  });
});

describe('parseJson', () => {
  it('gives what JSON.parse gives, where that changes nothing', () => {
    fc.assert(
      fc.property(fc.json({ noUnicodeString: false, maxDepth: 6 }), (text) => {
        fc.pre(!/-0(?![.\d])|-0\.0|\\ud[89a-f]|"__proto__"/i.test(text));
        expect(plain(parseJson(text))).toEqual(JSON.parse(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes and refuses what JSON.parse does, but for what it refuses on purpose', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b"',
      '0',
      '-1',
      '1.5e3',
      '01',
      '1.',
      'e',
      '"',
      'true',
      'nul',
      'null',
      ' ',
      '\n',
      '\\',
      '\\u00',
      '\u0001',
      '\f',
      '\uFEFF',
      "'",
    );
    let taken = 0;
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        let expected = true;
        try {
          JSON.parse(text);
        } catch {
          expected = false;
        }
        const actual = takes(Buffer.from(text));
        if (actual) taken += 1;
        if (actual !== expected) expect(refusal(text).message).toBe('duplicate key');
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(50);
  });

  it.each([
    ['0', 0],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['-9007199254740991', Number.MIN_SAFE_INTEGER],
    ['9007199254740992', 2 ** 53],
    ['1e2', 100],
    ['1.50', 1.5],
    ['0.1', 0.1],
    ['-0.1', -0.1],
    ['0.000', 0],
    ['0e99999999999999999999', 0],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['5e-324', Number.MIN_VALUE],
    ['1e23', 1e23],
    ['123456789012345000000000e-9', 123456789012345],
  ])('reads %s as the number', (lexeme, value) => {
    expect(parseJson(lexeme)).toBe(value);
  });

  it.each([
    '-0',
    '-0.0',
    '-0e5',
    '9007199254740993',
    '-9007199254740993',
    '1e400',
    '-1e400',
    '1e-400',
    '0.1000000000000000055511151231257827',
    '3.14159265358979323846',
    '4.9e-324',
    '1e99999999999999999999',
    '123456789012345678901234567890',
    '0.12345678901234567',
  ])('keeps %s as it is written', (lexeme) => {
    expect(parseJson(`[${lexeme}]`)).toEqual([new InexactNumber(lexeme)]);
  });

  it('says the same of a number as exact decimal arithmetic', () => {
    const digits = fc.stringMatching(/^(0|[1-9]\d{0,18})(\.\d{1,18})?(e[+-]?\d{1,2})?$/);
    fc.assert(
      fc.property(digits, fc.boolean(), (digitsOf, negative) => {
        const lexeme = negative ? `-${digitsOf}` : digitsOf;
        const value = parseJson(lexeme);
        const exact = scaled(lexeme) === scaled(String(Number(lexeme)));
        const zero = Number(lexeme) === 0;
        expect(typeof value === 'number').toBe(zero ? !negative && exact : exact);
      }),
      { numRuns: 5000 },
    );
  });

  it('keeps __proto__ and integer-like keys as keys, in the order of the text', () => {
    const value = parseJson('{"b":1,"__proto__":{"x":2},"1":3,"constructor":4}');
    expect([...(value as ReadonlyMap<string, JsonValue>).keys()]).toEqual([
      'b',
      '__proto__',
      '1',
      'constructor',
    ]);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it.each([
    ['{"a":1,"a":2}', 1, 8, 'duplicate key'],
    ['{"a":1,\n  "\\u0061":2}', 2, 3, 'duplicate key'],
    ['["\\ud800"]', 1, 2, 'lone surrogate in a string'],
    ['["\\ude00\\ud83d"]', 1, 2, 'lone surrogate in a string'],
    ['["é", "\ud800"]', 1, 8, 'lone surrogate in the text'],
    ['{\n"a": tru }', 2, 6, 'expected a value'],
    ['[1,]', 1, 4, 'expected a value'],
    ['{"a":1,}', 1, 8, 'expected a key in double quotes'],
    ['{"a" 1}', 1, 6, 'expected ":"'],
    ['[1 2]', 1, 4, 'expected "," or "]"'],
    ['{"a":1]', 1, 7, 'expected "," or "}"'],
    ['1 2', 1, 3, 'expected the end of the text'],
    ['\uFEFF1', 1, 1, 'expected a value'],
    ['01', 1, 1, 'a number must not have leading zeros'],
    ['["a\tb"]', 1, 4, 'control character in a string: it has to be escaped'],
    ['["\\x"]', 1, 3, 'unknown escape in a string'],
    ['["\\u12g4"]', 1, 3, 'expected four hexadecimal digits after \\u'],
    ['["a', 1, 4, 'expected the closing quote of a string, but the text ends'],
    ['', 1, 1, 'expected a value, but the text ends'],
    ['[1,\r\n\r\n', 3, 1, 'expected a value, but the text ends'],
  ])('tells the place and the reason of the fault in %j', (text, line, column, message) => {
    const error = refusal(text);
    expect([error.line, error.column, error.message]).toEqual([line, column, message]);
  });

  it('joins escaped surrogate pairs', () => {
    expect(parseJson('"\\ud83d\\uDE00\\/\\n"')).toBe('😀/\n');
  });

  it('takes the deepest nesting allowed and refuses one more level', () => {
    expect(parseJson(nested(MAX_DEPTH))).toBeInstanceOf(Array);
    expect(refusal(nested(MAX_DEPTH + 1)).message).toContain('nested deeper');
    expect(refusal('{"a":'.repeat(100_000)).message).toContain('nested deeper');
  });

  it('takes linear time for hostile texts', () => {
    const size = 2_000_000;
    for (const text of [
      `"${'\\n'.repeat(size)}"`,
      `0.${'0'.repeat(size)}1e${size}`,
      '9'.repeat(size),
      ' '.repeat(size),
    ]) {
      const begin = performance.now();
      takes(Buffer.from(text));
      expect(performance.now() - begin).toBeLessThan(5000);
    }
  });
});

describe('parseJsonWithPositions', () => {
  const text = '{\n  "a": [1,\n    {"b/c": "x"}],\n  "": null\n}';

  it.each([
    ['', 1, 1, 1, 1],
    ['/a', 2, 8, 2, 3],
    ['/a/1', 3, 5, 3, 5],
    ['/a/1/b~1c', 3, 13, 3, 6],
    ['/', 4, 7, 4, 3],
    ['/a/7', 2, 8, 2, 3],
  ])('knows where %j stands', (pointer, line, column, keyLine, keyColumn) => {
    const { positionOf, value } = parseJsonWithPositions(text);
    expect(value).toEqual(parseJson(text));
    expect(positionOf(pointer)).toMatchObject({ line, column });
    expect(positionOf(pointer, 'key')).toMatchObject({ line: keyLine, column: keyColumn });
  });
});

describe('decodeUtf8', () => {
  it('keeps a byte order mark and refuses what is not UTF-8', () => {
    expect(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\uFEFFa');
    expect(decodeUtf8(Uint8Array.of(0xff))).toBeNull();
    expect(decodeUtf8(Uint8Array.of(0xed, 0xa0, 0x80))).toBeNull();
  });
});

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

/** A decimal number times 10^500, as an integer: equal for equal values only. */
function scaled(lexeme: string): bigint {
  const [mantissa = '', exponent = '0'] = lexeme.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return BigInt(whole + fraction) * 10n ** BigInt(500 + Number(exponent) - fraction.length);
}
