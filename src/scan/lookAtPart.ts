/** What worker threads do for a scan: they look at the lines of a part of a module's file. */

import { lineForm, type ExpectedLines, type LineForm, type SeenLines } from '../seal/lineForm.ts';
import { lineEnds, partRoom, readPart, type FileStretch } from '../seal/readPart.ts';

export interface LookInput extends FileStretch {
  /** {@link ExpectedLines} as JSON: parts of one file have the same, and it takes a while to prepare. */
  readonly expected: string;
}

export interface SeenPart extends SeenLines {
  /** True when the file ends without LF. */
  readonly unterminated: boolean;
}

/** Each thread has one, for all parts. */
let room = new ArrayBuffer(0);
let prepared: { readonly expected: string; readonly look: LineForm } | null = null;

export function lookAtPart({ expected, ...stretch }: LookInput): SeenPart {
  if (prepared?.expected !== expected) {
    prepared = { expected, look: lineForm(JSON.parse(expected) as ExpectedLines) };
  }
  const needed = partRoom(stretch.end - stretch.start);
  if (room.byteLength < needed) room = new ArrayBuffer(needed);
  const { data, unterminated } = readPart(stretch, room);
  return { ...prepared.look(data, lineEnds(data)), unterminated };
}
