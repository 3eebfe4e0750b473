/**
 * The files that go into a snapshot: those of verified candidates, of the mapping, and of the
 * journal. Each is read twice, once for its digest and once for the archive; one that changed in
 * between stops the snapshot.
 */

import { createHash, hash } from 'node:crypto';
import { join } from 'node:path';

import { entriesOf, realFolder, statOf } from '../disk/noLinks.ts';
import type { TarMember } from '../disk/tarWriter.ts';
import { JOURNAL_FILE } from '../journal/journal.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { Failure } from '../outcome/failure.ts';
import { MAX_SEAL_FILE, readPieces, readPlainFile } from '../seal/files.ts';
import { parseSums, SUMS_FILE } from '../seal/format.ts';
import { sealedPath } from '../seal/sealedFolders.ts';
import type { ProjectPaths } from '../project/paths.ts';
import { CANDIDATES, JOURNAL, MAPPING, type SnapshotFile } from './manifest.ts';

/** A member of the archive, with its digest. */
export interface SnapshotMember extends SnapshotFile, TarMember {}

/** Returns the files of a candidate that was verified: those that its seal lists, and the list. */
export function candidateMembers(store: string, name: string): SnapshotMember[] {
  const folder = sealedPath(store, name);
  const bytes = readPlainFile(join(folder, SUMS_FILE), MAX_SEAL_FILE);
  const sums = bytes === null ? null : parseSums(bytes.toString('utf8'));
  if (bytes === null || sums === null) throw changedFile(join(folder, SUMS_FILE));
  const own = { path: SUMS_FILE, sha256: hash('sha256', bytes, 'hex') };
  return [...sums, own].map(({ path, sha256 }) => {
    const file = join(folder, path);
    const size = statOf(file)?.size ?? 0;
    return memberOf(`${CANDIDATES}${name}/${path}`, file, { sha256, size });
  });
}

/** Returns every file of the mapping, whether or not a run reads it, but no hidden ones. */
export function mappingMembers({ mapping }: ProjectPaths): SnapshotMember[] {
  const folder = realFolder(mapping);
  if (statOf(join(folder, 'project.json')) === undefined) {
    throw new Failure('MAPPING', {
      what: 'there is no mapping',
      where: 'mapping/project.json',
      hint: 'a snapshot needs it; restore it, or name the project folder with --project',
    });
  }
  return filesBelow(folder).map((path) => hashedMember(`${MAPPING}${path}`, join(folder, path)));
}

/**
 * Returns the journal, whose lines have been read already, and all files that commands keep beside
 * it.
 */
export function journalMembers({ journal }: ProjectPaths, lines: Buffer): SnapshotMember[] {
  const others = filesBelow(journal).filter((path) => path !== JOURNAL_FILE);
  return [
    {
      path: `${JOURNAL}${JOURNAL_FILE}`,
      sha256: hash('sha256', lines, 'hex'),
      size: lines.length,
      content: () => [lines],
    },
    ...others.map((path) => hashedMember(`${JOURNAL}${path}`, join(journal, path))),
  ];
}

/** Lists the plain files below a folder, but no hidden ones. @throws Failure if one is a link */
export function filesBelow(folder: string): string[] {
  const files: string[] = [];
  const visit = (relative: string): void => {
    for (const entry of entriesOf(join(folder, relative))) {
      if (entry.name.startsWith('.')) continue;
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (/[\p{Cc}\\\uFFFD]/u.test(entry.name)) throw unfit(folder, path, 'has an unusual name');
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile()) files.push(path);
      else throw unfit(folder, path, 'is no ordinary file');
    }
  };
  visit('');
  return files;
}

function unfit(folder: string, path: string, what: string): Failure {
  return new Failure('SNAPSHOT', {
    what: `${quoteName(path)} ${what}, so it cannot be kept in a snapshot`,
    where: folder,
    hint: 'put an ordinary file in its place, or move it away',
  });
}

function hashedMember(path: string, file: string): SnapshotMember {
  const digest = createHash('sha256');
  let size = 0;
  for (const piece of readPieces(file)) {
    digest.update(piece);
    size += piece.length;
  }
  return memberOf(path, file, { sha256: digest.digest('hex'), size });
}

function memberOf(
  path: string,
  file: string,
  about: Pick<SnapshotFile, 'sha256' | 'size'>,
): SnapshotMember {
  return { path, ...about, content: () => sameContent(file, about) };
}

/** Yields the content of a file. @throws Failure if it is not the one of this digest and size */
function* sameContent(
  file: string,
  { sha256, size }: Pick<SnapshotFile, 'sha256' | 'size'>,
): Generator<Buffer> {
  const digest = createHash('sha256');
  let done = 0;
  for (const piece of readPieces(file)) {
    digest.update(piece);
    done += piece.length;
    if (done > size) throw changedFile(file);
    yield piece;
  }
  if (done !== size || digest.digest('hex') !== sha256) throw changedFile(file);
}

function changedFile(where: string): Failure {
  return new Failure('SNAPSHOT', {
    what: 'a file changed while the snapshot was made, nothing was kept',
    where,
    hint: 'make sure nothing writes to the project during the run, then run again',
  });
}
