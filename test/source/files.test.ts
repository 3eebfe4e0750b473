import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/outcome/failure.ts';
import { InexactNumber, JsonNode } from '../../src/record/value.ts';
import { csvAdapter } from '../../src/source/csv.ts';
import { jsonAdapter } from '../../src/source/json.ts';
import { memoryAdapter } from '../../src/source/memory.ts';
import { ndjsonAdapter } from '../../src/source/ndjson.ts';
import type { Row, SourceAdapter } from '../../src/source/source.ts';
import { arraySplitter, lineSplitter, type Splitter } from '../../src/source/files/splitter.ts';
import { prepareAt, readerOf, waiting } from '../contract/opening.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sealift-files-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const options = () => ({ scratch: root, ...waiting(0) });

function write(name: string, content: string | Uint8Array): string {
  const file = join(root, name);
  writeFileSync(file, content);
  return file;
}

interface Read {
  readonly columns: string[];
  readonly rows: Row[];
}

/** The first table, whole. */
async function read(adapter: SourceAdapter, location: string, size = 1e9): Promise<Read> {
  const source = await prepareAt(adapter, location, options());
  const reader = await readerOf(adapter, source);
  const [table] = source.schema.tables;
  const name = table?.name ?? '';
  const columns = table?.columns.map((column) => column.name) ?? [];
  const rows: Row[] = [];
  for (const range of await source.plan(name, size)) {
    for await (const page of reader.read(name, columns, range)) rows.push(...page);
  }
  expect(await source.count(name)).toBe(rows.length);
  await source.assertUnchanged();
  await reader.close();
  return { columns, rows };
}

async function lineOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Failure);
  const failure = error as Failure;
  expect(failure.line()).not.toContain('SECRET');
  return `${failure.code} ${failure.where?.replace(root, '')} ${failure.message}`;
}

const refuseNdjson = (content: string | Uint8Array): Promise<string> =>
  lineOf(prepareAt(ndjsonAdapter, write('x.ndjson', content), options()));

const refuseJson = (content: string): Promise<string> =>
  lineOf(prepareAt(jsonAdapter, write('x.json', content), options()));

const refuseCsv = (content: string | Uint8Array, query = ''): Promise<string> =>
  lineOf(read(csvAdapter, write('x.csv', content) + query));

const split = (splitter: Splitter, bytes: Buffer, sizes: number[]): string[] => {
  const pieces: string[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const end = at + (sizes[turn % sizes.length] ?? 1);
    for (const piece of splitter.push(bytes.subarray(at, end))) {
      pieces.push(`${piece.offset}:${piece.line}:${piece.column}:${piece.bytes.toString('utf8')}`);
    }
    at = end;
  }
  const rest = splitter.end();
  return [
    ...pieces,
    ...rest.map((p) => `${p.offset}:${p.line}:${p.column}:${p.bytes.toString('utf8')}`),
  ];
};

const quote = (v: string | null): string => (v === null ? '' : `"${v.replaceAll('"', '""')}"`);

