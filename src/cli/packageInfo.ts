/** Facts of this package's package.json. */

import { readFileSync } from 'node:fs';

/** Returns the name and version of this package. */
export function packageInfo(): { name: string; version: string } {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { name, version } = JSON.parse(text) as { name: string; version: string };
  return { name, version };
}
