import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { datePattern, type DateMatch, type Temporal } from '../../src/record/datePattern.ts';

function read(kind: Temporal, pattern: string, text: string): DateMatch {
  const match = datePattern(kind, pattern);
  if (typeof match !== 'function') throw new Error(match.fault);
  return match(text);
}

describe('datePattern', () => {
  it.each<[Temporal, string, string]>([
    ['date', 'dd.MM.yy', '"yy" is not a pattern token'],
    ['date', 'dd.MMM.yyyy', '"MMM" is not a pattern token'],
    ['date', 'dd.MM', 'the year is missing'],
    ['date', 'dd.MM.yyyy.dd', 'the day occurs twice'],
    ['date', 'dd.MM.yyyy HH:mm', 'a date has no hour'],
    ['time', 'HH', 'the minute is missing'],
    ['time', 'HH:mm.SSS', 'the second is missing'],
    ['timestamp', 'dd.MM.yyyy', 'the hour is missing'],
    ['date', "dd.MM.yyyy 'Uhr", 'an apostrophe is not closed'],
    ['date', 'dMyyyy', '"d" is next to digits, so its end is ambiguous'],
    ['date', 'yyyyMd', '"M" is next to digits, so its end is ambiguous'],
    ['date', 'd1M.yyyy', '"d" is next to digits, so its end is ambiguous'],
  ])('refuses a %s of %j: %s', (kind, pattern, fault) => {
    expect(datePattern(kind, pattern)).toEqual({ fault });
  });

  it('takes literals, signs of regular expressions and apostrophes as they are', () => {
    expect(read('date', "'Tag 'dd'/'MM (yyyy)", 'Tag 01/02 (2024)')).toBe('2024-02-01');
    expect(read('date', 'dd.MM.yyyy', '01x02x2024')).toBeNull();
    expect(read('time', "HH''mm", "10'30")).toBe('10:30:00');
    expect(read('time', "HH'o''clock'mm", "10o'clock30")).toBe('10:30:00');
    expect(read('date', 'dd+MM*yyyy', '01+02*2024')).toBe('2024-02-01');
  });

  it('tells no such day from another shape', () => {
    expect(read('date', 'dd.MM.yyyy', '31.04.2024')).toBe(false);
    expect(read('date', 'dd.MM.yyyy', '01.01.0000')).toBe(false);
    expect(read('date', 'dd.MM.yyyy', '31.4.2024')).toBeNull();
    expect(read('date', 'dd.MM.yyyy', '01.02.2024\n')).toBeNull();
    expect(read('date', 'dd.MM.yyyy', '٠١.٠٢.2024')).toBeNull();
  });

  it('reads every day back that was written with it', () => {
    const day = fc.date({
      min: new Date('0001-01-01'),
      max: new Date('9999-12-31'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(day, (date) => {
        const iso = date.toISOString().slice(0, 10);
        const [year, month, dayOf] = iso.split('-');
        expect(read('date', 'd.M.yyyy', `${Number(dayOf)}.${Number(month)}.${year}`)).toBe(iso);
        expect(read('date', 'yyyyMMdd', `${year}${month}${dayOf}`)).toBe(iso);
      }),
    );
  });
});
