/** Days since 1970-01-01 as text; no clock and no time zone. */

/** `YYYY-MM-DD` of a day (proleptic Gregorian calendar). */
export function dateOf(day: number): string {
  const [year, month, dayOfMonth] = civil(day);
  return `${year}-${two(month)}-${two(dayOfMonth)}`;
}

/** `HH:MM:SS` of a second of the day. */
export function timeOf(second: number): string {
  const minutes = Math.floor(second / 60);
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(second % 60)}`;
}

/** The day of a date of the proleptic Gregorian calendar. */
export function dayOf(year: number, month: number, dayOfMonth: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const monthFromMarch = (month + 9) % 12;
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + dayOfMonth - 1;
  const leaps = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * 146_097 + yearOfEra * 365 + leaps + dayOfYear - 719_468;
}

export const DAY_SECONDS = 86_400;

/** Howard Hinnant's days-to-civil: years begin in March, so that a leap day comes last. */
function civil(day: number): [number, number, number] {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const leaps =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfMonth];
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
