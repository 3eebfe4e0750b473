/**
 * Proofs that a leaf is in a tree whose checkpoint is signed (c2sp.org/tlog-proof@v1), without extra
 * data. They are verified with the key of the checkpoint alone.
 */

import { isUtf8 } from 'node:buffer';

import { decodeBase64 } from '../crypto/base64.ts';
import type { SignatureRefusal } from '../crypto/ed25519.ts';
import type { NoteVerifier } from '../crypto/signedNote.ts';
import { DIGEST_LENGTH } from '../merkle/hash.ts';
import { verifyInclusion } from '../merkle/proof.ts';
import { openCheckpoint, type Checkpoint } from './checkpoint.ts';

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';
/** Most hashes of a proof: the height of a tree whose size is a safe integer. */
const MAX_HASHES = 53;

export interface TlogProof {
  /** Number of the leaf, from 0. */
  readonly index: number;
  /** The audit path, bottom first (RFC 6962 §2.1.1). */
  readonly path: readonly Uint8Array[];
  /** The signed note of the checkpoint. */
  readonly checkpoint: string;
}

/** Formats a proof. */
export function formatTlogProof({ index, path, checkpoint }: TlogProof): string {
  const hashes = path.map((hash) => `${Buffer.from(hash).toString('base64')}\n`);
  return `${FIRST_LINE}\nindex ${index}\n${hashes.join('')}\n${checkpoint}`;
}

/** Parses a proof; null if it is not exactly what {@link formatTlogProof} writes. */
export function parseTlogProof(proof: Buffer): TlogProof | null {
  if (!isUtf8(proof)) return null;
  const text = proof.toString('utf8');
  // The first empty line ends the proof; the checkpoint has one of its own.
  const end = text.indexOf('\n\n');
  const [, second = '', ...lines] = text.slice(0, end).split('\n', MAX_HASHES + 3);
  const path = lines.map((line) => decodeBase64(line, 'standard')).filter((hash) => hash !== null);
  if (end < 0 || path.some((hash) => hash.length !== DIGEST_LENGTH)) return null;
  const index = Number(second.slice('index '.length));
  const parsed = { index, path, checkpoint: text.slice(end + 2) };
  const isOurs = Number.isSafeInteger(index) && path.length <= MAX_HASHES;
  return isOurs && formatTlogProof(parsed) === text ? parsed : null;
}

/** Why a proof was refused: also because the signed tree does not have the leaf at this place. */
export type ProofRefusal = SignatureRefusal | 'not-in-tree';

export type OpenedProof =
  | { readonly index: number; readonly checkpoint: Checkpoint }
  | { readonly refused: ProofRefusal };

/** Returns the place of a leaf, given as its hash, in a tree whose checkpoint this key has signed. */
export function openTlogProof(
  proof: Buffer,
  leaf: Uint8Array,
  verifier: NoteVerifier,
): OpenedProof {
  const parsed = parseTlogProof(proof);
  if (parsed === null) return { refused: 'form' };
  const checkpoint = openCheckpoint(Buffer.from(parsed.checkpoint), verifier);
  if ('refused' in checkpoint) return checkpoint;
  const { index, path } = parsed;
  const root = Buffer.from(checkpoint.root, 'hex');
  const isThere = verifyInclusion(leaf, index, checkpoint.size, path, root);
  return isThere ? { index, checkpoint } : { refused: 'not-in-tree' };
}
