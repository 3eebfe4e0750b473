/** What is found of each class, in which tier, and what only resembles it. */

import { describe, expect, it } from 'vitest';

import { classesNamed, columnClass } from '../../src/pii/columnEvidence.ts';
import { findPii } from '../../src/pii/findPii.ts';
import { personNames } from '../../src/pii/personNames.ts';
import type { PiiContext } from '../../src/pii/piiClass.ts';

function found(text: string, context?: PiiContext): string[] {
  return findPii(text, context).map(
    ({ of, tier, start, end }) => `${of} ${tier} ${text.slice(start, end)}`,
  );
}

describe('the value alone', () => {
  it.each([
    ['(044) 123 45 67', 'PHONE checked (044) 123 45 67'],
    ['+1 (780) 428-9482', 'PHONE checked +1 (780) 428-9482'],
    ['001-518-640-0854', 'PHONE checked 001-518-640-0854'],
    ['03 93 92 16 85', 'PHONE context 03 93 92 16 85'],
    ['ruf an: 030 1234567', 'PHONE checked 030 1234567'],
    ['0170 1234567', 'PHONE checked 0170 1234567'],
    ['0664/1234567', 'PHONE checked 0664/1234567'],
    ['6759649826438453', 'CREDIT_CARD checked 6759649826438453'],
    ['3530 1113 3330 0000', 'CREDIT_CARD checked 3530 1113 3330 0000'],
    ['4111 1111 1111 1111 5500 0000 0000 0004', 'CREDIT_CARD checked 4111 1111 1111 1111'],
    ['user@xn--80ak6aa92e.xn--p1ai', 'EMAIL checked user@xn--80ak6aa92e.xn--p1ai'],
    ['ada dot ammann[ät]example.org', 'EMAIL checked ada dot ammann[ät]example.org'],
    ['Login von 192.168.100.200.', 'IP checked 192.168.100.200'],
    ['10.0.0.0/8', 'IP checked 10.0.0.0/8'],
    ['[2001:db8::8a2e:370:7334]:80', 'IP checked 2001:db8::8a2e:370:7334'],
    ['0:0:0:0:0:FFFF:129.144.52.38', 'IP checked 0:0:0:0:0:FFFF:129.144.52.38'],
    ['RSSMRA85T10A562S', 'TAX_ID checked RSSMRA85T10A562S'],
    ['Rentner 15070649C103', 'SOCIAL_ID checked 15070649C103'],
    ['2 95 10 99 126 111 93', 'SOCIAL_ID checked 2 95 10 99 126 111 93'],
    ['AKIAIOSFODNN7EXAMPLE', 'SECRET checked AKIAIOSFODNN7EXAMPLE'],
    [`ghp_${'a1B2'.repeat(9)}`, `SECRET checked ghp_${'a1B2'.repeat(9)}`],
    ['-----BEGIN RSA PRIVATE KEY-----', 'SECRET checked -----BEGIN RSA PRIVATE KEY-----'],
    ['postgres://app:s3cret!@db.example/x', 'SECRET checked s3cret!'],
  ])('is sufficient: %j', (text, expected) => {
    expect(found(text)[0]).toBe(expected);
  });

  it.each([
    'SCN-125 4222222222222', // no word for a card in it
    'Version 10.2.3.4',
    '1.3.6.1.4.1',
    '192.168.100.256',
    '12:34:56',
    '00:1A:2B:3C:4D:5E',
    '00:1A:2B:3C:4D:5E:6F:70',
    'std::vector',
    'A::B',
    'Los 0123 456789',
    '05487-020',
    '05432-043',
    '02389-890',
    '02.03.2024',
    'SG 576812', // an article as well
    'C2101324',
    '27.07.1997',
    '12345678903', // also an order
    'Dorfstrasse 3, 7000 Chur',
    '156276676828909', // transponders
    '756651830948626',
    'RSSMRA85T10A562T',
    '15070649C100',
    'A6246AD3-5EBF-48E7-941D-40910368A768',
    '0686668592103', // its check digit is that of an article
    'ghp_short',
    'password: unknown',
    'Ada Ammann',
  ])('is not sufficient, or nothing: %j', (text) => {
    expect(found(text)).toEqual([]);
  });
});

