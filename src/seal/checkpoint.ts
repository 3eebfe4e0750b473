/**
 * Checkpoints (c2sp.org/tlog-checkpoint): the size and the root of a tree, signed as a note. Those of
 * this project have no extension lines and one signature, and are read only exactly as they are written.
 */

import { decodeBase64 } from '../crypto/base64.ts';
import type { SignatureRefusal } from '../crypto/ed25519.ts';
import {
  openNoteExactly,
  signNote,
  type NoteSigner,
  type NoteVerifier,
} from '../crypto/signedNote.ts';
import { DIGEST_LENGTH } from '../merkle/hash.ts';

export interface Checkpoint {
  /** Which tree it is. */
  readonly origin: string;
  /** Number of leaves. */
  readonly size: number;
  /** Root of the tree (RFC 6962 §2.1), lower-case hex. */
  readonly root: string;
}

/** Signs a checkpoint; returns the note. @throws RangeError if its origin is not one line */
export function signCheckpoint(checkpoint: Checkpoint, signer: NoteSigner): string {
  const text = formatCheckpoint(checkpoint);
  if (parseCheckpoint(text) === null) throw new RangeError('not a checkpoint');
  return signNote(text, signer);
}

export type OpenedCheckpoint = Checkpoint | { readonly refused: SignatureRefusal };

/** Returns a checkpoint that this key, and no other, has signed. */
export function openCheckpoint(note: Buffer, verifier: NoteVerifier): OpenedCheckpoint {
  const opened = openNoteExactly(note, verifier);
  if ('refused' in opened) return opened;
  return parseCheckpoint(opened.text) ?? { refused: 'form' };
}

function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(root, 'hex').toString('base64')}\n`;
}

/** Parses the text of a checkpoint; null if it is not exactly what is written. */
function parseCheckpoint(text: string): Checkpoint | null {
  const [, origin = '', digits = '', base64 = ''] = /^(.+)\n([0-9]+)\n(.+)\n$/.exec(text) ?? [];
  const size = Number(digits);
  const root = decodeBase64(base64, 'standard');
  if (!Number.isSafeInteger(size) || root?.length !== DIGEST_LENGTH) return null;
  const checkpoint = { origin, size, root: root.toString('hex') };
  return formatCheckpoint(checkpoint) === text ? checkpoint : null;
}
