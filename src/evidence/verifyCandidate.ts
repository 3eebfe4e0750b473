/**
 * Verifies what a bag has of a candidate: the seal, the journal, the promotion, the approvals, the freeze and
 * the reports have to agree. Says what they do not prove.
 */

import { join } from 'node:path';

import { JOURNAL_FILE, readJournal } from '../journal/journal.ts';
import type { Journal } from '../journal/line.ts';
import { isHeld } from '../journal/sealedEntry.ts';
import { readFreeze, FREEZE_FILE } from '../mapping/freezeFile.ts';
import { SIGNERS_FILE } from '../mapping/signersFile.ts';
import { Failure } from '../outcome/failure.ts';
import type { Finding } from '../outcome/finding.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { ruleFinding, type Rule } from '../outcome/rules.ts';
import { approvalNote, countPeople } from '../project/reviewers.ts';
import { isEdited, lastFreeze } from '../project/freezeInForce.ts';
import {
  journaledApprovals,
  requiredBySeal,
  type JournaledApproval,
} from '../project/reviewSubject.ts';
import type { Environment } from '../run/environment.ts';
import { MAX_SEAL_FILE, readPlainFile } from '../seal/files.ts';
import { MAPPING_FOLDER, SUMS_FILE } from '../seal/format.ts';
import { CANDIDATE_PART, JOURNAL_PART } from './collect.ts';
import { cutoverOf, type Cutover } from './journaledCutover.ts';
import { reportsIn } from './reportsIn.ts';
import { verifySeal, type SealInBag } from './verifySeal.ts';

export interface Expected {
  /** Seal id that was kept elsewhere; null for none. */
  readonly sealId: string | null;
  /** Text of a file of allowed signers from elsewhere; null for the one in the bag. */
  readonly signers: string | null;
}

export interface CandidateVerified {
  readonly findings: readonly Finding[];
  readonly sealed: SealInBag | null;
  readonly notes: readonly string[];
}

const CANDIDATE_FILE = `data/${CANDIDATE_PART}/${SUMS_FILE}`;
const PROJECT_FILE = `data/${CANDIDATE_PART}/${MAPPING_FOLDER}/project.json`;
export const JOURNAL: string = `data/${JOURNAL_PART}/${JOURNAL_FILE}`;

/** Reads the journal of the project in the payload `data`; a finding if it is broken. */
export function journalIn(data: string): Journal | Finding {
  const journal = failureOf(() => readJournal(join(data, JOURNAL_PART)));
  if (!(journal instanceof Failure)) return journal;
  return ruleFinding('seal-format', JOURNAL, journal.message);
}

/** Verifies what the payload `data` has of a candidate. `named` is the seal id that the bag is named by. */
export async function verifyCandidate(
  data: string,
  journal: Journal,
  named: string | undefined,
  expected: Expected,
  env: Pick<Environment, 'runProgram' | 'temporary' | 'pid'>,
): Promise<CandidateVerified> {
  const seal = verifySeal(data);
  if (!('sealId' in seal)) return { findings: seal.findings, sealed: null, notes: [] };
  const findings = [...seal.findings, ...expectedFindings(seal, expected, named)];
  const { sealId } = seal;
  const cutover = failureOf(() => cutoverOf(journal, sealId, join(data, JOURNAL_PART)));
  if (cutover instanceof Failure) {
    const broken = ruleFinding('seal-format', JOURNAL, cutover.message);
    return { findings: [...findings, broken], sealed: seal, notes: [] };
  }
  findings.push(...journalFindings(journal, cutover, seal));
  const approvals = await approvalsIn(data, seal, cutover, expected, env);
  findings.push(
    ...approvalFindings(approvals, cutover, requiredBySeal(join(data, CANDIDATE_PART))),
  );
  findings.push(...(await freezeFindings(data, seal, journal)));
  const reports = reportsIn(data, sealId);
  findings.push(...reports.findings);
  const notes = [
    ...cutoverNotes(cutover),
    ...approvals.map(approvalNote),
    ...reports.notes,
    ...unproven(expected, approvals),
  ];
  return { findings, sealed: seal, notes };
}

