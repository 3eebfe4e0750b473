/** Agreed times: the clock of a named zone decides, also when daylight saving begins and ends. */

import { describe, expect, it } from 'vitest';

import { isWithin, parseWindow, shownAt, type Window } from '../../src/mapping/window.ts';

function windowOf(text: string): Window {
  const window = parseWindow(text);
  if (typeof window === 'string') throw new Error(window);
  return window;
}

const within = (text: string, at: string): boolean => isWithin(windowOf(text), new Date(at));

/** Minutes of a UTC day that are in the window. */
function minutesOf(text: string, day: string): number {
  const window = windowOf(text);
  const midnight = Date.parse(`${day}T00:00:00Z`);
  const quarters = Array.from({ length: 96 }, (_, at) => new Date(midnight + at * 900_000));
  return quarters.filter((at) => isWithin(window, at)).length * 15;
}

describe('a window', () => {
  it('begins with its first minute and ends before its last', () => {
    const vienna = 'Sun 02:00-06:00 Europe/Vienna';
    // 6 December 2026 is a Sunday; Vienna is an hour ahead of UTC.
    expect(within(vienna, '2026-12-06T00:59:59Z')).toBe(false);
    expect(within(vienna, '2026-12-06T01:00:00Z')).toBe(true);
    expect(within(vienna, '2026-12-06T04:59:59Z')).toBe(true);
    expect(within(vienna, '2026-12-06T05:00:00Z')).toBe(false);
    expect(within(vienna, '2026-12-07T01:00:00Z')).toBe(false);
  });

  it('is another one in another zone', () => {
    const at = '2026-12-06T01:30:00Z';
    expect(within('Sun 02:00-06:00 Europe/Vienna', at)).toBe(true);
    expect(within('Sun 02:00-06:00 UTC', at)).toBe(false);
    expect(within('Sun 02:00-06:00 America/New_York', at)).toBe(false);
  });

  it('may be of several days, of a date, and go past midnight', () => {
    expect(within('Sat,Sun 10:00-12:00 UTC', '2026-12-05T11:00:00Z')).toBe(true);
    expect(within('2026-12-06 10:00-12:00 UTC', '2026-12-06T11:00:00Z')).toBe(true);
    expect(within('2026-12-06 10:00-12:00 UTC', '2026-12-13T11:00:00Z')).toBe(false);
    expect(within('Sat 22:00-02:00 UTC', '2026-12-06T01:59:00Z')).toBe(true);
    expect(within('Sat 22:00-02:00 UTC', '2026-12-05T01:59:00Z')).toBe(false);
    expect(within('Sat 22:00-24:00 UTC', '2026-12-06T00:00:00Z')).toBe(false);
    expect(within('2024-02-29 23:00-01:00 UTC', '2024-03-01T00:30:00Z')).toBe(true);
  });

  it('lacks the hour that is skipped, and holds the one that comes twice both times', () => {
    const usual = 'Sun 02:00-06:00 Europe/Vienna';
    expect(minutesOf(usual, '2026-12-06')).toBe(4 * 60);
    // The clock goes from 02:00 to 03:00, and on 25 October from 03:00 to 02:00.
    expect(minutesOf(usual, '2026-03-29')).toBe(3 * 60);
    expect(minutesOf(usual, '2026-10-25')).toBe(5 * 60);
    expect(minutesOf('Sun 02:00-03:00 Europe/Vienna', '2026-03-29')).toBe(0);
    expect(minutesOf('Sun 02:00-03:00 Europe/Vienna', '2026-10-25')).toBe(2 * 60);
  });

  it('shows the time of its zone', () => {
    expect(shownAt(new Date('2026-10-25T00:30:00Z'), 'Europe/Vienna')).toBe('Sun 2026-10-25 02:30');
    expect(shownAt(new Date('2026-10-25T01:30:00Z'), 'Europe/Vienna')).toBe('Sun 2026-10-25 02:30');
    expect(shownAt(new Date('2026-12-31T12:00:00Z'), 'Pacific/Kiritimati')).toBe(
      'Fri 2027-01-01 02:00',
    );
  });

  it.each([
    'Sun 02:00-06:00',
    'Sun 02:00-06:00 Mars/Olympus',
    'Sun 02:00-06:00 +01:00',
    'So 02:00-06:00 Europe/Vienna',
    'Sun,2026-12-06 02:00-06:00 UTC',
    '2026-02-30 02:00-06:00 UTC',
    'Sun 02:00-02:00 UTC',
    'Sun 24:00-06:00 UTC',
    'Sun 02:60-06:00 UTC',
    'Sun 02:00-24:01 UTC',
    ' Sun 02:00-06:00 UTC',
    '',
  ])('is not %j', (text) => {
    expect(parseWindow(text)).toMatch(/window/);
  });
});
