/** Third-party data beside the checkout: used where it is, a notice where it is not. */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The path of something in ../shared, or null (with a notice) where it is absent. */
export function shared(path: string): string | null {
  const full = fileURLToPath(new URL(`../../shared/${path}`, import.meta.url));
  if (existsSync(full)) return full;
  process.stderr.write(`notice: shared/${path} is not here; tests that need it are skipped\n`);
  return null;
}