function failureOf<T>(work: () => T): T | Failure {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

function expectedFindings(
  { sealId }: SealInBag,
  expected: Expected,
  named: string | undefined,
): Finding[] {
  const found: Finding[] = [];
  if (named !== sealId) {
    const reason = 'the seal id is not the one that the bag is named by';
    found.push(ruleFinding('seal-unexpected', 'bag-info.txt', reason));
  }
  if (expected.sealId !== null && expected.sealId !== sealId) {
    found.push(
      ruleFinding('seal-unexpected', CANDIDATE_FILE, 'the seal id is not the expected one'),
    );
  }
  return found;
}

/** The journal has to say that the candidate was sealed, scanned and promoted, in this order. */
function journalFindings(
  journal: Journal,
  { before, scan, promotion }: Cutover,
  { sealId, run }: SealInBag,
): Finding[] {
  const found: Finding[] = [];
  const add = (rule: Rule, reason: string): void => {
    found.push(ruleFinding(rule, JOURNAL, reason));
  };
  if (journal.torn.length > 0) add('seal-format', 'the journal ends within a line');
  const sealed = journal.entries.find(
    (entry) => entry.event === 'sealed' && entry['sealId'] === sealId,
  );
  if (!isHeld(journal, sealId)) {
    add('seal-unexpected', 'the journal has no line in which this candidate was sealed');
  } else if (sealed !== undefined && sealed['dataRoot'] !== run.dataRoot) {
    add('seal-unexpected', 'the journal states another data root of this candidate');
  }
  if (promotion === null) {
    add('evidence', 'the journal has no line in which this candidate went live');
    return found;
  }
  if (!isHeld(before, sealId) && promotion.expected !== true) {
    add('seal-unexpected', 'the candidate went live before it was sealed');
  }
  if (promotion.dataRoot !== run.dataRoot) {
    add('seal-unexpected', 'another data root went live than the candidate has');
  }
  const warnings = promotion.warningsAllowed ?? 0;
  if (scan === null || scan.verdict === 'FAIL' || scan.counts.WARNING > warnings) {
    add('seal-unexpected', 'the candidate went live without a full scan that allowed it');
  }
  return found;
}

async function approvalsIn(
  data: string,
  { sealId, run }: SealInBag,
  { before, scan, who }: Cutover,
  { signers }: Expected,
  env: Pick<Environment, 'runProgram' | 'temporary' | 'pid'>,
): Promise<JournaledApproval[]> {
  if (scan === null) return [];
  const subject = { sealId, dataRoot: run.dataRoot, mapping: run.mapping.digest, scan };
  const about = {
    journal: before,
    subject,
    signers: signers ?? signersIn(data),
    promotes: who,
    at: null,
  };
  return journaledApprovals({ journal: join(data, JOURNAL_PART) }, about, env);
}

function signersIn(data: string): string | null {
  const path = join(data, CANDIDATE_PART, MAPPING_FOLDER, SIGNERS_FILE);
  return readPlainFile(path, MAX_SEAL_FILE)?.toString('utf8') ?? null;
}

/** What promote counted has to be valid, and enough. */
function approvalFindings(
  approvals: readonly JournaledApproval[],
  { promotion }: Cutover,
  required: number | null,
): Finding[] {
  if (promotion === null) return [];
  const found: Finding[] = [];
  const counted = promotion.approvals ?? [];
  for (const digest of counted) {
    const file = `data/${JOURNAL_PART}/approvals/${digest}.json`;
    const one = approvals.find(({ approval }) => approval === digest);
    if (one === undefined) {
      const reason = 'promote counted this approval, which the journal does not name before';
      found.push(ruleFinding('approval', file, reason));
    } else if (one.refused !== null) {
      found.push(
        ruleFinding('approval', file, `promote counted this approval, but ${one.refused}`),
      );
    } else if (one.signer === null) {
      found.push(
        ruleFinding('evidence', file, 'no key signed this approval, so it proves no person'),
      );
    }
  }
  const valid = approvals.filter(({ approval, refused, signer }) => {
    return refused === null && signer !== null && counted.includes(approval);
  });
  if (required === null) {
    found.push(
      ruleFinding('seal-format', PROJECT_FILE, 'the settings of the project cannot be read'),
    );
  } else if (countPeople(valid) < required) {
    const reason = `the candidate went live with ${countPeople(valid)} valid approvals of ${required} that its mapping requires`;
    found.push(ruleFinding('approval', JOURNAL, reason));
  }
  return found;
}

/** The freeze has to be the one that the journal records last, with who froze it and why. */
async function freezeFindings(
  data: string,
  { run }: SealInBag,
  journal: Journal,
): Promise<Finding[]> {
  const file = `data/${FREEZE_FILE}`;
  try {
    const frozen = await readFreeze(data);
    if (frozen === null) return [ruleFinding('evidence', file, 'the mapping was not frozen')];
    const last = lastFreeze(journal);
    if (last === null || isEdited(frozen, last)) {
      return [
        ruleFinding('seal-unexpected', file, 'the freeze is not the last one of the journal'),
      ];
    }
    if (frozen.digest === run.mapping.digest) return [];
    return [ruleFinding('evidence', file, 'the frozen mapping is not that of the candidate')];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [ruleFinding('seal-format', file, 'sealift freeze did not write this file')];
  }
}

function cutoverNotes({ promotion, who, at, isLive }: Cutover): string[] {
  const by = who === null ? 'a person without a name' : who;
  return [
    promotion === null ? 'never promoted' : `promoted by ${by} at ${at ?? '?'}`,
    ...(promotion?.sourcesGiven ?? []).map((name) => {
      return `the place of source ${quoteName(name)} was given by --source, not by the mapping`;
    }),
    isLive ? 'live at the end of the journal' : 'not live at the end of the journal',
  ];
}

/** What the evidence does not prove, whatever it holds. */
function unproven(
  { sealId, signers }: Expected,
  approvals: readonly JournaledApproval[],
): string[] {
  return [
    ...(sealId === null
      ? ['not proven: that this is the candidate that you expect; give --expect-seal ID']
      : []),
    ...(signers === null && approvals.some(({ signer }) => signer !== null)
      ? ['not proven: whose the keys are, as they come from the bag; give --allowed-signers FILE']
      : []),
    'not proven: the records themselves, which the bag does not hold; see sealift verify-checksums',
  ];
}
