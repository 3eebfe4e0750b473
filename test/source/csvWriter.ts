/** Writes tables as CSV in every dialect; shares nothing with the adapter that reads them. */

import * as fc from 'fast-check';

export type Cell = string | null;

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface Dialect {
  readonly delimiter: string;
  readonly end: 'lf' | 'crlf' | 'cr' | 'crcrlf';
  readonly quotes: 'all' | 'needed';
  /** What is quoted besides the delimiter: without it, `a;b` by itself is two columns to anybody. */
  readonly protect: readonly string[];
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be';
  readonly mark: boolean;
  readonly sep: boolean;
  readonly lastEnd: boolean;
  readonly emptyLines: number;
}

/** What is told from files. */
export const KNOWN: readonly string[] = [',', ';', '\t', '|'];

export const ENDS = { lf: '\n', crlf: '\r\n', cr: '\r', crcrlf: '\r\r\n' } as const;

function field(cell: Cell, { quotes, delimiter, protect }: Dialect): string {
  if (cell === null) return '';
  const special = ['"', '\r', '\n', delimiter, ...protect].some((sign) => cell.includes(sign));
  if (quotes === 'needed' && cell !== '' && !special) return cell;
  return `"${cell.replaceAll('"', '""')}"`;
}

export function writeTable({ columns, rows }: Table, dialect: Dialect): Buffer {
  const { delimiter, end, sep, lastEnd, emptyLines, mark, encoding } = dialect;
  const lines = [columns, ...rows].map((cells) => {
    return cells.map((cell) => field(cell, dialect)).join(delimiter);
  });
  if (sep) lines.unshift(`sep=${delimiter}`);
  const last = lastEnd ? ENDS[end].repeat(1 + emptyLines) : '';
  const text = `${mark ? '\uFEFF' : ''}${lines.join(ENDS[end])}${last}`;
  if (encoding === 'utf-8') return Buffer.from(text, 'utf8');
  const bytes = Buffer.from(text, 'utf16le');
  return encoding === 'utf-16le' ? bytes : bytes.swap16();
}

/** What a reader takes for something else, if it is careless. */
const SIGNS = Array.from('",;\t|^:\r\n\u2028\u0085\'\\# \uFEFF\0');
const TRAPS = [
  ...SIGNS,
  '""',
  '\r\n',
  '\r\r\n',
  '\\"',
  'sep=;',
  'NULL',
  '1;ant;Bern',
  '2024-01-31',
];

const texts = fc
  .array(fc.oneof(fc.constantFrom(...TRAPS), fc.string({ unit: 'grapheme', maxLength: 4 })), {
    maxLength: 4,
  })
  .map((parts) => parts.join(''))
  // A text of UTF-16 has no other way to be written.
  .map((text) => text.toWellFormed());

/** Names of columns: with the same traps, and never like data. */
const names = texts.map((text) => `c${text}`);

export function tables(least: number): fc.Arbitrary<Table> {
  return fc
    .uniqueArray(names, { minLength: least, maxLength: 4 })
    .chain((columns) => {
      const cell = fc.oneof(fc.constant(null), fc.constant(''), texts, texts);
      const row = fc.array(cell, { minLength: columns.length, maxLength: columns.length });
      return fc.record({ columns: fc.constant(columns), rows: fc.array(row, { maxLength: 6 }) });
    })
    .filter(({ columns, rows }) => !rows.some((row) => String(row) === String(columns)));
}

export const dialects: fc.Arbitrary<Dialect> = fc
  .record({
    delimiter: fc.constantFrom(',', ';', '\t', '|', '^', '§', '→'),
    end: fc.constantFrom('lf', 'crlf', 'cr', 'crcrlf'),
    quotes: fc.constantFrom('all', 'needed'),
    protect: fc.constant([]),
    form: fc.constantFrom<Pick<Dialect, 'encoding' | 'mark'>>(
      { encoding: 'utf-8', mark: false },
      { encoding: 'utf-8', mark: true },
      { encoding: 'utf-16le', mark: true },
      { encoding: 'utf-16be', mark: true },
    ),
    sep: fc.boolean(),
    lastEnd: fc.boolean(),
    emptyLines: fc.nat(2),
  })
  .map(({ form, ...dialect }) => Object.assign(dialect, form));
