/** CSV files that can be read in two ways, and files that are none: what is said of each. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../src/outcome/failure.ts';
import { csvAdapter } from '../../src/source/csv.ts';
import { jsonAdapter } from '../../src/source/json.ts';
import { ndjsonAdapter } from '../../src/source/ndjson.ts';
import type { PreparedSource, Row, SourceAdapter } from '../../src/source/source.ts';
import { prepareAt, readerOf, restOf, waiting } from '../contract/opening.ts';

const folder = mkdtempSync(join(tmpdir(), 'sealift-doubts-'));
const file = join(folder, 'x.csv');
afterAll(() => rmSync(folder, { recursive: true }));

type Content = string | Uint8Array;

function prepare(
  content: Content,
  { options = '', explore = false, adapter = csvAdapter } = {},
): Promise<PreparedSource> {
  writeFileSync(file, content);
  return prepareAt(adapter, `${file}${options}`, { scratch: folder, ...waiting(0), explore });
}

/** Header and rows. */
async function read(content: Content, options = '', explore = false): Promise<Row[]> {
  const source = await prepare(content, { options, explore });
  const reader = await readerOf(csvAdapter, source);
  const columns = source.schema.tables[0]?.columns.map(({ name }) => name) ?? [];
  const rows: Row[] = [columns];
  for await (const page of reader.read('x', columns, {}))
    rows.push(...page.map((r) => r.slice(0, -1)));
  expect(await source.count('x')).toBe(rows.length - 1);
  return rows;
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Failure);
  return (error as Failure).line().replaceAll(folder, '');
}

const refuse = (content: Content, options = ''): Promise<string> => refusal(read(content, options));

const told = async (content: Content, options = ''): Promise<string> =>
  restOf(csvAdapter, (await prepare(content, { options, explore: true })).told?.location).slice(
    file.length,
  );

const doubtsOf = async (content: Content): Promise<string[]> => {
  const notes = (await prepare(content, { explore: true })).told?.notes ?? [];
  return notes.filter(({ severity }) => severity === 'WARNING').map(({ what }) => what);
};

describe('the delimiter', () => {
  const ant = [
    ['nr', 'name', 'town'],
    ['7', 'ant', 'Bern'],
  ];

  it.each([',', ';', '\t', '|'])('is told: %j', async (sign) => {
    const text = ant.map((cells) => `${cells.join(sign)}\n`).join('');
    expect(await read(text)).toEqual(ant);
    expect(await told(text)).toBe(`?delimiter=${sign === '\t' ? '\\t' : sign}`);
  });

  it('is told by a first line sep=, which is no row and counts as a line', async () => {
    expect(await read('sep=$\r\nnr$name$town\r\n7$ant$Bern\r\n')).toEqual(ant);
    expect(await read('\uFEFF"SEP=;"\nnr;name;town\n7;ant;Bern\n')).toEqual(ant);
    expect(await refuse('sep=;\nnr;name;town\n7;ant\n')).toContain('(/x.csv:3)');
    expect(await refuse('sep=;\na;b\n', '?delimiter=,')).toContain(
      'leave the option delimiter out',
    );
  });

  const both = 'nr;name;price, net\n1;ant;3,50\n2;bee;4,20\n';

  it('is a decision where two would fit and one gives more columns, and asked for later', async () => {
    expect(await told(both)).toBe('?delimiter=;');
    expect(await doubtsOf(both)).toEqual(['";" and "," both fit as the delimiter: ";" was taken']);
    expect(await refuse(both)).toBe(
      '";" and "," both fit as the delimiter (/x.csv): choose one: delimiter=; or delimiter=,',
    );
    expect((await read(both, '?delimiter=;'))[1]).toEqual(['1', 'ant', '3,50']);
  });

  it('is asked for where two would fit as well, or the better one misses a line', async () => {
    const equal = 'name;price, net\nant;3,50\n';
    const missed = 'id;name, first;n\n1;Ant, Al;7\n2;Bee, Bo;8;9\n';
    for (const text of [equal, missed]) {
      expect(await refusal(prepare(text, { explore: true }))).toContain('both fit');
    }
  });

  it('is asked for where one column has what may be one', async () => {
    expect(await refuse('nr\n7;ant\n')).toMatch(
      /^the first line is one field.*";".*\(\/x\.csv:2\)/,
    );
    expect(await refuse('nr^name\n7^ant\n')).toMatch(/"\^".*delimiter=\^/);
    expect(await refuse('nr\u2192name\n7\u2192ant\n')).toContain('but has "\u2192" in it');
    expect(await refuse('nr name\n7 ant\n')).toContain('" " occurs in each line as often');
    expect(await read('nr name\n7 ant\n', '?delimiter=,')).toEqual([['nr name'], ['7 ant']]);
    expect(await read('first name\nant\n"a;b"\n')).toEqual([['first name'], ['ant'], ['a;b']]);
  });
});

