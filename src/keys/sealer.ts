/** Seals texts for rows of a column, in its target form under its primary key, with the blind index. */

import { a1, a1Length } from '../crypto/a1.ts';
import { ENVELOPE_PREFIX } from '../crypto/classify.ts';
import { fernet } from '../crypto/fernet.ts';
import { blindIndex } from '../crypto/plaintextMac.ts';
import type { RowReference } from '../crypto/rowReference.ts';
import type { SecretColumn } from '../mapping/keysFile.ts';
import type { KeyOf } from '../project/openKeys.ts';

export interface Sealer {
  readonly kid: string;
  seal(reference: RowReference, text: string): string;
  /** Characters of the envelope of a text. */
  length(text: string): number;
  /** Blind index of a text; null without one. */
  readonly index: ((text: string) => string) | null;
}

/** What sealing takes from outside. */
export interface SealHost {
  /** 12 fresh random bytes. */
  readonly nonce: () => Uint8Array;
  /** 16 fresh random bytes. */
  readonly iv: () => Uint8Array;
  readonly now: () => Date;
}

export function columnSealer(column: SecretColumn, keyOf: KeyOf, host: SealHost): Sealer {
  const key = keyOf(column.key);
  const index = indexMaker(column, keyOf);
  if (column.target === 'a1') {
    const cipher = a1(key);
    return {
      kid: key.kid,
      index,
      seal: (reference, text) => cipher.seal(reference, text, host.nonce()),
      length: (text) => a1Length(Buffer.byteLength(text)),
    };
  }
  const cipher = fernet(key);
  return {
    kid: key.kid,
    index,
    seal: (_, text) => {
      const seconds = Math.floor(host.now().getTime() / 1000);
      return ENVELOPE_PREFIX + cipher.seal(text, { seconds, iv: host.iv() });
    },
    length: (text) => ENVELOPE_PREFIX.length + fernetLength(Buffer.byteLength(text)),
  };
}

/** Makes the function that gives the blind index of a column; null without one. */
export function indexMaker(
  { blindIndex: declared, logical }: SecretColumn,
  keyOf: KeyOf,
): ((text: string) => string) | null {
  if (declared === null) return null;
  return blindIndex(keyOf(declared.key), { ...logical, normalise: declared.normalise });
}

const BLOCK = 16;
const FRAME = 57;

function fernetLength(bytes: number): number {
  const blocks = Math.floor(bytes / BLOCK) + 1;
  return Math.ceil((FRAME + blocks * BLOCK) / 3) * 4;
}
