/** What a reviewer approves: a candidate of the project, with its scan and those who worked on it. */

import { hash } from 'node:crypto';
import { join } from 'node:path';

import { loadMapping } from '../mapping/loadMapping.ts';
import type { ProjectMapping } from '../mapping/model.ts';
import { hasSigners, readSigners, SIGNERS_FILE } from '../mapping/signersFile.ts';
import { realFolder } from '../disk/noLinks.ts';
import { readApproval } from '../journal/approvalFile.ts';
import type { Journal } from '../journal/line.ts';
import { eventOf } from '../journal/readEvent.ts';
import { Failure } from '../outcome/failure.ts';
import type { Environment } from '../run/environment.ts';
import { parseCanonical } from '../seal/candidateFinding.ts';
import { MAX_SEAL_FILE, readPlainFile } from '../seal/files.ts';
import {
  MAPPING_FOLDER,
  parseSums,
  RUN_FILE,
  sealId,
  SUMS_FILE,
  type RunFile,
} from '../seal/format.ts';
import { sealedPath, sealIdOf } from '../seal/sealedFolders.ts';
import { asRunFile } from '../seal/sealSchemas.ts';
import { judgeApproval, participantsOf, type ApprovalSubject } from './approvals.ts';
import { type Judged, type Participant } from './reviewers.ts';
import { freezeInForce } from './freezeInForce.ts';
import { isRehearsal, type ProjectPaths } from './paths.ts';

/**
 * Reads run.json of a candidate as it was sealed, without reading the records.
 * @throws Failure CANDIDATE if its seal is not the one that its name states
 */
export function sealedRun({ candidates }: ProjectPaths, name: string): RunFile {
  const folder = sealedPath(candidates, name);
  const sums = readPlainFile(join(folder, SUMS_FILE), MAX_SEAL_FILE);
  const bytes = readPlainFile(join(folder, RUN_FILE), MAX_SEAL_FILE);
  if (sums !== null && bytes !== null && sealId(sums) === sealIdOf(name)) {
    const line = parseSums(sums.toString('utf8'))?.find(({ path }) => path === RUN_FILE);
    const run = asRunFile(parseCanonical(bytes));
    if (run !== null && line?.sha256 === hash('sha256', bytes, 'hex')) return run;
  }
  throw notSealed(folder);
}

function notSealed(folder: string): Failure {
  return new Failure('CANDIDATE', {
    what: 'the candidate is not the one that was sealed',
    where: folder,
    hint: 'run sealift verify-checksums --candidate DIR, and find out what changed it',
  });
}

/** The allowed signers of a project. */
export interface Signers {
  /** Text of the file as it was frozen; null if there is no file. */
  readonly text: string | null;
  /** Digest of the mapping that was frozen with them; null if there is no file. */
  readonly mapping: string | null;
}

/**
 * Reads the allowed signers as they were frozen.
 * @throws Failure MAPPING if they are not frozen, or have changed since
 */
export async function signersInForce({ root, mapping }: ProjectPaths): Promise<Signers> {
  const frozen = await freezeInForce(root);
  const folder = realFolder(mapping);
  if (!hasSigners(folder)) return { text: null, mapping: null };
  const file = await readSigners(folder);
  if (frozen !== null && file !== null && frozen.files.get(SIGNERS_FILE) === file.sha256) {
    return { text: file.text, mapping: frozen.digest };
  }
  throw new Failure('MAPPING', {
    what: 'the allowed signers are not frozen, so a key could be added to them',
    where: `mapping/${SIGNERS_FILE}`,
    hint: 'freeze the mapping with sealift freeze --who NAME --why TEXT, then build the candidate with it',
  });
}

/**
 * Returns how many approvals promote requires, by the sealed mapping and by that of the project: the
 * stricter one counts, so that an edit after the build cannot drop the requirement. A rehearsal
 * requires none.
 */
export async function approvalsRequired(paths: ProjectPaths, name: string): Promise<number> {
  if (isRehearsal(paths.root)) return 0;
  const folder = sealedPath(paths.candidates, name);
  const sealed = requiredBySeal(folder);
  if (sealed === null) throw notSealed(folder);
  const { project } = await loadMapping(paths.root);
  return Math.max(sealed, project.approvals?.required ?? 0);
}

/** Returns how many approvals the sealed mapping of a candidate requires; null if it is unreadable. */
export function requiredBySeal(folder: string): number | null {
  const required = sealedSettings(folder)?.approvals?.required ?? 0;
  return sealedSettings(folder) !== null && Number.isSafeInteger(required) ? required : null;
}

/** Reads the settings of the project as they were sealed; null if they are unreadable. */
export function sealedSettings(folder: string): Partial<ProjectMapping> | null {
  const path = join(folder, MAPPING_FOLDER, 'project.json');
  const bytes = readPlainFile(path, MAX_SEAL_FILE);
  try {
    return Object(JSON.parse(bytes?.toString('utf8') ?? '')) as Partial<ProjectMapping>;
  } catch {
    return null;
  }
}

/** An approval of the project with its digest. */
export interface JournaledApproval extends Judged {
  readonly approval: string;
  readonly at: string;
}

/** Judges all approvals of a candidate that the journal names, in its order. */
export async function journaledApprovals(
  { journal: folder }: Pick<ProjectPaths, 'journal'>,
  about: {
    readonly journal: Journal;
    readonly subject: ApprovalSubject;
    readonly signers: string | null;
    /** Who promotes, if that is known. */
    readonly promotes: string | null;
    /** Time at which keys have to be valid; null for that of each line. */
    readonly at: string | null;
  },
  env: Pick<Environment, 'runProgram' | 'temporary' | 'pid'>,
): Promise<JournaledApproval[]> {
  const { journal, subject, promotes } = about;
  const others: Participant[] = participantsOf(journal, subject.sealId);
  if (promotes !== null) others.push({ name: promotes, did: 'promotes' });
  const judged: JournaledApproval[] = [];
  for (const [before, entry] of journal.entries.entries()) {
    const event = eventOf(entry);
    if (event.event !== 'approved' || event.sealId !== subject.sealId) continue;
    const { approval } = event;
    const { at, who } = entry;
    if (judged.some((other) => other.approval === approval)) continue;
    const kept = readApproval(folder, approval);
    const { runProgram, temporary, pid } = env;
    const judging = { ...about, runProgram, temporary, pid, others, at: about.at ?? at };
    const reviewer = typeof who === 'string' ? who : '?';
    const lost = { reviewer, signer: null, refused: 'its file is missing or was changed' };
    const result = kept === null ? lost : await judgeApproval(kept, before, judging);
    judged.push({ ...result, approval, at });
  }
  return judged;
}
