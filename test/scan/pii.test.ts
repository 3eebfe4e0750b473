/** Personal data in texts: what is found and where, and what only looks like it. */

import { describe, expect, it } from 'vitest';
import { assert, property, stringMatching } from 'fast-check';

import { findPii } from '../../src/pii/findPii.ts';
import { PLAIN_EMAIL } from '../../src/scan/pii/searchValue.ts';
import { declaredPii } from '../kit/declaredPii.ts';
import { mappingOf, module, scanned, text, writeCandidate } from './candidate.ts';

function found(input: string): string[] {
  return findPii(input).map(({ of, start, end }) => `${of} ${input.slice(start, end)}`);
}

describe('personal data in a text', () => {
  it.each([
    ['Bitte an ada.ammann+x@mail.example.com.', 'EMAIL ada.ammann+x@mail.example.com'],
    ['<jürg@bücher.example>', 'EMAIL jürg@bücher.example'],
    ['IBAN CH93 0076 2011 6238 5295 7 und mehr', 'IBAN CH93 0076 2011 6238 5295 7'],
    ['IBAN: ch9300762011623852957', 'IBAN ch9300762011623852957'],
    ['CH93 00762 011623852957', 'IBAN CH93 00762 011623852957'],
    ['ES91 2100 0418 45 0200051332', 'IBAN ES91 2100 0418 45 0200051332'],
    ['IT60 X 05428 11101 000000123456', 'IBAN IT60 X 05428 11101 000000123456'],
    ['CH9.300.762.011.623.852.957', 'IBAN CH9.300.762.011.623.852.957'],
    ['MT84MALT011000012345MTLCAST001S', 'IBAN MT84MALT011000012345MTLCAST001S'],
    ['LC55HEMM000100010012001200023015 BIC', 'IBAN LC55HEMM000100010012001200023015'],
    ['DE89370400440532013000,', 'IBAN DE89370400440532013000'],
    ['GB82-WEST-1234-5698-7654-32', 'IBAN GB82-WEST-1234-5698-7654-32'],
    ['AHV 756.9217.0769.85', 'AHV 756.9217.0769.85'],
    ['AHV 7569217076985 fehlt', 'AHV 7569217076985'],
    ['AHV 756-9217-0769-85', 'AHV 756-9217-0769-85'],
    ['Karte 4111 1111 1111 1111', 'CREDIT_CARD 4111 1111 1111 1111'],
    ['5500-0000-0000-0004', 'CREDIT_CARD 5500-0000-0000-0004'],
    ['378282246310005', 'CREDIT_CARD 378282246310005'],
    ['3782 822463 10005', 'CREDIT_CARD 3782 822463 10005'],
    ['3056 930902 5904', 'CREDIT_CARD 3056 930902 5904'],
    ['4111 1111 1111 1111 12/27, 123', 'CREDIT_CARD 4111 1111 1111 1111'],
    ['4111 1111 1111 1111 123', 'CREDIT_CARD 4111 1111 1111 1111'],
    ['VISA Nr. 4222222222222', 'CREDIT_CARD 4222222222222'],
    ['Kreditkarte 4000000000000000006', 'CREDIT_CARD 4000000000000000006'],
    ['4000 0000 0000 0000 006', 'CREDIT_CARD 4000 0000 0000 0000 006'],
    ['http://x.example, Karte 4111111111111111', 'CREDIT_CARD 4111111111111111'],
    ['Tel. +41 79 123 45 67.', 'PHONE +41 79 123 45 67'],
    ['+41 (0)44 123 45 67', 'PHONE +41 (0)44 123 45 67'],
    ['0041791234567', 'PHONE 0041791234567'],
    ['ruf 079 123 45 67 an', 'PHONE 079 123 45 67'],
    ['0791234567', 'PHONE 0791234567'],
    ['089/1234567', 'PHONE 089/1234567'],
  ])('%j', (input, expected) => {
    expect(found(input)).toEqual([expected]);
  });

  it.each([
    'a @ b, 5 @ 3.50',
    'user@localhost',
    '@example.com',
    'CH94 0076 2011 6238 5295 7',
    'XCH9300762011623852957',
    '756.9217.0769.84',
    '17569217076985',
    '4111 1111 1111 1112',
    '9111 1111 1111 1113',
    '14111111111111111',
    '2024-02-29 12:30:45',
    '01.02.2024 - 03.04.2024',
    'Artikel 0123456789, Nr. 1234567',
    'CHF 1 000 000.00',
    '079 123 45 678',
    '978-3-16-148410-0',
    'ch9300762011623852957',
    'CH93-0076-20116-238-5295-7',
    'XY93 0076 2011 6238 5295 7',
    'CH930076201162385295',
    '4222222222222', // also the number of an article
    '4000000000000000006',
    'Scorecard 4222222222222',
    '372098100123409', // an Irish transponder
    'https://shop.example/item/4111111111111111?ahv=7569217076985',
    'www.example.org/4111-1111-1111-1111',
    '12345678-4111-1111-1111-111111111111',
    '0049123456783', // its check digit is that of an article
    '00437461-0423-4740-b605-53b588579026',
    'cb463a23-97fb-491b-8f46-0f3c30102e51',
    'EB96699F-4C14-4759-9FDA-C484AB5681AE',
    'de820194-c22f-43e3-b9eb-5c0d4c9f14c8',
    'PL 12 4111 1111 1111 1111 3456 7890',
    '',
  ])('is not in %j', (input) => {
    expect(found(input)).toEqual([]);
  });

  it('is found several times, each once', () => {
    expect(found('a@b.ch, 756.9217.0769.85, a@b.ch, +41791234567')).toEqual([
      'EMAIL a@b.ch',
      'AHV 756.9217.0769.85',
      'EMAIL a@b.ch',
      'PHONE +41791234567',
    ]);
  });

  it.each([
    ['@', '@'],
    ['a', 'a'],
    ['1', '1'],
    ['1 ', '1 '],
    ['a@', 'a@b.'],
    ['+1', '+1 '],
    ['CH93', 'CH93 '],
    ['0/', '0('],
  ])('takes linear time: %j', (one, other) => {
    for (const part of [one, other]) {
      // Of this thread alone: a busy machine lets it wait.
      const began = process.threadCpuUsage();
      findPii(part.repeat(200_000));
      expect(process.threadCpuUsage(began).user / 1e3).toBeLessThan(1000);
    }
  });
});

