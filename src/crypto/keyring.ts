/**
 * The contract of a keyring: keys by their public id. Which keys there are is known without any of
 * them; a key itself may come from afar (a KMS that unwraps it), once, so that is awaited. What is
 * then done with it, a hundred thousand times, is not.
 */

import { Failure } from '../outcome/failure.ts';
import type { EncryptionKey } from './encryptionKey.ts';

/** What is public of a key. */
export type KeyEntry = Pick<EncryptionKey, 'name' | 'kid'>;

export interface Keyring {
  /** Its keys in the order of their declaration, which has no meaning: the primary key is named. */
  readonly entries: readonly KeyEntry[];
  /** Gives a key by its id; null if there is none. */
  key(kid: string): Promise<EncryptionKey | null>;
}

/** Makes a keyring of keys in memory. @throws Failure USAGE if two have one name or are the same */
export function memoryKeyring(keys: readonly EncryptionKey[]): Keyring {
  const byId = new Map<string, EncryptionKey>();
  for (const key of keys) {
    const same = byId.get(key.kid) ?? [...byId.values()].find(({ name }) => name === key.name);
    if (same !== undefined) {
      throw new Failure('USAGE', {
        what: `the keys "${same.name}" and "${key.name}" have the same name or the same content`,
        hint: 'declare each key once',
      });
    }
    byId.set(key.kid, key);
  }
  return {
    entries: keys.map(({ name, kid }) => ({ name, kid })),
    key: async (kid) => byId.get(kid) ?? null,
  };
}

/** Gives the key of a name. @throws Failure USAGE if the keyring has none */
export async function keyNamed(keyring: Keyring, name: string): Promise<EncryptionKey> {
  const entry = keyring.entries.find((other) => other.name === name);
  const key = entry === undefined ? null : await keyring.key(entry.kid);
  if (key !== null) return key;
  throw new Failure('USAGE', {
    what: `the keyring has no key "${name}"`,
    hint: `name one of: ${keyring.entries.map((other) => other.name).join(', ') || 'none is there'}`,
  });
}
