/** Verifies the seal in a bag: the list of checksums, and the files of the candidate that are there. */

import { hash } from 'node:crypto';
import { join } from 'node:path';

import { mappingDigest } from '../mapping/loadMapping.ts';
import type { Finding } from '../outcome/finding.ts';
import { ruleFinding } from '../outcome/rules.ts';
import { parseCanonical } from '../seal/candidateFinding.ts';
import { listCandidate, MAX_SEAL_FILE, readPlainFile } from '../seal/files.ts';
import {
  dataRoot,
  MAPPING_FOLDER,
  parseSums,
  RUN_FILE,
  sealId,
  SUMS_FILE,
  type RunFile,
  type SumLine,
} from '../seal/format.ts';
import { asRunFile } from '../seal/sealSchemas.ts';
import { CANDIDATE_PART, isEvidence } from './collect.ts';

export interface SealInBag {
  readonly findings: readonly Finding[];
  readonly sealId: string;
  readonly run: RunFile;
}

/** Verifies the seal in the payload `data`; no seal id where there is none that can be read. */
export function verifySeal(data: string): SealInBag | { readonly findings: readonly Finding[] } {
  const folder = join(data, CANDIDATE_PART);
  const bytes = readPlainFile(join(folder, SUMS_FILE), MAX_SEAL_FILE);
  const sums = parseSums(bytes?.toString('utf8') ?? '');
  if (bytes === null || sums === null) {
    const reason = 'the list of checksums is missing or malformed, so there is no seal';
    return { findings: [ruleFinding('seal-format', file(SUMS_FILE), reason)] };
  }
  const findings = differences(folder, sums);
  const text = readPlainFile(join(folder, RUN_FILE), MAX_SEAL_FILE);
  const run = text === null ? null : asRunFile(parseCanonical(text));
  if (run === null) {
    const reason = 'the file of the run is missing or malformed';
    return { findings: [...findings, ruleFinding('seal-format', file(RUN_FILE), reason)] };
  }
  if (dataRoot(run.modules) !== run.dataRoot) {
    const reason = 'the data root is not that of its modules';
    findings.push(ruleFinding('merkle', file(RUN_FILE), reason));
  }
  if (mappingDigest(mappingFiles(sums)) !== run.mapping.digest) {
    const reason = 'the digest of the mapping is not that of its files';
    findings.push(ruleFinding('checksum', file(RUN_FILE), reason));
  }
  return { findings, sealId: sealId(bytes), run };
}

/** Returns the path of a file of the candidate in the bag. */
function file(path: string): string {
  return `data/${CANDIDATE_PART}/${path}`;
}

function differences(folder: string, sums: readonly SumLine[]): Finding[] {
  const wanted = new Map(sums.filter(isEvidence).map(({ path, sha256 }) => [path, sha256]));
  const present = new Set(listCandidate(folder).files.filter((path) => path !== SUMS_FILE));
  const missing = [...wanted.keys()].filter((path) => !present.has(path));
  const reason = 'the evidence lacks a file of the seal';
  return [
    ...missing.map((path) => ruleFinding('file-missing', file(path), reason)),
    ...[...present].flatMap((path): Finding[] => {
      const sealed = wanted.get(path);
      if (sealed === undefined) {
        return [ruleFinding('file-extra', file(path), 'the seal does not list this file')];
      }
      const bytes = readPlainFile(join(folder, path), Number.POSITIVE_INFINITY);
      if (bytes !== null && hash('sha256', bytes, 'hex') === sealed) return [];
      return [ruleFinding('checksum', file(path), 'the file differs from the one that was sealed')];
    }),
  ];
}

function mappingFiles(sums: readonly SumLine[]): { name: string; sha256: string }[] {
  const prefix = `${MAPPING_FOLDER}/`;
  return sums
    .filter(({ path }) => path.startsWith(prefix))
    .map(({ path, sha256 }) => ({ name: path.slice(prefix.length), sha256 }));
}
