/** Names the columns of a CSV file by its first record, or by their places. */

import { CsvDefect } from './defect.ts';
import type { Header } from './location.ts';
import type { Fields } from './parser.ts';

/**
 * Forms of values that are common in records and rare in names: numbers, dates, UUIDs, addresses.
 */
const DATA: readonly RegExp[] = [
  /^[+-]?[0-9][0-9 '.,_]*%?$/,
  /^[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}(?:[T ].*)?$/,
  /^[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?$/,
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  /^[^\s@]+@[^\s@]+\.[a-z]+$/i,
];

/** Values that also head columns, in a table of months or years. */
const HEADING = /^[12][0-9]{3}$|^[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}$/;

const NUMBERED = 'give header=skip to call them column1, column2 and so on';

/**
 * Returns the names of the columns. Messages give their places only: without a header, the first
 * line is a record. @throws CsvDefect
 */
export function columnsOf(fields: Fields, line: number, header: Header | undefined): string[] {
  const names = fields.map((field) => field ?? '');
  if (header === 'skip') assertNoRow(names, line);
  if (header === 'no' || header === 'skip') return fields.map((_, index) => `column${index + 1}`);
  const data = names.findIndex(looksLikeData);
  if (header === undefined && data >= 0) {
    const what = `the first line looks like data: field ${data + 1} is a number, a date, an id or an address`;
    throw new CsvDefect(what, line, 'give header=no if it is a row, or header=yes if it is not');
  }
  if (header === undefined && names.every((name) => /^'.*'$/s.test(name))) {
    const what = 'the names of the columns are in single quotes, which have no meaning in CSV';
    const hint =
      'export the file with double quotes, or give header=yes if they belong to the values';
    throw new CsvDefect(what, line, hint);
  }
  const empty = names.indexOf('');
  if (empty >= 0) {
    const what = `column ${empty + 1} of the header has no name`;
    throw new CsvDefect(what, line, `name the columns in the file, or ${NUMBERED}`);
  }
  const second = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (second < 0) return names;
  const first = names.indexOf(names[second] ?? '');
  const what = `columns ${first + 1} and ${second + 1} of the header have the same name`;
  throw new CsvDefect(what, line, `rename one of them in the file, or ${NUMBERED}`);
}

/**
 * Rejects the skipping of a line that may be a row: the next export may lack its header line. A
 * line may be skipped if it cannot name columns, for example with an empty or repeated name.
 * @throws CsvDefect
 */
function assertNoRow(names: readonly string[], line: number): void {
  const data = names.findIndex((name) => looksLikeData(name) && !HEADING.test(name.trim()));
  if (data >= 0) {
    const what = `the first line is to be skipped, but looks like data: field ${data + 1} is a number, a time, an id or an address`;
    const hint =
      'give header=no if it is a row; if it is not, remove it from the file and give header=no, too';
    throw new CsvDefect(what, line, hint);
  }
  if (names.includes('') || new Set(names).size < names.length) return;
  const what =
    'the first line is to be skipped, but may be a row: no name in it is empty or repeated';
  throw new CsvDefect(
    what,
    line,
    'give header=no if it is a row, or header=yes if it names the columns',
  );
}

function looksLikeData(name: string): boolean {
  return DATA.some((form) => form.test(name.trim()));
}
