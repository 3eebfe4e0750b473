import { describe, expect, it } from 'vitest';

import { openingAt } from '../../src/cutover/openings.ts';

const HOUR = 3_600_000;

function opening(start: string, zone: string, now: string, hours = 4): [string, string] | null {
  const found = openingAt({ start, zone, for: hours * HOUR }, new Date(now));
  if (found === null) return null;
  return [new Date(found.from).toISOString(), new Date(found.to).toISOString()];
}

describe('the window of a runbook', () => {
  it('is the one that is open', () => {
    expect(opening('Sun 04:00', 'Europe/Vienna', '2026-12-06T04:00:00Z')).toEqual([
      '2026-12-06T03:00:00.000Z',
      '2026-12-06T07:00:00.000Z',
    ]);
  });

  it('is the next one after its end', () => {
    expect(opening('Sun 04:00', 'Europe/Vienna', '2026-12-06T07:00:00Z')?.[0]).toBe(
      '2026-12-13T03:00:00.000Z',
    );
  });

  it('begins at the same time of day before and after the clocks change', () => {
    expect(opening('Sun 04:00', 'Europe/Vienna', '2026-10-24T00:00:00Z')?.[0]).toBe(
      '2026-10-25T03:00:00.000Z',
    );
    expect(opening('Sun 04:00', 'Europe/Vienna', '2026-10-17T00:00:00Z')?.[0]).toBe(
      '2026-10-18T02:00:00.000Z',
    );
  });

  it('does not open at an hour that the clock skips, or shows twice', () => {
    // On 29 March 2026, 02:30 does not exist in Vienna; on 25 October it comes twice.
    expect(opening('Sun 02:30', 'Europe/Vienna', '2026-03-28T00:00:00Z')?.[0]).toBe(
      '2026-04-05T00:30:00.000Z',
    );
    expect(opening('Sun 02:30', 'Europe/Vienna', '2026-10-24T00:00:00Z')?.[0]).toBe(
      '2026-11-01T01:30:00.000Z',
    );
  });

  it('is over after its day', () => {
    expect(opening('2026-12-06 02:00', 'UTC', '2026-12-06T05:59:59Z')?.[0]).toBe(
      '2026-12-06T02:00:00.000Z',
    );
    expect(opening('2026-12-06 02:00', 'UTC', '2026-12-06T06:00:00Z')).toBeNull();
  });

  it('of a week is still open on its last day', () => {
    expect(opening('Mon 00:00', 'UTC', '2026-12-06T23:00:00Z', 168)?.[0]).toBe(
      '2026-11-30T00:00:00.000Z',
    );
  });
});
