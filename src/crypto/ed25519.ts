/**
 * Ed25519 (RFC 8032), by node:crypto. A public key is refused if a signature by it would prove nothing:
 * one of a small order accepts signatures that its owner never made, over any message (OpenSSL knows that
 * only since 3.5). OpenSSL refuses a signature that is not canonical (S ≥ L, or R in another encoding), so
 * that no other can be made of one.
 */

import { createPrivateKey, createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';

export const PUBLIC_KEY_BYTES = 32;
export const SEED_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** Why a signed text was refused; names nothing of its content. */
export type SignatureRefusal =
  | 'form' // not exactly what would be written
  | 'other-key' // signed by other keys only
  | 'not-authentic'; // the signature does not fit: changed, or made by another key of this name

export interface VerifyingKey {
  /** SHA-256 of the key as DER (SPKI, RFC 8410), lower-case hex. */
  readonly id: string;
  /** The 32 bytes of RFC 8032 §5.1.5. */
  readonly bytes: Buffer;
  /** Whether a signature of 64 bytes is by this key and over exactly this message. */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

export interface SigningKey {
  readonly verifying: VerifyingKey;
  /** An object of node:crypto, which neither `util.inspect` nor `JSON.stringify` shows. */
  readonly secret: KeyObject;
  /** Signs a message; 64 bytes, always the same for the same message (RFC 8032 §5.1.6). */
  sign(message: Uint8Array): Buffer;
}

/** A key as DER up to its 32 bytes (RFC 8410 §4 and §7). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Makes a verifying key of its 32 bytes; null for another length, or for one that proves nothing. */
export function verifyingKey(bytes: Uint8Array): VerifyingKey | null {
  if (bytes.length !== PUBLIC_KEY_BYTES || isWeak(bytes)) return null;
  const der = Buffer.concat([SPKI, bytes]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return {
    id: hash('sha256', der, 'hex'),
    bytes: Buffer.from(bytes),
    verify: (message, signature) =>
      signature.length === SIGNATURE_BYTES && verify(null, message, key, signature),
  };
}

/** Returns a verifying key as DER (SPKI). */
export function verifyingKeyDer({ bytes }: VerifyingKey): Buffer {
  return Buffer.concat([SPKI, bytes]);
}

/**
 * Makes a signing key of a seed of 32 random bytes (RFC 8032 §5.1.5), which are wiped.
 * @throws RangeError for another length
 */
export function newSigningKey(seed: Uint8Array): SigningKey {
  if (seed.length !== SEED_BYTES) throw new RangeError(`a seed of ${seed.length} bytes`);
  const der = Buffer.concat([PKCS8, seed]);
  seed.fill(0);
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  return signingKeyOf(secret);
}

/** Wraps a private key of node:crypto, which has to be of Ed25519. */
export function signingKeyOf(secret: KeyObject): SigningKey {
  const der = createPublicKey(secret).export({ type: 'spki', format: 'der' });
  const verifying = verifyingKey(der.subarray(SPKI.length));
  // Key generation clears the bits that would give a small order.
  if (verifying === null) throw new RangeError('a private key without a public one');
  return { verifying, secret, sign: (message) => sign(null, message, secret) };
}

/** Coordinates y of the points whose order divides 8, little-endian, without the sign of x. */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

/** Whether a key is of a small order, or its y is not reduced modulo 2^255 − 19 (RFC 8032 §5.1.3). */
function isWeak(bytes: Uint8Array): boolean {
  const y = Buffer.from(bytes);
  y[31] = (y[31] ?? 0) & 0x7f;
  if (SMALL_ORDER.has(y.toString('hex'))) return true;
  const [first = 0, ...rest] = y;
  return first >= 0xed && rest.pop() === 0x7f && rest.every((byte) => byte === 0xff);
}
