/** The headers Deprecation and Sunset: what RFC 9745 and RFC 8594 have, and what is sent instead. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  momentOf,
  readDeprecation,
  readSunset,
  type EndMoment,
} from '../../../../src/cutover/steps/http/endHeaders.ts';

const FIRST_SECOND = -62_135_596_800;
const LAST_SECOND = 253_402_300_799;
const seconds = fc.integer({ min: FIRST_SECOND, max: LAST_SECOND });
/** Years that toUTCString writes with four digits. */
const recent = fc.integer({ min: -30_610_224_000, max: LAST_SECOND });

function deprecation(text: string, wanted: number | null = null): EndMoment {
  return readDeprecation([text], wanted);
}

function sunset(text: string, wanted: number | null = null): EndMoment {
  return readSunset([text], wanted);
}

/** Of a clause, what it says to send. */
function sent(moment: EndMoment): string {
  const [, value = ''] =
    /; send (.*) \(RFC \d+\)$/.exec('fault' in moment ? moment.fault : '') ?? [];
  return value;
}

describe('Deprecation', () => {
  it('is a date of a structured field', () => {
    fc.assert(
      fc.property(seconds, (at) => {
        expect(deprecation(`@${at}`)).toEqual({ seconds: at });
      }),
    );
    // The example of RFC 9745, 2.1, and parameters, which it has none of.
    expect(deprecation('@1688169599')).toEqual({ seconds: momentOf('2023-06-30T23:59:59') });
    for (const text of ['@1;a', '@1; a=b;c="d;e"', ' @1\t', '@1;a=?0;b=1.5', '@01']) {
      expect(deprecation(text)).toEqual({ seconds: 1 });
    }
  });

  it.each([
    ['true', 'a truth value, as in a draft, and not a date'],
    ['?1', 'a truth value, as in a draft, and not a date'],
    ['Sun, 01 Mar 2026 00:00:00 GMT', 'an HTTP-date, as in a draft'],
    ['Sunday, 01-Mar-26 00:00:00 GMT', 'an HTTP-date, as in a draft'],
    ['@253402300800', 'after the year 9999, as milliseconds are'],
    ['@1767225600000', 'after the year 9999, as milliseconds are'],
    ['@-62135596801', 'no date'],
    ['', 'no date'],
    ['@', 'no date'],
    ['@1.5', 'no date'],
    ['@1 ;a', 'no date'],
    ['@1;A', 'no date'],
    ['@ 1', 'no date'],
    ['@+1', 'no date'],
    ['@1234567890123456', 'no date'],
    ['2026-01-01T00:00:00Z', 'no date'],
    ['"@1"', 'no date'],
    ['v1', 'no date'],
  ])('is not %j: %s', (text, what) => {
    const read = deprecation(text);
    expect(read).toMatchObject({ fault: expect.stringMatching(`^Deprecation is ${what}; send `) });
    expect(deprecation(sent(deprecation(text, 1_767_225_600)))).toEqual({ seconds: 1_767_225_600 });
  });

  it('is told what to send, as far as that is known', () => {
    expect(sent(deprecation('true'))).toBe('the seconds since 1970, such as @1767225600');
    expect(sent(deprecation('true', 1_772_323_200))).toBe('@1772323200');
    expect(sent(deprecation('Sun, 01 Mar 2026 00:00:00 GMT'))).toBe('@1772323200');
    expect(sent(deprecation('@1767225600000'))).toBe('@1767225600');
    expect(sent(deprecation('@1767225600000', 5))).toBe('@5');
    expect(deprecation('1767225600')).toEqual({
      fault: 'Deprecation has no @; send the seconds since 1970, such as @1767225600 (RFC 9745)',
    });
    expect(deprecation('@1, @2')).toEqual({ fault: 'Deprecation has several values; send one' });
  });
});

