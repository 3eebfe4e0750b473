/** The one spelling of a value of each class. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { normalise } from '../../src/treatment/normalise.ts';

describe('a normal value', () => {
  it.each([
    ['EMAIL', ' Ada.Ammann@Example.CH\u00a0', 'ada.ammann@example.ch'],
    ['EMAIL', 'zoe\u0308@example.ch', 'zo\u00eb@example.ch'],
    ['EMAIL', 'a  b@example.ch', 'a  b@example.ch'],
    ['PHONE', '+41 44 668 18 00', '+41446681800'],
    ['PHONE', '044 668 18 00', '+41446681800'],
    ['PHONE', '0041 (0)44/668.18.00', '+41446681800'],
    ['PHONE', '\u00a0030 901820 ', '+4930901820'],
    ['PHONE', 'intern 12', '12'],
    ['PHONE', '044 668 18 00 / 079 123 45 67', '04466818000791234567'],
    ['PHONE', 'Tel. 044 668 18 00', '0446681800'],
    ['PHONE', '+41 44 1', '41441'],
    ['PHONE', ' Keines ', 'keines'],
    ['IBAN', 'ch93 0076 2011 6238 5295 7', 'CH9300762011623852957'],
    ['AHV', '756.9217.0769.85', '7569217076985'],
    ['PLATE', 'zu\u0308 12-34', 'ZÜ1234'],
    ['PASSPORT', '---', '---'],
    ['DOB', ' 1984-03-09', ' 1984-03-09'],
    ['PERSON', ' Zoë \t\n MÜLLER ', 'zoë müller'],
    ['PERSON', 'J\u030c', 'ǰ'],
    ['PERSON', '', ''],
    ['FREE_TEXT', 'A\u2028B', 'a b'],
  ])('of %s %j is %j', (of, value, expected) => {
    expect(normalise(of, value)).toBe(expected);
  });

  it('of a national number is the one of the first region in which it is valid', () => {
    expect(normalise('PHONE', '0664 1234567', ['AT', 'DE'])).toBe('+436641234567');
    expect(normalise('PHONE', '030 901820', ['XX', 'DE'])).toBe('+4930901820');
    expect(normalise('PHONE', '030 901820', [])).toBe('030901820');
    expect(normalise('PHONE', '(415) 555-2671', ['US'])).toBe('+14155552671');
  });

  it('is the same in composed and decomposed form, and stays when it is normalised again', () => {
    const of = fc.constantFrom('EMAIL', 'IBAN', 'PERSON', 'DOB');
    const marked = fc.array(fc.constantFrom('J', 'i', 'İ', 'Σ', '\u030c', '\u0307', '\u0345', ' '));
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      marked.map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(of, text, (name, value) => {
        const once = normalise(name, value);
        expect(normalise(name, once)).toBe(once);
        if (name === 'DOB') return;
        expect(normalise(name, value.normalize('NFD'))).toBe(once);
        expect(normalise(name, value.normalize('NFC'))).toBe(once);
      }),
      { numRuns: 1000 },
    );
  });
});
