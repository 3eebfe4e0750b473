/** Converts cells to dates and times with a fixed number of fraction digits. */

import { Rejection, type Converter } from './converted.ts';
import {
  epochSeconds,
  fromEpochSeconds,
  isDate,
  isTimestamp,
  parseTime,
  parseTimestamp,
  parseTimestampTz,
  type LocalTime,
} from './dateTime.ts';
import { zoneOffsets } from './zone.ts';

type Temporal = 'date' | 'time' | 'timestamp' | 'timestamptz';

const GAP = new Rejection('time-gap', 'the clock of the zone skipped this local time');
const OVERLAP = new Rejection('time-overlap', 'the clock of the zone showed this local time twice');
const NO_ZONE = new Rejection('type', 'the time has no offset and the field names no zone');
const OUT_OF_RANGE = new Rejection('exactness', 'the instant is outside the years 0001 to 9999');

/** Makes a converter that pads to `digits` and rejects more; undefined keeps all digits. */
export function temporalConverter(
  kind: Temporal,
  digits: number | undefined,
  zone: string | undefined,
): Converter {
  const wrong = new Rejection('type', `the value is not a ${kind} in ISO 8601 form`);
  const long = new Rejection('scale', `more than ${digits} fraction digits`);
  const toUtc = utcConverter(zone);
  const toSecond = (digits ?? 0) === 0;
  const parse = (text: string): string | Rejection | null => {
    if (kind === 'date') return isDate(text) ? text : null;
    if (kind === 'time') return withFraction(parseTime(text), digits, long, (t) => t.time);
    if (kind === 'timestamp') {
      // Most timestamps are to the second and need no parsing.
      if (toSecond && isTimestamp(text)) return `${text.slice(0, 10)}T${text.slice(11)}`;
      return withFraction(parseTimestamp(text), digits, long, dateAndTime);
    }
    const utc = toUtc(text);
    if (utc === null || utc instanceof Rejection) return utc;
    const converted = withFraction(utc, digits, long, dateAndTime);
    return typeof converted === 'string' ? `${converted}Z` : converted;
  };
  return (value) => (typeof value === 'string' ? (parse(value) ?? wrong) : wrong);
}

function dateAndTime(local: LocalTime): string {
  return `${local.date}T${local.time}`;
}

function withFraction<T extends { fraction: string }>(
  parsed: T | null,
  digits: number | undefined,
  long: Rejection,
  text: (parsed: T) => string,
): string | Rejection | null {
  if (parsed === null) return null;
  const wanted = digits ?? parsed.fraction.length;
  if (parsed.fraction.length > wanted) return long;
  return wanted === 0 ? text(parsed) : `${text(parsed)}.${parsed.fraction.padEnd(wanted, '0')}`;
}

/** Makes a function from ISO text to the same instant in UTC. */
function utcConverter(zone: string | undefined): (text: string) => LocalTime | Rejection | null {
  const offsets = zone === undefined ? null : zoneOffsets(zone);
  return (text) => {
    const withOffset = parseTimestampTz(text);
    if (withOffset !== null) {
      if (withOffset.offset === 0) return withOffset.local;
      return shifted(withOffset.local, withOffset.offset * 60);
    }
    const local = parseTimestamp(text);
    if (local === null) return null;
    if (offsets === null) return NO_ZONE;
    const instant = offsets(local);
    if (instant.kind === 'unique') return shifted(local, instant.offset);
    return instant.kind === 'gap' ? GAP : OVERLAP;
  };
}

function shifted(local: LocalTime, offsetSeconds: number): LocalTime | Rejection {
  return fromEpochSeconds(epochSeconds(local) - offsetSeconds, local.fraction) ?? OUT_OF_RANGE;
}
