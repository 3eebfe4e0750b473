/**
 * Writes the archive of a snapshot under a hidden name. The caller renames it, once the journal has
 * its digest; a draft of a killed run is replaced by the next one.
 */

import { closeSync, fsyncSync } from 'node:fs';

import { createFile } from '../disk/durable.ts';
import { removeFile } from '../disk/noLinks.ts';
import { writeTar, type TarMember } from '../disk/tarWriter.ts';
import { byUtf8 } from '../seal/format.ts';
import { headMembers, makeManifest, type Parts } from './manifest.ts';
import type { SnapshotMember } from './members.ts';

/** Writes the archive to `draft`, durably, and returns its SHA-256. */
export async function writeSnapshot(
  draft: string,
  head: string,
  parts: Parts,
  members: readonly SnapshotMember[],
): Promise<string> {
  const first = headMembers(makeManifest(head, parts, members)).map(([path, bytes]): TarMember => ({
    path,
    size: bytes.length,
    content: () => [bytes],
  }));
  removeFile(draft);
  const file = createFile(draft);
  try {
    const sorted = [...members].sort((a, b) => byUtf8(a.path, b.path));
    const sha256 = await writeTar(file, [...first, ...sorted]);
    fsyncSync(file);
    return sha256;
  } catch (error) {
    removeFile(draft);
    throw error;
  } finally {
    closeSync(file);
  }
}
