import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { converter, MAX_BYTES, type ConvertOptions } from '../../src/record/convert.ts';
import { BlobContent, RawJson, Rejection } from '../../src/record/converted.ts';
import { parseType } from '../../src/record/type.ts';
import { InexactNumber, InvalidText, JsonNode, type SourceValue } from '../../src/record/value.ts';

type Options = Omit<ConvertOptions, 'type'>;

/** The converted value; `rule of the rejection` in angle brackets where it was refused. */
function convert(type: string, value: SourceValue, options: Options = {}): unknown {
  const parsed = parseType(type);
  if (parsed === null) throw new Error(`${type} is no type`);
  const converted = converter({ type: parsed, ...options })(value);
  if (converted instanceof Rejection) return `<${converted.rule}>`;
  return converted instanceof RawJson ? JSON.parse(converted.text) : converted;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('every type', () => {
  const types = ['string', 'boolean', 'integer', 'bigint', 'decimal(2)', 'float', 'date', 'json'];

  it.each([...types, 'uuid', 'bytes', 'blob', 'enum', 'tagged', 'array(string)', 'time(3)'])(
    'keeps null in %s apart from everything else, and refuses it where it is required',
    (type) => {
      expect(convert(type, null)).toBeNull();
      expect(convert(type, null, { required: true })).toBe('<required>');
    },
  );

  it.each([...types, 'uuid', 'enum', 'array(string)'])('refuses broken text in %s', (type) => {
    expect(convert(type, new InvalidText(bytes(0xff)))).toBe('<encoding>');
  });
});

describe('string', () => {
  it('takes text as it is, normalising nothing', () => {
    for (const text of ['', ' a ', 'e\u0301', '\u00e9', '\0', '\u2028', '👩‍👧', '\ufeff']) {
      expect(convert('string', text)).toBe(text);
    }
  });

  it('refuses what is not text', () => {
    for (const value of [1, true, 5n, bytes(65)]) expect(convert('string', value)).toBe('<type>');
  });

  it('counts its maximum in code points', () => {
    expect(convert('string', '👍👍', { maxLength: 2 })).toBe('👍👍');
    expect(convert('string', '👍👍👍', { maxLength: 2 })).toBe('<max-length>');
  });
});

describe('integer and bigint', () => {
  it('holds integers within 2^53 − 1, however they are written', () => {
    expect(convert('integer', 9007199254740991)).toBe(9007199254740991);
    expect(convert('integer', '-12')).toBe(-12);
    expect(convert('integer', 0)).toBe(0);
  });

  it('never rounds', () => {
    expect(convert('integer', 9007199254740993n)).toBe('<exactness>');
    expect(convert('integer', '9007199254740993')).toBe('<exactness>');
    expect(convert('bigint', 9007199254740993n)).toBe('9007199254740993');
    expect(convert('bigint', 2 ** 60)).toBe('<type>');
  });

  it.each([1.5, -0, '01', '+1', '1.0', ' 1', '', '-0', true])('refuses %j', (value) => {
    expect(convert('integer', value)).toBe('<type>');
    expect(convert('bigint', value)).toBe('<type>');
  });
});

describe('decimal', () => {
  it.each([
    [0.1, '0.10'],
    [5, '5.00'],
    ['12.5', '12.50'],
    [-3n, '-3.00'],
    [1e21, '1000000000000000000000.00'],
  ])('pads %s to %s', (value, expected) => {
    expect(convert('decimal(2)', value)).toBe(expected);
  });

  it('refuses more digits than its scale, zeros too', () => {
    expect(convert('decimal(2)', 0.125)).toBe('<scale>');
    expect(convert('decimal(2)', '1.500')).toBe('<scale>');
    expect(convert('decimal(2)', 1e-7)).toBe('<scale>');
  });

  it("keeps the source's digits without a scale", () => {
    expect(convert('decimal', '1.50')).toBe('1.50');
    expect(convert('decimal', 1e-7)).toBe('0.0000001');
    expect(convert('decimal', new JsonNode(new InexactNumber('0.10000000000000000001')))).toBe(
      '0.10000000000000000001',
    );
  });

  it.each(["1'234.50", '1,5', '007', '.5', '5.', '1e3', '-0.00', Number.NaN, -0, Infinity])(
    'refuses %s',
    (value) => {
      expect(convert('decimal(2)', value)).toMatch(/^<(type|exactness)>$/);
    },
  );

  it('prints a double so that the same double comes back', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(finite, (value) => {
        if (Object.is(value, -0)) return;
        expect(Number(convert('decimal', value))).toBe(value);
        expect(String(convert('decimal', value))).toMatch(/^-?\d+(\.\d+)?$/);
      }),
    );
  });
});

