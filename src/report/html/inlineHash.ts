/** Hashes by which a policy allows elements that are in a page itself. Pure. */

import { createHash } from 'node:crypto';

/** Returns the hash of an inline element, as written in CSP Level 3. */
export function inlineHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