describe('line ends', () => {
  const rows = [
    ['a', 'b'],
    ['1', 'x'],
  ];

  it('are told, where they are of one kind', async () => {
    for (const end of ['\n', '\r\n', '\r']) expect(await read(`a,b${end}1,x${end}`)).toEqual(rows);
    expect(await told('a,b\r1,x\r')).toBe('?delimiter=,&lines=cr');
  });

  it('are asked for where they are CR CR LF', async () => {
    const text = 'a,b\r\r\n1,x\r\r\n';
    const line = await refuse(text);
    expect(line).toMatch(/^the lines end with CR CR LF \(\/x\.csv:1\): .*lines=crcrlf/);
    expect(await refusal(prepare(text, { explore: true }))).toBe(line);
    expect(await read(text, '?lines=crcrlf')).toEqual(rows);
  });

  it('are asked for where they differ, with the line on which they do', async () => {
    const text = 'a,b\n"1\n",x\n2,y\r\n3,z\n';
    expect(await refuse(text)).toMatch(
      /^the first line ends with LF, but here is CR LF .*:4\): give/,
    );
    const values = async (options: string): Promise<unknown[]> =>
      (await read(text, options)).slice(1).map((row) => row[1]);
    expect(await values('?lines=lf')).toEqual(['x', 'y\r', 'z']);
    expect(await values('?lines=mixed')).toEqual(['x', 'y', 'z']);
    for (const odd of [
      'a,b\r\n1,x\n',
      'a,b\n1,x\r',
      'a,b\r\n1,x\r',
      'a,b\r1,x\n',
      'a,b\n1,x\ry\n',
    ]) {
      expect(await refuse(odd)).toContain('outside of quotes (/x.csv:2)');
    }
  });

  it('leave a CR in the last field, and a decision', async () => {
    const text = 'a,b\n1,x\r\n2,y\n';
    expect(await told(text)).toBe('?delimiter=,&lines=lf');
    expect(await doubtsOf(text)).toEqual([expect.stringContaining('line 2 and perhaps more')]);
    expect((await read(text, '', true))[1]).toEqual(['1', 'x\r']);
    expect((await read('a,b\r\n"1\r",x\r\n', ''))[1]).toEqual(['1\r', 'x']);
  });

  it('make no record of empty lines at the end, and none in between', async () => {
    expect(await read('a,b\n1,x\n\n\n')).toEqual(rows);
    expect(await refuse('a,b\n1,x\n\n2,y\n')).toContain(
      'this line is empty, but records follow it (/x.csv:3)',
    );
    expect(await read('\n\na,b\n\n1,x\n\n', '?blank=skip')).toEqual(rows);
    expect(await refuse('a\nx\n\n')).toMatch(
      /^this line is empty: in a file of one column.*:3\): give/,
    );
    expect(await read('a\nx\n\n', '?blank=row')).toEqual([['a'], ['x'], [null]]);
    expect(await read('a\n\nx\n\n', '?blank=skip')).toEqual([['a'], ['x']]);
  });
});

describe('the header', () => {
  it.each([
    '1,ant',
    'ant,2024-01-31',
    'ant,31.1.2024',
    'x,ant@example.com',
    "ant,1'000.50",
    'a,12:30',
  ])('is asked for where it looks like data: %s', async (first) => {
    const line = await refuse(`${first}\nx,y\n`);
    expect(line).toMatch(/^the first line looks like data: field [12] .*header=no.*header=yes/);
    expect(line).not.toContain('ant');
    const cells = first.split(',');
    expect(await read(`${first}\nx,y\n`, '?header=yes')).toEqual([cells, ['x', 'y']]);
    const numbered = [['column1', 'column2'], cells, ['x', 'y']];
    expect(await read(`${first}\nx,y\n`, '?header=no')).toEqual(numbered);
  });

  it('may be left out, where its names are none', async () => {
    for (const header of ['a,a', 'a,']) {
      expect(await refuse(`${header}\n1,x\n`)).toContain('header=skip');
      expect(await read(`${header}\n1,x\n`, '?header=skip')).toEqual([
        ['column1', 'column2'],
        ['1', 'x'],
      ]);
    }
  });

  it('is skipped where it has to be, and a row that stands in its place is not', async () => {
    const rest = '1,x\n2,y\n';
    for (const header of [',', 'a,a', ',2024', ',2024-01-31']) {
      expect(await read(`${header}\n${rest}`, '?header=skip')).toHaveLength(3);
    }
    expect(await refuse('Ada,x\nBea,y\n', '?header=skip')).toBe(
      'the first line is to be skipped, but may be a row: no name in it is empty or repeated ' +
        '(/x.csv:1): give header=no if it is a row, or header=yes if it names the columns',
    );
    for (const row of ['7,', ',ada@example.org', '12:30,12:30', '7,7']) {
      const said = await refuse(`${row}\n${rest}`, '?header=skip');
      expect(said).toMatch(/^the first line is to be skipped, but looks like data: field [12] is/);
      expect(said).not.toContain(row);
    }
  });

  it('is refused between single quotes, and where it comes again', async () => {
    expect(await refuse("'a','b'\n'1','x'\n")).toContain('single quotes');
    expect(await refuse('a,b\n1,x\na,b\n2,y\n')).toMatch(
      /^the record .* repeats the header .*:3\)/,
    );
  });
});