describe('float', () => {
  it('holds what a double holds', () => {
    expect(convert('float', 1e300)).toBe(1e300);
    expect(convert('float', '0.10')).toBe(0.1);
    expect(convert('float', 2n ** 60n)).toBe(2 ** 60);
  });

  it('refuses what a double would change', () => {
    expect(convert('float', 2n ** 60n + 1n)).toBe('<exactness>');
    expect(convert('float', '0.1000000000000000055')).toBe('<exactness>');
    expect(convert('float', '01581')).toBe('<type>');
    for (const value of [Number.NaN, Infinity, -0]) {
      expect(convert('float', value)).toBe('<exactness>');
    }
  });
});

describe('dates and times', () => {
  it.each([
    ['date', '2024-02-29', '2024-02-29'],
    ['time', '23:59:59', '23:59:59'],
    ['time(3)', '08:00:00.5', '08:00:00.500'],
    ['timestamp', '2021-01-01 00:00:00', '2021-01-01T00:00:00'],
    ['timestamp(6)', '2021-01-01T00:00:00.123456', '2021-01-01T00:00:00.123456'],
    ['timestamptz(3)', '2021-06-01T12:00:00+02:00', '2021-06-01T10:00:00.000Z'],
    ['timestamptz', '2021-01-01 00:30:00.25+0530', '2020-12-31T19:00:00.25Z'],
    ['timestamptz(0)', '2021-03-01T00:00:00Z', '2021-03-01T00:00:00Z'],
  ])('%s takes %s', (type, text, expected) => {
    expect(convert(type, text)).toBe(expected);
  });

  it.each([
    ['date', '2023-02-29'],
    ['date', '0000-00-00'],
    ['date', '1900-02-29'],
    ['date', '31.12.2020'],
    ['date', '2020-1-1'],
    ['time', '24:00:00'],
    ['time', '12:60:00'],
    ['time', '12:00:60'],
    ['time', '12:00:00.'],
    ['timestamp', '2021-01-01'],
    ['timestamp', '2021-01-01T00:00:00Z'],
    ['timestamptz', '2021-01-01T00:00:00'],
    ['timestamptz', '2021-02-30T00:00:00Z'],
  ])('%s refuses %s', (type, text) => {
    expect(convert(type, text)).toBe('<type>');
  });

  it('refuses digits beyond its precision, and years beyond the calendar', () => {
    expect(convert('timestamp(3)', '2021-01-01T00:00:00.1234')).toBe('<scale>');
    expect(convert('timestamptz', '0001-01-01T00:00:00+01:00')).toBe('<exactness>');
  });

  it('knows the clock changes of a zone', () => {
    const zurich = { zone: 'Europe/Zurich' };
    expect(convert('timestamptz(0)', '2024-07-01 12:00:00', zurich)).toBe('2024-07-01T10:00:00Z');
    expect(convert('timestamptz(0)', '2024-03-31 02:30:00', zurich)).toBe('<time-gap>');
    expect(convert('timestamptz(0)', '2024-10-27 02:30:00', zurich)).toBe('<time-overlap>');
    expect(convert('timestamptz(0)', '2024-03-31 03:00:00', zurich)).toBe('2024-03-31T01:00:00Z');
    expect(convert('timestamptz(0)', '2024-10-27 03:00:00', zurich)).toBe('2024-10-27T02:00:00Z');
    expect(convert('timestamptz(0)', '1850-01-01 00:00:00', zurich)).toBe('1849-12-31T23:25:52Z');
  });

  it('finds for every instant the local time that the zone shows, and back', () => {
    const zone = 'America/St_Johns';
    const format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: zone,
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    let unique = 0;
    fc.assert(
      fc.property(fc.integer({ min: -1_500_000_000, max: 4_000_000_000 }), (seconds) => {
        const instant = new Date(seconds * 1000);
        const converted = convert('timestamptz(3)', format.format(instant), { zone });
        if (converted === '<time-overlap>') return;
        unique += 1;
        expect(converted).toBe(instant.toISOString());
      }),
    );
    expect(unique).toBeGreaterThan(80);
  });
});

