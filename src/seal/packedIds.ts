/** Ids of many lines in few bytes, as they travel from the thread that read them. */

import { isUuid, writeUuid } from '../record/uuid.ts';

/** What a line has in a member. */
export const NO_ID = 0;
export const PACKED = 1;
/** A value that is no UUID. */
export const NOT_PACKED = 2;

/** One member of each line of a part. */
export interface PackedIds {
  /** Four words a line, the id's bytes; zeros where the state is not PACKED. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** One a line. */
  readonly states: Uint8Array<ArrayBuffer>;
}

export interface IdPacker {
  readonly ids: PackedIds;
  /** A UUID's text, known to be one. */
  putText(line: number, uuid: string): void;
  /** What a record holds, which may be anything. */
  putValue(line: number, value: unknown): void;
}

export function idPacker(lines: number): IdPacker {
  const words = new Uint32Array(lines * 4);
  const bytes = new Uint8Array(words.buffer);
  const states = new Uint8Array(lines);
  const putText = (line: number, uuid: string): void => {
    writeUuid(uuid, bytes, line * 16);
    states[line] = PACKED;
  };
  return {
    ids: { words, states },
    putText,
    putValue(line, value) {
      if (typeof value === 'string' && isUuid(value)) putText(line, value);
      else states[line] = value === null || value === undefined ? NO_ID : NOT_PACKED;
    },
  };
}
