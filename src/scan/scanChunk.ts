/** The work of a thread in a scan: the lines of a chunk of a module's file, scanned in one reading. */

import { mayHoldPii } from '../pii/findPii.ts';
import {
  lineForm,
  type ExpectedLines,
  type LineForm,
  type ScannedLines,
  type VisitLine,
} from '../seal/lineForm.ts';
import { idPacker, type PackedIds } from '../seal/packedIds.ts';
import { lineEnds, partRoom, readPart, type FileStretch } from '../seal/readPart.ts';
import { undeclaredIn, type SearchedField, type UndeclaredPii } from './piiInValue.ts';

/** What is searched for in a file; survives JSON. */
export interface Search {
  readonly lines: Omit<ExpectedLines, 'wanted'>;
  /** Members of type uuid whose values are wanted. */
  readonly idFields: readonly string[];
  /** Members that are searched for personal data. */
  readonly searched: readonly SearchedField[];
}

export interface ChunkInput extends FileStretch {
  /** A {@link Search} as JSON: chunks of one file have the same, and it takes a while to prepare. */
  readonly search: string;
}

/** Personal data in a line. */
export interface FoundPii extends UndeclaredPii {
  /** 0-based, in the chunk. */
  readonly line: number;
  readonly field: string;
  /** The key's members. */
  readonly key: Readonly<Record<string, unknown>>;
}

export interface ChunkScan extends ScannedLines {
  /** True when the file ends without LF. */
  readonly unterminated: boolean;
  /** For each of the members that are wanted. */
  readonly ids: readonly PackedIds[];
  readonly pii: readonly FoundPii[];
}

interface Prepared {
  readonly text: string;
  readonly search: Search;
  readonly form: LineForm;
}

/** Each thread has one, for all chunks. */
let room = new ArrayBuffer(0);
let prepared: Prepared | null = null;

export function scanChunk({ search: text, ...stretch }: ChunkInput): ChunkScan {
  if (prepared?.text !== text) prepared = prepare(text);
  const { search, form } = prepared;
  const needed = partRoom(stretch.end - stretch.start);
  if (room.byteLength < needed) room = new ArrayBuffer(needed);
  const { data, unterminated } = readPart(stretch, room);
  const ends = lineEnds(data);
  const packers = search.idFields.map(() => idPacker(ends.length));
  const pii: FoundPii[] = [];
  const { searched } = search;
  const visit: VisitLine = (line, texts, start, end) => {
    for (let index = 0; index < packers.length; index += 1) packers[index]?.put(line, texts[index]);
    for (let index = 0; index < searched.length; index += 1) {
      const [json, field] = [texts[packers.length + index], searched[index]];
      if (json === undefined || field === undefined || !mayHoldPii(json)) continue;
      for (const found of undeclaredIn(valueOf(json), field)) {
        const key = keyOf(data.subarray(start, end), search.lines.keyFields);
        pii.push({ ...found, line, field: field.name, key });
      }
    }
  };
  const isSearched = packers.length + searched.length > 0;
  const scanned = form(data, ends, isSearched ? visit : undefined);
  return { ...scanned, unterminated, ids: packers.map(({ ids }) => ids), pii };
}

function prepare(text: string): Prepared {
  const search = JSON.parse(text) as Search;
  const wanted = [...search.idFields, ...search.searched.map(({ name }) => name)];
  return { text, search, form: lineForm({ ...search.lines, wanted }) };
}

/** The value of JSON of which each byte is one character. */
function valueOf(json: string): unknown {
  return JSON.parse(Buffer.from(json, 'latin1').toString('utf8'));
}

function keyOf(line: Buffer, fields: readonly string[]): Record<string, unknown> {
  const record = JSON.parse(line.toString('utf8')) as Record<string, unknown>;
  return Object.fromEntries(
    fields.filter((name) => Object.hasOwn(record, name)).map((name) => [name, record[name]]),
  );
}
