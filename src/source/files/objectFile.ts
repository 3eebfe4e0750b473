/**
 * Files of JSON objects, one per record: the common part of the NDJSON and the JSON array source.
 *
 * The columns of a table are the union of all keys of its file, ascending by UTF-8 bytes; a key
 * that a record lacks reads as null. Numbers keep their digits: an integer beyond 2^53 is a bigint,
 * any other number that a double would change a JsonNode. Input that is not strict JSON (RFC 8259),
 * duplicate keys and lone surrogates are rejected. Locators are ordinals from 1.
 */

import { Failure } from '../../outcome/failure.ts';
import { exactNumber } from '../../record/exactNumber.ts';
import {
  decodeUtf8,
  JsonSyntaxError,
  parseJson,
  parseJsonAsWritten,
} from '../../record/jsonText.ts';
import { InexactNumber, type JsonObject, type JsonValue } from '../../record/value.ts';
import {
  assertSameFiles,
  bytesOf,
  changedFile,
  digest,
  listFiles,
  MAX_COLUMNS,
  readChunks,
  folderNotes,
  stateOfFiles,
  type FileState,
  type SourceFile,
} from './file.ts';
import { fileLocation, formatPath, pathOf } from './path.ts';
import { declaredOfFile, fileOf, placesOf, schemaOf, type TableFile } from './fileTable.ts';
import { looksLikeUtf16, markOf, readHead, refuseForeign } from './signature.ts';
import { compareNames } from '../nameOrder.ts';
import { cancellable } from '../cancellable.ts';
import type { PreparedSource, ReadRange, Row, SourceAdapter, SourceReader } from '../source.ts';
import { cellOf } from './jsonCell.ts';
import { FrameError, type Piece, type Splitter } from './splitter.ts';

export interface ObjectFormat {
  readonly scheme: string;
  /** Extension of the files of a folder, in lower case, with its dot. */
  readonly extension: string;
  /** Name of a record in messages. */
  readonly record: string;
  /** Whether reading may start at a record's offset. */
  readonly seekable: boolean;
  /** A character that never begins such a file, and the format that begins with it. */
  readonly mistaken: { readonly sign: string; readonly what: string; readonly hint: string };
  /** Makes a splitter of a file from this offset on. */
  splitter(offset: number): Splitter;
}

const PAGE_ROWS = 4096;
const PAGE_BYTES = 8 * 2 ** 20;
/** Maximum number of offsets that are kept for a file: one per 2^n records. */
const MAX_MARKS = 2 ** 16;
const FIRST_STRIDE = 1024;

/** The offset of every n-th record. */
interface Marks {
  stride: number;
  offsets: number[];
}

interface ScannedFile extends TableFile {
  readonly state: FileState;
  readonly count: number;
  readonly marks: Marks;
  readonly otherDigits: ReadonlyMap<string, number>;
}

/** Makes the adapter of a format. */
export function objectFileAdapter(format: ObjectFormat): SourceAdapter {
  return {
    scheme: format.scheme,
    usage: `${format.scheme}:FILE`,
    parse: (rest, base) => fileLocation(format.scheme, rest, base),
    format: formatPath,
    dialect: null,
    declared: declaredOfFile,
    async prepare(location, options) {
      const path = pathOf(location);
      const files: ScannedFile[] = [];
      for (const file of await listFiles(path, format.extension)) {
        files.push(await scan(format, file, options.signal));
      }
      const notes = await folderNotes(path, format.extension);
      return { ...prepared(format, path, files), told: { location, notes } };
    },
    async open(handle, signal) {
      signal.throwIfAborted();
      const files = handle['files'] as readonly TableFile[];
      const reader: SourceReader = {
        async *read(table, columns, range, asWritten = []) {
          const file = fileOf(files, table);
          placesOf(file, columns);
          yield* readPages(format, file, { columns, asWritten: new Set(asWritten) }, range);
        },
        async close() {},
      };
      return cancellable(reader, signal);
    },
  };
}

