/**
 * The key of PaperScraper, as its application derives it: MODEL_KEY_ENCRYPTION_KEY, URL-safe base64 of
 * 32 bytes; where that is unset or empty, the SHA-256 of JWT_SECRET_KEY. The second is a key that
 * changes with another secret, so a rotation of that one has to know about it.
 */

import { hash } from 'node:crypto';

import { decodeBase64 } from './base64.ts';
import { encryptionKey, keyFault, type EncryptionKey } from './encryptionKey.ts';

const OWN = 'MODEL_KEY_ENCRYPTION_KEY';
const PARENT = 'JWT_SECRET_KEY';

export interface DerivedFrom {
  readonly key: EncryptionKey;
  /** The variable that it came from. */
  readonly variable: typeof OWN | typeof PARENT;
}

/** Derives the key. @throws Failure USAGE if neither variable is set, or the key is malformed */
export function paperscraperKey(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): DerivedFrom {
  const own = env[OWN] ?? '';
  const parent = env[PARENT] ?? '';
  if (own !== '') {
    const bytes = decodeBase64(own, 'urlsafe');
    if (bytes === null) throw keyFault(name, 'is not URL-safe base64 on one line', OWN);
    return { key: encryptionKey(name, bytes, OWN), variable: OWN };
  }
  if (parent === '') throw keyFault(name, 'is missing', OWN, `set ${OWN} or ${PARENT}`);
  const bytes = hash('sha256', parent, 'buffer');
  return { key: encryptionKey(name, bytes, PARENT), variable: PARENT };
}