describe('a message', () => {
  it('names the line of the file, whatever stands between quotes', async () => {
    const rows = '1,"a\r\nb"\r\n'.repeat(500);
    expect(await refuse(`nr,t\r\n${rows}x\r\n`)).toContain('(/x.csv:1002)');
    expect(await refuse(`nr,t\r\n${rows}1,"a\r\n${'2,b\r\n'.repeat(900)}`)).toMatch(
      /the quoted field that begins here is never closed \(\/x\.csv:1002\)/,
    );
    expect(await refuse(`nr,t\r\n${rows}1,a"b\r\n`)).toContain('(/x.csv:1002)');
    expect(await refuse('nr,t\r1,"a\r\nb"\r2\r')).toContain('(/x.csv:4)');
  });
});

describe('the encoding', () => {
  const text = 'nr,name\r\n1,Zo\u00eb \u{1F415}\r\n';
  const wide = Buffer.from(`\uFEFF${text}`, 'utf16le');
  const rows = [
    ['nr', 'name'],
    ['1', 'Zo\u00eb \u{1F415}'],
  ];

  it('is told by the byte order mark', async () => {
    expect(await read(wide)).toEqual(rows);
    expect(await told(wide)).toBe('?encoding=utf-16le&delimiter=,');
    expect(await read(Buffer.from(wide).swap16())).toEqual(rows);
    expect(await read(`\uFEFF${text}`)).toEqual(rows);
    expect(await told(`\uFEFF${text}`)).toBe('?delimiter=,');
  });

  it('is asked for, or the file refused, where the bytes say otherwise', async () => {
    expect(await refuse(wide.subarray(2))).toMatch(/looks like UTF-16.*encoding=utf-16le/);
    expect(await refuse(Buffer.from(wide.subarray(2)).swap16())).toContain('encoding=utf-16be');
    expect(await refuse(wide, '?encoding=windows-1252')).toContain('give encoding=utf-16le');
    expect(await refuse(Buffer.from('\uFEFF', 'utf16le'))).toContain('is empty');
    const utf32 = Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]);
    expect(await refuse(utf32)).toContain('the file is UTF-32');
    expect(await refuse(wide.subarray(0, -1))).toContain('bytes that are not valid utf-16le');
  });
});

describe('a folder', () => {
  const inside = join(folder, 'export');
  const explore = async (adapter: SourceAdapter): Promise<PreparedSource> =>
    prepareAt(adapter, inside, { scratch: folder, ...waiting(0), explore: true });
  beforeAll(() => {
    mkdirSync(join(inside, 'old.csv'), { recursive: true });
    for (const [name, text] of [
      ['a.csv', 'id,x\n1,y\n'],
      ['b.csv', 'id;x\n1;y\n'],
      ['c.csv', 'id\n1\n'],
      ['d.tsv', 'id\tx\n'],
      ['e.csv.gz', ''],
      ['f.ndjson', '{}'],
      ['.hidden', ''],
    ] as const) {
      writeFileSync(join(inside, name), text);
    }
  });

  it('may hold files that are written in several ways, each told by itself', async () => {
    const source = await explore(csvAdapter);
    const { told: all, schema } = source;
    expect(restOf(csvAdapter, all?.location)).toBe(inside);
    const reader = await readerOf(csvAdapter, source);
    const rows: Row[] = [];
    for (const { name, columns } of schema.tables) {
      const names = columns.map((column) => column.name);
      for await (const page of reader.read(name, names, {})) rows.push(...page);
    }
    expect(rows).toEqual([
      ['1', 'y', 1],
      ['1', 'y', 1],
      ['1', 1],
    ]);
    rmSync(join(inside, 'b.csv'));
    const { told: now } = await explore(csvAdapter);
    expect(restOf(csvAdapter, now?.location)).toBe(`${inside}?delimiter=,`);
  });

  const what = async (adapter: SourceAdapter): Promise<unknown[]> =>
    ((await explore(adapter)).told?.notes ?? [])
      .filter(({ severity }) => severity === 'WARNING')
      .map((note) => note.what.replace(/^.*: /, ''));

  it('has what is not read named by the first look', async () => {
    expect(await what(csvAdapter)).toEqual(['"d.tsv", "e.csv.gz", "f.ndjson", "old.csv"']);
    expect(await what(ndjsonAdapter)).toEqual(['"a.csv", "c.csv", "d.tsv", "e.csv.gz", "old.csv"']);
  });
});

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
const OTHERS: readonly (readonly [string, Uint8Array, string])[] = [
  ['a zip', latin('PK\x03\x04\x14\0\0\0dogs.csv'), 'a zip archive'],
  ['an empty zip', latin('PK\x05\x06\0\0'), 'a zip archive'],
  ['a spreadsheet', latin('PK\x03\x04\x14\0\0\0[Content_Types].xml'), 'a spreadsheet'],
  ['an old spreadsheet', latin('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'), 'such as .xls'],
  ['gzip', gzipSync('a,b\n'), 'compressed by gzip'],
  ['a database', latin('SQLite format 3\0\x10\0'), 'write sqlite: before its name'],
  ['a PDF', latin('%PDF-1.7\n'), 'a PDF'],
  ['Parquet', latin('PAR1\x15\x04'), 'a Parquet file'],
  ['a web page', latin('<!DOCTYPE html><html>'), 'a web page'],
  ['XML', latin('<?xml version="1.0"?>'), 'XML'],
];