describe('the NDJSON source', () => {
  it('has the union of all keys as columns, by bytes, and reads an absent one as null', async () => {
    const file = write('x.ndjson', '{"b":1}\n{"ä":null,"Z":"","__proto__":true}\n');
    expect(await read(ndjsonAdapter, file)).toEqual({
      columns: ['Z', '__proto__', 'b', 'ä'],
      rows: [
        [null, null, 1, null, 1],
        ['', true, null, null, 2],
      ],
    });
  });

  it('keeps the digits of every number', async () => {
    const numbers = ['1', '9007199254740993', '-123456789012345678901', '0.1', '0.10', '1.5e3'];
    const inexact = ['-0', '0.12345678901234567890', '1e400', '-0.0'];
    const lines = [...numbers, ...inexact].map((n) => `{"n":${n}}\n`).join('');
    const { rows } = await read(ndjsonAdapter, write('n.ndjson', lines));
    expect(rows.map((row) => row[0])).toEqual([
      1,
      9007199254740993n,
      -123456789012345678901n,
      0.1,
      0.1,
      1500,
      ...inexact.map((n) => new JsonNode(new InexactNumber(n))),
    ]);
  });

  it('yields arrays and objects without loss', async () => {
    const { rows } = await read(
      ndjsonAdapter,
      write('a.ndjson', '{"a":[1,{"b":1.00000000000000001}]}'),
    );
    const node = new JsonNode([1, new Map([['b', new InexactNumber('1.00000000000000001')]])]);
    expect(rows).toEqual([[node, 1]]);
  });

  it('takes a byte order mark at the start, CRLF, separators in text and no last line feed', async () => {
    const file = write('m.ndjson', '\uFEFF{"a":"x\u2028\u0085y"}\r\n{"a":"z"}');
    expect((await read(ndjsonAdapter, file)).rows).toEqual([
      ['x\u2028\u0085y', 1],
      ['z', 2],
    ]);
    expect((await read(ndjsonAdapter, write('e.ndjson', ''))).rows).toEqual([]);
  });

  it('gives records the same ordinals however the file is split', async () => {
    const lines = Array.from(
      { length: 9000 },
      (_, i) => `{"i":${i},"t":"${'é'.repeat(i % 50)}"}\n`,
    );
    const file = write('split.ndjson', lines.join(''));
    const whole = await read(ndjsonAdapter, file);
    expect(whole.rows.every((row) => row[0] === Number(row[2]) - 1)).toBe(true);
    expect(await read(ndjsonAdapter, file, 1000)).toEqual(whole);
    const source = await prepareAt(ndjsonAdapter, file, options());
    expect((await source.plan('split', 1000)).length).toBeGreaterThan(5);
  });

  it('names the line of what is wrong, and no value', async () => {
    const good = '{"a":"SECRET"}\n';
    expect(await refuseNdjson(`${good}\n${good}`)).toBe(
      'SOURCE_FORMAT /x.ndjson:2 line 2 is empty',
    );
    expect(await refuseNdjson('\uFEFF')).toBe('SOURCE_FORMAT /x.ndjson:1 line 1 is empty');
    expect(await refuseNdjson(`${good}[1]\n`)).toBe(
      'SOURCE_FORMAT /x.ndjson:2 line 2 is not a JSON object',
    );
    expect(await refuseNdjson(`${good}${good}{"a":SECRET}`)).toMatch(
      /^SOURCE_FORMAT \/x\.ndjson:3:6 /,
    );
    expect(await refuseNdjson(`${good}{"a":1,"a":2}`)).toMatch(/^SOURCE_FORMAT \/x\.ndjson:2:/);
    expect(await refuseNdjson(`${good}\uFEFF{"a":1}`)).toMatch(/^SOURCE_FORMAT \/x\.ndjson:2:1 /);
    expect(await refuseNdjson(`{"a":"\\ud800"}`)).toMatch(/^SOURCE_FORMAT \/x\.ndjson:1:/);
    const bad = Buffer.from(`${good}{"a":"\u00ff"}`, 'latin1');
    expect(await refuseNdjson(bad)).toBe('SOURCE_FORMAT /x.ndjson:2 line 2 is not UTF-8');
  });

  it('refuses two files of a folder that would be one table', async () => {
    const folder = join(root, 'twice');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.ndjson'), '');
    writeFileSync(join(folder, 'a.NDJSON'), '');
    expect(await lineOf(prepareAt(ndjsonAdapter, folder, options()))).toMatch(
      /^SOURCE_FORMAT .*same table/,
    );
  });

  it('notices a file that appears in its folder', async () => {
    const folder = join(root, 'more');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.ndjson'), '{"a":1}');
    const source = await prepareAt(ndjsonAdapter, folder, options());
    await source.assertUnchanged();
    writeFileSync(join(folder, 'b.ndjson'), '');
    expect(await lineOf(source.assertUnchanged())).toMatch(/^SOURCE_CHANGED/);
  });
});

describe('the JSON source', () => {
  it('reads the elements of one array', async () => {
    const file = write('a.json', '\uFEFF [ {"a":"]},[{\\"","b":{"c":[]}} ,\n{"a":"\\\\"}]\n ');
    expect((await read(jsonAdapter, file)).rows).toEqual([
      [']},[{"', new JsonNode(new Map([['c', []]])), 1],
      ['\\', null, 2],
    ]);
    expect((await read(jsonAdapter, write('e.json', ' [ ] '))).rows).toEqual([]);
  });

  it.each([
    ['', '1'],
    ['{"a":1}', '1'],
    ['[{"a":1}', '1'],
    ['[{"a":1},]', '1'],
    ['[\n{"a":1}\n{"a":2}]', '3'],
    ['[1]', '1'],
    ['[{"a":1}] x', '1'],
    ['[{"a":1}][]', '1'],
    ['[{"a":"SECRET]', '1'],
    ['[\n  {"a":1, "b":]}]', '2:15'],
    ['[{"a":1}, {"a":\n01}]', '2:1'],
  ])('refuses %j, naming the line', async (content, place) => {
    expect(await refuseJson(content)).toMatch(new RegExp(`^SOURCE_FORMAT /x\\.json:${place} `));
  });
});

