/**
 * The header of a SQLite database whose writes are frozen. Pure. Its file format write version is
 * one that no SQLite writes; every SQLite reads such a file and refuses to write it. The change
 * counter is raised with it, so that open connections read the header again. The version tells who
 * froze it.
 *
 * https://www.sqlite.org/fileformat2.html §1.3.1, §1.3.3, §1.3.6
 */

export const HEADER_BYTES = 100;

/** Offset of the file format write version; the read version follows. */
export const WRITE_VERSION = 18;
const READ_VERSION = 19;
const CHANGE_COUNTER = 24;
/** The change counter when the number of pages in the header was written; else that is invalid. */
const VALID_FOR = 92;

/** Version 1 is a rollback journal, 2 a write-ahead log; above, a file may only be read. */
const NEWEST = 2;
/** A source whose writes an operator has frozen. */
export const FROZEN_SOURCE = 3;
/** A target that is not live any more. */
export const PUT_ASIDE = 4;
/** Whose freeze it is. */
export type FrozenVersion = typeof FROZEN_SOURCE | typeof PUT_ASIDE;

/** What the header of a database says of its writes, given what a freeze has noted; `why` is a clause. */
export type HeaderFound =
  | { readonly kind: 'writable' }
  | { readonly kind: 'frozen' }
  /** A change was begun and not finished. */
  | { readonly kind: 'unfinished'; readonly why: string }
  /** It refuses writes, but not as noted. */
  | { readonly kind: 'other'; readonly why: string };

/** The bytes that a change writes, in one call: first and past the last. */
export const CHANGED_BYTES: readonly [from: number, to: number] = [WRITE_VERSION, VALID_FOR + 4];

/** Whether the database is in write-ahead mode. */
export function isLogged(header: Buffer): boolean {
  return header[READ_VERSION] === 2;
}

/** Whether SQLite refuses to write a database with this header. */
export function refusesWrites(header: Buffer): boolean {
  return (header[WRITE_VERSION] ?? 0) > NEWEST;
}

/** Whether a database with this header is a target that was put aside. */
export function isPutAside(header: Buffer): boolean {
  return header[WRITE_VERSION] === PUT_ASIDE;
}

/** Returns why a header cannot be frozen; null if it can. */
export function notFreezable(header: Buffer): string | null {
  const [write, read] = [header[WRITE_VERSION], header[READ_VERSION]];
  if (write === read && (write === 1 || write === 2)) return null;
  return `the header of the database says write version ${write} and read version ${read}`;
}

/** Returns the header of a frozen database from that of a writable one. */
export function frozenHeader(before: Buffer, version: FrozenVersion): Buffer {
  return withVersion(before, version, 1);
}

/** Returns the header of the database when it is writable again. */
export function writableHeader(before: Buffer): Buffer {
  // The counter never returns to an earlier value: a connection would take old pages for valid.
  return withVersion(before, before[WRITE_VERSION] ?? 1, 2);
}

/**
 * Returns the header of a frozen database when it is writable again, from that alone: both of its
 * versions were equal before it was frozen.
 */
export function thawedHeader(frozen: Buffer): Buffer {
  return withVersion(frozen, frozen[READ_VERSION] ?? 1, 1);
}

function withVersion(before: Buffer, version: number, steps: number): Buffer {
  const header = Buffer.from(before);
  const counter = before.readUInt32BE(CHANGE_COUNTER);
  const valid = before.readUInt32BE(VALID_FOR);
  header[WRITE_VERSION] = version;
  if (counter === valid) header.writeUInt32BE((counter + steps) >>> 0, VALID_FOR);
  header.writeUInt32BE((counter + steps * stride(counter, valid)) >>> 0, CHANGE_COUNTER);
  return header;
}

/** Returns by how much the counter grows, so that it does not meet an old `VALID_FOR` by chance. */
function stride(counter: number, valid: number): number {
  const meets = [1, 2].some((steps) => (counter + steps) >>> 0 === valid);
  return meets ? 3 : 1;
}

/**
 * Returns the state of a database with this header, of which a freeze noted `before` (in hex), and
 * with `logged` bytes in its write-ahead log.
 */
export function headerFound(
  header: Buffer,
  logged: number,
  before: string | null,
  version: FrozenVersion,
): HeaderFound {
  if (!refusesWrites(header)) return { kind: 'writable' };
  if (before === null) {
    return { kind: 'other', why: 'its header refuses writes, which this project did not do' };
  }
  const noted = Buffer.from(before, 'hex');
  if (noted.length !== HEADER_BYTES) return { kind: 'other', why: 'the journal notes no header' };
  const frozen = frozenHeader(noted, version);
  if (header.equals(frozen)) {
    if (logged === 0) return { kind: 'frozen' };
    return { kind: 'unfinished', why: 'its write-ahead log is not empty' };
  }
  const half = [noted, writableHeader(noted)].some((other) => {
    other[WRITE_VERSION] = version;
    return header.equals(other);
  });
  if (half) return { kind: 'unfinished', why: 'its header was written in part' };
  return { kind: 'other', why: 'its header is not the one that the journal notes' };
}
