/**
 * The manifest of a snapshot: `snapshot.json`, the first member of the archive, states the journal's
 * head, which candidates are in it and why, and every file with its size and SHA-256. The second,
 * `SHA256SUMS`, lists the same digests as `sha256sum -c` reads them. Pure.
 */

import { canonicalJson } from '../record/canonical.ts';
import { hash } from 'node:crypto';
import { byUtf8, formatSums, jsonFile } from '../seal/format.ts';
import { isSealedName } from '../seal/sealedFolders.ts';

export const MANIFEST_FILE = 'snapshot.json';
export const SNAPSHOT_SUMS = 'SHA256SUMS';

/** Folders of the archive. */
export const CANDIDATES = 'candidates/';
export const MAPPING = 'mapping/';
export const JOURNAL = 'journal/';

const FORMAT = 1;

export interface SnapshotFile {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

export interface Manifest {
  readonly format: typeof FORMAT;
  /** SHA-256 of the last line of the journal in it. */
  readonly head: string;
  readonly live: string | null;
  /** Candidate to which rollback would return. */
  readonly previous: string | null;
  /** Candidate that was built last. */
  readonly built: string | null;
  /** Ascending by the UTF-8 bytes of their paths. */
  readonly files: readonly SnapshotFile[];
}

/** Candidates of a snapshot, by their part. */
export type Parts = Pick<Manifest, 'live' | 'previous' | 'built'>;

/** Returns the names of the candidates, each once, ascending. */
export function namesOf({ live, previous, built }: Parts): string[] {
  const names = [live, previous, built].filter((name) => name !== null);
  return [...new Set(names)].sort(byUtf8);
}

export function makeManifest(
  head: string,
  { live, previous, built }: Parts,
  files: readonly SnapshotFile[],
): Manifest {
  const sorted = files
    .map(({ path, sha256, size }) => ({ path, sha256, size }))
    .sort((a, b) => byUtf8(a.path, b.path));
  return { format: FORMAT, head, live, previous, built, files: sorted };
}

/** Returns the first two members of the archive: name and content. */
export function headMembers(manifest: Manifest): readonly (readonly [string, Buffer])[] {
  const text = Buffer.from(jsonFile(manifest));
  const own = { path: MANIFEST_FILE, sha256: hash('sha256', text, 'hex') };
  const sums = formatSums([own, ...manifest.files]);
  return [
    [MANIFEST_FILE, text],
    [SNAPSHOT_SUMS, Buffer.from(sums)],
  ];
}

/** Reads a manifest of unknown origin; null if it is not what {@link makeManifest} makes. */
export function parseManifest(bytes: Buffer): Manifest | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (!isManifest(value) || jsonFile(value) !== bytes.toString('utf8')) return null;
    const { head, files } = value;
    const made = makeManifest(head, value, files);
    return canonicalJson(made) === canonicalJson(value) ? made : null;
  } catch {
    return null;
  }
}

function isManifest(value: unknown): value is Manifest {
  if (typeof value !== 'object' || value === null) return false;
  const { format, head, live, previous, built, files } = value as Record<string, unknown>;
  const names = [live, previous, built].every((name) => {
    return name === null || (typeof name === 'string' && isSealedName(name));
  });
  return (
    format === FORMAT && isDigest(head) && names && Array.isArray(files) && files.every(isFile)
  );
}

function isFile(value: unknown): value is SnapshotFile {
  if (typeof value !== 'object' || value === null) return false;
  const { path, sha256, size } = value as Record<string, unknown>;
  const counted = Number.isSafeInteger(size) && Number(size) >= 0;
  return typeof path === 'string' && isDigest(sha256) && counted;
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}
