/** A line of ours as a Sigstore bundle, judged by Sigstore's own verifier with the public key as PEM. */

import { createPublicKey } from 'node:crypto';

import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity, VerificationError, Verifier, type TrustMaterial } from '@sigstore/verify';
import { describe, expect, it } from 'vitest';

import { signEnvelope } from '../../src/crypto/dsse.ts';
import { writeVerifyingKey } from '../../src/crypto/signingKey.ts';
import { countingSigner } from './signingKeys.ts';

const signer = countingSigner(1);
const STATEMENT = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'data/x', digest: { sha256: '0'.repeat(64) } }],
  predicateType: 'x',
  predicate: { verdict: 'PASS' },
};
const line = signEnvelope(Buffer.from(JSON.stringify(STATEMENT)), signer);

/** Trusts the key of a PEM file, and nothing else: no authority, no log, no timestamp. */
function verifierOf(pem: string): Verifier {
  const trust: TrustMaterial = {
    certificateAuthorities: [],
    timestampAuthorities: [],
    tlogs: [],
    ctlogs: [],
    publicKey: () => ({ publicKey: createPublicKey(pem), validFor: () => true }),
  };
  const none = { ctlogThreshold: 0, tlogThreshold: 0, timestampThreshold: 0 };
  return new Verifier(trust, none);
}

const ours = verifierOf(writeVerifyingKey(signer.verifying));

interface Line {
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** Judges the envelope as the content of a bundle; the code of the refusal, or that it is verified. */
function judge(dsseEnvelope: Line, verifier = ours): string {
  const bundle = bundleFromJSON({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: dsseEnvelope.signatures[0]?.keyid ?? '' } },
    dsseEnvelope,
  });
  try {
    verifier.verify(toSignedEntity(bundle));
    return 'verified';
  } catch (error) {
    if (error instanceof VerificationError) return error.code;
    throw error;
  }
}

const envelope = JSON.parse(line) as Line;

describe('the verifier of Sigstore', () => {
  it('verifies a line of ours with the public key', () => {
    expect(judge(envelope)).toBe('verified');
  });

  it('refuses it with another payload, another type, or another key (negative control)', () => {
    const failing = { ...STATEMENT, predicate: { verdict: 'FAIL' } };
    const payload = Buffer.from(JSON.stringify(failing)).toString('base64');
    expect(judge({ ...envelope, payload })).toBe('SIGNATURE_ERROR');
    expect(judge({ ...envelope, payloadType: 'text/plain' })).toBe('SIGNATURE_ERROR');
    const other = verifierOf(writeVerifyingKey(countingSigner(2).verifying));
    expect(judge(envelope, other)).toBe('SIGNATURE_ERROR');
  });
});
