import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { didYouMean, nearest } from '../../src/outcome/nearest.ts';
import { quoteName } from '../../src/outcome/quoteName.ts';

describe('nearest', () => {
  it.each([
    ['requred', ['reference', 'required'], 'required'],
    ['feilds', ['fields', 'field'], 'fields'],
    ['NAME', ['names', 'name'], 'name'],
    ['kundn', ['kunden', 'kundin'], 'kunden'],
    ['ab', ['ac'], null],
    ['ab', ['AB'], 'AB'],
    ['xyzzy', ['required'], null],
    ['', ['a'], null],
    ['name', [], null],
  ])('%j among %j is %j', (name, candidates, expected) => {
    expect(nearest(name, candidates)).toBe(expected);
  });

  it('finds a name with one slip in it, and only names that are there', () => {
    const names = ['customers', 'invoices', 'deliveries', 'appointments'];
    const slip = fc.tuple(fc.constantFrom(...names), fc.nat(8), fc.constantFrom('', 'q', '7'));
    fc.assert(
      fc.property(slip, ([name, at, put]) => {
        expect(nearest(name.slice(0, at) + put + name.slice(at + 1), names)).toBe(name);
      }),
    );
  });

  it('costs nothing with hostile names', () => {
    const long = 'a'.repeat(1_000_000);
    expect(nearest(long, [`${long}b`, long.toUpperCase()])).toBe(long.toUpperCase());
    expect(nearest(long, [`${long}b`])).toBeNull();
  });
});

describe('didYouMean', () => {
  it('falls back where nothing is near', () => {
    expect(didYouMean('nmae', ['name'], 'else')).toBe('did you mean "name"?');
    expect(didYouMean('zzz', ['name'], 'else')).toBe('else');
  });
});

describe('quoteName', () => {
  it('quotes, escapes and cuts', () => {
    expect(quoteName('a"b')).toBe('"a\\"b"');
    expect(quoteName('a\u009b\u202eb\u2028')).toBe('"a\\u{9b}\\u{202e}b\\u{2028}"');
    expect(quoteName('x'.repeat(81))).toBe(`"${'x'.repeat(79)}…"`);
    expect(quoteName('Größe')).toBe('"Größe"');
  });
});
