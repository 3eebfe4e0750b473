/** Ids of many lines in few bytes, as they travel from the thread that read them. */

import { packUuid, UUID_TEXT } from '../record/uuid.ts';

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

/** A UUID and its quotes. */
const JSON_LENGTH = UUID_TEXT + 2;

export interface IdPacker {
  readonly ids: PackedIds;
  /** What a line has, as JSON; undefined for null and for nothing. */
  put(line: number, json: string | undefined): void;
}

export function idPacker(lines: number): IdPacker {
  const words = new Uint32Array(lines * 4);
  const bytes = new Uint8Array(words.buffer);
  const states = new Uint8Array(lines);
  return {
    ids: { words, states },
    put(line, json) {
      if (json === undefined) return;
      const isId = json.length === JSON_LENGTH && packUuid(json, 1, bytes, line * 16);
      states[line] = isId ? PACKED : NOT_PACKED;
      if (!isId) words.fill(0, line * 4, line * 4 + 4);
    },
  };
}