describe('a word before it', () => {
  it.each([
    ['Tel. 40.32.21.21', 'PHONE context 40.32.21.21'],
    ['erreichbar unter 0301234567', 'PHONE context 0301234567'],
    ['geb. 27.07.1997', 'DOB context 27.07.1997'],
    ['Geburtsdatum: 3. Mai 1964', 'DOB context 3. Mai 1964'],
    ['née le 03/05/1964', 'DOB context 03/05/1964'],
    ['Reisepass C2101324', 'PASSPORT context C2101324'],
    ['Pass-Nr.: F12345671', 'PASSPORT context F12345671'],
    ['Parkkarte für SG 576812', 'PLATE context SG 576812'],
    ['Kennzeichen: HH-AB 1234.', 'PLATE context HH-AB 1234'],
    ['wohnhaft Dorfstrasse 3, 7000 Chur', 'ADDRESS context Dorfstrasse 3, 7000 Chur'],
    ['Steuer-ID: 12345678903', 'TAX_ID context 12345678903'],
    ['Steuernummer 123/456/78901', 'TAX_ID context 123/456/78901'],
    ['SV-Nr. 1237 010180', 'SOCIAL_ID context 1237 010180'],
    ['Krankenkasse KVNR: A123456780', 'SOCIAL_ID context A123456780'],
    ['password=hunter2hunter', 'SECRET context hunter2hunter'],
    ['null sieben neun zwei neun null vier null zwei neun', 'PHONE context null sieben neun'],
  ])('decides: %j', (text, expected) => {
    expect(found(text)[0]).toContain(expected);
  });

  it.each([
    'Kompass C2101324',
    'Angeb. 27.07.1997',
    'geb. 45.13.1997',
    'Hotel 40.32.21.21x',
    'Steuer-ID: 12345678901',
    'KVNR A123456787',
    'Passform 2024-05-06',
    'Reisepass\nC2101324',
  ])('is a whole word on the same line: %j', (text) => {
    expect(found(text)).toEqual([]);
  });
});

describe('a column', () => {
  it('decides what a value alone cannot', () => {
    expect(found('40.32.21.21')).toEqual(['IP checked 40.32.21.21']);
    expect(found('40.32.21.21', { expected: ['PHONE'] })).toEqual(['PHONE context 40.32.21.21']);
    expect(found('33332664695310')).toEqual([]);
    expect(found('33332664695310', { expected: ['CREDIT_CARD'] })).toEqual([
      'CREDIT_CARD context 33332664695310',
    ]);
    expect(found('SG 576812', { expected: ['PLATE'] })).toEqual(['PLATE context SG 576812']);
    expect(found('8cb2237d0679ca88', { expected: ['SECRET'] })).toEqual([
      'SECRET context 8cb2237d0679ca88',
    ]);
    expect(found('1964-05-03', { expected: ['DOB'] })).toEqual(['DOB context 1964-05-03']);
  });

  it('has no say in the part of a value', () => {
    expect(found('siehe SG 576812', { expected: ['PLATE'] })).toEqual([]);
  });

  it('is known by words in its name, not by parts of words', () => {
    expect(classesNamed('HomePhone')).toEqual(['PHONE']);
    expect(classesNamed('e-mail')).toEqual(['EMAIL']);
    expect(classesNamed('card_number')).toEqual(['CREDIT_CARD']);
    expect(classesNamed('kontrollschild')).toEqual(['PLATE']);
    expect(classesNamed('scorecard')).toEqual([]);
    expect(classesNamed('hotel')).toEqual([]);
  });

  it('has the class of half of its values, or of some and its name', () => {
    expect(columnClass('a', { EMAIL: 5 }, 10)).toBe('EMAIL');
    expect(columnClass('a', { EMAIL: 4 }, 10)).toBeUndefined();
    expect(columnClass('mail', { EMAIL: 1 }, 10)).toBe('EMAIL');
    expect(columnClass('mail', {}, 10)).toBeUndefined();
  });
});

describe('regions', () => {
  it.each([
    ['(415) 555-0132', ['US']],
    ['0917 123 4567', ['PH']],
    ['09-7625400', ['IL']],
  ])('decide whether %j is a number', (text, regions) => {
    expect(found(text)).toEqual([]);
    expect(found(text, { regions })).toEqual([`PHONE checked ${text}`]);
  });

  it('may be unknown', () => {
    expect(found('079 123 45 67', { regions: ['XX'] })).toEqual([]);
  });
});

describe('names of people', () => {
  const names = personNames(['Thomas', 'Loïc', 'An', ''], ['Çelik', 'Moser']);

  it('are a first and a last name of the source', () => {
    expect(found('Hundepfeife 210½ Thomas Çelik', { names })).toEqual([
      'PERSON context Thomas Çelik',
    ]);
    expect(found('von Loïc Moser.', { names })).toEqual(['PERSON context Loïc Moser']);
  });

  it.each(['Thomas Meier', 'Moser Thomas', 'An Moser', 'thomas moser', 'AnThomas Moser'])(
    'are nothing else: %j',
    (text) => {
      expect(found(text, { names })).toEqual([]);
    },
  );
});