describe('splitting does not depend on where chunks end', () => {
  it('for lines and for arrays', () => {
    const record = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue());
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(record), sizes, (records, chunks) => {
        const texts = records.map((value) => JSON.stringify(value));
        const lines = Buffer.from(texts.map((text) => `${text}\n`).join(''));
        const array = Buffer.from(`[${texts.join(' ,\n')}]`);
        const found = split(lineSplitter(), lines, chunks);
        expect(found).toEqual(split(lineSplitter(), lines, [1e9]));
        expect(found.map((piece) => piece.replace(/^\d+:\d+:\d+:/, ''))).toEqual(texts);
        const elements = split(arraySplitter(), array, chunks);
        expect(elements).toEqual(split(arraySplitter(), array, [1e9]));
        expect(elements.map((piece) => piece.replace(/^\d+:\d+:\d+:/, ''))).toEqual(texts);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the CSV source', () => {
  it('tells null from empty, and keeps quotes and line breaks', async () => {
    const file = write('a.csv', '\uFEFFa,"b ""x"""\r\n1,\r\n"",",\r\n""\n"\r\n" x ", y \r\n');
    expect(await read(csvAdapter, file)).toEqual({
      columns: ['a', 'b "x"'],
      rows: [
        ['1', null, 1],
        ['', ',\r\n"\n', 2],
        [' x ', ' y ', 3],
      ],
    });
  });

  it('reads the declared encoding, delimiter and null', async () => {
    const file = write(
      'w.csv',
      Buffer.from('name;t\nGr\u00f6\u00dfe \u0080;NULL\n"NULL";\n', 'latin1'),
    );
    const { rows } = await read(csvAdapter, `${file}?encoding=windows-1252&delimiter=;&null=NULL`);
    expect(rows).toEqual([
      ['Größe €', null, 1],
      ['NULL', '', 2],
    ]);
    const wide = write('u.csv', Buffer.from('\uFEFFa\tb\n😀\tx\n', 'utf16le'));
    const found = await read(csvAdapter, `${wide}?encoding=utf-16le&delimiter=\\t`);
    expect(found).toEqual({ columns: ['a', 'b'], rows: [['😀', 'x', 1]] });
  });

  it('names the line of what is wrong, and no value', async () => {
    expect(await refuseCsv('')).toMatch(/^SOURCE_FORMAT \/x\.csv:1 .*no header/);
    expect(await refuseCsv('a,,c\n')).toMatch(/^SOURCE_FORMAT \/x\.csv:1 column 2 of the header/);
    expect(await refuseCsv('a,b,a\n')).toMatch(
      /^SOURCE_FORMAT \/x\.csv:1 columns 1 and 3 .*same name/,
    );
    expect(await refuseCsv('a,b\n1,2\n"SECRET\n",2,3\n')).toMatch(
      /^SOURCE_FORMAT \/x\.csv:3 .*3 fields/,
    );
    expect(await refuseCsv('a,b\n1,2\nSECRET\n')).toMatch(/^SOURCE_FORMAT \/x\.csv:3 .*1 field,/);
    expect(await refuseCsv('a,b\n1,"SECRET\n3,4\n')).toMatch(
      /^SOURCE_FORMAT \/x\.csv:\d+ .*never closed/,
    );
    expect(await refuseCsv('a,b\n1,"2"SECRET\n')).toMatch(
      /^SOURCE_FORMAT \/x\.csv:2 .*closing quote/,
    );
    expect(await refuseCsv('a,b\n1,SECRET"2"\n')).toMatch(/^SOURCE_FORMAT \/x\.csv:2 .*not quoted/);
    const bytes = Buffer.from('a,b\n1,2\nSECRET,\u00fc\n', 'latin1');
    expect(await refuseCsv(bytes)).toMatch(/^SOURCE_FORMAT \/x\.csv:3 .*not valid utf-8/);
  });

  it.each([
    ['?encoding=klingon', 'encoding is not known'],
    ['?delimiter=', 'one character'],
    ['?delimiter="', 'one character'],
    ['?speed=fast', 'not known'],
    ['?null=%', 'percent-encoded'],
    ['?null=a&null=b', 'twice'],
  ])('refuses the options %s', async (query, why) => {
    expect(await refuseCsv('a\n1\n', query)).toMatch(new RegExp(`^USAGE .*${why}`));
  });

  it('takes a question mark that begins no options as part of the name', async () => {
    expect((await read(csvAdapter, write('what?.csv', 'a\n1\n'))).rows).toEqual([['1', 1]]);
  });

  it('gives back whatever was quoted by the standard', async () => {
    const cell = fc.oneof(
      fc.constant(null),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('"', '\r\n', ','),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell)), async (rows) => {
        const lines = rows.map((row) => `${row.map(quote).join(',')}\n`);
        const found = await read(csvAdapter, write('p.csv', `a,b\n${lines.join('')}`));
        expect(found.rows).toEqual(rows.map(([a, b], index) => [a, b, index + 1]));
      }),
      { numRuns: 60 },
    );
  });
});

