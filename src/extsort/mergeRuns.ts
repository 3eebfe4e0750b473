/**
 * Merges sorted runs (see sortedRuns.ts) into one list in the order of their keys. Runs that do not
 * overlap form a chain, which is read with one cursor, so that a nearly ordered list needs few
 * cursors. The read buffers take at most 32 MiB for up to 8,192 cursors.
 */

import { heapOf } from './heap.ts';
import { OUT_OF_LINE, ENTRY_HEAD, type Run } from './sortedRuns.ts';
import { readFully } from './spill.ts';

/** An entry by its offsets in `buffer`; valid until the next one is requested. */
export interface Entry {
  readonly buffer: Buffer;
  readonly key: number;
  /** End of the key, where the value begins. */
  readonly keyEnd: number;
  readonly valueEnd: number;
  /** Location of a long value in the file, in bytes; null if the value is in `buffer`. */
  readonly outOfLine: { readonly offset: number; readonly length: number } | null;
}

interface Cursor extends Entry {
  buffer: Buffer;
  key: number;
  keyEnd: number;
  valueEnd: number;
  outOfLine: Entry['outOfLine'];
  /** Runs of the chain after this one, the next one last. */
  readonly rest: Run[];
  /** Whether `buffer` may be overwritten: it is a read buffer, not a run in memory. */
  own: boolean;
  /** Bytes of the run that are in `buffer`. */
  filled: number;
  /** File offset of the rest of the run, and its length in bytes. */
  position: number;
  left: number;
}

const ALL_BUFFERS = 32 * 2 ** 20;
const MIN_BUFFER = 4096;
const MAX_BUFFER = 256 * 1024;

/** Yields the entries of all runs, ascending by key. `file` is the descriptor of their file. */
export function* mergeRuns(file: number | null, runs: readonly Run[]): Generator<Entry> {
  const chains = chainsOf(runs);
  const size = Math.max(MIN_BUFFER, Math.min(MAX_BUFFER, ALL_BUFFERS / Math.max(1, chains.length)));
  const heap = heapOf<Cursor>((a, b) => compareKeys(a, b) < 0);
  for (const chain of chains) {
    const cursor = cursorOf(chain);
    if (advance(cursor, file, size)) heap.push(cursor);
  }
  for (let cursor = heap.top(); cursor !== undefined; cursor = heap.top()) {
    yield cursor;
    if (advance(cursor, file, size)) heap.siftDown();
    else heap.drop();
  }
}

function compareKeys(a: Entry, b: Entry): number {
  return a.buffer.compare(b.buffer, b.key, b.keyEnd, a.key, a.keyEnd);
}

/** Groups runs into as few chains as possible; the runs of a chain are in order without overlap. */
function chainsOf(runs: readonly Run[]): Run[][] {
  const ends = heapOf<{ readonly chain: Run[]; last: Uint8Array }>(
    (a, b) => Buffer.compare(a.last, b.last) < 0,
  );
  const chains: Run[][] = [];
  for (const run of runs.toSorted((a, b) => Buffer.compare(a.first, b.first))) {
    const end = ends.top();
    if (end !== undefined && Buffer.compare(end.last, run.first) <= 0) {
      end.chain.push(run);
      end.last = run.last;
      ends.siftDown();
      continue;
    }
    const chain = [run];
    chains.push(chain);
    ends.push({ chain, last: run.last });
  }
  return chains;
}

const NOTHING = Buffer.alloc(0);

function cursorOf(chain: readonly Run[]): Cursor {
  const nowhere = { buffer: NOTHING, key: 0, keyEnd: 0, valueEnd: 0, outOfLine: null };
  return { ...nowhere, rest: chain.toReversed(), own: false, filled: 0, position: 0, left: 0 };
}

/** Moves to the next entry; false if there is none. */
function advance(cursor: Cursor, file: number | null, size: number): boolean {
  let at = cursor.valueEnd;
  if (at === cursor.filled && cursor.left === 0) {
    if (!nextRun(cursor)) return false;
    at = 0;
  }
  at = load(cursor, at, ENTRY_HEAD, file, size);
  const keyLength = cursor.buffer.readUInt32LE(at);
  const coded = cursor.buffer.readUInt32LE(at + 4);
  const valueLength = (coded & ~OUT_OF_LINE) >>> 0;
  at = load(cursor, at, ENTRY_HEAD + keyLength + valueLength, file, size);
  cursor.key = at + ENTRY_HEAD;
  cursor.keyEnd = cursor.key + keyLength;
  cursor.valueEnd = cursor.keyEnd + valueLength;
  cursor.outOfLine = coded === valueLength ? null : outOfLineAt(cursor.buffer, cursor.keyEnd);
  return true;
}

function outOfLineAt(buffer: Buffer, at: number): Entry['outOfLine'] {
  return { offset: buffer.readDoubleLE(at), length: buffer.readDoubleLE(at + 8) };
}

function nextRun(cursor: Cursor): boolean {
  const run = cursor.rest.pop();
  if (run === undefined) return false;
  if (run.bytes === null) {
    Object.assign(cursor, { filled: 0, position: run.offset, left: run.length });
  } else {
    const { buffer, byteOffset, length } = run.bytes;
    cursor.buffer = Buffer.from(buffer, byteOffset, length);
    Object.assign(cursor, { own: false, filled: length, left: 0 });
  }
  return true;
}

/** Ensures that `bytes` bytes from `at` are in the buffer; returns the offset where they begin. */
function load(
  cursor: Cursor,
  at: number,
  bytes: number,
  file: number | null,
  size: number,
): number {
  const there = cursor.filled - at;
  if (there >= bytes) return at;
  if (file === null || there + cursor.left < bytes) throw new Error('a sorted run ended early');
  const fits = cursor.own && cursor.buffer.length >= bytes;
  const target = fits ? cursor.buffer : Buffer.allocUnsafeSlow(Math.max(size, bytes));
  cursor.buffer.copy(target, 0, at, cursor.filled);
  const more = Math.min(cursor.left, target.length - there);
  readFully(file, target.subarray(there, there + more), cursor.position);
  cursor.buffer = target;
  cursor.own = true;
  cursor.filled = there + more;
  cursor.position += more;
  cursor.left -= more;
  return 0;
}

const PIECE = 2 ** 20;

/** Yields the bytes of an entry's value, as copies of at most 1 MiB. */
export function* valuePieces(file: number | null, entry: Entry): Generator<Uint8Array> {
  const { buffer, keyEnd, valueEnd, outOfLine } = entry;
  if (outOfLine === null) {
    yield Uint8Array.from(buffer.subarray(keyEnd, valueEnd));
    return;
  }
  if (file === null) throw new Error('a long value without a file');
  const { offset, length } = outOfLine;
  for (let done = 0; done < length; done += PIECE) {
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE, length - done));
    readFully(file, piece, offset + done);
    yield piece;
  }
}
