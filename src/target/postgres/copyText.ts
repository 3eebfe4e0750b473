/**
 * Lines of data.ndjson as lines of the text format of COPY, without making values of them: in both, a
 * backslash begins the same escapes, so that most cells are copied as they are. Pure.
 * See https://www.postgresql.org/docs/current/sql-copy.html, "Text Format".
 *
 * Lines are read as Latin-1, a character for each byte: nothing here depends on characters beyond ASCII.
 */

import type { ColumnForm } from '../tableForm.ts';
import type { Encoding } from './columnTypes.ts';

/** A text with U+0000, which PostgreSQL cannot hold. */
export class NulError extends Error {
  readonly field: string;
  /** Line of the chunk, from 0. */
  readonly line: number;

  constructor(field: string, line: number) {
    super(`U+0000 in ${field}`);
    this.name = 'NulError';
    this.field = field;
    this.line = line;
  }
}

/** A line is not the canonical record that the form of the module describes. */
export class LineError extends Error {}

/** A blob, whose content is written between the texts before and after it. */
export interface BlobCell {
  readonly sha256: string;
  readonly size: number;
}

export interface CopyColumn {
  readonly form: ColumnForm;
  /** Name in the target, quoted. */
  readonly column: string;
  readonly encoding: Encoding;
}

export interface CopyFormat {
  /** Names of the columns in the order of the cells, quoted. */
  readonly columns: readonly string[];
  /** Formats whole lines; texts and blobs in turn. @throws NulError, LineError */
  format(lines: Buffer): (Buffer | BlobCell)[];
}

interface Field {
  /** The key in a line, with its colon, and the comma before it unless it is the first. */
  readonly key: string;
  readonly name: string;
  /** Null for a member that is not written. */
  readonly cell: Cell | null;
  readonly isText: boolean;
  readonly isBlob: boolean;
}

/** Makes a cell of the text of a JSON value other than null. */
type Cell = (json: string, place: Place) => string;

interface Place {
  readonly field: string;
  readonly line: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const CLOSING_BRACE = 0x7d;
const LETTER_N = 0x6e;

/** Returns the format of a module's lines; `unwritten` are members of a record that are left out. */
export function copyFormat(
  columns: readonly CopyColumn[],
  unwritten: readonly string[] = [],
): CopyFormat {
  const byName = new Map(columns.map((column) => [column.form.name, column]));
  // Members of canonical JSON ascend by UTF-16 code units, as `sort` does.
  const names = [...byName.keys(), ...unwritten].sort();
  const fields = names.map((name, at): Field => {
    const encoding = byName.get(name)?.encoding;
    const key = `${at === 0 ? '{' : ','}${latin1(JSON.stringify(name))}:`;
    const cell = encoding === undefined ? null : cellOf(encoding);
    return { key, name, cell, isText: encoding === 'text', isBlob: encoding === 'blob' };
  });
  const written = names.flatMap((name) => byName.get(name)?.column ?? []);
  return { columns: written, format: (lines) => formatLines(fields, lines) };
}

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function formatLines(fields: readonly Field[], lines: Buffer): (Buffer | BlobCell)[] {
  const text = lines.toString('latin1');
  const parts: (Buffer | BlobCell)[] = [];
  let out = '';
  let at = 0;
  for (let line = 0; at < text.length; line += 1) {
    let separator = '';
    for (const field of fields) {
      const { key, cell } = field;
      if (!text.startsWith(key, at)) throw new LineError();
      const begin = at + key.length;
      const first = text.charCodeAt(begin);
      at = first === QUOTE ? stringEnd(text, begin) : valueEnd(text, begin, first);
      if (cell === null) continue;
      out += separator;
      separator = '\t';
      if (first === LETTER_N) out += '\\N';
      else if (field.isText && first === QUOTE) {
        const body = text.slice(begin + 1, at - 1);
        out += body.includes('\\') ? unescaped(body, field.name, line) : body;
      } else if (field.isBlob) {
        parts.push(
          Buffer.from(`${out}\\\\x`, 'latin1'),
          JSON.parse(text.slice(begin, at)) as BlobCell,
        );
        out = '';
      } else out += cell(text.slice(begin, at), { field: field.name, line });
    }
    if (text.charCodeAt(at) !== CLOSING_BRACE || text[at + 1] !== '\n') throw new LineError();
    at += 2;
    out += '\n';
  }
  parts.push(Buffer.from(out, 'latin1'));
  return parts;
}

/** Returns the place after the quote that ends the string at `begin`. */
function stringEnd(text: string, begin: number): number {
  for (let end = text.indexOf('"', begin + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return end + 1;
  }
  throw new LineError();
}

/** Returns the place after a value that is no string. */
function valueEnd(text: string, begin: number, first: number): number {
  if (first === 0x7b || first === 0x5b) return nestedEnd(text, begin);
  let at = begin;
  for (let unit = first; unit !== COMMA && unit !== CLOSING_BRACE; unit = text.charCodeAt(at)) {
    // NaN at the end of the text.
    if (!(unit >= 0x2b)) throw new LineError();
    at += 1;
  }
  return at;
}

function nestedEnd(text: string, begin: number): number {
  let depth = 0;
  for (let at = begin; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = stringEnd(text, at) - 1;
    else if (unit === 0x7b || unit === 0x5b) depth += 1;
    else if (unit === CLOSING_BRACE || unit === 0x5d) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  throw new LineError();
}

/** Escapes of JSON that COPY does not have; all others mean the same there. */
const ESCAPE = /\\(?:u([0-9a-f]{4})|.)/g;

function unescaped(body: string, field: string, line: number): string {
  if (!body.includes('\\"') && !body.includes('\\u')) return body;
  return body.replaceAll(ESCAPE, (escape: string, hex: string | undefined) => {
    if (escape === '\\"') return '"';
    if (hex === undefined) return escape;
    // Canonical JSON has this form for control characters only, of which COPY takes all but U+0000.
    if (hex === '0000') throw new NulError(field, line);
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
}

function cellOf(encoding: Encoding): Cell {
  switch (encoding) {
    case 'number':
    case 'boolean':
      return (json) => json;
    case 'bytes':
      return (json) => `\\\\x${Buffer.from(json.slice(1, -1), 'base64').toString('hex')}`;
    case 'json':
      return jsonCell;
    case 'text':
      // A text that is no JSON string: a number, in a column of text.
      return (json) => json;
    case 'blob':
      return () => '';
    default:
      return (json, place) => arrayCell(json, encoding.array, place);
  }
}

/** An escape of U+0000, which jsonb refuses: an odd number of backslashes before it. */
const JSON_NUL = /(?:^|[^\\])(?:\\\\)*\\u0000/;

function jsonCell(json: string, { field, line }: Place): string {
  if (!json.includes('\\')) return json;
  if (json.includes('\\u0000') && JSON_NUL.test(json)) throw new NulError(field, line);
  return json.replaceAll('\\', '\\\\');
}

const SPECIAL = /[\\\n\r\t\0]/;

/** See https://www.postgresql.org/docs/current/arrays.html, "Array Input and Output Syntax". */
function arrayCell(
  json: string,
  element: 'text' | 'number' | 'boolean',
  { field, line }: Place,
): string {
  const items = JSON.parse(json) as readonly (string | number | boolean | null)[];
  const texts = items.map((item) => {
    if (item === null) return 'NULL';
    if (element !== 'text') return String(item);
    return `"${String(item).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  });
  const literal = `{${texts.join()}}`;
  if (!SPECIAL.test(literal)) return literal;
  if (literal.includes('\0')) throw new NulError(field, line);
  return literal
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
}
