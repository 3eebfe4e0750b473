/** The secret keys that policies on personal data need. */

import type { ModuleMapping } from './model.ts';
import { needsKey } from './piiPolicy.ts';
import { isSecretGiven, readSecretKey } from './secretKey.ts';

/**
 * Reads them by id. A key that a policy names without need gives fingerprints, by which findings can be
 * accepted, and may be missing. @throws Failure USAGE if one is missing or malformed
 */
export function policyKeys(
  modules: readonly ModuleMapping[],
  variables: Readonly<Record<string, string | undefined>>,
): Map<string, Uint8Array> {
  const keys = new Map<string, Uint8Array>();
  for (const { pii } of modules) {
    if (pii?.keyId === undefined || keys.has(pii.keyId)) continue;
    const { keyId } = pii;
    if (needsKey(pii) || isSecretGiven(keyId, variables)) {
      keys.set(keyId, readSecretKey(keyId, variables));
    }
  }
  return keys;
}
