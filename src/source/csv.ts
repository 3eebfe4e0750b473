/**
 * The CSV source (RFC 4180). The first line names the columns, and every record has as many fields,
 * which may hold line breaks between quotes. An empty field without quotes is null, `""` is the
 * empty text, and all other values are texts.
 *
 * Its location is a file, or a folder whose *.csv files are the tables, and then options:
 * `export.csv?encoding=windows-1252&delimiter=;&null=NULL`. Options that are left out are
 * determined from each file, see csv/dialect.ts. Locators are ordinals from 1.
 */

import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import {
  assertOneColumn,
  countRecords,
  named,
  tellDialect,
  type FileDialect,
  type ToldDialect,
} from './csv/dialect.ts';
import { cancellable } from './cancellable.ts';
import { CsvDefect } from './csv/defect.ts';
import { columnsOf } from './csv/header.ts';
import { LINE_END_NAMES } from './csv/lineEnd.ts';
import { csvLocation, parseCsvLocation, type CsvOptions } from './csv/location.ts';
import { csvParser, type CsvRecord } from './csv/parser.ts';
import { surveyor, type Survey } from './csv/survey.ts';
import { asUndecodable, decodeFile, decoderOf, textStart } from './csv/text.ts';
import {
  assertSameFiles,
  bytesOf,
  digest,
  listFiles,
  folderNotes,
  stateOfFiles,
  type FileState,
  type SourceFile,
} from './files/file.ts';
import { fileLocation, formatPath, pathOf } from './files/path.ts';
import { declaredOfFile, fileOf, placesOf, schemaOf, type TableFile } from './files/fileTable.ts';
import type {
  PreparedSource,
  PrepareOptions,
  Row,
  SourceAdapter,
  SourceHandle,
  SourceLocation,
  SourceReader,
} from './source.ts';
import type { ReadingNote, Told } from './told.ts';

const SCHEME = 'csv';
const EXTENSION = '.csv';
const PAGE_ROWS = 4096;
const PAGE_CHARS = 8 * 2 ** 20;

/** A table, and how its file is read. */
interface CsvFile extends TableFile {
  readonly dialect: FileDialect;
  /** Whether the first record is not a row. */
  readonly headed: boolean;
}

interface PreparedFile extends CsvFile {
  readonly state: FileState;
  readonly told: ToldDialect;
  readonly count: number;
}

export const csvAdapter: SourceAdapter = {
  scheme: SCHEME,
  usage: 'csv:FILE',
  parse(rest, base) {
    const { path, options } = parseCsvLocation(rest, base);
    return { ...fileLocation(SCHEME, path, base), ...options };
  },
  format: (location, base) => csvLocation(formatPath(location, base), optionsOf(location)),
  dialect: null,
  declared: declaredOfFile,
  prepare,
  open,
};

/** Returns the options in a location, which `parse` put there next to scheme and path. */
function optionsOf(location: SourceLocation): CsvOptions {
  const parts = Object.entries(location).filter(([part]) => part !== 'scheme' && part !== 'path');
  return Object.fromEntries(parts);
}

async function prepare(location: SourceLocation, options: PrepareOptions): Promise<PreparedSource> {
  const path = pathOf(location);
  const given = optionsOf(location);
  const files: PreparedFile[] = [];
  for (const file of await listFiles(path, EXTENSION)) {
    files.push(await prepareFile(file, given, options));
  }
  const handleFiles = files.map(({ table, file, columns, dialect, headed }): CsvFile => {
    return { table, file, columns, dialect, headed };
  });
  return {
    label: path,
    schema: { tables: files.map(schemaOf) },
    relations: new Map(),
    estimatedBytes: bytesOf(files),
    told: toldOf(path, given, files, await folderNotes(path, EXTENSION)),
    async plan(table) {
      fileOf(files, table);
      return [{ whole: 1 }];
    },
    async count(table) {
      return fileOf(files, table).count;
    },
    inOneSnapshot: (openReaders) => openReaders({ scheme: SCHEME, files: handleFiles }),
    state: async () => stateOfFiles(files),
    async assertUnchanged() {
      await assertSameFiles(path, EXTENSION, files);
    },
    async close() {},
  };
}

async function prepareFile(
  source: SourceFile,
  options: CsvOptions,
  { signal, explore = false }: PrepareOptions,
): Promise<PreparedFile> {
  const { table, file } = source;
  const start = await textStart(file, options.encoding);
  const { sep } = start;
  const known = sep === null || options.delimiter !== undefined ? {} : { delimiter: sep };
  const decoder = decoderOf(start);
  const look = surveyor({ ...options, ...known }, start.line);
  let state: FileState;
  let survey: Survey;
  try {
    state = await digest(file, (chunk) => {
      signal.throwIfAborted();
      look.push(decoder.push(chunk));
    });
    look.push(decoder.end());
    survey = look.end();
  } catch (error) {
    throw csvFailure(await asUndecodable(error, file, start.encoding), file);
  }
  const told = tellDialect({ file, start, survey }, options, explore);
  const { dialect } = told;
  const open = told.oneColumn && options.delimiter === undefined && sep === null;
  const columns = await readColumns(file, dialect, options, open);
  const headed = options.header !== 'no';
  const count = countRecords(survey, dialect) - (headed ? 1 : 0);
  return { table, file, columns, dialect, headed, state, told, count };
}

