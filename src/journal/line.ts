/**
 * The lines of a journal, as bytes: canonical JSON (RFC 8785), each with the SHA-256 of the line
 * before, LF included. Pure. An incomplete last line was never acknowledged and is tolerated; any
 * other byte that a writer would not write makes the journal broken.
 */

import { hash } from 'node:crypto';

import { Failure } from '../outcome/failure.ts';
import { canonicalJson } from '../record/canonical.ts';
import { decodeUtf8 } from '../record/jsonText.ts';

const JOURNAL_FORMAT = 1;

/** `prev` of the first line. */
const NO_LINE: string = '0'.repeat(64);

/** Event as it is in the file (event.ts): canonical JSON values, but no values of records. */
export interface JournalMembers {
  /** Name, such as `scan` or `promote-done`. */
  readonly event: string;
  readonly [member: string]: unknown;
}

export interface JournalEntry extends JournalMembers {
  /** Number of the line, from 1 without gaps. */
  readonly seq: number;
  /** ISO 8601, UTC; for people only, as `seq` gives the order. */
  readonly at: string;
  /** SHA-256 of the line before with its LF, lower-case hex; zeros in the first. */
  readonly prev: string;
}

export interface Journal {
  readonly entries: readonly JournalEntry[];
  /** SHA-256 of the last line; a copy kept elsewhere proves all lines up to it. */
  readonly head: string;
  /** Length of the whole lines, in bytes. */
  readonly length: number;
  /** Bytes after the whole lines, left by a writer that was killed; may be empty. */
  readonly torn: Uint8Array;
}

const LF = 0x0a;
const OWN = new Set(['seq', 'at', 'prev']);

/** Reads and verifies a journal. `where` names it in failures. @throws Failure JOURNAL */
export function parseJournal(bytes: Uint8Array, where: string): Journal {
  const length = bytes.lastIndexOf(LF) + 1;
  const entries: JournalEntry[] = [];
  let head = NO_LINE;
  for (let start = 0; start < length;) {
    const end = bytes.indexOf(LF, start) + 1;
    const line = bytes.subarray(start, end);
    entries.push(readLine(line, { seq: entries.length, head }, where));
    head = hash('sha256', line, 'hex');
    start = end;
  }
  return { entries, head, length, torn: bytes.subarray(length) };
}

/** The end of a chain: number of its last line, and the SHA-256 of that line. */
export interface ChainEnd {
  readonly seq: number;
  readonly head: string;
}

/** The end of a chain without lines. */
export const NO_CHAIN: ChainEnd = { seq: 0, head: NO_LINE };

/** Reads a line, LF included, that follows the end of a chain. @throws Failure JOURNAL */
export function readLine(line: Uint8Array, after: ChainEnd, where: string): JournalEntry {
  const entry = parseLine(line);
  const at = `${where}:${after.seq + 1}`;
  if (entry === null) throw broken('the journal has a line that Sealift did not write', at);
  if (entry.seq !== after.seq + 1) throw broken('a line of the journal is missing', at);
  if (entry.prev !== after.head) {
    throw broken('the journal is broken, as a line before this one was changed', at);
  }
  if (after.seq === 0) assertFormat(entry, at);
  return entry;
}

/** Encodes events as lines that follow the end of a chain; returns the new end with them. */
export function encodeLines(
  events: readonly JournalMembers[],
  after: ChainEnd,
  at: string,
): { readonly bytes: Buffer; readonly end: ChainEnd } {
  let { seq, head } = after;
  const first = { event: 'begin', format: JOURNAL_FORMAT };
  const lines = (seq === 0 ? [first, ...events] : events).map((event) => {
    if (Object.keys(event).some((key) => OWN.has(key))) {
      throw new Error('an event has a member that the journal sets');
    }
    seq += 1;
    const line = Buffer.from(`${canonicalJson({ ...event, at, prev: head, seq })}\n`);
    head = hash('sha256', line, 'hex');
    return line;
  });
  return { bytes: Buffer.concat(lines), end: { seq, head } };
}

/** Reads a whole line by itself, as the end of a chain whose beginning is not read. */
export function endOfChain(line: Uint8Array, where: string): ChainEnd {
  const entry = parseLine(line);
  if (entry === null) throw broken('the journal has a line that Sealift did not write', where);
  return { seq: entry.seq, head: hash('sha256', line, 'hex') };
}

/** The event that records bytes which a writer that was killed has left after the whole lines. */
export function cutOf(torn: Uint8Array): JournalMembers {
  return { event: 'cut', bytes: torn.length, sha256: hash('sha256', torn, 'hex') };
}

function parseLine(line: Uint8Array): JournalEntry | null {
  const text = decodeUtf8(line);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (`${canonicalJson(value)}\n` !== text) return null;
    return isEntry(value) ? value : null;
  } catch {
    return null;
  }
}

function isEntry(value: unknown): value is JournalEntry {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { seq, at, event, prev } = value as Record<string, unknown>;
  return (
    Number.isSafeInteger(seq) &&
    typeof at === 'string' &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(at) &&
    !Number.isNaN(Date.parse(at)) &&
    typeof event === 'string' &&
    /^[a-z][a-z-]{0,63}$/.test(event) &&
    typeof prev === 'string' &&
    /^[0-9a-f]{64}$/.test(prev)
  );
}

function assertFormat({ event, ...rest }: JournalEntry, where: string): void {
  if (event === 'begin' && rest['format'] === JOURNAL_FORMAT) return;
  if (event !== 'begin') throw broken('the beginning of the journal is missing', where);
  throw new Failure('JOURNAL', {
    what: 'this version of Sealift does not know the format of the journal',
    where,
    hint: 'use the version that wrote it',
  });
}

/** Makes the failure for a journal that is not as it was written. */
export function broken(what: string, where: string): Failure {
  return new Failure('JOURNAL', {
    what,
    where,
    hint: 'find out what changed it, then restore the copy that you keep elsewhere',
  });
}

/**
 * Encodes the lines to append to the whole lines of `journal`: a `begin` if it is empty, a `cut` if
 * torn bytes are left, then the events.
 */
export function encodeEntries(
  { torn, entries, head }: Journal,
  events: readonly JournalMembers[],
  at: string,
): Uint8Array {
  const all = torn.length === 0 ? events : [cutOf(torn), ...events];
  return encodeLines(all, { seq: entries.length, head }, at).bytes;
}
