/**
 * The lines of a file of allowed signers (ssh-keygen(1), ALLOWED SIGNERS): which names a key has.
 * ssh-keygen verifies signatures; these names show whose a key is, in every line that holds it.
 */

import { fingerprintOf } from './sshSignature.ts';

export interface AllowedSigner {
  /** Names as in the file; a pattern is one with `*`, `?` or `!`. */
  readonly principals: readonly string[];
  readonly fingerprint: string;
}

export interface AllowedSigners {
  readonly signers: readonly AllowedSigner[];
  /** Number of the first line that cannot be used, and why; null if there is none. */
  readonly fault: { readonly line: number; readonly why: string } | null;
}

const KEY = /(?:^|\s)((?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+)\s+([A-Za-z0-9+/]+={0,2})(?:\s|$)/;

/** Reads a file of allowed signers. */
export function readAllowedSigners(text: string): AllowedSigners {
  const signers: AllowedSigner[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const signer = readLine(line);
    if (typeof signer === 'string') return { signers, fault: { line: index + 1, why: signer } };
    signers.push(signer);
  }
  return { signers, fault: null };
}

/** Reads a line; the reason as text if it cannot be used. */
function readLine(line: string): AllowedSigner | string {
  const [, quoted, plain = '', rest = ''] = /^\s*(?:"([^"]*)"|([^\s"]+))\s+(.*)$/.exec(line) ?? [];
  const principals = (quoted ?? plain).split(',').map((name) => name.trim());
  if (principals.includes('')) return 'a name is missing';
  if (principals.some((name) => /[*?!]/.test(name))) {
    return 'it has a pattern for a name, and a key has to belong to a named person';
  }
  // Another key could be certified later, without a change of this file.
  if (/\bcert-authority\b/i.test(rest)) return 'it allows the keys of an authority';
  const [, type = '', base64 = ''] = KEY.exec(rest) ?? [];
  if (type === '') return 'it has no public key';
  return { principals, fingerprint: fingerprintOf(Buffer.from(base64, 'base64')) };
}

/** Returns every name of a key, in the order of the lines. */
export function namesOfKey({ signers }: AllowedSigners, fingerprint: string): readonly string[] {
  return signers
    .filter((signer) => signer.fingerprint === fingerprint)
    .flatMap(({ principals }) => principals);
}
