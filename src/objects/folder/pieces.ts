/** Reads a file in pieces, without following a link. */

import { closeSync, constants, readSync } from 'node:fs';

import { openNoLinks } from '../../disk/noLinks.ts';

const PIECE = 2 ** 20;

export function* pieces(path: string): Generator<Uint8Array> {
  const file = openNoLinks(path, constants.O_RDONLY);
  try {
    for (;;) {
      const bytes = Buffer.allocUnsafe(PIECE);
      const count = readSync(file, bytes, 0, PIECE, null);
      if (count === 0) return;
      yield bytes.subarray(0, count);
    }
  } finally {
    closeSync(file);
  }
}
