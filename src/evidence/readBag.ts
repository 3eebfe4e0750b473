/**
 * Verifies a bag: complete, valid, and without any other file. RFC 8493 allows further tag files;
 * here each file has to be listed, as a file that no manifest covers can be changed unnoticed.
 */

import { createHash } from 'node:crypto';
import { closeSync, constants, readSync } from 'node:fs';
import { join } from 'node:path';

import { openNoLinks } from '../disk/noLinks.ts';
import type { Finding } from '../outcome/finding.ts';
import { fileFinding } from '../seal/candidateFinding.ts';
import { listCandidate, MAX_SEAL_FILE, plainSize, readPlainFile } from '../seal/files.ts';
import { parseManifest, type ManifestLine } from './bagNames.ts';
import { BAGIT_FILE, BAGIT_TEXT, INFO_FILE, MANIFEST_FILE, TAG_MANIFEST_FILE } from './writeBag.ts';

export interface ReadBag {
  readonly findings: readonly Finding[];
  /** Label → value of bag-info.txt. */
  readonly info: ReadonlyMap<string, string>;
  readonly files: number;
}

const TAGS: readonly string[] = [BAGIT_FILE, INFO_FILE, MANIFEST_FILE];

/** Verifies the bag in `folder`, a real path. */
export function readBag(folder: string): ReadBag {
  const text = (name: string): string | null =>
    readPlainFile(join(folder, name), MAX_SEAL_FILE)?.toString('utf8') ?? null;
  const findings: Finding[] = [];
  const add = (rule: string, file: string, reason: string): void => {
    findings.push(fileFinding(rule, file, reason));
  };
  if (text(BAGIT_FILE) !== BAGIT_TEXT) {
    add('seal-format', BAGIT_FILE, 'this is not a bag of BagIt 1.0 in UTF-8');
  }
  const manifest = parseManifest(text(MANIFEST_FILE) ?? '?');
  const tags = parseManifest(text(TAG_MANIFEST_FILE) ?? '?');
  if (manifest === null) add('seal-format', MANIFEST_FILE, MALFORMED);
  if (tags === null) add('seal-format', TAG_MANIFEST_FILE, MALFORMED);
  for (const { path } of manifest ?? []) {
    if (!path.startsWith('data/'))
      add('seal-format', MANIFEST_FILE, 'it lists a file outside of data');
  }
  for (const name of TAGS) {
    if (tags?.some(({ path }) => path === name) !== true) {
      add('file-missing', name, 'the manifest of tag files does not list this file');
    }
  }
  const lines = [...(manifest ?? []), ...(tags ?? [])];
  findings.push(...compareFiles(folder, lines));
  const info = infoOf(text(INFO_FILE) ?? '');
  const bytes = (manifest ?? []).reduce((sum, { path }) => sum + plainSize(join(folder, path)), 0);
  if (info.get('Payload-Oxum') !== `${bytes}.${manifest?.length ?? 0}`) {
    add('seal-format', INFO_FILE, 'its Payload-Oxum is not the size and number of the files');
  }
  return { findings, info, files: lines.length };
}

const MALFORMED = 'the manifest is missing, malformed, or lists a dangerous name';

function compareFiles(folder: string, lines: readonly ManifestLine[]): Finding[] {
  const { files, unexpected } = listCandidate(folder);
  const [present, listed] = [new Set(files), new Set(lines.map(({ path }) => path))];
  const differing = lines.flatMap(({ path, sha256 }): Finding[] => {
    if (!present.has(path)) return [fileFinding('file-missing', path, 'the file is missing')];
    if (digestOf(join(folder, path)) === sha256) return [];
    return [fileFinding('checksum', path, 'the file differs from its manifest')];
  });
  const extra = [...files, ...unexpected].filter(
    (path) => !listed.has(path) && path !== TAG_MANIFEST_FILE,
  );
  const reason = 'no manifest lists this file';
  return [...differing, ...extra.map((path) => fileFinding('file-extra', path, reason))];
}

/** Returns the digest of a plain file; empty if it cannot be read. */
function digestOf(path: string): string {
  if (plainSize(path) === Number.POSITIVE_INFINITY) return '';
  const digest = createHash('sha256');
  const file = openNoLinks(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const buffer = Buffer.alloc(64 * 1024);
    for (let length = -1; length !== 0;) {
      length = readSync(file, buffer);
      digest.update(buffer.subarray(0, length));
    }
    return digest.digest('hex');
  } finally {
    closeSync(file);
  }
}

function infoOf(text: string): Map<string, string> {
  const lines = text.split('\n').map((line) => /^([^:]+): (.*)$/.exec(line));
  return new Map(
    lines.flatMap((match) => (match === null ? [] : [[match[1] ?? '', match[2] ?? '']])),
  );
}
