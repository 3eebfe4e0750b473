/**
 * The files that prove a cutover: the seal without the records, mapping, freeze, journal, approvals
 * and reports. No file holds a record's value: data, lineage, ranges (they hold keys), blobs and
 * Merkle segments (of few records, they could be guessed) stay in the candidate.
 */

import { join } from 'node:path';

import { realFolder, statOf } from '../disk/noLinks.ts';
import { approvalPath, assertApprovalsFolder } from '../journal/approvalFile.ts';
import type { Journal } from '../journal/line.ts';
import { JOURNAL_FILE } from '../journal/journal.ts';
import { eventOf } from '../journal/readEvent.ts';
import { FREEZE_FILE } from '../mapping/freezeFile.ts';
import { latestReports } from '../project/latestReports.ts';
import type { ProjectPaths } from '../project/paths.ts';
import { listCandidate, MAX_SEAL_FILE, readPlainFile } from '../seal/files.ts';
import {
  MAPPING_FOLDER,
  parseSums,
  RUN_FILE,
  SCHEMA_FILE,
  SUMS_FILE,
  type SumLine,
} from '../seal/format.ts';
import { sealedPath, sealIdOf } from '../seal/sealedFolders.ts';
import { reconcileFiles } from './reconcilesOf.ts';
import type { PayloadFile } from './writeBag.ts';

/** Folders and files of the payload. */
export const CANDIDATE_PART = 'candidate';
export const JOURNAL_PART = 'journal';
export const REPORTS_PART = 'reports';
/** Files of a run of a cutover. */
export const RUN_PART = 'cutover';

/** Whether the evidence has this file of a candidate. */
export function isEvidence({ path }: SumLine): boolean {
  const isSchema = path.endsWith(`/${SCHEMA_FILE}`) && path.split('/').length === 2;
  return path === RUN_FILE || isSchema || path.startsWith(`${MAPPING_FOLDER}/`);
}

/** Lists what every bag has of a project; `whole` are the bytes of its journal's whole lines. */
export function projectFiles(paths: ProjectPaths, whole: Uint8Array): PayloadFile[] {
  return [{ path: `${JOURNAL_PART}/${JOURNAL_FILE}`, from: whole }, ...reportFiles(paths.reports)];
}

/** Lists the files of a candidate's evidence. */
export function collect(paths: ProjectPaths, name: string, journal: Journal): PayloadFile[] {
  return [
    ...sealFiles(sealedPath(paths.candidates, name), sealIdOf(name)),
    ...freezeFiles(realFolder(paths.mapping)),
    ...approvalFiles(paths.journal, journal, sealIdOf(name)),
    ...reconcileFiles(paths.reports, journal, sealIdOf(name)),
  ];
}

function sealFiles(folder: string, sealId: string): PayloadFile[] {
  const sums = readPlainFile(join(folder, SUMS_FILE), MAX_SEAL_FILE);
  const lines = parseSums(sums?.toString('utf8') ?? '') ?? [];
  const all = [{ path: SUMS_FILE, sha256: sealId }, ...lines.filter(isEvidence)];
  return all.map(({ path, sha256 }) => {
    return { path: `${CANDIDATE_PART}/${path}`, from: join(folder, path), sha256 };
  });
}

function freezeFiles(mapping: string): PayloadFile[] {
  const bytes = readPlainFile(join(mapping, FREEZE_FILE), MAX_SEAL_FILE);
  return bytes === null ? [] : [{ path: FREEZE_FILE, from: bytes }];
}

function approvalFiles(folder: string, { entries }: Journal, sealId: string): PayloadFile[] {
  assertApprovalsFolder(folder);
  const events = entries.map(eventOf).filter((event) => event.event === 'approved');
  const digests = events.filter((event) => event.sealId === sealId).map(({ approval }) => approval);
  const names = [...new Set(digests)].flatMap((digest) => {
    const path = approvalPath(digest);
    return [path, `${path}.sig`];
  });
  return names
    .filter((name) => statOf(join(folder, name))?.isFile() === true)
    .map((name) => ({ path: `${JOURNAL_PART}/${name}`, from: join(folder, name) }));
}

/** The newest report of each command. */
function reportFiles(reports: string): PayloadFile[] {
  return latestReports(reports).flatMap(({ name, folder }): PayloadFile[] => {
    return listCandidate(folder).files.map((file) => {
      return { path: `${REPORTS_PART}/${name}/${file}`, from: join(folder, file) };
    });
  });
}