describe('boolean, uuid and enum', () => {
  it('takes the words that mean one thing only', () => {
    for (const value of [true, 1, 'true']) expect(convert('boolean', value)).toBe(true);
    for (const value of [false, 0, 'false']) expect(convert('boolean', value)).toBe(false);
    for (const value of ['ja', 2, 'TRUE', '', '1'])
      expect(convert('boolean', value)).toBe('<type>');
  });

  it('writes UUIDs in lower case, from text or 16 bytes', () => {
    const uuid = '00112233-4455-6677-8899-aabbccddeeff';
    expect(convert('uuid', uuid.toUpperCase())).toBe(uuid);
    expect(convert('uuid', Buffer.from(uuid.replaceAll('-', ''), 'hex'))).toBe(uuid);
    expect(convert('uuid', `{${uuid}}`)).toBe('<type>');
    expect(convert('uuid', bytes(1))).toBe('<type>');
  });

  it('allows the values of an enum, to the letter', () => {
    const values = { values: ['offen', 'bezahlt'] };
    expect(convert('enum', 'offen', values)).toBe('offen');
    expect(convert('enum', 'Offen', values)).toBe('<enum>');
    expect(convert('enum', 'constructor', values)).toBe('<enum>');
  });
});

describe('bytes and blob', () => {
  it('writes bytes as base64, up to 64 KiB', () => {
    expect(convert('bytes', bytes(0, 255))).toBe('AP8=');
    expect(convert('bytes', bytes())).toBe('');
    expect(convert('bytes', new Uint8Array(MAX_BYTES + 1))).toBe('<max-length>');
    expect(convert('bytes', 'AP8=')).toBe('<type>');
  });

  it('reads bytes from text where the mapping says how', () => {
    expect(convert('bytes', '00ff', { encoding: 'hex' })).toBe('AP8=');
    expect(convert('bytes', 'AP8=', { encoding: 'base64' })).toBe('AP8=');
    expect(convert('bytes', 'AP8', { encoding: 'base64' })).toBe('<type>');
    expect(convert('bytes', '0g', { encoding: 'hex' })).toBe('<type>');
  });

  it('hands the content of a blob on', () => {
    const content = convert('blob', bytes(1, 2));
    expect(content).toBeInstanceOf(BlobContent);
    expect((content as BlobContent).bytes).toEqual(bytes(1, 2));
  });
});

describe('json, array and tagged', () => {
  it('writes JSON canonically and refuses what a double changes', () => {
    expect(convert('json', '{"b":1,"a":[true,null]}')).toEqual({ a: [true, null], b: 1 });
    expect(convert('json', '{"a":1,"a":2}')).toBe('<type>');
    expect(convert('json', '{a:1}')).toBe('<type>');
    expect(convert('json', '[9007199254740993]')).toBe('<exactness>');
    expect(convert('json', '[-0]')).toBe('<exactness>');
    expect(convert('json', -0)).toBe('<exactness>');
    expect(convert('json', '"text"')).toBe('text');
  });

  it('keeps __proto__ as a member of its own', () => {
    const parsed = parseType('json');
    const converted = converter({ type: parsed ?? { kind: 'json' } })('[{"__proto__":{"x":1}}]');
    expect((converted as RawJson).text).toBe('[{"__proto__":{"x":1}}]');
  });

  it('holds every element of an array to its type', () => {
    expect(convert('array(integer)', '[1,2,null]')).toEqual([1, 2, null]);
    expect(convert('array(date)', '["2020-01-01","2020-13-01"]')).toBe('<type>');
    expect(convert('array(integer)', '{"0":1}')).toBe('<type>');
    expect(convert('array(array(string))', '[["a"],[]]')).toEqual([['a'], []]);
  });

  it('keeps the kind of a mixed cell', () => {
    expect(convert('tagged', '5')).toEqual({ text: '5' });
    expect(convert('tagged', 5)).toEqual({ number: '5' });
    expect(convert('tagged', 9007199254740993n)).toEqual({ number: '9007199254740993' });
    expect(convert('tagged', -0)).toEqual({ number: '-0' });
    expect(convert('tagged', Infinity)).toEqual({ number: 'Infinity' });
    expect(convert('tagged', bytes(0))).toEqual({ bytes: 'AA==' });
    expect(convert('tagged', new InvalidText(bytes(255)))).toEqual({ invalidText: '/w==' });
    expect(convert('tagged', true)).toEqual({ boolean: true });
  });

  it('never makes two different cells equal', () => {
    const cell = fc.oneof(
      fc.string(),
      fc.double({ noNaN: true }),
      fc.bigInt(),
      fc.uint8Array(),
      fc.boolean(),
    );
    fc.assert(
      fc.property(cell, cell, (a, b) => {
        const same = typeof a === typeof b && (Object.is(a, b) || String(a) === String(b));
        const numbers = [a, b].every((value) => ['number', 'bigint'].includes(typeof value));
        if (!same && !numbers) expect(convert('tagged', a)).not.toEqual(convert('tagged', b));
      }),
    );
  });
});
