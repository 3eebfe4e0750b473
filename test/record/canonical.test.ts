import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, NotCanonicalError } from '../../src/record/canonical.ts';
import { parseJson } from '../../src/record/jsonText.ts';
import type { JsonValue } from '../../src/record/value.ts';

const VECTORS = new URL('../../../shared/vectors/jcs-rfc8785-cyberphone/', import.meta.url);
const HAVE_VECTORS = existsSync(VECTORS);
if (!HAVE_VECTORS) process.stdout.write('skipped: the JCS vectors are not there\n');
const read = (path: string): Buffer => readFileSync(new URL(path, VECTORS));

describe.skipIf(!HAVE_VECTORS)('RFC 8785 vectors', () => {
  const names = HAVE_VECTORS
    ? readdirSync(new URL('testdata/input/', VECTORS)).map((name) => name.replace('.json', ''))
    : [];

  it('has all its files', () => {
    expect(names.length).toBe(6);
  });

  it.each(names)('writes %s as the vectors do, to the byte', (name) => {
    const input = read(`testdata/input/${name}.json`).toString();
    // A number that a double changes is refused by us: `values` and `arrays` hold such.
    const value = withDoubles(input);
    const hex = read(`testdata/outhex/${name}.txt`).toString().replaceAll(/\s+/g, '');
    expect(Buffer.from(canonicalJson(value)).toString('hex')).toBe(hex);
    expect(canonicalJson(value)).toBe(read(`testdata/output/${name}.json`).toString());
  });

  it('writes 10,000 doubles as the vectors do', () => {
    const lines = read('es6testfile-first10k.txt').toString().trim().split('\n');
    expect(lines.length).toBe(10_000);
    for (const line of lines) {
      const [bits = '', expected = ''] = line.split(',');
      const value = Buffer.from(bits.padStart(16, '0'), 'hex').readDoubleBE();
      expect(canonicalJson(value)).toBe(expected);
      if (!Object.is(value, -0) && Number.isFinite(value)) {
        expect(parseJson(canonicalJson([value]))).toEqual([value]);
      }
    }
  });
});

describe('canonicalJson', () => {
  it('writes a Map as the object with the same members', () => {
    const text = '{"b":{"z":[1,{"y":null}],"10":true},"__proto__":{"a":1},"9":2,"é":"\u2028"}';
    const expected = '{"9":2,"__proto__":{"a":1},"b":{"10":true,"z":[1,{"y":null}]},"é":"\u2028"}';
    expect(canonicalJson(parseJson(text))).toBe(expected);
    expect(canonicalJson(JSON.parse(text))).toBe(expected);
  });

  it('sorts by UTF-16 code units: an astral key before U+FB33', () => {
    expect(canonicalJson({ '\uFB33': 1, '😀': 2 })).toBe('{"😀":2,"\uFB33":1}');
  });

  it('is a fixed point: parsed and written again, its output stays', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        fc.pre(wellFormed(value));
        const once = canonicalJson(value);
        expect(canonicalJson(parseJson(once))).toBe(once);
        expect(JSON.parse(once)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 2000 },
    );
  });

  const cycle: unknown[] = [];
  cycle.push(cycle);
  it.each<[string, unknown, string]>([
    ['a lone surrogate', ['\ud800'], 'text that is not well-formed Unicode'],
    ['a lone surrogate in a key', { '\udc00': 1 }, 'text that is not well-formed Unicode'],
    ['a lone surrogate in a Map', new Map([['\udc00', 1]]), 'text that is not well-formed Unicode'],
    ['NaN', { a: Number.NaN }, 'a number that is not finite'],
    ['infinity', -Infinity, 'a number that is not finite'],
    ['an inexact number', parseJson('[1e400]'), 'a number that a double would change'],
    ['undefined', undefined, 'not a JSON value'],
    ['an undefined member', { a: undefined }, 'not a JSON value'],
    ['a hole', Array.from({ length: 2 }).concat([1]), 'not a JSON value'],
    ['a bigint', [1n], 'not a JSON value'],
    ['a date', new Date(0), 'not a JSON value'],
    ['an object with toJSON', { toJSON: (): number => 1 }, 'not a JSON value'],
    ['a cycle', cycle, 'nested too deep'],
  ])('refuses %s', (_name, value, reason) => {
    expect(() => canonicalJson(value)).toThrow(NotCanonicalError);
    expect(() => canonicalJson(value)).toThrow(reason);
  });
});

/** The vectors' input as doubles, which is how RFC 8785 reads it. */
function withDoubles(text: string): unknown {
  return JSON.parse(text) as JsonValue;
}

function wellFormed(value: unknown): boolean {
  return !/\\ud[89a-f]/.test(JSON.stringify(value));
}
