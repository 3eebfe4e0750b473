/**
 * Reads a snapshot of unknown origin and verifies all of it, from the archive alone: every file
 * against the manifest, every candidate against its seal, every seal against the journal in it, and
 * the journal's chain. Writes nothing, so what follows may trust what it read.
 *
 * Without a SHA-256 that was kept elsewhere this proves only that the snapshot is consistent.
 */

import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, realpathSync } from 'node:fs';
import { basename, resolve } from 'node:path';

import { readFailure } from '../disk/errors.ts';
import { openNoLinks } from '../disk/noLinks.ts';
import { piecesOf, readTar, TarError, type StoredMember } from '../disk/tarReader.ts';
import { JOURNAL_FILE } from '../journal/journal.ts';
import { parseJournal, type Journal } from '../journal/line.ts';
import { pointerHistory } from '../journal/pointerHistory.ts';
import { isHeld } from '../journal/sealedEntry.ts';
import { Failure } from '../outcome/failure.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { MAX_SEAL_FILE } from '../seal/files.ts';
import { parseSums, SUMS_FILE } from '../seal/format.ts';
import { isSealedName, sealIdOf } from '../seal/sealedFolders.ts';
import {
  CANDIDATES,
  headMembers,
  JOURNAL,
  MANIFEST_FILE,
  MAPPING,
  namesOf,
  parseManifest,
  type Manifest,
  type SnapshotFile,
} from './manifest.ts';
import { statedSha256 } from './snapshotName.ts';

/** A verified snapshot; its file is open until it is closed. */
export interface Snapshot {
  readonly path: string;
  readonly sha256: string;
  readonly manifest: Manifest;
  readonly journal: Journal;
  /** Yields the content of a file of the manifest in pieces. */
  readonly content: (path: string) => Iterable<Buffer>;
  close(): void;
}

/** Opens and verifies a snapshot. @throws Failure SNAPSHOT, or USAGE if `expected` is no SHA-256 */
export function openSnapshot(file: string, expected: string | null, cwd: string): Snapshot {
  assertDigest(expected);
  const path = realPath(resolve(cwd, file));
  const descriptor = openPlain(path);
  try {
    return verified(descriptor, path, expected);
  } catch (error) {
    closeSync(descriptor);
    throw error instanceof TarError ? damaged(error.message, path) : error;
  }
}