describe('undeclared personal data', () => {
  it('is reported at its code points, without its value, unless the field is declared for it', async () => {
    const fields = {
      mail: text('mail'),
      note: text('note'),
      json: { column: 'json', type: 'json' },
      nr: { column: 'nr', type: 'integer' },
    };
    const people = module('people', fields, declaredPii({ mail: 'EMAIL' }));
    const folder = writeCandidate({
      people: [
        {
          id: 'p1',
          mail: 'ada@mail.example, +41791234567',
          note: '🐕🐕 ada@mail.example',
          json: [{ x: 'ada@mail.example' }, 'bea@mail.example'],
          nr: 791234567,
        },
      ],
    });
    const findings = await scanned(mappingOf([people]), folder);
    expect(findings.map(({ field, start, end }) => [field, start, end])).toEqual([
      ['json', undefined, undefined],
      ['mail', 18, 30],
      ['note', 3, 19],
    ]);
    expect(findings[1]).toEqual({
      rule: 'pii-undeclared',
      severity: 'BLOCKER',
      module: 'people',
      recordId: '["p1"]',
      field: 'mail',
      start: 18,
      end: 30,
      class: 'PHONE',
      tier: 'checked',
      reason: 'it holds PHONE, which is not declared',
    });
    expect(JSON.stringify(findings)).not.toMatch(/example|7912/);
  });
});

it('an e-mail address as most are is what the search finds, as a whole and alone', () => {
  assert(
    property(stringMatching(PLAIN_EMAIL), (text) => {
      expect(found(text)).toEqual([`EMAIL ${text}`]);
    }),
  );
});