function prepared(
  format: ObjectFormat,
  path: string,
  files: readonly ScannedFile[],
): PreparedSource {
  const handleFiles = files.map(({ table, file, columns }) => ({ table, file, columns }));
  return {
    label: path,
    schema: { tables: files.map(schemaOf) },
    relations: new Map(),
    estimatedBytes: bytesOf(files),
    async plan(table, rows) {
      const { marks, count } = fileOf(files, table);
      return format.seekable ? planMarks(marks, count, rows) : [WHOLE];
    },
    async count(table) {
      return fileOf(files, table).count;
    },
    otherDigits: (table) => fileOf(files, table).otherDigits,
    inOneSnapshot: (open) => open({ scheme: format.scheme, files: handleFiles }),
    state: async () => stateOfFiles(files),
    async assertUnchanged() {
      await assertSameFiles(path, format.extension, files);
    },
    async close() {},
  };
}

/** Reads a whole file once: its digest, its columns, the number and places of its records. */
async function scan(
  format: ObjectFormat,
  { table, file }: SourceFile,
  signal: AbortSignal,
): Promise<ScannedFile> {
  await refuseOther(format, file);
  const splitter = format.splitter(0);
  const columns = new Set<string>();
  const marks: Marks = { stride: FIRST_STRIDE, offsets: [] };
  const otherDigits = new Map<string, number>();
  let count = 0;
  const take = (piece: Piece): void => {
    mark(marks, count, piece.offset);
    count++;
    // Comparing it with its shortest form shows whether a number is written differently.
    for (const [key, value] of parseRecord(format, file, piece, count, parseJsonAsWritten)) {
      columns.add(key);
      if (holdsOtherDigits(value)) otherDigits.set(key, (otherDigits.get(key) ?? 0) + 1);
    }
    if (columns.size <= MAX_COLUMNS) return;
    throw refused(file, piece.line, `the records have more than ${MAX_COLUMNS} different keys`);
  };
  const state = await digest(file, (chunk) => {
    signal.throwIfAborted();
    for (const piece of framed(file, () => splitter.push(chunk))) take(piece);
  });
  for (const piece of framed(file, () => splitter.end())) take(piece);
  return {
    table,
    file,
    state,
    count,
    marks,
    otherDigits,
    columns: [...columns].sort(compareNames),
  };
}

/** Whether the value holds a number that a double equals, but writes with other digits. */
function holdsOtherDigits(value: JsonValue): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (value instanceof InexactNumber) return typeof exactNumber(value.lexeme) === 'number';
  return [...value.values()].some(holdsOtherDigits);
}

/** Rejects a file that is plainly of another format, and names that format. */
async function refuseOther({ mistaken }: ObjectFormat, file: string): Promise<void> {
  const head = await readHead(file);
  refuseForeign(file, head);
  const mark = markOf(head) ?? looksLikeUtf16(head) ?? 'utf-8';
  if (mark !== 'utf-8') {
    throw refused(
      file,
      1,
      `the file is ${mark.toUpperCase()}, but JSON must be UTF-8`,
      'convert it to UTF-8',
    );
  }
  const text = head.toString('utf8').replace(/^\uFEFF/, '');
  if (!text.trimStart().startsWith(mistaken.sign)) return;
  throw refused(file, 1, mistaken.what, mistaken.hint);
}

/** Keeps every stride-th offset, and doubles the stride when they become too many. */
function mark(marks: Marks, index: number, offset: number): void {
  if (index % marks.stride !== 0) return;
  marks.offsets.push(offset);
  if (marks.offsets.length <= MAX_MARKS) return;
  marks.offsets = marks.offsets.filter((_, position) => position % 2 === 0);
  marks.stride *= 2;
}

/** Bytes [start, end) whose first record has the ordinal `first`; null is the end of the file. */
interface ByteRange extends ReadRange {
  readonly start: number;
  readonly end: number | null;
  readonly first: number;
}

