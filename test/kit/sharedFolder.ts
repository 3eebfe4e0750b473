/** Folders of modules that several test files use in one process: they last as long as the process. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes a folder in the temporary one, which is removed when the process ends. */
export function sharedFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `sealift-${name}-`));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
