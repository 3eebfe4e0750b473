/** Scans the lines of a chunk of a module's file. */

import { lineForm, type LineForm, type VisitLine } from '../../seal/lineForm.ts';
import { idPacker } from '../../seal/packedIds.ts';
import { chunkCapacity, lineEnds, readChunk } from '../../seal/readChunk.ts';
import type { ScanChunkInput, ScannedChunk, ScannedPii, Search } from '../calls.ts';
import { keysOf } from '../../mapping/compile/treatedCell.ts';
import { taintFinder } from '../../taint/taintSet.ts';
import { valueSearch } from '../pii/searchValue.ts';
import { partsOf } from '../pii/keyParts.ts';
import { sourceFaults } from '../pii/sourceValues.ts';

interface Prepared {
  readonly text: string;
  readonly search: Search;
  readonly inspect: LineForm;
  /** Place of each searched, and of each tainted member among the texts of a line. */
  readonly searchedAt: readonly number[];
  readonly taintedAt: readonly number[];
}

/** Kept by each thread for all chunks, as is the prepared search. */
let buffer = new ArrayBuffer(0);
let prepared: Prepared | null = null;

/** Inspects the lines that begin in a chunk: their form, and what the search asks for. */
export function scanChunk(input: ScanChunkInput): ScannedChunk {
  const { search: text, secrets = NO_SECRETS, taint, names = null, ...chunk } = input;
  if (prepared?.text !== text) prepared = prepare(text);
  const { search, inspect, searchedAt, taintedAt } = prepared;
  const needed = chunkCapacity(chunk.end - chunk.start);
  if (buffer.byteLength < needed) buffer = new ArrayBuffer(needed);
  const { data, unterminated } = readChunk(chunk, buffer);
  const ends = lineEnds(data);
  const packers = search.idFields.map(() => idPacker(ends.length));
  const searches = search.searched.map((field) => {
    return { field, find: valueSearch(field, keysOf(field, secrets), names) };
  });
  const finder = taint === undefined ? null : taintFinder(taint);
  const pii: ScannedPii[] = [];
  const visit: VisitLine = (line, texts, start, end) => {
    const keyFields = search.lines.keyFields;
    const keyOf = (): Record<string, unknown> => keyIn(data.subarray(start, end), keyFields);
    for (let index = 0; index < packers.length; index += 1) packers[index]?.put(line, texts[index]);
    for (const [index, { field, find }] of searches.entries()) {
      const json = texts[searchedAt[index] ?? -1];
      if (json !== undefined && !find.mayHold(json)) {
        for (const fault of find.quick(() => valueOf(json))) {
          pii.push({ ...fault, line, field: field.name, key: keyOf() });
        }
        continue;
      }
      const value = json === undefined ? null : valueOf(json);
      const key = field.treated === null ? [] : partsOf(keyOf(), field.recordKey);
      for (const fault of find(value, key))
        pii.push({ ...fault, line, field: field.name, key: keyOf() });
    }
    if (finder === null) return;
    for (const [index, field] of search.tainted.entries()) {
      const json = texts[taintedAt[index] ?? -1];
      if (json === undefined) continue;
      for (const fault of sourceFaults(valueOf(json), finder, field)) {
        pii.push({ ...fault, line, field: field.name, key: keyOf() });
      }
    }
  };
  const isSearched = packers.length + searches.length + search.tainted.length > 0;
  const inspected = inspect(data, ends, isSearched ? visit : undefined);
  const counts = searches.map(({ find }) => find.counts);
  return { ...inspected, unterminated, ids: packers.map(({ ids }) => ids), pii, counts };
}

const NO_SECRETS: ReadonlyMap<string, Uint8Array> = new Map();

function prepare(text: string): Prepared {
  const search = JSON.parse(text) as Search;
  const searched = search.searched.map(({ name }) => name);
  const tainted = search.tainted.map(({ name }) => name);
  const wanted = [...new Set([...search.idFields, ...searched, ...tainted])];
  return {
    text,
    search,
    inspect: lineForm({ ...search.lines, wanted }),
    searchedAt: searched.map((name) => wanted.indexOf(name)),
    taintedAt: tainted.map((name) => wanted.indexOf(name)),
  };
}

const ASCII = /^[\x20-\x7e]*$/;

/** Parses JSON that is a Latin-1 view of its UTF-8 bytes. */
function valueOf(json: string): unknown {
  return JSON.parse(ASCII.test(json) ? json : Buffer.from(json, 'latin1').toString('utf8'));
}

function keyIn(line: Buffer, fields: readonly string[]): Record<string, unknown> {
  const record = JSON.parse(line.toString('utf8')) as Record<string, unknown>;
  return Object.fromEntries(
    fields.filter((name) => Object.hasOwn(record, name)).map((name) => [name, record[name]]),
  );
}