const WHOLE: ByteRange = { start: 0, end: null, first: 1 };

function planMarks({ stride, offsets }: Marks, count: number, rows: number): ByteRange[] {
  const step = Math.max(1, Math.round(rows / stride));
  const ranges: ByteRange[] = [];
  for (let index = 0; index * stride < count; index += step) {
    ranges.push({
      start: offsets[index] ?? 0,
      end: offsets[index + step] ?? null,
      first: index * stride + 1,
    });
  }
  return ranges.length === 0 ? [WHOLE] : ranges;
}

async function* readPages(
  format: ObjectFormat,
  { file }: SourceFile,
  {
    columns,
    asWritten,
  }: { readonly columns: readonly string[]; readonly asWritten: ReadonlySet<string> },
  range: ReadRange,
): AsyncGenerator<Row[], void, undefined> {
  const { start, end, first } = range as ByteRange;
  let ordinal = first;
  let page: Row[] = [];
  let bytes = 0;
  for await (const piece of piecesOf(format, file, start, end ?? Number.POSITIVE_INFINITY)) {
    const record = readAgain(format, file, piece, ordinal);
    const written =
      asWritten.size === 0 ? record : readAgain(format, file, piece, ordinal, parseJsonAsWritten);
    const row: Row = columns.map((column) => {
      return cellOf((asWritten.has(column) ? written : record).get(column));
    });
    row.push(ordinal);
    page.push(row);
    ordinal++;
    bytes += piece.bytes.length;
    if (page.length < PAGE_ROWS && bytes < PAGE_BYTES) continue;
    yield page;
    page = [];
    bytes = 0;
  }
  if (page.length > 0) yield page;
}

async function* piecesOf(
  format: ObjectFormat,
  file: string,
  start: number,
  end: number,
): AsyncGenerator<Piece, void, undefined> {
  const splitter = format.splitter(start);
  for await (const chunk of readChunks(file, start, end)) {
    yield* framed(file, () => splitter.push(chunk));
  }
  yield* framed(file, () => splitter.end());
}

/** Reads again what was valid when the file was prepared: an error means that it changed. */
function readAgain(
  format: ObjectFormat,
  file: string,
  piece: Piece,
  ordinal: number,
  parse: Parse = parseJson,
): JsonObject {
  try {
    return parseRecord(format, file, piece, ordinal, parse);
  } catch (error) {
    if (error instanceof Failure) throw changedFile(file);
    throw error;
  }
}

type Parse = (text: string) => JsonValue;

function parseRecord(
  format: ObjectFormat,
  file: string,
  piece: Piece,
  ordinal: number,
  parse: Parse,
): JsonObject {
  const text = decodeUtf8(piece.bytes);
  if (text === null) throw refused(file, piece.line, `${format.record} ${ordinal} is not UTF-8`);
  if (/^[ \t\r\n]*$/.test(text)) {
    throw refused(file, piece.line, `${format.record} ${ordinal} is empty`);
  }
  let value: JsonValue;
  try {
    value = parse(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    const line = piece.line + error.line - 1;
    const column = error.line === 1 ? piece.column + error.column - 1 : error.column;
    throw refused(file, `${line}:${column}`, `not strict JSON, ${error.message}`);
  }
  if (value instanceof Map) return value;
  throw refused(file, piece.line, `${format.record} ${ordinal} is not a JSON object`);
}

function framed(file: string, split: () => Piece[]): Piece[] {
  try {
    return split();
  } catch (error) {
    if (error instanceof FrameError) throw refused(file, error.line, error.message);
    throw error;
  }
}

function refused(
  file: string,
  line: number | string,
  what: string,
  hint: string = 'fix the file, or export it again',
): Failure {
  return new Failure('SOURCE_FORMAT', { what, where: `${file}:${line}`, hint });
}