async function open(handle: SourceHandle, signal: AbortSignal): Promise<SourceReader> {
  signal.throwIfAborted();
  const files = handle['files'] as readonly CsvFile[];
  const reader: SourceReader = {
    async *read(table, columns) {
      const file = fileOf(files, table);
      const places = placesOf(file, columns);
      yield* readPages(file, places);
    },
    async close() {},
  };
  return cancellable(reader, signal);
}

async function* readPages(
  { file, columns, dialect, headed }: CsvFile,
  places: readonly number[],
): AsyncGenerator<Row[], void, undefined> {
  // The header has no ordinal.
  let ordinal = headed ? 0 : 1;
  let page: Row[] = [];
  let chars = 0;
  for await (const records of readRecords(file, dialect)) {
    for (const { fields, line } of records) {
      if (fields.length !== columns.length) {
        const what = `the record that begins here has ${counted(fields.length, 'field')}, but the first one has ${columns.length}`;
        throw refused(file, line, what);
      }
      if (ordinal++ === 0) continue;
      if (fields[0] === columns[0] && fields.every((field, place) => field === columns[place])) {
        const what = 'the record that begins here repeats the header';
        throw refused(
          file,
          line,
          what,
          'remove it from the file, which may be several files joined together',
        );
      }
      const row: Row = places.map((place) => fields[place] ?? null);
      row.push(ordinal - 1);
      page.push(row);
      for (const field of fields) chars += field?.length ?? 0;
      if (page.length < PAGE_ROWS && chars < PAGE_CHARS) continue;
      yield page;
      page = [];
      chars = 0;
    }
  }
  if (page.length > 0) yield page;
}

async function readColumns(
  file: string,
  dialect: FileDialect,
  { header }: CsvOptions,
  open: boolean,
): Promise<string[]> {
  for await (const [first] of readRecords(file, dialect)) {
    if (first === undefined) continue;
    try {
      if (open) assertOneColumn(first.fields[0] ?? '', first.line);
      return columnsOf(first.fields, first.line, header);
    } catch (error) {
      throw csvFailure(error, file);
    }
  }
  throw refused(file, dialect.start.line, 'the file is empty, so it has no header line');
}

/** Yields all records in batches, including the header. Closes the file when the loop is left. */
async function* readRecords(
  file: string,
  dialect: FileDialect,
): AsyncGenerator<CsvRecord[], void, undefined> {
  const parser = csvParser(dialect, dialect.start.line);
  try {
    for await (const part of decodeFile(file, dialect.start)) yield parser.push(part);
    yield parser.end();
  } catch (error) {
    throw csvFailure(error, file);
  }
}

/**
 * Returns the options that the files have in common, to be written down, and notes for a person.
 */
function toldOf(
  path: string,
  given: CsvOptions,
  files: readonly PreparedFile[],
  notes: readonly ReadingNote[],
): Told {
  const split = files.filter(({ told }) => !told.oneColumn);
  const delimiter = common(split.map(({ dialect }) => dialect.delimiter));
  const encoding = common(files.map(({ dialect }) => dialect.start.encoding));
  const lines = common(files.map(({ dialect }) => dialect.lines));
  const doubtful = files.some(({ told }) => told.doubts.some(({ about }) => about === 'lines'));
  const options: CsvOptions = {
    ...(delimiter === null ? {} : { delimiter }),
    ...(encoding === null || encoding === 'utf-8' ? {} : { encoding }),
    ...(lines === 'cr' || (lines !== null && doubtful) ? { lines } : {}),
    ...given,
  };
  return {
    location: { ...fileLocation(SCHEME, path, path), ...options },
    notes: [...notes, ...files.flatMap(notesOf)],
  };
}

function notesOf({ table, told: { dialect, oneColumn, doubts } }: PreparedFile): ReadingNote[] {
  const between = oneColumn ? 'as one column' : `with ${named(dialect.delimiter)} between fields`;
  const lines = LINE_END_NAMES[dialect.lines];
  return [
    ...doubts.map(({ what, advice }): ReadingNote => ({
      table,
      severity: 'WARNING',
      what,
      advice,
    })),
    {
      table,
      severity: 'INFO',
      what: `read ${between}, lines ending with ${lines}, as ${dialect.start.encoding}`,
      advice: 'if that is wrong, run init again with options after the file name',
    },
  ];
}

function common<T>(values: readonly T[]): T | null {
  const [first] = values;
  return first !== undefined && values.every((value) => value === first) ? first : null;
}

/** Converts a defect of a file to a Failure; returns any other error as it is. */
function csvFailure(error: unknown, file: string): unknown {
  if (!(error instanceof CsvDefect)) return error;
  return refused(file, error.line, error.message, error.hint);
}

function refused(
  file: string,
  line: number,
  what: string,
  hint: string = 'fix the file, or give its delimiter and encoding after a question mark',
): Failure {
  return new Failure('SOURCE_FORMAT', { what, where: `${file}:${line}`, hint });
}
