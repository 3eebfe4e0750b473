/** Signing keys for tests; a new object each time, as a key wipes the seed that it is made of. */

import { newSigningKey, type SigningKey } from '../../src/crypto/ed25519.ts';
import { counting } from './keys.ts';

/** The key whose seed counts up from `first`. */
export function countingSigner(first: number): SigningKey {
  return newSigningKey(counting(first, 32));
}
