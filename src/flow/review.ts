/**
 * review: shows what would be approved of a candidate, and by whom it was built and scanned; approves
 * it with the signature of a key, in one step or, for a reviewer at another machine, in two.
 */

import { onDisk } from '../disk/errors.ts';
import { acquireLock } from '../disk/lock.ts';
import { APPROVAL_NAMESPACE, encodeApproval, parseApproval } from '../journal/approval.ts';
import { approvalDigest, keepApproval, type KeptApproval } from '../journal/approvalFile.ts';
import { signed } from '../journal/event.ts';
import { appendToJournal, readJournal } from '../journal/journal.ts';
import { eventOf } from '../journal/readEvent.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { judgeApproval, participantsOf, type ApprovalSubject } from '../project/approvals.ts';
import { isSamePerson } from '../project/reviewers.ts';
import { projectPaths, type ProjectPaths } from '../project/paths.ts';
import { journaledApprovals, signersInForce, type Signers } from '../project/reviewSubject.ts';
import { approvableSubject, candidateToReview } from '../promote/reviewed.ts';
import { reviewOutcome } from '../promote/reviewOutcome.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';
import { isSameName } from '../run/personName.ts';
import { signatureBy } from './approvalMeans.ts';
import { readGiven, writeGiven } from './givenFile.ts';

export interface ReviewOptions {
  readonly project: string;
  /** Seal id of the candidate, or its first digits; null for the one that was sealed last. */
  readonly candidate: string | null;
  readonly who: string | null;
}

export interface ApproveOptions extends ReviewOptions {
  /** Key to sign with; null for an approval by name only. */
  readonly key: string | null;
  /** File to write the approval to, unsigned and not recorded; null to record it. */
  readonly write: string | null;
}

export interface AcceptOptions extends ReviewOptions {
  /** File of an approval that `--write` has written. */
  readonly accept: string;
  /** File of its signature; null if it has none. */
  readonly signature: string | null;
}

/** Shows a candidate and its approvals; changes nothing. */
export async function review(options: ReviewOptions, env: Environment): Promise<Outcome> {
  const paths = projectPaths(options.project);
  const journal = readJournal(paths.journal);
  const reviewed = await candidateToReview(paths, journal, options.candidate, env.now());
  return reviewOutcome(paths, journal, reviewed, env);
}

/** Approves a candidate. */
export async function approve(options: ApproveOptions, env: Environment): Promise<Outcome> {
  const paths = projectPaths(options.project);
  const reviewer = operatorOf(options.who, env);
  if (reviewer === null) throw unnamed();
  const journal = readJournal(paths.journal);
  const reviewed = await candidateToReview(paths, journal, options.candidate, env.now());
  const subject = approvableSubject(journal, reviewed);
  assertOther(reviewer, participantsOf(journal, subject.sealId), subject);
  const signers = await signersInForce(paths);
  assertMeans(options, signers, subject);
  const { sealId, dataRoot, mapping, scan } = subject;
  const bytes = encodeApproval({
    purpose: 'approve-candidate',
    subject: {
      sealId,
      dataRoot,
      mapping,
      checks: reviewed.checks,
      scan: { verdict: scan.verdict, counts: scan.counts },
      journalHead: journal.head,
    },
    role: null,
    statement: null,
    reviewer,
    time: env.now().toISOString(),
  });
  if (options.write !== null) return written(options.write, bytes, subject, env);
  const signature = options.key === null ? null : await signatureBy(options.key, bytes, env);
  return record(paths, reviewed.name, { bytes, signature }, env);
}

/** Records an approval that was written and signed elsewhere. */
export async function acceptApproval(options: AcceptOptions, env: Environment): Promise<Outcome> {
  const paths = projectPaths(options.project);
  const bytes = readGiven(options.accept, '--accept', env);
  const approval = parseApproval(bytes, 'approve-candidate');
  if (approval === null) {
    throw new Failure('CANDIDATE', {
      what: 'this file is not an approval as --write makes it, or was edited',
      where: `--accept ${options.accept}`,
      hint: 'write it again with sealift review --approve --who NAME --write FILE, and sign that',
    });
  }
  // A name for the journal, as any other.
  operatorOf(approval.reviewer, env);
  const signature =
    options.signature === null ? null : readGiven(options.signature, '--signature', env);
  const journal = readJournal(paths.journal);
  const requested = options.candidate ?? approval.subject.sealId;
  const { name, sealId } = await candidateToReview(paths, journal, requested, env.now());
  if (sealId !== approval.subject.sealId) {
    throw ofAnother(sealId, 'it is an approval of another candidate');
  }
  if (options.who !== null && !isSameName(options.who, approval.reviewer)) {
    throw ofAnother(sealId, `it is the approval of ${approval.reviewer}`);
  }
  return record(paths, name, { bytes, signature: signature?.toString('latin1') ?? null }, env);
}

