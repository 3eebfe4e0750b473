/** Checks the files beside the mapping, before they are frozen with it. */

import { readAttachments } from './attachmentsFile.ts';
import { readKeys } from './keysFile.ts';
import { readSecretsFile } from './secretsFile.ts';
import { hasSideFile, SIDE_FILES, type SideFileName } from './sideFile.ts';
import { readSmoke } from './smokeFile.ts';

const READERS: Readonly<Record<SideFileName, (folder: string) => Promise<unknown>>> = {
  'attachments.json': readAttachments,
  'keys.json': readKeys,
  'secrets.json': readSecretsFile,
  'smoke.json': readSmoke,
};

/** Reads and validates each file that is in the folder `mapping/`. @throws Failure MAPPING */
export async function checkSideFiles(folder: string): Promise<void> {
  for (const name of SIDE_FILES) if (hasSideFile(folder, name)) await READERS[name](folder);
}
