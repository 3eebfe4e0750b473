/**
 * Verifies the evidence of a cutover: the bag, the seal, the journal, the promotion, the approvals,
 * the freeze and the reports have to agree. Says what they do not prove.
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
import { severityOfRule, type Rule } from '../outcome/rules.ts';
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
import { readBag } from './readBag.ts';
import { reportsIn } from './reportsIn.ts';
import { verifySeal, type SealInBag } from './verifySeal.ts';

export interface Expected {
  /** Seal id that was kept elsewhere; null for none. */
  readonly sealId: string | null;
  /** Text of a file of allowed signers from elsewhere; null for the one in the bag. */
  readonly signers: string | null;
}

export interface EvidenceVerified {
  readonly findings: readonly Finding[];
  readonly sealId: string | null;
  readonly dataRoot: string | null;
  readonly notes: readonly string[];
}

const CANDIDATE_FILE = `data/${CANDIDATE_PART}/${SUMS_FILE}`;
const PROJECT_FILE = `data/${CANDIDATE_PART}/${MAPPING_FOLDER}/project.json`;
const JOURNAL = `data/${JOURNAL_PART}/${JOURNAL_FILE}`;

/** Verifies the bag in `folder`, a real path. */
export async function verifyEvidence(
  folder: string,
  expected: Expected,
  env: Pick<Environment, 'runProgram' | 'temporary' | 'pid'>,
): Promise<EvidenceVerified> {
  const bag = readBag(folder);
  // A damaged bag is judged no further: its statements may be those of the damage.
  if (bag.findings.length > 0) return { findings: bag.findings, ...NOTHING };
  const data = join(folder, 'data');
  const seal = verifySeal(data);
  if (!('sealId' in seal)) return { findings: seal.findings, ...NOTHING };
  const findings = [...seal.findings, ...expectedFindings(seal, expected, bag.info)];
  const { sealId, run } = seal;
  const about = { sealId, dataRoot: run.dataRoot };
  const journal = journalIn(data);
  if (journal instanceof Failure) {
    const broken = finding('seal-format', JOURNAL, journal.message);
    return { findings: [...findings, broken], ...about, notes: [] };
  }
  const cutover = cutoverIn(journal, sealId, data);
  if (cutover instanceof Failure) {
    const broken = finding('seal-format', JOURNAL, cutover.message);
    return { findings: [...findings, broken], ...about, notes: [] };
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
    ...cutoverNotes(cutover, journal),
    ...approvals.map(approvalNote),
    ...reports.notes,
    ...unproven(expected, approvals),
  ];
  return { findings, ...about, notes };
}

const NOTHING = { sealId: null, dataRoot: null, notes: [] } as const;

function finding(rule: Rule, file: string, reason: string): Finding {
  return { rule, severity: severityOfRule(rule), file, reason };
}

function journalIn(data: string): Journal | Failure {
  return failureOf(() => readJournal(join(data, JOURNAL_PART)));
}

function cutoverIn(journal: Journal, sealId: string, data: string): Cutover | Failure {
  return failureOf(() => cutoverOf(journal, sealId, join(data, JOURNAL_PART, JOURNAL_FILE)));
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
  info: ReadonlyMap<string, string>,
): Finding[] {
  const found: Finding[] = [];
  if (info.get('External-Identifier') !== sealId) {
    const reason = 'the seal id is not the one that the bag is named by';
    found.push(finding('seal-unexpected', 'bag-info.txt', reason));
  }
  if (expected.sealId !== null && expected.sealId !== sealId) {
    found.push(finding('seal-unexpected', CANDIDATE_FILE, 'the seal id is not the expected one'));
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
    found.push(finding(rule, JOURNAL, reason));
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
      found.push(finding('approval', file, reason));
    } else if (one.refused !== null) {
      found.push(finding('approval', file, `promote counted this approval, but ${one.refused}`));
    } else if (one.signer === null) {
      found.push(finding('evidence', file, 'no key signed this approval, so it proves no person'));
    }
  }
  const valid = approvals.filter(({ approval, refused, signer }) => {
    return refused === null && signer !== null && counted.includes(approval);
  });
  if (required === null) {
    found.push(finding('seal-format', PROJECT_FILE, 'the settings of the project cannot be read'));
  } else if (countPeople(valid) < required) {
    const reason = `the candidate went live with ${countPeople(valid)} valid approvals of ${required} that its mapping requires`;
    found.push(finding('approval', JOURNAL, reason));
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
    if (frozen === null) return [finding('evidence', file, 'the mapping was not frozen')];
    const last = lastFreeze(journal);
    if (last === null || isEdited(frozen, last)) {
      return [finding('seal-unexpected', file, 'the freeze is not the last one of the journal')];
    }
    if (frozen.digest === run.mapping.digest) return [];
    return [finding('evidence', file, 'the frozen mapping is not that of the candidate')];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [finding('seal-format', file, 'sealift freeze did not write this file')];
  }
}

function cutoverNotes(
  { promotion, who, at, isLive }: Cutover,
  { entries, head }: Journal,
): string[] {
  const by = who === null ? 'a person without a name' : who;
  return [
    promotion === null ? 'never promoted' : `promoted by ${by} at ${at ?? '?'}`,
    ...(promotion?.sourcesGiven ?? []).map((name) => {
      return `the place of source ${quoteName(name)} was given by --source, not by the mapping`;
    }),
    isLive ? 'live at the end of the journal' : 'not live at the end of the journal',
    `journal: ${entries.length} lines, head ${head}`,
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
    'not proven: that the journal was not written anew; compare its head with a copy kept elsewhere',
    'not proven: the records themselves, which the bag does not hold; see sealift verify-checksums',
  ];
}
