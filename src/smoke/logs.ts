/**
 * Searches logs for patterns that must not occur since a candidate went live. A line counts from the
 * time at its beginning; one without a time belongs to the line before it, as that of a stack trace
 * does. A log without times is searched as a whole. No finding shows a text of the log.
 */

import { closeSync, constants, fstatSync, readSync, realpathSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

import { systemCode } from '../disk/errors.ts';
import { openNoLinks } from '../disk/noLinks.ts';
import { searchFor } from '../mapping/compile/pattern.ts';
import type { LogQuery } from '../mapping/smokeFile.ts';
import { counted } from '../outcome/counted.ts';
import type { Finding } from '../outcome/finding.ts';
import { parseTimestamp, parseTimestampTz, epochSeconds } from '../record/dateTime.ts';
import { zoneOffsets } from '../record/zone.ts';

/** Longest line that is searched. */
const MAX_LINE = 1024 * 1024;
const CHUNK = 256 * 1024;
const LF = 0x0a;
/** Numbers of lines that a finding names. */
const LISTED = 8;

export interface LogSearch {
  readonly query: LogQuery;
  /** Absolute path. */
  readonly path: string;
  /** Seconds since 1970 from which lines count; null for all. */
  readonly since: number | null;
}

export interface SearchedLog {
  readonly findings: readonly Finding[];
  readonly note: string;
}

/** Searches one log. */
export async function searchLog({ query, path, since }: LogSearch): Promise<SearchedLog> {
  const { file } = query;
  const lines = linesOf(path);
  if (lines === null) return { findings: [found(file, 'the log cannot be read')], note: '' };
  const searches = query.forbid.map(searchFor);
  const matches = searches.map((): number[] => []);
  const timeOf = timeReader(query.zone);
  let [number, searched, timed, long] = [0, 0, 0, 0];
  let counts = true;
  let begin: number | null = null;
  for await (const line of lines) {
    number += 1;
    const time = line === null ? null : timeOf(line);
    if (time !== null) {
      timed += 1;
      begin ??= time;
      counts = since === null || time >= since;
    }
    if (!counts) continue;
    searched += 1;
    if (line === null) long += 1;
    else searches.forEach((search, at) => search?.(line) !== false && matches[at]?.push(number));
  }
  const findings = matches.flatMap((at, index) => {
    return at.length === 0 ? [] : [found(file, occurrence(index + 1, at))];
  });
  if (long > 0) findings.push(found(file, `${counted(long, 'line')} too long to be searched`));
  if (searched === 0) {
    const reason = 'the log has no line since the candidate went live, so it proves nothing';
    findings.push({ ...found(file, reason), severity: 'WARNING' });
  }
  const isWhole = since === null || begin === null || begin < since;
  return { findings, note: noteOf(file, { number, searched, timed }, since, isWhole) };
}

function found(file: string, reason: string): Finding {
  return { rule: 'smoke', severity: 'BLOCKER', file, reason };
}

function occurrence(pattern: number, lines: readonly number[]): string {
  const more = lines.length > LISTED ? ', …' : '';
  const where = `${lines.slice(0, LISTED).join(', ')}${more}`;
  return `pattern ${pattern} occurs in ${counted(lines.length, 'line')}: ${where}`;
}

function noteOf(
  file: string,
  { number, searched, timed }: Readonly<Record<'number' | 'searched' | 'timed', number>>,
  since: number | null,
  isWhole: boolean,
): string {
  const rest = isWhole
    ? ''
    : '; it begins after that, so what an earlier log says was not searched';
  if (since === null) return `${file}: all ${counted(number, 'line')} searched`;
  return timed === 0
    ? `${file}: no line has a time with a zone, so all ${counted(number, 'line')} were searched`
    : `${file}: ${searched} of ${counted(number, 'line')} searched, those since it went live${rest}`;
}

const STAMP = /^\[?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,]\d+)? ?(Z|[+-]\d\d:?\d\d)?/;

/** Returns a function from a line to the time at its beginning, in seconds; null if it has none. */
function timeReader(zone: string | undefined): (line: string) => number | null {
  const offsets = zone === undefined ? null : zoneOffsets(zone);
  return (line) => {
    const [, date = '', time = '', offset] = STAMP.exec(line) ?? [];
    if (date === '') return null;
    if (offset !== undefined) return instantOf(`${date}T${time}${offset}`);
    const local = parseTimestamp(`${date} ${time}`);
    if (local === null || offsets === null) return null;
    const instant = offsets(local);
    // A time that the clock skipped or showed twice may be late enough.
    return instant.kind === 'unique' ? epochSeconds(local) - instant.offset : Infinity;
  };
}

/** Parses a time with its offset to whole seconds since 1970; null if it is none. */
export function instantOf(text: string): number | null {
  const parsed = parseTimestampTz(text);
  return parsed === null ? null : epochSeconds(parsed.local) - parsed.offset * 60;
}

/** Yields lines, null for one that is too long; null instead if the file cannot be read. */
function linesOf(path: string): AsyncGenerator<string | null> | null {
  try {
    const file = openNoLinks(realpathSync(path), constants.O_RDONLY | constants.O_NONBLOCK);
    if (fstatSync(file).isFile()) return readLines(file);
    closeSync(file);
    return null;
  } catch (error) {
    if (systemCode(error) === null) throw error;
    return null;
  }
}

async function* readLines(file: number): AsyncGenerator<string | null> {
  const chunk = Buffer.allocUnsafe(CHUNK);
  let pending: Buffer[] = [];
  let length = 0;
  const line = (): string | null => {
    // Invalid UTF-8 is replaced: a log is searched as far as it can be read.
    const text = length > MAX_LINE ? null : Buffer.concat(pending).toString('utf8');
    pending = [];
    length = 0;
    return text;
  };
  const keep = (part: Buffer): void => {
    length += part.length;
    if (length <= MAX_LINE) pending.push(Buffer.from(part));
    else pending = [];
  };
  try {
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
      let start = 0;
      for (let end = chunk.indexOf(LF); end !== -1 && end < read; end = chunk.indexOf(LF, start)) {
        keep(chunk.subarray(start, end));
        yield line();
        start = end + 1;
      }
      keep(chunk.subarray(start, read));
      await setImmediate();
    }
    if (length > 0) yield line();
  } finally {
    closeSync(file);
  }
}
