/**
 * The CSV source (RFC 4180). The first line names the columns; every record has as many fields.
 * Lines end with LF or CRLF, fields may hold line breaks between quotes. A field without quotes
 * that is empty is null, `""` is the empty text; all other values are texts.
 *
 * Its location is a file, or a folder whose *.csv files are the tables, and then options:
 * `export.csv?encoding=windows-1252&delimiter=;&null=NULL`. With `null`, a field without quotes
 * that reads like that is null instead of the empty one. Locators are ordinals from 1.
 */

import { pipeline, Readable } from 'node:stream';
import { parse, CsvError, type Options } from 'csv-parse';
import { Failure } from '../outcome/failure.ts';
import { countRecords, decodeFile, type CsvText } from './csv/text.ts';
import { parseCsvLocation, type CsvDialect } from './csv/location.ts';
import {
  assertSameFiles,
  bytesOf,
  digest,
  listFiles,
  MAX_RECORD_BYTES,
  type FileState,
} from './file.ts';
import { fileOf, placesOf, refuseQueries, schemaOf, type TableFile } from './fileTable.ts';
import type {
  PreparedSource,
  PrepareOptions,
  Row,
  SourceAdapter,
  SourceHandle,
  SourceReader,
} from './source.ts';

const SCHEME = 'csv';
const EXTENSION = '.csv';
const PAGE_ROWS = 4096;
const PAGE_CHARS = 8 * 2 ** 20;

type Fields = readonly (string | null)[];

/** A record and the line on which it ends. */
interface CsvRecord {
  readonly fields: Fields;
  readonly line: number;
}

export const csvAdapter: SourceAdapter = { scheme: SCHEME, prepare, open };

async function prepare(location: string, options: PrepareOptions): Promise<PreparedSource> {
  const { path, dialect } = parseCsvLocation(location);
  refuseQueries(SCHEME, path, options);
  const files: (TableFile & { readonly state: FileState })[] = [];
  for (const file of await listFiles(path, EXTENSION)) {
    const state = await digest(file.file);
    files.push({ ...file, state, columns: await readHeader(file.file, dialect) });
  }
  const handleFiles = files.map(({ table, file, columns }) => ({ table, file, columns }));
  return {
    handle: { scheme: SCHEME, dialect, files: handleFiles },
    schema: { tables: files.map(schemaOf) },
    relations: new Map(),
    bytes: bytesOf(files),
    async plan(table) {
      fileOf(files, table);
      return [{ whole: 1 }];
    },
    async count(table) {
      const { file } = fileOf(files, table);
      return Math.max(0, (await countRecords(textOf(file, dialect))) - 1);
    },
    async inOneSnapshot(begin) {
      await begin();
    },
    async assertUnchanged() {
      await assertSameFiles(path, EXTENSION, files);
    },
    async close() {},
  };
}

async function open(handle: SourceHandle): Promise<SourceReader> {
  const dialect = handle['dialect'] as CsvDialect;
  const files = handle['files'] as readonly TableFile[];
  return {
    async *read(table, columns) {
      const file = fileOf(files, table);
      const places = placesOf(file, columns);
      yield* readPages(file, places, dialect);
    },
    async close() {},
  };
}

async function* readPages(
  { file, columns }: TableFile,
  places: readonly number[],
  dialect: CsvDialect,
): AsyncGenerator<Row[], void, undefined> {
  let ordinal = 0;
  let page: Row[] = [];
  let chars = 0;
  for await (const { fields, line } of readRecords(file, dialect)) {
    if (fields.length !== columns.length) {
      const what = `the record that ends here has ${fields.length} fields, the header ${columns.length}`;
      throw refused(file, line, what);
    }
    // The first record is the header, and has no ordinal.
    if (ordinal++ === 0) continue;
    const row: Row = places.map((place) => fields[place] ?? null);
    row.push(ordinal - 1);
    page.push(row);
    chars += fields.reduce((sum, field) => sum + (field?.length ?? 0), 0);
    if (page.length < PAGE_ROWS && chars < PAGE_CHARS) continue;
    yield page;
    page = [];
    chars = 0;
  }
  if (page.length > 0) yield page;
}

async function readHeader(file: string, dialect: CsvDialect): Promise<string[]> {
  for await (const { fields, line } of readRecords(file, dialect)) {
    const names = fields.map((field) => field ?? '');
    const empty = names.indexOf('');
    if (empty >= 0) throw refused(file, line, `column ${empty + 1} of the header has no name`);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice === undefined) return names;
    throw refused(file, line, `the header has ${JSON.stringify(twice.slice(0, 80))} twice`);
  }
  throw refused(file, 1, 'the file is empty, it has no header line');
}

function textOf(file: string, { encoding }: CsvDialect): CsvText {
  return decodeFile(file, encoding);
}

/** All records, the header too. Ends the reading of the file when it is left. */
async function* readRecords(
  file: string,
  dialect: CsvDialect,
): AsyncGenerator<CsvRecord, void, undefined> {
  const parser = parse(parserOptions(dialect));
  // A failure of the file reaches the loop below through the parser; leaving it ends both.
  pipeline(Readable.from(textOf(file, dialect)), parser, () => {});
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRecord>) {
      yield { fields: record, line: info.lines };
    }
  } catch (error) {
    throw csvFailure(error, file);
  } finally {
    parser.destroy();
  }
}

interface ParsedRecord {
  readonly record: Fields;
  readonly info: { readonly lines: number };
}

function parserOptions({ delimiter, nullText }: CsvDialect): Options {
  return {
    delimiter,
    record_delimiter: ['\r\n', '\n'],
    info: true,
    // Counted here, so that the message names the line and no value.
    relax_column_count: true,
    max_record_size: MAX_RECORD_BYTES,
    cast: (value, { quoting }) => (quoting || value !== nullText ? value : null),
  };
}

/** csv-parse's messages quote values: ours say the kind of defect alone. */
const DEFECTS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quoted field is never closed, it was opened here',
  CSV_INVALID_CLOSING_QUOTE: 'a quoted field goes on after its closing quote',
  INVALID_OPENING_QUOTE: 'a quote stands inside a field that is not quoted',
  CSV_MAX_RECORD_SIZE: `a record is longer than ${MAX_RECORD_BYTES} characters`,
};

function csvFailure(error: unknown, file: string): unknown {
  if (!(error instanceof CsvError)) return error;
  const lines = error['lines'];
  const line = typeof lines === 'number' ? lines : 1;
  return refused(file, line, DEFECTS[error.code] ?? `the file is not valid CSV (${error.code})`);
}

function refused(file: string, line: number, what: string): Failure {
  return new Failure('SOURCE_FORMAT', {
    what,
    where: `${file}:${line}`,
    hint: 'correct the file, or name its delimiter and encoding after a question mark',
  });
}