describe.each([csvAdapter, ndjsonAdapter, jsonAdapter])('$scheme: for another file', (adapter) => {
  it.each(OTHERS)('%s is called by its name', async (_, bytes, name) => {
    expect(await refusal(prepare(bytes, { adapter }))).toContain(name);
  });
});

describe('JSON', () => {
  const cases: readonly (readonly [SourceAdapter, Content, string])[] = [
    [
      ndjsonAdapter,
      ' [{"a":1},\n{"a":2}]\n',
      'is a JSON array, not one object per line (/x.csv:1): write json:',
    ],
    [jsonAdapter, '\uFEFF{"a":1}\n{"a":2}\n', 'begins with an object, not with an array'],
    [csvAdapter, '[{"a":1}]', 'the file is JSON (/x.csv): write json: or ndjson:'],
    [
      ndjsonAdapter,
      Buffer.from('\uFEFF{"a":1}', 'utf16le'),
      'the file is UTF-16LE, but JSON must be UTF-8',
    ],
    [
      jsonAdapter,
      Buffer.from('[{"a":1}]', 'utf16le'),
      'the file is UTF-16LE, but JSON must be UTF-8',
    ],
  ];
  it.each(cases)(
    'for $scheme: of another form is called by its name',
    async (adapter, text, what) => {
      expect(await refusal(prepare(text, { adapter }))).toContain(what);
    },
  );
});

const header = (count: number): string =>
  `${Array.from({ length: count }, (_, index) => `c${index}`).join(',')}\n`;

const filled = (head: string, length: number, tail: string): Buffer =>
  Buffer.concat([latin(head), Buffer.alloc(length, 'x'), latin(tail)]);

describe('what is too large', () => {
  const MOST = 64 * 2 ** 20;
  it('is refused beyond 64 MiB a record, before more of it is held', async () => {
    const csv = filled('a,b\n1,2\n3,"', MOST, '"\n');
    expect(await refuse(csv)).toMatch(/longer than 67108864 characters, or a quote.*:3\)/);
    const ndjson = filled('{"a":1}\n{"a":"', MOST, '"}\n');
    expect(await refusal(prepare(ndjson, { adapter: ndjsonAdapter }))).toMatch(
      /longer than 67108864 bytes \(.*:2\)/,
    );
    const json = filled('[{"a":1},\n{"a":"', MOST, '"}]');
    expect(await refusal(prepare(json, { adapter: jsonAdapter }))).toMatch(
      /longer than 67108864 bytes \(.*:2\)/,
    );
  });

  it('is refused beyond 10,000 columns', async () => {
    expect((await read(header(10_000)))[0]).toHaveLength(10_000);
    expect(await refuse(header(10_001))).toMatch(/more than 10000 fields \(\/x\.csv:1\)/);
    expect(await refuse(`a\n"${'",'.repeat(300_000)}\n`, '?delimiter=,')).toContain('(/x.csv:2)');
  });

  it.each([ndjsonAdapter, jsonAdapter])(
    '$scheme: is refused beyond a depth of 512',
    async (adapter) => {
      const record = (depth: number): string => {
        const inner = `${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}`;
        return adapter === jsonAdapter ? `[{"a":${inner}}]` : `{"a":${inner}}\n`;
      };
      expect(await (await prepare(record(512), { adapter })).count('x')).toBe(1);
      expect(await refusal(prepare(record(513), { adapter }))).toContain('deeper than 512 levels');
    },
  );
});
