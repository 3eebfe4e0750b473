/** The location of a CSV source: a path, and after a question mark how the files are written. */

import { Failure } from '../../outcome/failure.ts';

export interface CsvDialect {
  /** A label of the WHATWG Encoding Standard. */
  readonly encoding: string;
  readonly delimiter: string;
  /** What a field without quotes says when it means null. */
  readonly nullText: string;
}

const DEFAULT: CsvDialect = { encoding: 'utf-8', delimiter: ',', nullText: '' };
const OPTIONS = 'encoding, delimiter and null';

/** Splits `path?encoding=…&delimiter=…&null=…`; percent-encoded, and `\t` for a tab. */
export function parseCsvLocation(location: string): { path: string; dialect: CsvDialect } {
  // What does not look like options belongs to the name of the file.
  const [, path, query] = /^(.*)\?([a-z]+=[^&]*(?:&[a-z]+=[^&]*)*)$/su.exec(location) ?? [];
  if (path === undefined || query === undefined) return { path: location, dialect: DEFAULT };
  let dialect = DEFAULT;
  const seen = new Set<string>();
  for (const part of query.split('&')) {
    const name = part.slice(0, part.indexOf('='));
    if (seen.has(name)) throw wrong(location, `the option ${JSON.stringify(name)} is given twice`);
    seen.add(name);
    dialect = withOption(location, dialect, name, decoded(location, part.slice(name.length + 1)));
  }
  if (dialect.nullText.includes(dialect.delimiter)) {
    throw wrong(location, 'the text for null holds the delimiter');
  }
  return { path, dialect };
}

function withOption(
  location: string,
  dialect: CsvDialect,
  name: string,
  value: string,
): CsvDialect {
  switch (name) {
    case 'encoding':
      if (!isEncoding(value)) {
        const hint = 'name one of the Encoding Standard, such as utf-8, utf-16le or windows-1252';
        throw wrong(location, 'the encoding is not known', hint);
      }
      return { ...dialect, encoding: value };
    case 'delimiter': {
      const delimiter = value === '\\t' ? '\t' : value;
      if (delimiter.length !== 1 || /["\r\n]/.test(delimiter)) {
        throw wrong(location, 'the delimiter has to be one character, and no quote or line break');
      }
      return { ...dialect, delimiter };
    }
    case 'null':
      if (/["\r\n]/.test(value)) {
        throw wrong(location, 'the text for null holds a quote or line break');
      }
      return { ...dialect, nullText: value };
    default:
      throw wrong(location, `the option ${JSON.stringify(name.slice(0, 40))} is not known`);
  }
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
  hint: string = `the options of a CSV source are ${OPTIONS}`,
): Failure {
  return new Failure('USAGE', { what, where, hint });
}
