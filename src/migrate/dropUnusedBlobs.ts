/** Rows that turned out to be duplicates may have left blobs that no record names. */

import { createReadStream, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { CompiledModule } from '../mapping/compile.ts';
import { BLOBS_FOLDER, DATA_FILE } from '../seal/format.ts';

const REFERENCE = /"sha256":"([0-9a-f]{64})"/g;
/** Length of a reference: what one chunk may cut off. */
const CARRY = 76;

/** Removes them from a module's staging folder. Memory: one digest per blob that is used. */
export async function dropUnusedBlobs(folder: string, module: CompiledModule): Promise<void> {
  const blobs = join(folder, BLOBS_FOLDER);
  if (!module.fields.some((field) => field.type.kind === 'blob') || !existsSync(blobs)) return;
  const used = new Set<string>();
  let carry = '';
  for await (const chunk of createReadStream(join(folder, DATA_FILE), 'latin1')) {
    const text = carry + String(chunk);
    for (const [, sha256 = ''] of text.matchAll(REFERENCE)) used.add(sha256);
    carry = text.slice(-CARRY);
  }
  for (const name of readdirSync(blobs)) if (!used.has(name)) rmSync(join(blobs, name));
}
