/**
 * Local times around each change of a clock, against a table of the system's time zone data that
 * `zones.py` made: of 22 zones, and of any others by `ZONES=FILE`.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { converter } from '../../src/record/convert.ts';
import { Rejection } from '../../src/record/converted.ts';

interface Zone {
  readonly name: string;
  /** `from` and `to` of each offset, in seconds since 1970. */
  readonly spans: readonly { offset: number; from: number; to: number }[];
}

const OWN = new URL('zones.txt', import.meta.url);
const FILE = process.env['ZONES'] ?? OWN;
const [HEAD = '', ...LINES] = readFileSync(FILE, 'utf8').trimEnd().split('\n');
const ZONES = LINES.map(zoneOf);

function zoneOf(line: string): Zone {
  const [name = '', first = '', ...changes] = line.split(' ');
  const starts = [`-Infinity:${first}`, ...changes].map((change) => change.split(':').map(Number));
  const spans = starts.map(([from = NaN, offset = NaN], at) => {
    return { offset, from, to: starts[at + 1]?.[0] ?? Infinity };
  });
  return { name, spans };
}

/** What a local time has to become, by the table alone. */
function expected({ spans }: Zone, wall: number): string {
  const instants = spans.flatMap(({ offset, from, to }) => {
    return wall - offset >= from && wall - offset < to ? [wall - offset] : [];
  });
  if (instants.length === 0) return 'time-gap';
  return instants.length > 1 ? 'time-overlap' : `${iso(instants[0] ?? NaN)}Z`;
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19);
}

/** Local times, as if in UTC, on both sides of a change: by a second, a minute, and between. */
function wallsAround(at: number, before: number, after: number): number[] {
  const middle = Math.floor((before + after) / 2);
  const edges = [before, after, middle].flatMap((offset) =>
    [-3600, -60, -1, 0, 1, 60, 3600].map((step) => at + offset + step),
  );
  return edges;
}

function converted(zone: string): (wall: number) => string {
  const convert = converter({ type: { kind: 'timestamptz', digits: 0 }, zone });
  return (wall) => {
    const value = convert(iso(wall));
    return value instanceof Rejection ? value.rule : JSON.stringify(value).slice(1, -1);
  };
}

describe('local times around each change of a clock', () => {
  const seen = { changes: 0, 'time-gap': 0, 'time-overlap': 0, unique: 0 };

  it.each(ZONES)('$name', (zone) => {
    const convert = converted(zone.name);
    const wrong: string[] = [];
    for (const [at, { from, offset }] of zone.spans.entries()) {
      const before = zone.spans[at - 1]?.offset;
      if (before === undefined) continue;
      seen.changes += 1;
      for (const wall of wallsAround(from, before, offset)) {
        const [is, ought] = [convert(wall), expected(zone, wall)];
        if (is !== ought) wrong.push(`${iso(wall)} is ${is}, not ${ought}`);
        seen[ought === 'time-gap' || ought === 'time-overlap' ? ought : 'unique'] += 1;
      }
    }
    expect(wrong, `by ${HEAD}, with tzdata ${process.versions.tz} of the runtime`).toEqual([]);
  });

  it('were some thousands, of every kind', () => {
    if (process.env['ZONES'] === undefined) expect(ZONES.length).toBe(22);
    else process.stdout.write(`${ZONES.length} zones: ${JSON.stringify(seen)}\n`);
    expect(seen.changes).toBeGreaterThan(2000);
    for (const kind of ['time-gap', 'time-overlap', 'unique'] as const) {
      expect(seen[kind], kind).toBeGreaterThan(5000);
    }
  });
});

describe('local times without a change near', () => {
  it.each([
    ['Europe/Zurich', '0001-01-01T00:00:00', '0000-12-31T23:25:52', 'exactness'],
    ['America/New_York', '0001-01-01T00:00:00', '0001-01-01T04:56:02Z', ''],
    ['Asia/Kathmandu', '9999-12-31T23:59:59', '9999-12-31T18:14:59Z', ''],
    ['Africa/Monrovia', '1960-01-01T00:00:00', '1960-01-01T00:44:30Z', ''],
    ['UTC', '1945-06-01T12:00:00', '1945-06-01T12:00:00Z', ''],
  ])('%s %s', (zone, local, utc, rule) => {
    const value = converter({ type: { kind: 'timestamptz', digits: 0 }, zone })(local);
    if (rule === '') expect(value).toBe(utc);
    else expect(value).toMatchObject({ rule });
  });
});
