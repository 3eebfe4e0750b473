/** The location of a CSV source: a path, and after a question mark the form of its files. */

import { resolve } from 'node:path';

import { Failure } from '../../outcome/failure.ts';

/**
 * Form of line ends. `mixed` accepts LF, CR LF and CR; with the others, any other CR or LF belongs
 * to a field.
 */
export type LineEnd = 'lf' | 'crlf' | 'cr' | 'crcrlf' | 'mixed';

/** `yes`: the first line names the columns; `no`: it is a record; `skip`: it is neither. */
export type Header = 'yes' | 'no' | 'skip';

/** Options of a location. Those that are left out are determined from each file. */
export interface CsvOptions {
  /** A label of the WHATWG Encoding Standard. */
  readonly encoding?: string;
  readonly delimiter?: string;
  readonly lines?: LineEnd;
  readonly header?: Header;
  /** Whether a line without characters is a row of one empty field, or is skipped. */
  readonly emptyLines?: 'row' | 'skip';
  /** Content of an unquoted field that means null; '' if left out. */
  readonly nullText?: string;
}

const NAMES = 'encoding, delimiter, lines, header, null and blank';
const LINES: readonly LineEnd[] = ['lf', 'crlf', 'cr', 'crcrlf', 'mixed'];
const HEADERS: readonly Header[] = ['yes', 'no', 'skip'];
const EMPTY_LINES = ['row', 'skip'] as const;

/**
 * Splits `path?encoding=…&delimiter=…`, percent-encoded, and `\t` for a tab; the path made
 * absolute.
 */
export function parseCsvLocation(
  rest: string,
  base: string,
): { readonly path: string; readonly options: CsvOptions } {
  // What does not look like options belongs to the name of the file.
  const [, name, query] = /^(.*)\?([a-z]+=[^&]*(?:&[a-z]+=[^&]*)*)$/su.exec(rest) ?? [];
  if (name === undefined || query === undefined) return { path: resolve(base, rest), options: {} };
  const path = resolve(base, name);
  const location = `${path}?${query}`;
  let options: CsvOptions = {};
  const seen = new Set<string>();
  for (const part of query.split('&')) {
    const option = part.slice(0, part.indexOf('='));
    const value = decoded(location, part.slice(option.length + 1));
    if (seen.has(option)) {
      throw wrong(location, `the option ${JSON.stringify(option)} is given twice`);
    }
    seen.add(option);
    options = withOption(location, options, option, value);
  }
  const { delimiter, nullText = '' } = options;
  if (delimiter !== undefined && nullText.includes(delimiter)) {
    throw wrong(location, 'the text for null contains the delimiter');
  }
  return { path, options };
}

/** Formats a location with `options`, the inverse of {@link parseCsvLocation}. */
export function csvLocation(path: string, options: CsvOptions): string {
  const { encoding, delimiter, lines, header, emptyLines, nullText } = options;
  const parts = [
    ['encoding', encoding],
    ['delimiter', delimiter === '\t' ? '\\t' : delimiter],
    ['lines', lines],
    ['header', header],
    ['blank', emptyLines],
    ['null', nullText],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encoded(value)}`]));
  return parts.length === 0 ? path : `${path}?${parts.join('&')}`;
}

/** Percent-encodes characters that have a meaning in a URL, a path or a shell. */
function encoded(value: string): string {
  return value.replaceAll(/[^\w.;,|:^~\\-]/gu, (sign) => {
    return sign.isWellFormed() ? encodeURIComponent(sign) : sign;
  });
}

function withOption(
  location: string,
  options: CsvOptions,
  name: string,
  value: string,
): CsvOptions {
  switch (name) {
    case 'encoding':
      if (!isEncoding(value)) {
        const hint = 'give one of the Encoding Standard, such as utf-8, utf-16le or windows-1252';
        throw wrong(location, 'the encoding is not known', hint);
      }
      return { ...options, encoding: value };
    case 'delimiter': {
      const delimiter = value === '\\t' ? '\t' : value;
      if (delimiter.length !== 1 || /["\r\n]/.test(delimiter)) {
        throw wrong(
          location,
          'the delimiter must be one character other than a quote or line break',
        );
      }
      return { ...options, delimiter };
    }
    case 'null':
      if (/["\r\n]/.test(value)) {
        throw wrong(location, 'the text for null contains a quote or line break');
      }
      return { ...options, nullText: value };
    case 'lines':
      return { ...options, lines: oneOf(location, name, LINES, value) };
    case 'header':
      return { ...options, header: oneOf(location, name, HEADERS, value) };
    case 'blank':
      return { ...options, emptyLines: oneOf(location, name, EMPTY_LINES, value) };
    default:
      throw wrong(location, `the option ${JSON.stringify(name.slice(0, 40))} is not known`);
  }
}

function oneOf<T extends string>(
  location: string,
  name: string,
  known: readonly T[],
  value: string,
): T {
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  throw wrong(location, `the option ${name} must be one of ${known.join(', ')}`);
}

function decoded(location: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(location, 'an option is not percent-encoded correctly');
  }
}

function isEncoding(label: string): boolean {
  try {
    return new TextDecoder(label, { fatal: true }).fatal;
  } catch {
    return false;
  }
}

function wrong(
  where: string,
  what: string,
  hint: string = `the options of a CSV source are ${NAMES}`,
): Failure {
  return new Failure('USAGE', { what, where, hint });
}
