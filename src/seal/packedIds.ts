/** Ids of many lines, packed for the transfer between threads. */

import { packUuid, UUID_TEXT } from '../record/uuid.ts';

/** State of a line without a value in the member. */
export const NO_ID = 0;
/** State of a line with a UUID. */
export const PACKED = 1;
/** State of a line with another value. */
export const NOT_PACKED = 2;

/** Values of one member in the lines of a part. */
export interface PackedIds {
  /** Four words a line, the bytes of the id; zeros unless the state is PACKED. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** One state a line: NO_ID, PACKED or NOT_PACKED. */
  readonly states: Uint8Array<ArrayBuffer>;
}

/** Length of a UUID with its quotes. */
const JSON_LENGTH = UUID_TEXT + 2;

export interface IdPacker {
  readonly ids: PackedIds;
  /** Sets the value of a line, as JSON; undefined if null or missing. */
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
