/**
 * Verifies a bag: complete, valid, and without any other file. RFC 8493 allows further tag files; here each
 * file has to be listed, but for the signatures of the manifest of tag files, which no manifest can cover: a
 * file that nothing covers can be changed unnoticed.
 */

import { basename, dirname, join } from 'node:path';

import type { Finding } from '../outcome/finding.ts';
import { ruleFinding, type Rule } from '../outcome/rules.ts';
import { listCandidate, MAX_SEAL_FILE, readPlainFile } from '../seal/files.ts';
import type { Pool } from '../threads/pool.ts';
import { parseManifest, type ManifestLine } from './bagNames.ts';
import { signatureFiles } from './bagSignature.ts';
import { batchesOf, HASH_FILES } from './calls.ts';
import { ATTESTATIONS_FILE } from './inTotoStatements.ts';
import {
  BAGIT_FILE,
  BAGIT_TEXT,
  INFO_FILE,
  MANIFEST_FILE,
  MOST_FILES,
  TAG_MANIFEST_FILE,
} from './writeBag.ts';

export interface ReadBag {
  readonly findings: readonly Finding[];
  /** Label → value of bag-info.txt. */
  readonly info: ReadonlyMap<string, string>;
  /** Path in the bag → SHA-256 of all files of the payload. */
  readonly payload: ReadonlyMap<string, string>;
  /** Bytes of the manifest of tag files, which signatures are over. */
  readonly tagManifest: Uint8Array;
}

const TAGS: readonly string[] = [BAGIT_FILE, INFO_FILE, MANIFEST_FILE];
const MALFORMED = 'the manifest is missing, malformed, or lists a dangerous name';

/** Verifies the bag in `folder`, a real path. */
export async function readBag(folder: string, pool: Pool): Promise<ReadBag> {
  const bytes = (name: string): Buffer | null => readPlainFile(join(folder, name), MAX_SEAL_FILE);
  const text = (name: string): string | null => bytes(name)?.toString('utf8') ?? null;
  const findings: Finding[] = [];
  const add = (rule: Rule, file: string, reason: string): void => {
    findings.push(ruleFinding(rule, file, reason));
  };
  if (text(BAGIT_FILE) !== BAGIT_TEXT) {
    add('seal-format', BAGIT_FILE, 'this is not a bag of BagIt 1.0 in UTF-8');
  }
  const manifest = parseManifest(text(MANIFEST_FILE) ?? '?');
  const tags = parseManifest(text(TAG_MANIFEST_FILE) ?? '?');
  if (manifest === null) add('seal-format', MANIFEST_FILE, MALFORMED);
  if (tags === null) add('seal-format', TAG_MANIFEST_FILE, MALFORMED);
  if ((manifest?.length ?? 0) > MOST_FILES) {
    add('seal-format', MANIFEST_FILE, `it lists more than ${MOST_FILES} files`);
    return { findings, info: new Map(), payload: new Map(), tagManifest: Buffer.alloc(0) };
  }
  if (manifest?.some(({ path }) => !path.startsWith('data/')) === true) {
    add('seal-format', MANIFEST_FILE, 'it lists a file outside of data');
  }
  if (tags?.some(({ path }) => !TAGS.includes(path) && path !== ATTESTATIONS_FILE) === true) {
    add('seal-format', TAG_MANIFEST_FILE, 'it lists a file that is no tag file of Sealift');
  }
  for (const name of TAGS) {
    if (tags?.some(({ path }) => path === name) !== true) {
      add('file-missing', name, 'the manifest of tag files does not list this file');
    }
  }
  const info = infoOf(text(INFO_FILE) ?? '');
  if (hasTwice(text(INFO_FILE) ?? '')) add('seal-format', INFO_FILE, 'it has a label twice');
  const lines = [...(manifest ?? []), ...(tags ?? [])];
  const seen = await hashed(folder, lines, pool);
  findings.push(...differing(lines, seen), ...others(folder, lines, info));
  const size = (manifest ?? []).reduce((sum, _, at) => sum + (seen[at]?.bytes ?? 0), 0);
  if (info.get('Payload-Oxum') !== `${size}.${manifest?.length ?? 0}`) {
    add('seal-format', INFO_FILE, 'its Payload-Oxum is not the size and number of the files');
  }
  return {
    findings,
    info,
    payload: new Map((manifest ?? []).map(({ path, sha256 }) => [path, sha256])),
    tagManifest: bytes(TAG_MANIFEST_FILE) ?? Buffer.alloc(0),
  };
}

/** Hashes the files of lines, in their order; null for one that is missing or not plain. */
async function hashed(
  folder: string,
  lines: readonly ManifestLine[],
  pool: Pool,
): Promise<readonly (SeenFile | null)[]> {
  const seen: (SeenFile | null)[] = lines.map(() => null);
  const places = lines.map(({ path }, at) => ({ path, at }));
  await Promise.all(
    batchesOf(places, ({ path }) => dirname(path)).map(async (batch) => {
      const [first] = batch as [{ path: string; at: number }];
      const names = batch.map(({ path }) => basename(path));
      const files = await pool.call(HASH_FILES, {
        folder: join(folder, dirname(first.path)),
        names,
      });
      for (const [number, { at }] of batch.entries()) {
        const sha256 = files.sha256[number] ?? null;
        if (sha256 !== null) seen[at] = { sha256, bytes: files.bytes[number] ?? 0 };
      }
    }),
  );
  return seen;
}

interface SeenFile {
  readonly sha256: string;
  readonly bytes: number;
}

function differing(
  lines: readonly ManifestLine[],
  seen: readonly (SeenFile | null)[],
): readonly Finding[] {
  return lines.flatMap(({ path, sha256 }, at): Finding[] => {
    const file = seen[at] ?? null;
    if (file === null) return [ruleFinding('file-missing', path, 'the file is missing')];
    if (file.sha256 === sha256) return [];
    return [ruleFinding('checksum', path, 'the file differs from its manifest')];
  });
}

/** Files that nothing lists, and signatures that are missing. */
function others(
  folder: string,
  lines: readonly ManifestLine[],
  info: ReadonlyMap<string, string>,
): readonly Finding[] {
  const { files, unexpected } = listCandidate(folder);
  const signatures = signatureFiles(info);
  const listed = new Set([...lines.map(({ path }) => path), ...signatures, TAG_MANIFEST_FILE]);
  const present = new Set(files);
  return [
    ...[...files, ...unexpected]
      .filter((path) => !listed.has(path))
      .map((path) => ruleFinding('file-extra', path, 'no manifest lists this file')),
    ...signatures
      .filter((path) => !present.has(path))
      .map((path) => ruleFinding('file-missing', path, 'the signature is missing')),
  ];
}

/** Whether a label stands twice, of which readers could take either. */
function hasTwice(text: string): boolean {
  const labels = text.split('\n').map((line) => line.split(':')[0] ?? '');
  const named = labels.filter((label) => label !== '').map((label) => label.toLowerCase());
  return new Set(named).size !== named.length;
}

function infoOf(text: string): Map<string, string> {
  const lines = text.split('\n').map((line) => /^([^:]+): (.*)$/.exec(line));
  return new Map(
    lines.flatMap((match) => (match === null ? [] : [[match[1] ?? '', match[2] ?? '']])),
  );
}
