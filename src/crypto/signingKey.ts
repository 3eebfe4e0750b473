/**
 * Keys of Ed25519 as PEM (RFC 7468): a signing key as PKCS#8, as `openssl genpkey -algorithm ed25519`
 * writes it, a verifying key as SPKI, as `openssl pkey -pubout` does. One key a file, of no other
 * algorithm, and not encrypted. No message holds any of a key.
 */

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

import { Failure } from '../outcome/failure.ts';
import { decodeBase64 } from './base64.ts';
import {
  signingKeyOf,
  verifyingKey,
  verifyingKeyDer,
  PUBLIC_KEY_BYTES,
  type SigningKey,
  type VerifyingKey,
} from './ed25519.ts';

/** Characters of the longest text that is read; a key of Ed25519 has 119 at most. */
const MAX_PEM = 16_384;
const PRIVATE = 'PRIVATE KEY';
const PUBLIC = 'PUBLIC KEY';

const MAKE_PAIR = 'make one with openssl genpkey -algorithm ed25519';
const GIVE_PUBLIC = 'give the public key, as openssl pkey -pubout writes it';

/**
 * Reads a signing key. `where` is its file, for messages.
 * @throws Failure USAGE if it is not one unencrypted private key of Ed25519
 */
export function readSigningKey(pem: string, where: string): SigningKey {
  const fault = faultOf('signing key', where);
  const { label, der } = onlyBlock(pem, fault, MAKE_PAIR);
  if (label === PUBLIC) {
    throw fault('is a public key', 'give the private key that belongs to it');
  }
  if (label === 'ENCRYPTED PRIVATE KEY') {
    throw fault(
      'is encrypted, and no password is read',
      'decrypt it with openssl pkey into a file that only its owner can read',
    );
  }
  if (label !== PRIVATE) throw fault('is not PKCS#8', MAKE_PAIR);
  const key = keyOf(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  der.fill(0);
  if (key === null) throw fault('is damaged', 'take it from its backup');
  assertEd25519(key, fault, MAKE_PAIR);
  return signingKeyOf(key);
}

/**
 * Reads a verifying key. `where` is its file, for messages.
 * @throws Failure USAGE if it is not one public key of Ed25519, or one that proves nothing
 */
export function readVerifyingKey(pem: string, where: string): VerifyingKey {
  const fault = faultOf('verifying key', where);
  const { label, der } = onlyBlock(pem, fault, GIVE_PUBLIC);
  if (label.endsWith(PRIVATE)) {
    throw fault('is a private key, which signs', `keep it secret, and ${GIVE_PUBLIC}`);
  }
  if (label !== PUBLIC) throw fault('is not SPKI', GIVE_PUBLIC);
  const key = keyOf(() => createPublicKey({ key: der, format: 'der', type: 'spki' }));
  if (key === null) throw fault('is damaged', GIVE_PUBLIC);
  assertEd25519(key, fault, GIVE_PUBLIC);
  const verifying = verifyingKey(der.subarray(-PUBLIC_KEY_BYTES));
  if (verifying === null) {
    throw fault(
      'has a small order, so that a signature by it proves nothing',
      'do not accept anything that is signed with it',
    );
  }
  if (!verifyingKeyDer(verifying).equals(der)) throw fault('is damaged', GIVE_PUBLIC);
  return verifying;
}

/** Writes a signing key, as OpenSSL does. Only for the file of the key. */
export function writeSigningKey({ secret }: SigningKey): string {
  return String(secret.export({ type: 'pkcs8', format: 'pem' }));
}

/** Writes a verifying key, as OpenSSL does. */
export function writeVerifyingKey(key: VerifyingKey): string {
  const base64 = verifyingKeyDer(key).toString('base64');
  return `-----BEGIN ${PUBLIC}-----\n${base64}\n-----END ${PUBLIC}-----\n`;
}

type Fault = (what: string, hint: string) => Failure;

function faultOf(kind: string, where: string): Fault {
  return (what, hint) => new Failure('USAGE', { what: `the ${kind} ${what}`, where, hint });
}

const BLOCK = /^-----BEGIN ([A-Z0-9 ]{1,40})-----\n([A-Za-z0-9+/=\n]*)\n-----END \1-----$/;

/** Reads a text that is one PEM block; line ends may be CR LF, and whitespace may surround it. */
function onlyBlock(pem: string, fault: Fault, hint: string): { label: string; der: Buffer } {
  const text = pem.length > MAX_PEM ? '' : pem.replaceAll('\r\n', '\n').trim();
  const begins = text.split('-----BEGIN ');
  if (begins.length > 2) {
    throw fault('is not alone in its file', 'give a file with this one key and nothing else');
  }
  const [, label = '', base64 = ''] = BLOCK.exec(text) ?? [];
  if (label !== '') {
    const der = decodeBase64(base64.replaceAll('\n', ''), 'standard');
    return { label, der: der ?? Buffer.alloc(0) };
  }
  // Keys of other programs have lines of another form between these two.
  const [, other] = /^([A-Z0-9 ]{1,40})-----\n/.exec(begins[1] ?? '') ?? [];
  if (other === undefined) throw fault('is not a PEM file', hint);
  return { label: other, der: Buffer.alloc(0) };
}

/** Null where node:crypto refuses; its error could show a part of what it read. */
function keyOf(make: () => KeyObject): KeyObject | null {
  try {
    return make();
  } catch {
    return null;
  }
}

function assertEd25519({ asymmetricKeyType }: KeyObject, fault: Fault, hint: string): void {
  if (asymmetricKeyType === 'ed25519') return;
  throw fault(`is of the algorithm ${asymmetricKeyType ?? 'unknown'} instead of Ed25519`, hint);
}
