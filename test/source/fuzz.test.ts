/** Files that somebody hostile, or a broken tool, wrote, through the adapters: rows, or one clear line. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { InexactNumber, InvalidText, JsonNode } from '../../src/record/value.ts';
import { csvAdapter } from '../../src/source/csv.ts';
import { jsonAdapter } from '../../src/source/json.ts';
import { ndjsonAdapter } from '../../src/source/ndjson.ts';
import type { Row, SourceAdapter } from '../../src/source/source.ts';
import { attempt, dice, FUZZ_RUNS, inherited, mutate } from '../mutate.ts';
import { prepareAt, readerOf, waiting } from '../contract/opening.ts';

/** Of each adapter. */
const RUNS = Math.ceil(FUZZ_RUNS / 2);

/** In every text of a file, so that a message that repeats one is seen. */
const SECRET = 'Geheimnis';

const RECORDS = [
  { id: 1, name: `${SECRET} "Rex"`, kg: 31.5, tags: [SECRET, null], more: { [SECRET]: [1, {}] } },
  { id: 2, name: `${SECRET}\n\u2028\u0000`, kg: null, tags: [], more: { '': SECRET } },
  { id: 3, name: '😀', kg: 1e-7, tags: [[[]]], more: true },
];

interface Subject {
  readonly adapter: SourceAdapter;
  readonly text: string;
  readonly pieces: readonly string[];
  /** What is put behind the file's name. */
  readonly options: readonly string[];
}

const SUBJECTS: readonly Subject[] = [
  {
    adapter: ndjsonAdapter,
    text: RECORDS.map((record) => `${JSON.stringify(record)}\n`).join(''),
    pieces: [
      '\n',
      '\n\n',
      '\r',
      '"id"',
      '123456789012345678901234567890',
      '1e-400',
      '{"a":1}{"a":1}',
    ],
    options: [''],
  },
  {
    adapter: jsonAdapter,
    text: JSON.stringify(RECORDS, null, 1),
    pieces: ['],[', '{}', '"id"', '123456789012345678901234567890', '1e-400', ',,', ']]'],
    options: [''],
  },
  {
    adapter: csvAdapter,
    text: `id,"name",kg\n1,"${SECRET} ""Rex""",31.5\n2,"${SECRET}\nBello",\n3,${SECRET},7\n`,
    pieces: ['\n', '\r\n', '\r', '""', '"""', ',,,', ';', '\t', '"\n', "'", 'sep=;\n', '\uFEFF'],
    options: [
      '',
      '?delimiter=;',
      '?encoding=windows-1252',
      '?encoding=utf-16le',
      '?lines=mixed&blank=skip&header=skip',
      '?lines=crlf&blank=row&header=no',
    ],
  },
];

function fileOf({ text, pieces }: Subject): fc.Arbitrary<Uint8Array> {
  const mutated = fc
    .record({ seed: fc.integer(), edits: fc.integer({ min: 0, max: 5 }) })
    .map(({ seed, edits }) => {
      const roll = dice(seed);
      let bytes: Uint8Array = Buffer.from(text);
      for (let edit = 0; edit < edits; edit += 1) {
        bytes = mutate(Buffer.from(bytes).toString('utf8'), roll, pieces);
      }
      return bytes;
    });
  const cut = fc.nat(text.length).map((length) => Buffer.from(text).subarray(0, length));
  const bytes = fc.uint8Array({ maxLength: 300 });
  const grown = fc.record({ piece: fc.constantFrom(...pieces, text), times: fc.nat(300) });
  const repeated = grown.map(({ piece, times }) => Buffer.from(piece.repeat(times)));
  return fc.oneof(mutated, mutated, mutated, mutated, cut, bytes, repeated);
}

/** All rows of the first table, from ranges of few rows each. */
async function readAll(adapter: SourceAdapter, location: string, scratch: string): Promise<Row[]> {
  const source = await prepareAt(adapter, location, { scratch, ...waiting(0) });
  const reader = await readerOf(adapter, source);
  try {
    const [table] = source.schema.tables;
    const [name, columns] = [table?.name ?? '', table?.columns.map((column) => column.name) ?? []];
    const rows: Row[] = [];
    for (const range of await source.plan(name, 2)) {
      for await (const page of reader.read(name, columns, range)) rows.push(...page);
    }
    expect(await source.count(name)).toBe(rows.length);
    for (const [index, row] of rows.entries()) {
      expect(row.length).toBe(columns.length + 1);
      expect(row.at(-1)).toBe(index + 1);
      expect(row.slice(0, -1).every(isSourceValue)).toBe(true);
    }
    await source.assertUnchanged();
    return rows;
  } finally {
    await reader.close();
    await source.close();
  }
}

function isSourceValue(cell: unknown): boolean {
  if (typeof cell === 'string') return cell.isWellFormed();
  if (typeof cell === 'number') return Number.isFinite(cell);
  if (cell instanceof JsonNode) return typeof cell.value === 'object';
  if (cell instanceof InexactNumber) return false;
  return (
    cell === null || ['boolean', 'bigint'].includes(typeof cell) || cell instanceof InvalidText
  );
}

describe.each(SUBJECTS)('$adapter.scheme', (subject) => {
  it(`gives rows or fails with one clear line, ${RUNS} files`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sealift-fuzz-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const file = join(folder, 'dogs.txt');
    const before = inherited();
    const whats = new Set<string>();
    let [read, slowest] = [0, 0];
    const options = fc.constantFrom(...subject.options);
    await fc.assert(
      fc.asyncProperty(fileOf(subject), options, async (bytes, option) => {
        writeFileSync(file, bytes);
        const location = `${file}${option}`;
        const { failure, ms } = await attempt(() => readAll(subject.adapter, location, folder));
        slowest = Math.max(slowest, ms);
        if (failure === null) {
          read += 1;
          return;
        }
        expect(failure.code).toMatch(/^SOURCE_/);
        expect(failure.line()).toMatch(/^[^\p{Cc}]+ \([^)]*dogs[^)]*\): [^\p{Cc}]+$/u);
        expect(failure.line()).not.toContain(SECRET);
        whats.add(failure.message);
      }),
      { numRuns: RUNS, seed: 20_250_131 },
    );
    expect(inherited()).toBe(before);
    expect(slowest).toBeLessThan(1000);
    // Both ways were seen, and failures of several kinds.
    expect(read).toBeGreaterThan(RUNS / 20);
    expect(whats.size).toBeGreaterThan(3);
  }, 600_000);
});
