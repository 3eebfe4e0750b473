/** Tables written in every dialect of CSV: the same cells come back, or the file is refused. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Failure } from '../../src/outcome/failure.ts';
import { csvAdapter } from '../../src/source/csv.ts';
import { CsvDefect } from '../../src/source/csv/defect.ts';
import { csvLocation, parseCsvLocation, type CsvOptions } from '../../src/source/csv/location.ts';
import { csvParser } from '../../src/source/csv/parser.ts';
import { surveyor } from '../../src/source/csv/survey.ts';
import type { Row } from '../../src/source/source.ts';
import { dialects, KNOWN, tables, writeTable, type Dialect, type Table } from './csvWriter.ts';
import { prepareAt, restOf, readerOf, waiting } from '../contract/opening.ts';
import { times } from '../kit/long.ts';

const folder = mkdtempSync(join(tmpdir(), 'sealift-dialects-'));
const file = join(folder, 'table.csv');
afterAll(() => rmSync(folder, { recursive: true }));

async function read(options: CsvOptions, explore = false): Promise<Table> {
  const location = csvLocation(file, options);
  const source = await prepareAt(csvAdapter, location, { scratch: folder, ...waiting(0), explore });
  const reader = await readerOf(csvAdapter, source);
  const columns = source.schema.tables[0]?.columns.map(({ name }) => name) ?? [];
  const rows: Row[] = [];
  for await (const page of reader.read('table', columns, {})) rows.push(...page);
  expect(await source.count('table')).toBe(rows.length);
  expect(rows.map((row) => row.at(-1))).toEqual(rows.map((_, index) => index + 1));
  return { columns, rows: rows.map((row) => row.slice(0, -1) as (string | null)[]) };
}

/** null where the file is refused. */
async function readOrRefuse(options: CsvOptions, explore = false): Promise<Table | null> {
  try {
    return await read(options, explore);
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).code).toBe('SOURCE_FORMAT');
    return null;
  }
}

/** A line of one empty field is an empty line. */
const emptyLinesFor = ({ columns }: Table): CsvOptions =>
  columns.length === 1 ? { emptyLines: 'row' } : {};
/**
 * What nobody could tell: a last line of one empty field without a line end, a sign that splits the
 * header by chance where there is no other.
 */
const tellable = (table: Table, dialect: Dialect): Dialect => {
  if (table.columns.length === 1) return { ...dialect, lastEnd: true, protect: KNOWN };
  return KNOWN.includes(dialect.delimiter) ? dialect : { ...dialect, protect: KNOWN };
};
const noBlank = (table: Table, dialect: Dialect): Dialect =>
  table.columns.length === 1 ? { ...dialect, lastEnd: true, emptyLines: 0 } : dialect;

describe('a CSV file', () => {
  it('gives the same cells back in every dialect that is named', async () => {
    await fc.assert(
      fc.asyncProperty(tables(1), dialects, async (table, dialect) => {
        writeFileSync(file, writeTable(table, noBlank(table, dialect)));
        const { delimiter, end } = dialect;
        expect(await read({ delimiter, lines: end, ...emptyLinesFor(table) })).toEqual(table);
      }),
      { numRuns: times('SEALIFT_DIALECTS', 40, 100) },
    );
  });

  it('gives the same cells back where nothing is named and all is quoted', async () => {
    const plain = dialects.filter(({ end, delimiter }) => {
      return end !== 'crcrlf' && KNOWN.includes(delimiter);
    });
    await fc.assert(
      fc.asyncProperty(tables(2), plain, async (table, dialect) => {
        writeFileSync(file, writeTable(table, { ...dialect, quotes: 'all', sep: false }));
        expect(await read({})).toEqual(table);
      }),
      { numRuns: times('SEALIFT_DIALECTS', 25, 60) },
    );
  });

  it('gives the same cells back or is refused where nothing is named', async () => {
    let [same, refused] = [0, 0];
    await fc.assert(
      fc.asyncProperty(tables(1), dialects, async (table, dialect) => {
        writeFileSync(file, writeTable(table, tellable(table, dialect)));
        const found = await readOrRefuse({});
        if (found === null) refused += 1;
        else {
          expect(found).toEqual(table);
          same += 1;
        }
      }),
      { numRuns: times('SEALIFT_DIALECTS', 80, 200) },
    );
    expect(same).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(20);
  });

  it('is read as its first look said, by the location that it gave', async () => {
    await fc.assert(
      fc.asyncProperty(tables(1), dialects, async (table, dialect) => {
        writeFileSync(file, writeTable(table, dialect));
        const explored = await readOrRefuse({}, true);
        fc.pre(explored !== null);
        const options = { scratch: folder, ...waiting(0), explore: true };
        const { told } = await prepareAt(csvAdapter, file, options);
        expect(told?.notes.length).toBeGreaterThan(0);
        const { path, options: said } = parseCsvLocation(restOf(csvAdapter, told?.location), '/');
        expect([path, await read(said)]).toEqual([file, explored]);
      }),
      { numRuns: times('SEALIFT_DIALECTS', 25, 60) },
    );
  });
});

