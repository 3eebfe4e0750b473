import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FORMATS, type Format } from '../../src/record/namedFormat.ts';

const YES: Readonly<Record<Format, readonly string[]>> = {
  email: [
    'ada@example.org',
    "o'hara+tag@mail.example.co.uk",
    'a@b.ch',
    'françoise@zürich.example',
    'x@xn--zrich-kva.ch',
    `${'a'.repeat(64)}@example.org`,
    '1@2.com',
  ],
  phone: [
    '+41 44 306 83 99',
    '+41 (0)44 306 83 99',
    '+41443068399',
    '0041 44 306 83 99',
    '044 306 83 99',
    '079/306 83 99',
    '(044) 306 83 99',
    '+49 30 901820',
    '+49 (30) 9018-20',
    '+43 1 58858-0',
    '+423 236 61 11',
    '+1 (212) 555-0100',
    '0151 12345678',
  ],
  iban: [
    'CH93 0076 2011 6238 5295 7',
    'CH9300762011623852957',
    'DE89370400440532013000',
    'LI21 0881 0000 2324 013A A',
    'GB29 NWBK 6016 1331 9268 19',
  ],
  ahv: ['756.9217.0769.85', '7569217076985'],
  url: [
    'https://example.org',
    'http://example.org:8080/a%20b?c=d#e',
    'https://[::1]/',
    'ftp://10.0.0.1/x',
    'https://zürich.example/straße',
    'http://localhost/',
  ],
  hostname: ['example.org', 'localhost', 'a-b.example', '10.0.0.1', 'zürich.example', '3com.com'],
  uuid: ['6ba7b810-9dad-41d1-80b4-00c04fd430c8', '6BA7B810-9DAD-41D1-80B4-00C04FD430C8'],
};

const NO: Readonly<Record<Format, readonly string[]>> = {
  email: [
    '',
    'ada',
    'ada@',
    '@example.org',
    'ada@example',
    'ada@example.org.',
    'ada@@example.org',
    'a@b@example.org',
    'ada@-post.example.net',
    'ada@post-.example.net',
    'ada..b@example.org',
    '.ada@example.org',
    'ada.@example.org',
    'ada@example..org',
    'ada@example.1',
    'ada@10.0.0.1',
    'ada b@example.org',
    ' ada@example.org',
    'ada@example.org\n',
    'ada@example.org;bob@example.org',
    'Ada <ada@example.org>',
    `${'a'.repeat(65)}@example.org`,
    `a@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(60)}.${'f'.repeat(20)}.org`,
  ],
  phone: [
    '',
    'keine',
    'n/a',
    '0',
    '117',
    '+41 44 000',
    '079 123 45',
    '+999 12 345 67 89',
    '+41 44 306 83 999',
    '0041 44 306',
    '044 306 83 99 abends',
    'Tel. 044 306 83 99',
    '+41 44 306 83 99 / 079 306 83 99',
    '++41 44 306 83 99',
    '+41  44 306 83 99',
    '(044 306 83 99',
    '044) 306 83 99',
    '044 306 83 99 ',
    '44 306 83 99',
    '000 000 00 00',
    '1234567890123456',
    '2021-681680',
  ],
  iban: [
    '',
    'CH93 0076 2011 6238 5295 8',
    'CH94 0076 2011 6238 5295 7',
    'CH93 0076 2011 6238 5295',
    'CH93-0076-2011-6238-5295-7',
    'CH8900034139389618854',
    'DE8937040044053201300',
    'CH93 0076 2011 6238 5295 7 ',
  ],
  ahv: [
    '',
    '756.9217.0769.84',
    '757.9217.0769.85',
    '756 9217 0769 85',
    '756.92170769.85',
    '756921707698',
    '75692170769855',
  ],
  url: [
    '',
    'example.org',
    'www.example.org',
    'https://',
    'https:///x',
    'https://exa mple.org',
    'https://example.org/a b',
    'https://example.org/%zz',
    'https://-x.example',
    'javascript:alert(1)',
    'http:example.org',
    'https://example.org/<x>',
  ],
  hostname: [
    '',
    '.',
    'example.org.',
    'a..b',
    '-a.example',
    'a_b.example',
    'a b',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    `${'a'.repeat(64)}.example`,
    Array.from({ length: 60 }, () => 'abcde').join('.'),
  ],
  uuid: ['', '6ba7b810-9dad-41d1-80b4-00c04fd430c', '6ba7b8109dad41d180b400c04fd430c8', 'x'],
};

describe.each(Object.keys(FORMATS) as Format[])('format %s', (format) => {
  it.each(YES[format])('takes %j', (text) => {
    expect(FORMATS[format](text)).toBe(true);
  });

  it.each(NO[format])('refuses %j', (text) => {
    expect(FORMATS[format](text)).toBe(false);
  });

  it('does not fail on any text, nor hang on a long one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(FORMATS[format](text)).toBeTypeOf('boolean');
      }),
    );
    const start = process.hrtime.bigint();
    for (const unit of ['a', '1', '1 ', 'a.', '-', 'a@', '(', '+41 ', 'https://a.', '756.']) {
      expect(FORMATS[format](unit.repeat(200_000))).toBeTypeOf('boolean');
    }
    expect(Number(process.hrtime.bigint() - start) / 1e6).toBeLessThan(2000);
  });
});

it('an IBAN with one digit changed, or two neighbours swapped, is none', () => {
  const iban = 'CH9300762011623852957';
  for (let at = 4; at < iban.length; at += 1) {
    for (const digit of '0123456789') {
      const changed = iban.slice(0, at) + digit + iban.slice(at + 1);
      expect(FORMATS.iban(changed)).toBe(changed === iban);
    }
    const swapped =
      iban.slice(0, at - 1) + iban.charAt(at) + iban.charAt(at - 1) + iban.slice(at + 1);
    if (at > 4) expect(FORMATS.iban(swapped)).toBe(swapped === iban);
  }
});
