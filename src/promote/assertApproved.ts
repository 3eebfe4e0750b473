/** The approvals of promote: as many as the project requires, by people who did not build or scan. */

import type { Journal } from '../journal/line.ts';
import { lastScan } from '../journal/scanEntry.ts';
import { readJournal } from '../journal/journal.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { participantsOf } from '../project/approvals.ts';
import { approvalNote, countPeople, isSamePerson } from '../project/reviewers.ts';
import type { ProjectPaths } from '../project/paths.ts';
import {
  approvalsRequired,
  journaledApprovals,
  signersInForce,
  type JournaledApproval,
} from '../project/reviewSubject.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';
import { sealIdOf } from '../seal/sealedFolders.ts';
import type { Verification } from '../seal/verify.ts';

export interface Approved {
  /** Digests of the approvals that were counted. */
  readonly approvals: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Counts the approvals of a verified candidate. @throws Failure CANDIDATE if too few of those that
 * the project requires are valid, USAGE if it requires some and the operator is not named
 */
export async function assertApproved(
  paths: ProjectPaths,
  name: string,
  { run, dataRoot }: Verification,
  given: string | null,
  env: Environment,
): Promise<Approved> {
  const journal = readJournal(paths.journal);
  const sealId = sealIdOf(name);
  const required = await approvalsRequired(paths, name);
  const promotes = operatorOf(given, env);
  if (required > 0) assertNamed(journal, sealId, promotes);
  const scan = lastScan(journal, sealId);
  if (run === null || dataRoot === null || scan === null) return { approvals: [], notes: [] };
  const isApproved = journal.entries.some((entry) => entry.event === 'approved');
  if (required === 0 && !isApproved) return { approvals: [], notes: [] };
  const { text: signers } = await signersInForce(paths);
  if (required > 0 && signers === null) throw withoutSigners(required);
  const subject = { sealId, dataRoot, mapping: run.mapping.digest, scan };
  const at = env.now().toISOString();
  const judged = await journaledApprovals(paths, { journal, subject, signers, promotes, at }, env);
  const valid = judged.filter(({ refused }) => refused === null);
  const people = countPeople(valid);
  if (people < required) throw tooFew(required, people, sealId, judged);
  return { approvals: valid.map(({ approval }) => approval), notes: judged.map(approvalNote) };
}

/** Approvals are by other people, so those who built, scanned and promote have to be known. */
function assertNamed(journal: Journal, sealId: string, promotes: string | null): void {
  if (promotes === null) {
    throw new Failure('USAGE', {
      what: 'the project requires approvals by other people, so promote needs your name',
      where: '--who',
      hint: 'run sealift promote --who NAME, or set MIGRATE_OPERATOR',
    });
  }
  const did = new Set(participantsOf(journal, sealId).map((one) => one.did));
  for (const [what, command] of [
    ['built', 'migrate'],
    ['scanned', 'scan-all'],
  ] as const) {
    if (did.has(what)) continue;
    throw new Failure('CANDIDATE', {
      what: `the project requires approvals by other people, but the journal does not name who ${what} this candidate`,
      where: `seal id ${sealId}`,
      hint: `set MIGRATE_OPERATOR, then run sealift ${command} again`,
    });
  }
}

function withoutSigners(required: number): Failure {
  return new Failure('CANDIDATE', {
    what: `the project requires ${counted(required, 'approval')}, but has no keys to verify one with`,
    where: 'mapping/allowed_signers',
    hint: 'write the names and public keys of the reviewers there, freeze the mapping, then build again',
  });
}

function tooFew(
  required: number,
  people: number,
  sealId: string,
  judged: readonly JournaledApproval[],
): Failure {
  const refused = judged.flatMap((one) =>
    one.refused === null ? [] : [`that of ${one.reviewer} does not count, as ${one.refused}`],
  );
  const twice = twiceOf(judged);
  const [first] = [...refused, ...(twice === null ? [] : [twice])];
  const have = people === 0 ? 'none counts' : `only ${people} ${people === 1 ? 'counts' : 'count'}`;
  return new Failure('CANDIDATE', {
    what: `the project requires ${required === 1 ? '1 approval by another person' : `${required} approvals by other people`}, and ${have}${first === undefined ? '' : `; ${first}`}`,
    where: `seal id ${sealId}`,
    hint: 'have the candidate reviewed with sealift review --approve',
  });
}

/** Says which approvals are by one person; null if each is by another. */
function twiceOf(judged: readonly JournaledApproval[]): string | null {
  const valid = judged.filter(({ refused }) => refused === null);
  for (const [index, one] of valid.entries()) {
    const other = valid.slice(index + 1).find((later) => isSamePerson(one, later));
    if (other === undefined) continue;
    const how = one.signer === other.signer ? 'are signed with one key' : 'have one name';
    return `those of ${one.reviewer} and ${other.reviewer} ${how}`;
  }
  return null;
}
