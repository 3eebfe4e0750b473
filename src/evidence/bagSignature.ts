/**
 * Signatures of a bag: over its manifest of tag files, which covers all else. One by an SSH key of a person, as
 * `ssh-keygen -Y verify` reads it, and one by the key of the statements, as `minisign -V` does. Nothing in
 * the bag covers them: bag-info.txt says which there are, and each has one form only, so that no byte of them
 * can be changed unnoticed.
 */

import { join } from 'node:path';

import { openMinisign, signMinisign } from '../crypto/minisign.ts';
import { verifyingKey, type SigningKey, type VerifyingKey } from '../crypto/ed25519.ts';
import { isCanonical, readSignature } from '../crypto/sshSignature.ts';
import type { Finding } from '../outcome/finding.ts';
import { ruleFinding } from '../outcome/rules.ts';
import { MAX_SEAL_FILE, readPlainFile } from '../seal/files.ts';
import { REFUSED } from './attestations.ts';
import { TAG_MANIFEST_FILE, type TagFile } from './writeBag.ts';

/** Namespace of the SSH signature of a bag, so that it is no approval. */
export const EVIDENCE_NAMESPACE = 'sealift-evidence';
export const SSH_SIGNATURE: string = `${TAG_MANIFEST_FILE}.sig`;
export const MINISIGN_SIGNATURE: string = `${TAG_MANIFEST_FILE}.minisig`;

/** Labels of bag-info.txt: names of the signatures, and the public key of the statements. */
const SIGNATURES = 'Sealift-Signatures';
const KEY = 'Sealift-Key';
/** Who made the bag, by whose key (RFC 8493 §2.2.2). */
export const CONTACT = 'Contact-Name';
/** What the bag is about: a seal id, or a run. */
export const ABOUT = 'External-Identifier';
export const RUN = 'Sealift-Run';
export const AGENT = 'Bag-Software-Agent';

const FILES: ReadonlyMap<string, string> = new Map([
  ['ssh', SSH_SIGNATURE],
  ['minisign', MINISIGN_SIGNATURE],
]);

/** Lines of bag-info.txt that say how a bag is signed. */
export function signatureInfo(
  contact: string | null,
  key: VerifyingKey | null,
): readonly (readonly [string, string])[] {
  const names = [...(contact === null ? [] : ['ssh']), ...(key === null ? [] : ['minisign'])];
  return [
    ...(contact === null ? [] : ([[CONTACT, contact]] as const)),
    ...(names.length === 0 ? [] : ([[SIGNATURES, names.join(' ')]] as const)),
    ...(key === null ? [] : ([[KEY, key.bytes.toString('base64')]] as const)),
  ];
}

/** Returns the names of the signatures that a bag has to have; one that names a key has that of the key. */
export function signatureFiles(info: ReadonlyMap<string, string>): readonly string[] {
  const named = (info.get(SIGNATURES) ?? '').split(' ').flatMap((name) => FILES.get(name) ?? []);
  return [...new Set([...named, ...(info.has(KEY) ? [MINISIGN_SIGNATURE] : [])])];
}

/** Returns the public key that a bag names; null if it names none. It proves nothing of who made the bag. */
export function keyNamed(info: ReadonlyMap<string, string>): VerifyingKey | null {
  const text = info.get(KEY);
  return text === undefined ? null : verifyingKey(Buffer.from(text, 'base64'));
}

/** Signs the manifest of tag files by the key of the statements. */
export function minisigned(tagManifest: Uint8Array, about: string, key: SigningKey): TagFile {
  return { path: MINISIGN_SIGNATURE, text: signMinisign(tagManifest, about, key) };
}

/** Verifies that signature. */
export function minisignFindings(
  folder: string,
  tagManifest: Uint8Array,
  key: VerifyingKey,
): readonly Finding[] {
  const bytes = readPlainFile(join(folder, MINISIGN_SIGNATURE), MAX_SEAL_FILE);
  if (bytes === null) {
    return [ruleFinding('signature', MINISIGN_SIGNATURE, 'the signature by the key is missing')];
  }
  const opened = openMinisign(tagManifest, bytes, key);
  if (!('refused' in opened)) return [];
  return [ruleFinding('signature', MINISIGN_SIGNATURE, REFUSED[opened.refused])];
}

/** Reads the SSH signature; a finding if it is none, or not in the one form that ssh-keygen writes. */
export function sshSignatureIn(folder: string): string | Finding {
  const text = readPlainFile(join(folder, SSH_SIGNATURE), MAX_SEAL_FILE)?.toString('latin1') ?? '';
  const parts = readSignature(text);
  if (parts?.namespace === EVIDENCE_NAMESPACE && isCanonical(text)) return text;
  const reason = `it is not a signature as ssh-keygen writes it, for ${EVIDENCE_NAMESPACE}`;
  return ruleFinding('signature', SSH_SIGNATURE, reason);
}