describe('the memory source', () => {
  it('brings every kind of cell through structured clone', async () => {
    const json = new JsonNode(new Map([['__proto__', [new InexactNumber('1.10'), null, 'x']]]));
    const cells = [null, true, 1.5, 2n ** 70n, 'é', new Uint8Array([1]), json];
    const columns = cells.map((_, index) => {
      return { name: `c${index}`, declaredType: '', notNull: false, generated: false };
    });
    const keys = { primaryKey: [], unique: [], foreignKeys: [] };
    const table = {
      schema: { name: 't', kind: 'table' as const, columns, ...keys },
      rows: [cells],
    };
    const adapter = memoryAdapter(new Map([['m', [table]]]));
    const source = await prepareAt(adapter, 'm', options());
    const reader = await readerOf(adapter, source);
    for (const range of await source.plan('t', 1)) {
      for await (const page of reader.read(
        't',
        columns.map((c) => c.name),
        range,
      )) {
        expect(page).toEqual([[...cells, 1]]);
      }
    }
    expect.assertions(1);
  });
});

const exact = (lexeme: string): JsonNode => new JsonNode(new InexactNumber(lexeme));

describe('numbers as they are written', () => {
  const lines =
    '{"a":1.10,"b":1.10,"c":[1.0,2.5,{"d":3.00}],"e":100,"f":1e2,"g":0}\n' +
    '{"a":0.0,"b":2.5,"c":"1.10","e":10000000000000000,"f":-0.0,"g":0.1000000000000000055511151231257827}\n';
  const columns = ['a', 'b', 'c', 'e', 'f', 'g'];

  it.each([
    ['ndjson', ndjsonAdapter, lines],
    ['json', jsonAdapter, `[${lines.trim().replace('\n', ',')}]`],
  ])(
    'keep their digits in the columns that are asked for, and are counted: %s',
    async (name, adapter, text) => {
      const source = await prepareAt(adapter, write(`t.${name}`, text), options());
      const reader = await readerOf(adapter, source);
      const rowsWith = async (asWritten: readonly string[]): Promise<Row[]> => {
        const rows: Row[] = [];
        for (const range of await source.plan('t', 1)) {
          for await (const page of reader.read('t', columns, range, asWritten)) rows.push(...page);
        }
        return rows;
      };
      const inexact = exact('0.1000000000000000055511151231257827');
      const plain = await rowsWith([]);
      expect(plain.map(([a, b]) => [a, b])).toEqual([
        [1.1, 1.1],
        [0, 2.5],
      ]);
      const kept = await rowsWith(['a', 'c', 'e', 'f', 'g']);
      expect(kept).toEqual([
        [
          exact('1.10'),
          1.1,
          new JsonNode([
            new InexactNumber('1.0'),
            2.5,
            new Map([['d', new InexactNumber('3.00')]]),
          ]),
          100,
          100,
          0,
          1,
        ],
        [exact('0.0'), 2.5, '1.10', 10_000_000_000_000_000n, exact('-0.0'), inexact, 2],
      ]);
      expect(source.otherDigits?.('t')).toEqual(
        new Map([
          ['a', 2],
          ['b', 1],
          ['c', 1],
        ]),
      );
      await reader.close();
    },
  );
});