function assertDigest(expected: string | null): void {
  if (expected === null || /^[0-9a-f]{64}$/.test(expected)) return;
  throw new Failure('USAGE', {
    what: 'a SHA-256 has 64 hexadecimal digits in lower case',
    where: '--expect',
    hint: 'copy it from the summary of sealift snapshot',
  });
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function openPlain(path: string): number {
  let file: number;
  try {
    file = openNoLinks(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw readFailure(error, path);
    const hint = 'check the path; sealift status shows the newest snapshot of a project';
    throw new Failure('SNAPSHOT', { what: 'there is no snapshot', where: path, hint });
  }
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw damaged('it is no ordinary file', path);
}

/** Makes the failure for an archive that is refused; `what` is a clause about it. */
function damaged(what: string, path: string): Failure {
  return new Failure('SNAPSHOT', {
    what: `the snapshot is refused, as ${what}`,
    where: path,
    hint: 'take another copy of it, or an earlier snapshot; nothing was written',
  });
}

function verified(file: number, path: string, expected: string | null): Snapshot {
  const members = readTar(file);
  const bytesOf = ({ offset, size }: StoredMember, limit: number): Buffer => {
    if (size > limit) throw new TarError('a file in it is larger than any of its kind');
    return Buffer.concat([...piecesOf(file, offset, size)]);
  };
  const manifest = manifestOf(members, bytesOf);
  const sha256 = assertDigests(file, members, manifest);
  assertExpected(sha256, expected, path);
  const byPath = new Map(members.map((member) => [member.path, member]));
  const memberAt = (name: string): StoredMember => {
    const member = byPath.get(name);
    if (member === undefined) throw new TarError(`${quoteName(name)} is missing in it`);
    return member;
  };
  const lines = bytesOf(memberAt(`${JOURNAL}${JOURNAL_FILE}`), Number.MAX_SAFE_INTEGER);
  const journal = journalOf(lines, manifest, path);
  assertCandidates(manifest, journal, (name) => bytesOf(memberAt(name), MAX_SEAL_FILE));
  memberAt(`${MAPPING}project.json`);
  return {
    path,
    sha256,
    manifest,
    journal,
    content: (name) => {
      const { offset, size } = memberAt(name);
      return piecesOf(file, offset, size);
    },
    close() {
      closeSync(file);
    },
  };
}

/** Reads the manifest, and compares the list of members with it. */
function manifestOf(
  members: readonly StoredMember[],
  bytesOf: (member: StoredMember, limit: number) => Buffer,
): Manifest {
  const [first, second] = members;
  if (first?.path !== MANIFEST_FILE) throw new TarError('its first member is not the manifest');
  const manifest = parseManifest(bytesOf(first, MAX_SEAL_FILE));
  if (manifest === null) throw new TarError('its manifest is malformed, or of another version');
  const head = headMembers(manifest);
  const listed = [
    ...head.map(([path, bytes]) => ({ path, size: bytes.length })),
    ...manifest.files,
  ];
  for (const [index, { path, size }] of listed.entries()) {
    const member = members[index];
    if (member?.path !== path || member.size !== size) {
      throw new TarError(`its manifest lists ${quoteName(path)}, which is missing or differs`);
    }
  }
  const extra = members[listed.length];
  if (extra !== undefined) {
    throw new TarError(`it holds ${quoteName(extra.path)}, which its manifest does not list`);
  }
  const sums = head[1]?.[1];
  if (second === undefined || sums?.equals(bytesOf(second, MAX_SEAL_FILE)) !== true) {
    throw new TarError('its list of checksums differs from its manifest');
  }
  return manifest;
}

/** Hashes the archive and each file in it, in one reading, and returns the digest of the archive. */
function assertDigests(
  file: number,
  members: readonly StoredMember[],
  { files }: Manifest,
): string {
  const expected = new Map(files.map(({ path, sha256 }) => [path, sha256]));
  const whole = createHash('sha256');
  let at = 0;
  const skip = (end: number): void => {
    for (const piece of piecesOf(file, at, end - at)) whole.update(piece);
    at = end;
  };
  for (const { path, offset, size } of members) {
    skip(offset);
    const own = createHash('sha256');
    for (const piece of piecesOf(file, offset, size)) {
      whole.update(piece);
      own.update(piece);
    }
    at = offset + size;
    const sha256 = expected.get(path);
    if (sha256 !== undefined && own.digest('hex') !== sha256) {
      throw new TarError(`${quoteName(path)} in it was changed`);
    }
  }
  skip(fstatSync(file).size);
  return whole.digest('hex');
}

function assertExpected(sha256: string, expected: string | null, path: string): void {
  if (expected !== null && sha256 !== expected) {
    throw damaged(`its SHA-256 is ${sha256}, not the expected one`, path);
  }
  const stated = statedSha256(basename(path));
  if (stated === null || stated === sha256) return;
  throw damaged(`its SHA-256 is ${sha256}, not the one in its name`, path);
}

/** Verifies the journal's chain, and that it ends as the manifest states. */
function journalOf(lines: Buffer, manifest: Manifest, path: string): Journal {
  try {
    const journal = parseJournal(lines, JOURNAL_FILE);
    if (journal.head !== manifest.head || journal.torn.length > 0) {
      throw new TarError('its journal does not end as its manifest states');
    }
    const { live } = pointerHistory(journal, JOURNAL_FILE);
    if (live !== manifest.live) throw new TarError('its journal names another live candidate');
    return journal;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw damaged(`its journal is broken at ${error.where ?? JOURNAL_FILE}`, path);
  }
}

/** Verifies each candidate against its seal, and each seal against the journal. */
function assertCandidates(
  manifest: Manifest,
  journal: Journal,
  read: (path: string) => Buffer,
): void {
  const names = namesOf(manifest);
  const byName = Map.groupBy(
    manifest.files.filter(({ path }) => path.startsWith(CANDIDATES)),
    ({ path }) => path.split('/')[1] ?? '',
  );
  if (names.length === 0) throw new TarError('there is no candidate in it');
  const places = manifest.files.every(({ path }) => {
    return [CANDIDATES, MAPPING, JOURNAL].some((folder) => path.startsWith(folder));
  });
  if (!places || [...byName.keys()].some((name) => !names.includes(name))) {
    throw new TarError('it holds a file that no snapshot has');
  }
  for (const name of names) {
    assertSeal(name, byName.get(name) ?? [], read);
    if (isHeld(journal, sealIdOf(name))) continue;
    throw new TarError(`its journal does not have the seal of candidate ${name}`);
  }
}

function assertSeal(
  name: string,
  files: readonly SnapshotFile[],
  read: (path: string) => Buffer,
): void {
  const folder = `${CANDIDATES}${name}/`;
  const own = `${folder}${SUMS_FILE}`;
  const fault = new TarError(`candidate ${name} in it does not have the seal in its name`);
  const digests = new Map(files.map(({ path, sha256 }) => [path, sha256]));
  if (!isSealedName(name) || digests.get(own) !== sealIdOf(name)) throw fault;
  const sums = parseSums(read(own).toString('utf8'));
  if (sums === null || sums.length + 1 !== files.length) throw fault;
  if (sums.some(({ path, sha256 }) => digests.get(`${folder}${path}`) !== sha256)) throw fault;
}
