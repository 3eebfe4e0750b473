/** Scans the lines of a chunk of a module's file. */

import { mayHoldPii } from '../../pii/findPii.ts';
import { lineForm, type LineForm, type VisitLine } from '../../seal/lineForm.ts';
import { idPacker } from '../../seal/packedIds.ts';
import { chunkCapacity, lineEnds, readChunk } from '../../seal/readChunk.ts';
import type { ScanChunkInput, ScannedChunk, ScannedPii, Search } from '../calls.ts';
import { undeclaredIn } from '../piiInValue.ts';

interface Prepared {
  readonly text: string;
  readonly search: Search;
  readonly inspect: LineForm;
}

/** Kept by each thread for all chunks, as is the prepared search. */
let buffer = new ArrayBuffer(0);
let prepared: Prepared | null = null;

/** Inspects the lines that begin in a chunk: their form, and what the search asks for. */
export function scanChunk({ search: text, ...chunk }: ScanChunkInput): ScannedChunk {
  if (prepared?.text !== text) prepared = prepare(text);
  const { search, inspect } = prepared;
  const needed = chunkCapacity(chunk.end - chunk.start);
  if (buffer.byteLength < needed) buffer = new ArrayBuffer(needed);
  const { data, unterminated } = readChunk(chunk, buffer);
  const ends = lineEnds(data);
  const packers = search.idFields.map(() => idPacker(ends.length));
  const pii: ScannedPii[] = [];
  const { searched } = search;
  const visit: VisitLine = (line, texts, start, end) => {
    for (let index = 0; index < packers.length; index += 1) packers[index]?.put(line, texts[index]);
    for (let index = 0; index < searched.length; index += 1) {
      const [json, field] = [texts[packers.length + index], searched[index]];
      if (json === undefined || field === undefined) continue;
      // A column that suggests a class makes data of values that are nothing alone.
      if (field.expected.length === 0 && !mayHoldPii(json)) continue;
      for (const found of undeclaredIn(valueOf(json), field)) {
        const key = keyOf(data.subarray(start, end), search.lines.keyFields);
        pii.push({ ...found, line, field: field.name, key });
      }
    }
  };
  const isSearched = packers.length + searched.length > 0;
  const inspected = inspect(data, ends, isSearched ? visit : undefined);
  return { ...inspected, unterminated, ids: packers.map(({ ids }) => ids), pii };
}

function prepare(text: string): Prepared {
  const search = JSON.parse(text) as Search;
  const wanted = [...search.idFields, ...search.searched.map(({ name }) => name)];
  return { text, search, inspect: lineForm({ ...search.lines, wanted }) };
}

/** Parses JSON that is a Latin-1 view of its UTF-8 bytes. */
function valueOf(json: string): unknown {
  return JSON.parse(Buffer.from(json, 'latin1').toString('utf8'));
}

function keyOf(line: Buffer, fields: readonly string[]): Record<string, unknown> {
  const record = JSON.parse(line.toString('utf8')) as Record<string, unknown>;
  return Object.fromEntries(
    fields.filter((name) => Object.hasOwn(record, name)).map((name) => [name, record[name]]),
  );
}
