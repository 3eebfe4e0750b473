/**
 * One of two sealed candidates in a comparison: seal id, data root and modules from its seal. The
 * files are not trusted: unless a file has the digest that the seal lists, the comparison ends with
 * a Failure CANDIDATE that names the candidate.
 */

import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { Failure } from '../../outcome/failure.ts';
import { parseCanonical } from '../candidateFinding.ts';
import { plainSize, MAX_SEAL_FILE, readPlainFile } from '../files.ts';
import {
  DATA_FILE,
  dataRoot,
  parseSums,
  RUN_FILE,
  sealId,
  SUMS_FILE,
  type SealedModule,
} from '../format.ts';
import { asRunFile } from '../sealSchemas.ts';

/** Bytes of both candidates: those read, and all. */
export interface Meter {
  read: number;
  total: number;
}

export interface Side {
  /** Name in messages, if there are two. */
  readonly name: 'A' | 'B' | null;
  readonly folder: string;
  /** Lower-case hex, as are all digests. */
  readonly sealId: string;
  readonly dataRoot: string;
  readonly modules: ReadonlyMap<string, SealedModule>;
  /** Path in the candidate → digest that the seal lists. */
  readonly sums: ReadonlyMap<string, string>;
  readonly meter: Meter;
}

/**
 * Opens a sealed candidate for comparison; reads only SHA256SUMS and run.json.
 * @throws Failure CANDIDATE if they are missing or do not verify
 */
export function openSide(name: Side['name'], folder: string, meter: Meter): Side {
  const about = { name, folder };
  const bytes = readPlainFile(join(folder, SUMS_FILE), MAX_SEAL_FILE);
  if (bytes === null) throw broken(about, SUMS_FILE, 'its list of checksums cannot be read');
  count(meter, bytes.length);
  const text = bytes.toString('utf8');
  const sums = parseSums(text);
  if (sums === null || !Buffer.from(text).equals(bytes)) {
    throw broken(about, SUMS_FILE, 'its list of checksums is malformed');
  }
  const listed = new Map(sums.map(({ path, sha256 }) => [path, sha256]));
  const run = asRunFile(parseCanonical(readListed({ ...about, sums: listed, meter }, RUN_FILE)));
  if (run === null) throw broken(about, RUN_FILE, 'its run file is not valid in format 1');
  const modules = new Map(run.modules.map((module) => [module.name, module]));
  if (modules.size !== run.modules.length || dataRoot(run.modules) !== run.dataRoot) {
    throw broken(about, RUN_FILE, 'its data root is not that of its modules');
  }
  for (const module of modules.keys()) {
    const size = plainSize(join(folder, module, DATA_FILE));
    if (!Number.isFinite(size)) {
      throw broken(about, `${module}/${DATA_FILE}`, 'its data file cannot be read');
    }
    meter.total += size;
  }
  return { ...about, sealId: sealId(bytes), dataRoot: run.dataRoot, modules, sums: listed, meter };
}

/** Reads a file of the seal, whose digest has to be the listed one. @throws Failure CANDIDATE */
export function readListed(
  side: Pick<Side, 'name' | 'folder' | 'sums' | 'meter'>,
  path: string,
): Buffer {
  const bytes = readPlainFile(join(side.folder, path), MAX_SEAL_FILE);
  if (bytes === null) throw broken(side, path, 'the file cannot be read');
  count(side.meter, bytes.length);
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== side.sums.get(path)) {
    throw broken(side, path, 'the digest of the file is not the sealed one');
  }
  return bytes;
}

function count(meter: Meter, bytes: number): void {
  meter.read += bytes;
  meter.total += bytes;
}

/** Makes the failure for a candidate that does not verify. */
export function broken(side: Pick<Side, 'name' | 'folder'>, path: string, what: string): Failure {
  return new Failure('CANDIDATE', {
    what: `${side.name === null ? 'the candidate' : `candidate ${side.name}`} does not verify, ${what}`,
    where: join(side.folder, path),
    hint: 'run sealift verify-checksums --candidate DIR for details; compare only what verifies',
  });
}
