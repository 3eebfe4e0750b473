/**
 * Signatures in the format of minisign (jedisct1.github.io/minisign), of the prehashed kind `ED`: over
 * the BLAKE2b-512 of the message, with a second one over signature and trusted comment. The key id is
 * the first 8 bytes of the SHA-256 of the 32 bytes of the public key: minisign chooses them at random,
 * and has no other use for them than to find the key. A signature is read only if it is exactly what
 * would be written.
 */

import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';

import { decodeBase64 } from './base64.ts';
import {
  SIGNATURE_BYTES,
  type SignatureRefusal,
  type SigningKey,
  type VerifyingKey,
} from './ed25519.ts';

const UNTRUSTED = 'untrusted comment: ';
const TRUSTED = 'trusted comment: ';
/** What is signed by nothing is the same in every file. */
const SIGNATURE_COMMENT = 'signature by a signing key of Sealift';
/** Kinds: of a key, and of a signature over a digest. */
const KEY_KIND = Buffer.from('Ed');
const PREHASHED = Buffer.from('ED');
const ID_BYTES = 8;
/** Bytes of the longest trusted comment that minisign reads, without its prefix. */
const MAX_COMMENT = 8000;

/** Writes a public key as the text of a `minisign.pub`. */
export function formatMinisignKey(key: VerifyingKey): string {
  const id = minisignId(key);
  // minisign shows the id as a number whose first byte is its lowest.
  const shown = Buffer.from(id).reverse().toString('hex').toUpperCase();
  const base64 = Buffer.concat([KEY_KIND, id, key.bytes]).toString('base64');
  return `${UNTRUSTED}minisign public key ${shown}\n${base64}\n`;
}

/**
 * Signs a message; returns the text of its `.minisig`. The trusted comment is signed, too.
 * @throws RangeError for a comment that is long, or not printable Unicode on one line
 */
export function signMinisign(message: Uint8Array, comment: string, key: SigningKey): string {
  if (!isComment(comment)) throw new RangeError('a comment that minisign does not read');
  const signature = key.sign(hash('blake2b512', message, 'buffer'));
  const both = key.sign(Buffer.concat([signature, Buffer.from(comment)]));
  return formatSignature({ id: minisignId(key.verifying), signature, comment, both });
}

export type OpenedMinisign = { readonly comment: string } | { readonly refused: SignatureRefusal };

/** Returns the trusted comment of a signature, if this key has signed message and comment. */
export function openMinisign(
  message: Uint8Array,
  signatureFile: Buffer,
  key: VerifyingKey,
): OpenedMinisign {
  const parsed = parseSignature(signatureFile);
  if (parsed === null) return { refused: 'form' };
  const { id, signature, comment, both } = parsed;
  if (!id.equals(minisignId(key))) return { refused: 'other-key' };
  const isSigned =
    key.verify(hash('blake2b512', message, 'buffer'), signature) &&
    key.verify(Buffer.concat([signature, Buffer.from(comment)]), both);
  return isSigned ? { comment } : { refused: 'not-authentic' };
}

interface Signature {
  readonly id: Buffer;
  /** Over the digest of the message. */
  readonly signature: Buffer;
  readonly comment: string;
  /** Over signature and comment. */
  readonly both: Buffer;
}

function formatSignature({ id, signature, comment, both }: Signature): string {
  return [
    `${UNTRUSTED}${SIGNATURE_COMMENT}`,
    Buffer.concat([PREHASHED, id, signature]).toString('base64'),
    `${TRUSTED}${comment}`,
    both.toString('base64'),
    '',
  ].join('\n');
}

const HEAD = PREHASHED.length + ID_BYTES;

/** Parses a signature; null if it is not exactly what {@link formatSignature} writes. */
function parseSignature(file: Buffer): Signature | null {
  if (file.length > 2 * MAX_COMMENT || !isUtf8(file)) return null;
  const text = file.toString('utf8');
  const [, line = '', trusted = '', global = ''] = text.split('\n');
  const bytes = decodeBase64(line, 'standard');
  const both = decodeBase64(global, 'standard');
  const comment = trusted.slice(TRUSTED.length);
  if (bytes?.length !== HEAD + SIGNATURE_BYTES || both === null || !isComment(comment)) return null;
  const id = bytes.subarray(PREHASHED.length, HEAD);
  const parsed = { id, signature: bytes.subarray(HEAD), comment, both };
  return formatSignature(parsed) === text ? parsed : null;
}

function minisignId({ bytes }: VerifyingKey): Buffer {
  return hash('sha256', bytes, 'buffer').subarray(0, ID_BYTES);
}

function isComment(comment: string): boolean {
  const isText = comment.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(comment);
  return isText && Buffer.byteLength(comment) <= MAX_COMMENT;
}