const pieces = fc.array(
  fc.constantFrom('a', 'b ', ',', ',', '"', '"', '""', '\n', '\r', ';', 'é'),
  {
    maxLength: 24,
  },
);

describe('the parser', () => {
  it('agrees with another parser, however the text is split', () => {
    let [read, refused] = [0, 0];
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 5 }), (parts, size) => {
        const text = parts.join('');
        const ours = recordsOf(text, size);
        const theirs = attempt(() =>
          parse(text, { record_delimiter: ['\n'], relax_column_count: true }),
        );
        expect(ours).toEqual(theirs);
        if (ours === null) refused += 1;
        else read += 1;
      }),
      { numRuns: times('SEALIFT_DIALECTS', 700, 2000) },
    );
    expect(Math.min(read, refused)).toBeGreaterThan(200);
  });

  it('finds as many records as were counted without it, on the lines where they are', () => {
    const ends = fc.constantFrom('lf', 'crlf', 'cr', 'crcrlf', 'mixed');
    fc.assert(
      fc.property(pieces, ends, fc.integer({ min: 1, max: 5 }), (parts, lines, size) => {
        const text = parts.join('').replaceAll('b ', '\r\n');
        const parser = csvParser({ delimiter: ',', lines, emptyLines: 'row', nullText: '' }, 1);
        const look = surveyor({ lines }, 1);
        for (const part of cut(text, size)) look.push(part);
        const { records, emptyLines } = look.end();
        const found = attempt(() => [
          ...cut(text, size).flatMap((part) => parser.push(part)),
          ...parser.end(),
        ]);
        fc.pre(found !== null);
        expect(found?.length).toBe(records + emptyLines);
        const breaks = lines === 'cr' ? /\r/g : lines === 'mixed' ? /\r\n?|\n/g : /\n/g;
        const all = text.match(breaks)?.length ?? 0;
        expect(found?.every(({ line }, index) => line > (found[index - 1]?.line ?? 0))).toBe(true);
        expect(found?.at(-1)?.line ?? 1).toBeLessThanOrEqual(all + 1);
      }),
      { numRuns: times('SEALIFT_DIALECTS', 700, 2000) },
    );
  });
});

function cut(text: string, size: number): string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length; at += size) parts.push(text.slice(at, at + size));
  return parts;
}

function recordsOf(text: string, size: number): string[][] | null {
  const parser = csvParser({ delimiter: ',', lines: 'lf', emptyLines: 'row', nullText: '' }, 1);
  const records = attempt(() => [
    ...cut(text, size).flatMap((part) => parser.push(part)),
    ...parser.end(),
  ]);
  return records?.map(({ fields }) => fields.map((cell) => cell ?? '')) ?? null;
}

function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof CsvDefect || (error as Error).name === 'Error') return null;
    throw error;
  }
}
