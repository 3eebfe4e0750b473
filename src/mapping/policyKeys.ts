/** The secret keys that policies on personal data need. */

import type { ModuleMapping } from './model.ts';
import { keyNeeded } from './piiPolicy.ts';
import { readSecretKey } from './secretKey.ts';

/** Reads them by id. @throws Failure USAGE if one is missing or malformed */
export function policyKeys(
  modules: readonly ModuleMapping[],
  variables: Readonly<Record<string, string | undefined>>,
): Map<string, Uint8Array> {
  const keys = new Map<string, Uint8Array>();
  for (const { pii } of modules) {
    const id = pii === undefined ? undefined : keyNeeded(pii);
    if (id !== undefined && !keys.has(id)) keys.set(id, readSecretKey(id, variables));
  }
  return keys;
}
