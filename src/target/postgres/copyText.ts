/**
 * Records as lines of the text format of COPY. Pure.
 * See https://www.postgresql.org/docs/current/sql-copy.html, "Text Format".
 */

import type { ColumnForm } from '../tableForm.ts';
import type { Encoding } from './columnTypes.ts';

/** A value without a form here: PostgreSQL has no U+0000. */
export class NulError extends Error {
  readonly field: string;

  constructor(field: string) {
    super(`U+0000 in ${field}`);
    this.name = 'NulError';
    this.field = field;
  }
}

/** A blob, whose content is written between the texts before and after it. */
export interface BlobCell {
  readonly sha256: string;
  readonly size: number;
}

/** Text of a line, or texts and blobs in turn. */
export type Line = string | readonly (string | BlobCell)[];

type Row = Readonly<Record<string, unknown>>;
type Cell = (value: unknown) => string;

export interface CopyColumn {
  readonly form: ColumnForm;
  readonly encoding: Encoding;
}

/** Returns a function that formats a record as a line. @throws NulError */
export function lineFormat(columns: readonly CopyColumn[]): (record: Row) => Line {
  if (columns.some(({ encoding }) => encoding === 'blob')) return withBlobs(columns);
  const cells = columns.map(
    ({ form, encoding }) => [form.name, cellFormat(encoding, form)] as const,
  );
  return (record) => {
    let line = '';
    let separator = '';
    for (const [name, cell] of cells) {
      const value = record[name];
      line += separator + (value === null || value === undefined ? '\\N' : cell(value));
      separator = '\t';
    }
    return `${line}\n`;
  };
}

function withBlobs(columns: readonly CopyColumn[]): (record: Row) => Line {
  const cells = columns.map(({ form, encoding }) => {
    return { name: form.name, cell: encoding === 'blob' ? null : cellFormat(encoding, form) };
  });
  return (record) => {
    const parts: (string | BlobCell)[] = [];
    let text = '';
    for (const [at, { name, cell }] of cells.entries()) {
      if (at > 0) text += '\t';
      const value = record[name];
      if (value === null || value === undefined) text += '\\N';
      else if (cell !== null) text += cell(value);
      else {
        parts.push(`${text}\\\\x`, value as BlobCell);
        text = '';
      }
    }
    return [...parts, `${text}\n`];
  };
}

function cellFormat(encoding: Encoding, { name }: ColumnForm): Cell {
  switch (encoding) {
    case 'number':
      return String;
    case 'boolean':
      return (value) => (value === true ? 't' : 'f');
    case 'bytes':
      return (value) => `\\\\x${Buffer.from(String(value), 'base64').toString('hex')}`;
    case 'json':
      return (value) => escaped(jsonText(value, name), name);
    case 'text':
      return (value) => escaped(String(value), name);
    case 'blob':
      throw new TypeError('a blob is no text');
    default:
      return (value) => escaped(arrayLiteral(value, encoding.array), name);
  }
}

const SPECIAL = /[\\\n\r\t\0]/;

function escaped(text: string, field: string): string {
  if (!SPECIAL.test(text)) return text;
  if (text.includes('\0')) throw new NulError(field);
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
}

/** An escape of U+0000, which jsonb refuses: an odd number of backslashes before it. */
const JSON_NUL = /(?:^|[^\\])(?:\\\\)*\\u0000/;

function jsonText(value: unknown, field: string): string {
  const text = JSON.stringify(value);
  if (text.includes('\\u0000') && JSON_NUL.test(text)) throw new NulError(field);
  return text;
}

/** See https://www.postgresql.org/docs/current/arrays.html, "Array Input and Output Syntax". */
function arrayLiteral(value: unknown, element: 'text' | 'number' | 'boolean'): string {
  const items = (value as readonly (string | number | boolean | null)[]).map((item) => {
    if (item === null) return 'NULL';
    if (element !== 'text') return String(item);
    return `"${String(item).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  });
  return `{${items.join()}}`;
}
