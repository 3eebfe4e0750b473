/** Removes blobs that no record refers to, left by rows that turned out to be duplicates. */

import { constants } from 'node:fs';
import { join } from 'node:path';

import { entriesOf, openHandleNoLinks, removeFile, statOf } from '../disk/noLinks.ts';
import type { CompiledModule } from '../mapping/compile/module.ts';
import { BLOBS_FOLDER, DATA_FILE } from '../seal/format.ts';

const REFERENCE = /"sha256":"([0-9a-f]{64})"/g;
/** Length of a reference in characters, which may span two chunks. */
const CARRY = 76;

/** Removes unused blobs from a module's staging folder. Memory: one digest per used blob. */
export async function dropUnusedBlobs(folder: string, module: CompiledModule): Promise<void> {
  const blobs = join(folder, BLOBS_FOLDER);
  if (!module.fields.some((field) => field.type.kind === 'blob') || statOf(blobs) === undefined)
    return;
  const used = new Set<string>();
  let carry = '';
  const data = await openHandleNoLinks(join(folder, DATA_FILE), constants.O_RDONLY);
  for await (const chunk of data.createReadStream({ encoding: 'latin1' })) {
    const text = carry + String(chunk);
    for (const [, sha256 = ''] of text.matchAll(REFERENCE)) used.add(sha256);
    carry = text.slice(-CARRY);
  }
  for (const { name } of entriesOf(blobs)) if (!used.has(name)) removeFile(join(blobs, name));
}
