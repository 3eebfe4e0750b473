/**
 * Lines of a log in bounded memory, with the times in them: those of ISO 8601, and those of web servers. A
 * line without a time, as of a stack trace, has that of the line before it.
 */

import { StringDecoder } from 'node:string_decoder';

/** Longer lines are cut, in characters. */
const LONGEST = 64 * 1024;

export interface LineReader {
  push(bytes: Uint8Array): void;
  /** Handles the last line, if it does not end. */
  end(): void;
}

/** Calls `handle` with each line, without its end. */
export function lineReader(handle: (line: string) => void): LineReader {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string): void => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(0, LONGEST);
    for (const line of lines) handle(line.slice(0, LONGEST).replace(/\r$/, ''));
  };
  return {
    push: (bytes) =>
      take(decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))),
    end() {
      take(decoder.end());
      if (rest !== '') handle(rest);
      rest = '';
    },
  };
}

const ISO = /(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?/;
const SERVER = /(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})/;
/** Where a time is looked for, in characters from the beginning of a line. */
const HEAD = 512;

/** Returns the first time in a line, in milliseconds; one without a zone is UTC. Null for none. */
export function timeOfLine(line: string): number | null {
  const head = line.slice(0, HEAD);
  const [iso, date, time, fraction = '0', zone = 'Z'] = ISO.exec(head) ?? [];
  if (iso !== undefined) return parsed(`${date}T${time}.${fraction.slice(0, 3)}${zone}`);
  const [server, day, month, year, clock, offset] = SERVER.exec(head) ?? [];
  return server === undefined ? null : parsed(`${day} ${month} ${year} ${clock} ${offset}`);
}

function parsed(text: string): number | null {
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : time;
}