/** Judges an approval, keeps it and journals it: it counts once its line is in the journal. */
async function record(
  paths: ProjectPaths,
  name: string,
  kept: KeptApproval,
  env: Environment,
): Promise<Outcome> {
  return onDisk(paths.journal, async () => {
    const now = env.now().toISOString();
    const lock = acquireLock(paths.candidates, { command: 'review', pid: env.pid, since: now });
    const forget = env.onInterrupt(() => {
      lock.release();
    });
    try {
      const reviewer = parseApproval(kept.bytes, 'approve-candidate')?.reviewer ?? '';
      const { sealId, signer, known } = await assertCounts(paths, name, kept, now, env);
      const approval = approvalDigest(kept.bytes);
      keepApproval(paths.journal, kept, known);
      const writer = { command: 'review', pid: env.pid, at: now };
      const event = signed({ event: 'approved', sealId, approval, signer }, reviewer);
      const journal = appendToJournal(paths.journal, writer, [event]);
      const reviewed = await candidateToReview(paths, journal, name, env.now());
      return await reviewOutcome(paths, journal, reviewed, env);
    } finally {
      forget();
      lock.release();
    }
  });
}

interface Counting {
  readonly sealId: string;
  readonly signer: string | null;
  /** Digests of the approvals that the journal names. */
  readonly known: ReadonlySet<string>;
}

/** @throws Failure CANDIDATE if the approval would not count, or its person has approved already */
async function assertCounts(
  paths: ProjectPaths,
  name: string,
  kept: KeptApproval,
  at: string,
  env: Environment,
): Promise<Counting> {
  const journal = readJournal(paths.journal);
  const reviewed = await candidateToReview(paths, journal, name, env.now());
  const subject = approvableSubject(journal, reviewed);
  const signers = await signersInForce(paths);
  assertBuiltWith(signers, subject);
  const others = participantsOf(journal, subject.sealId);
  const { runProgram, temporary, pid } = env;
  const about = { journal, subject, signers: signers.text, others, at };
  const judging = { ...about, runProgram, temporary, pid };
  const judged = await judgeApproval(kept, journal.entries.length, judging);
  const { reviewer, signer, refused } = judged;
  if (refused !== null) throw ofAnother(subject.sealId, refused);
  const before = await journaledApprovals(paths, { ...about, promotes: null }, env);
  const same = before.find((one) => one.refused === null && isSamePerson(one, judged));
  if (same !== undefined) {
    const key = signer !== null && same.signer === signer;
    const what = key ? `the key ${signer} has` : `${reviewer} has`;
    const as = key ? `, as ${same.reviewer}` : '';
    throw ofAnother(subject.sealId, `${what} approved this candidate already${as}`);
  }
  const events = journal.entries.map(eventOf);
  const known = events.flatMap((event) => (event.event === 'approved' ? [event.approval] : []));
  return { sealId: subject.sealId, signer, known: new Set(known) };
}

function ofAnother(sealId: string, why: string): Failure {
  return new Failure('CANDIDATE', {
    what: `the approval is refused, as ${why}`,
    where: `seal id ${sealId}`,
    hint: 'see sealift review, and have another person approve with their own key',
  });
}

function unnamed(): Failure {
  return new Failure('USAGE', {
    what: 'an approval needs the name of the reviewer',
    where: '--who',
    hint: 'give it as it is in mapping/allowed_signers',
  });
}

/** @throws Failure CANDIDATE if the reviewer built or scanned the candidate */
function assertOther(
  reviewer: string,
  participants: ReturnType<typeof participantsOf>,
  { sealId }: ApprovalSubject,
): void {
  const self = participants.find(({ name }) => isSameName(name, reviewer));
  if (self === undefined) return;
  throw ofAnother(sealId, `${self.name} ${self.did} it, and no person approves their own work`);
}

/** @throws Failure if there are keys and none is given, or one is given and there are none */
function assertMeans(
  { key, write }: ApproveOptions,
  signers: Signers,
  subject: ApprovalSubject,
): void {
  assertBuiltWith(signers, subject);
  if (signers.text !== null && key === null && write === null) {
    throw new Failure('USAGE', {
      what: 'the project has allowed signers, so a name alone is no approval',
      where: 'mapping/allowed_signers',
      hint: 'sign with --key FILE, or write the approval with --write FILE to sign it elsewhere',
    });
  }
  if (signers.text === null && key !== null) {
    throw new Failure('USAGE', {
      what: 'the project has no allowed signers, so a key proves nothing',
      where: 'mapping/allowed_signers',
      hint: 'write the names and public keys of the reviewers there, freeze the mapping, then build again',
    });
  }
}

/** @throws Failure CANDIDATE if the candidate was built with other allowed signers */
function assertBuiltWith({ mapping }: Signers, subject: ApprovalSubject): void {
  if (mapping === null || mapping === subject.mapping) return;
  throw new Failure('CANDIDATE', {
    what: 'this candidate was not built with the frozen mapping and its allowed signers',
    where: `seal id ${subject.sealId}`,
    hint: 'build it again with sealift migrate, then scan and review it',
  });
}

/** Writes the approval for another machine. */
async function written(
  file: string,
  bytes: Uint8Array,
  { sealId, dataRoot }: ApprovalSubject,
  env: Environment,
): Promise<Outcome> {
  await writeGiven('--write', file, bytes, env);
  return actionOutcome({
    command: 'review',
    sealId,
    dataRoot,
    notes: [
      `written to ${file}, not approved yet`,
      `sign it: ssh-keygen -Y sign -n ${APPROVAL_NAMESPACE} -f KEY ${file}`,
      `then: sealift review --accept ${file} --signature ${file}.sig`,
    ],
  });
}
