/**
 * DSSE v1 envelopes (secure-systems-lab/dsse) of in-toto statements, as one line of canonical JSON
 * (RFC 8785) with one signature. A line is read only if it is exactly what would be written, so no
 * character of it can be changed: what no signature covers, such as the key id, is compared.
 */

import { decodeBase64 } from './base64.ts';
import type { SignatureRefusal, SigningKey, VerifyingKey } from './ed25519.ts';

/** The type of each payload (in-toto Statement v1). */
export const IN_TOTO = 'application/vnd.in-toto+json';

/** What is signed: `DSSEv1`, type and payload, each after its length in bytes (protocol.md, PAE). */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

export interface Envelope {
  readonly payload: Buffer;
  /** Id of the key that is said to have signed; see {@link VerifyingKey}. */
  readonly keyId: string;
  /** 64 bytes over the {@link preAuthEncoding} of type and payload. */
  readonly signature: Buffer;
}

/** Signs a statement; returns the line of its envelope, without a line feed. */
export function signEnvelope(payload: Uint8Array, key: SigningKey): string {
  const signature = key.sign(preAuthEncoding(IN_TOTO, payload));
  return formatEnvelope({ payload: Buffer.from(payload), keyId: key.verifying.id, signature });
}

/** Formats an envelope: base64 with padding, no whitespace, no line feed. */
export function formatEnvelope({ payload, keyId, signature }: Envelope): string {
  // These members are in the order of RFC 8785, and none holds what JSON would escape.
  return JSON.stringify({
    payload: payload.toString('base64'),
    payloadType: IN_TOTO,
    signatures: [{ keyid: keyId, sig: signature.toString('base64') }],
  });
}

const LINE =
  /^\{"payload":"([A-Za-z0-9+/=]*)","payloadType":"application\/vnd\.in-toto\+json","signatures":\[\{"keyid":"([0-9a-f]{64})","sig":"([A-Za-z0-9+/]{86}==)"\}\]\}$/;

/** Parses a line without its line feed; null if it is not exactly what {@link formatEnvelope} writes. */
export function parseEnvelope(line: string): Envelope | null {
  const [, base64 = '', keyId = '', sig = ''] = LINE.exec(line) ?? [];
  const payload = decodeBase64(base64, 'standard');
  const signature = decodeBase64(sig, 'standard');
  if (keyId === '' || payload === null || signature === null) return null;
  return { payload, keyId, signature };
}

export type OpenedEnvelope = { readonly payload: Buffer } | { readonly refused: SignatureRefusal };

/** Returns the payload of a line if this key has signed it. */
export function openEnvelope(line: string, key: VerifyingKey): OpenedEnvelope {
  const envelope = parseEnvelope(line);
  if (envelope === null) return { refused: 'form' };
  const { payload, keyId, signature } = envelope;
  if (keyId !== key.id) return { refused: 'other-key' };
  const isSigned = key.verify(preAuthEncoding(IN_TOTO, payload), signature);
  return isSigned ? { payload } : { refused: 'not-authentic' };
}