describe('Sunset', () => {
  it('is an HTTP-date, of which all days are known', () => {
    fc.assert(
      fc.property(recent, (at) => {
        const text = new Date(at * 1000).toUTCString();
        expect(sunset(text)).toEqual({ seconds: at });
        // The same date with any other day of the week is told what it has to be.
        for (const day of ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']) {
          if (text.startsWith(day)) continue;
          expect(sent(sunset(day + text.slice(3)))).toBe(text);
        }
      }),
    );
  });

  it('has the day of the week that its date has', () => {
    // As a runbook had it, and as RFC 8594 has it in its examples.
    expect(sunset('Sat, 01 Mar 2026 00:00:00 GMT')).toEqual({
      fault:
        'Sunset says Sat of a date that is a Sunday; send Sun, 01 Mar 2026 00:00:00 GMT (RFC 8594)',
    });
    expect(sunset('Sat, 31 Dec 2018 23:59:59 GMT')).toMatchObject({
      fault: expect.stringContaining('a date that is a Monday'),
    });
    expect(sent(sunset('Sat, 01 Mar 2026 00:00:00 GMT', 0))).toBe('Thu, 01 Jan 1970 00:00:00 GMT');
  });

  it.each([
    // As the example of RFC 9745, 4, has it.
    ['Sun, 30 Jun 2024 23:59:59 UTC', 'ends with UTC', 'Sun, 30 Jun 2024 23:59:59 GMT'],
    ['@1719791999', 'has the form of Deprecation', 'Sun, 30 Jun 2024 23:59:59 GMT'],
    ['Sunday, 30-Jun-24 23:59:59 GMT', 'is an obsolete form of a date', ''],
    ['Sun Jun 30 23:59:59 2024', 'is an obsolete form of a date', ''],
    ['2024-06-30', 'is no HTTP-date', ''],
    ['2024-06-30T23:59:59Z', 'is no HTTP-date', ''],
    ['Sun, 30 Feb 2024 23:59:59 GMT', 'is no HTTP-date', ''],
    ['Sun, 30 Jun 2024 24:00:00 GMT', 'is no HTTP-date', ''],
    ['Sun, 30 Jun 2024 23:59:60 GMT', 'is no HTTP-date', ''],
    ['Sun, 1 Jun 2024 23:59:59 GMT', 'is no HTTP-date', ''],
    ['sun, 30 jun 2024 23:59:59 gmt', 'is no HTTP-date', ''],
    ['Sun, 30 Jun 2024 23:59:59 +0000', 'is no HTTP-date', ''],
    ['Sun, 30 Jun 2024 23:59:59 GMT, Sun, 30 Jun 2024 23:59:59 GMT', 'is no HTTP-date', ''],
    ['true', 'is no HTTP-date', ''],
    ['', 'is no HTTP-date', ''],
  ])('is not %j: it %s', (text, what, send) => {
    const read = sunset(text);
    expect(read).toMatchObject({ fault: expect.stringMatching(`^Sunset ${what}; send `) });
    expect(sent(read)).toBe(send === '' ? 'it as Sun, 06 Nov 1994 08:49:37 GMT is written' : send);
    expect(sunset(sent(sunset(text, LAST_SECOND)))).toEqual({ seconds: LAST_SECOND });
  });
});

describe('either header', () => {
  it('is there once', () => {
    const twice = ['@1', '@1'];
    expect(readDeprecation(undefined, null)).toEqual({ fault: 'header Deprecation is missing' });
    expect(readSunset([], null)).toEqual({ fault: 'header Sunset is missing' });
    expect(readDeprecation(twice, null)).toEqual({
      fault: 'header Deprecation is there 2 times; send it once',
    });
    expect(readSunset(twice, null)).toEqual({
      fault: 'header Sunset is there 2 times; send it once',
    });
  });

  it('shows nothing of a text that is not a date', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const read of [deprecation, sunset]) {
          const moment = read(`canary ${text}`);
          expect('fault' in moment && !moment.fault.includes('canary')).toBe(true);
        }
      }),
    );
  });

  it('is read in a time that grows with its length', () => {
    for (const text of [
      `@1${';a'.repeat(16_000)}!`,
      `@1;a="${'\\'.repeat(32_000)}`,
      '@'.repeat(32_000),
    ]) {
      const began = performance.now();
      for (const read of [deprecation, sunset]) expect(read(text)).toHaveProperty('fault');
      expect(performance.now() - began).toBeLessThan(1000);
    }
  });
});
