/**
 * Splits a stream of bytes into JSON texts, one per record, without parsing them: lines of NDJSON,
 * elements of a JSON array. The strict parser judges the content of each piece. The splitters
 * promise that no byte is lost or passed on twice, and that a piece is of bounded size.
 */

import { MAX_RECORD_BYTES } from './file.ts';

/** A record's bytes and their position. */
export interface Piece {
  readonly bytes: Buffer;
  /** Offset in the file. */
  readonly offset: number;
  /** Line of its first byte, from 1. */
  readonly line: number;
  /** Position of its first byte in that line, in bytes, from 1. */
  readonly column: number;
}

/** An error in the text around the records. */
export class FrameError extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.name = 'FrameError';
    this.line = line;
  }
}

export interface Splitter {
  /** Returns the pieces that end in this chunk. @throws FrameError */
  push(chunk: Buffer): Piece[];
  /** Returns the last piece, if the input may end without a terminator. @throws FrameError */
  end(): Piece[];
}

const LF = 0x0a;
const BOM: readonly number[] = [0xef, 0xbb, 0xbf];

/** Collects the bytes of a piece across chunks. */
interface Collector {
  start(offset: number, line: number, column: number): void;
  add(bytes: Buffer): void;
  finish(): Piece;
}

function collector(): Collector {
  let parts: Buffer[] = [];
  let size = 0;
  let from = { offset: 0, line: 1, column: 1 };
  return {
    start(offset, line, column) {
      from = { offset, line, column };
    },
    add(bytes) {
      size += bytes.length;
      if (size > MAX_RECORD_BYTES) {
        throw new FrameError(`a record is longer than ${MAX_RECORD_BYTES} bytes`, from.line);
      }
      if (bytes.length > 0) parts.push(bytes);
    },
    finish() {
      const bytes = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
      parts = [];
      size = 0;
      return { bytes, ...from };
    },
  };
}

/**
 * Splits lines at 0x0A only. Skips a byte order mark at the start of the file; the last line needs
 * no line feed. Empty lines give empty pieces.
 */
export function lineSplitter(offset = 0): Splitter {
  const collect = collector();
  let position = offset;
  let line = 1;
  let open = false;
  return {
    push(chunk) {
      const pieces: Piece[] = [];
      let from = 0;
      while (from < chunk.length) {
        if (!open) collect.start(position + from, line, 1);
        const at = chunk.indexOf(LF, from);
        collect.add(chunk.subarray(from, at < 0 ? chunk.length : at));
        open = at < 0;
        if (open) break;
        pieces.push(withoutMark(collect.finish()));
        line++;
        from = at + 1;
      }
      position += chunk.length;
      return pieces;
    },
    end() {
      if (!open) return [];
      return [withoutMark(collect.finish())];
    },
  };
}

function withoutMark(piece: Piece): Piece {
  if (piece.offset !== 0 || !BOM.every((byte, index) => piece.bytes[index] === byte)) return piece;
  return { ...piece, bytes: piece.bytes.subarray(BOM.length) };
}

const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** State of the array splitter between two records; inside a record it counts brackets. */
type Between = 'mark' | 'start' | 'first' | 'comma' | 'element' | 'done';

/** State inside an element. */
interface Nesting {
  depth: number;
  inString: boolean;
  escaped: boolean;
}

/** Reads one byte inside an element; true if it ends the element. */
function closes(nesting: Nesting, byte: number): boolean {
  if (nesting.inString) {
    if (nesting.escaped) nesting.escaped = false;
    else if (byte === BACKSLASH) nesting.escaped = true;
    else if (byte === QUOTE) nesting.inString = false;
    return false;
  }
  if (byte === QUOTE) nesting.inString = true;
  else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) nesting.depth++;
  else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) nesting.depth--;
  return nesting.depth === 0;
}

/** Splits the elements of one top-level array. Every element must be an object. */
export function arraySplitter(): Splitter {
  const collect = collector();
  let between: Between = 'mark';
  let position = 0;
  let line = 1;
  let lineStart = 0;
  const nesting: Nesting = { depth: 0, inString: false, escaped: false };
  let fault: FrameError | null = null;

  const outside = (byte: number, at: number): void => {
    if (between === 'mark') {
      if (at < BOM.length && byte === BOM[at]) return;
      // A partial mark is an error.
      if (at !== 0 && at !== BOM.length) throw new FrameError(EXPECTED.mark, line);
      between = 'start';
    }
    if (SPACES.has(byte)) return;
    if (between === 'start' && byte === OPEN_ARRAY) between = 'first';
    else if ((between === 'first' || between === 'comma') && byte === CLOSE_ARRAY) between = 'done';
    else if (between === 'comma' && byte === COMMA) between = 'element';
    else if ((between === 'first' || between === 'element') && byte === OPEN_OBJECT) {
      collect.start(at, line, at - lineStart + 1);
      nesting.depth = 1;
    } else throw new FrameError(EXPECTED[between], line);
  };

  const step = (chunk: Buffer, pieces: Piece[]): void => {
    let from = 0;
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index] ?? 0;
      if (nesting.depth === 0) {
        outside(byte, position + index);
        from = index;
      } else if (closes(nesting, byte)) {
        collect.add(chunk.subarray(from, index + 1));
        pieces.push(collect.finish());
        between = 'comma';
      }
      if (byte !== LF) continue;
      line++;
      lineStart = position + index + 1;
    }
    if (nesting.depth > 0) collect.add(chunk.subarray(from));
    position += chunk.length;
  };

  return {
    push(chunk) {
      if (fault !== null) throw fault;
      const pieces: Piece[] = [];
      try {
        step(chunk, pieces);
      } catch (error) {
        // The parser may have a more precise error about what came before.
        if (pieces.length === 0 || !(error instanceof FrameError)) throw error;
        fault = error;
      }
      return pieces;
    },
    end() {
      if (fault !== null) throw fault;
      if (between === 'done') return [];
      const what = nesting.depth > 0 ? 'the file ends inside a record' : EXPECTED[between];
      throw new FrameError(what, line);
    },
  };
}

const EXPECTED: Readonly<Record<Between, string>> = {
  mark: 'expected an array of objects',
  start: 'expected an array of objects',
  first: 'expected an object or the end of the array',
  comma: 'expected a comma or the end of the array',
  element: 'expected an object',
  done: 'expected nothing after the array',
};
