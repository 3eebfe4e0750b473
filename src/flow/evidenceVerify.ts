/**
 * evidence verify: verifies a bag of evidence, with nothing but the bag and what was kept elsewhere: that it is
 * whole and signed, that its statements are those of its files, that the candidate and the run in it are what
 * its journals say.
 */

import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { RunEvidence } from '../cutover/evidence/runEvidence.ts';
import type { VerifiedRun } from '../cutover/evidence/verifyRun.ts';
import { readVerifyingKey } from '../crypto/signingKey.ts';
import type { VerifyingKey } from '../crypto/ed25519.ts';
import { onRead } from '../disk/errors.ts';
import { realFolder, statOf } from '../disk/noLinks.ts';
import { unexpectedParts } from '../evidence/bagParts.ts';
import { attestationFindings, builtAtIn } from '../evidence/attestations.ts';
import {
  ABOUT,
  AGENT,
  RUN,
  keyNamed,
  minisignFindings,
  signatureFiles,
  SSH_SIGNATURE,
} from '../evidence/bagSignature.ts';
import { CANDIDATE_PART, RUN_PART } from '../evidence/collect.ts';
import { ATTESTATIONS_FILE } from '../evidence/inTotoStatements.ts';
import { reconcileFindings } from '../evidence/reconcilesOf.ts';
import { noteFindings } from '../evidence/sealNotes.ts';
import { TAG_MANIFEST_FILE } from '../evidence/writeBag.ts';
import { readBag, type ReadBag } from '../evidence/readBag.ts';
import type { SealInBag } from '../evidence/verifySeal.ts';
import { JOURNAL, journalIn, verifyCandidate } from '../evidence/verifyCandidate.ts';
import type { Journal } from '../journal/line.ts';
import { Failure } from '../outcome/failure.ts';
import type { Finding } from '../outcome/finding.ts';
import { checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { ruleFinding } from '../outcome/rules.ts';
import { assertSealId } from '../project/sealIdOption.ts';
import type { Environment } from '../run/environment.ts';
import { allWorkers, type Workers } from '../run/workers.ts';
import { MAX_SEAL_FILE, readPlainFile } from '../seal/files.ts';
import type { Pool } from '../threads/pool.ts';
import { statedBag } from './evidenceFacts.ts';
import { runIn, runNotes } from './evidenceRunAgain.ts';
import { sshFindings } from './evidenceSigners.ts';
import { readGiven } from './givenFile.ts';

export interface VerifyEvidenceOptions {
  readonly folder: string;
  /** Seal id that was kept elsewhere; null for none. */
  readonly expectSeal: string | null;
  /** SHA-256 of the last lines of journals that were kept elsewhere. */
  readonly expectHeads: readonly string[];
  /** File of allowed signers from elsewhere; null for the one in the bag. */
  readonly allowedSigners: string | null;
  /** File of the public key of the statements, from elsewhere; null for none. */
  readonly publicKey: string | null;
  readonly workers: Workers;
}

/** Most bytes of a file of allowed signers: that of a large company. */
const MOST_SIGNERS = 1024 * 1024;

/** What was kept apart from the bag. */
interface Expected {
  readonly sealId: string | null;
  readonly heads: readonly string[];
  readonly signers: string | null;
  readonly key: VerifyingKey | null;
}

/** Verifies the evidence in a folder. */
export async function checkEvidence(
  options: VerifyEvidenceOptions,
  env: Environment,
): Promise<Outcome> {
  const { folder, expectSeal, expectHeads, allowedSigners, publicKey } = options;
  assertSealId(expectSeal);
  for (const head of expectHeads) assertHead(head);
  const expected: Expected = {
    sealId: expectSeal,
    heads: expectHeads,
    signers:
      allowedSigners === null
        ? null
        : readGiven(allowedSigners, '--allowed-signers', env, MOST_SIGNERS).toString('utf8'),
    key: publicKey === null ? null : publicKeyFrom(publicKey, env),
  };
  const path = resolve(env.cwd, folder);
  return onRead(path, async () => {
    if (statOf(realFolder(path))?.isDirectory() !== true) throw noEvidence(folder);
    const pool = env.startWorkers(allWorkers(options.workers, env), null);
    try {
      return await verified(realpathSync(path), expected, pool, env);
    } finally {
      await pool.close();
    }
  });
}

function assertHead(head: string): void {
  if (/^[0-9a-f]{64}$/.test(head)) return;
  throw new Failure('USAGE', {
    what: 'a head is 64 digits, as sealift evidence build prints it',
    where: `--expect-head ${head}`,
    hint: 'give the whole of it',
  });
}

function publicKeyFrom(file: string, env: Environment): VerifyingKey {
  return readVerifyingKey(readGiven(file, '--public-key', env).toString('utf8'), file);
}

async function verified(
  folder: string,
  expected: Expected,
  pool: Pool,
  env: Environment,
): Promise<Outcome> {
  const bag = await readBag(folder, pool);
  // A damaged bag is judged no further: its statements may be those of the damage.
  if (bag.findings.length > 0) return outcome(bag.findings, null, []);
  const signed = await signatures(folder, bag, expected, env);
  const data = join(folder, 'data');
  const journal = journalIn(data);
  if ('rule' in journal) return outcome([...signed.findings, journal], null, signed.notes);
  const parts = await verifyParts(data, bag, journal, expected, env);
  const findings = [
    ...signed.findings,
    ...parts.findings,
    ...statements(folder, bag, journal, parts, signed.key),
    ...(parts.sealed === null || signed.key === null
      ? []
      : noteFindings(data, parts.sealed, signed.key)),
  ];
  const notes = [...parts.notes, ...signed.notes, ...headNotes(journal, parts, expected)];
  return outcome(findings, parts.sealed, notes);
}

function outcome(
  findings: readonly Finding[],
  sealed: SealInBag | null,
  notes: readonly string[],
): Outcome {
  return checkOutcome({
    command: 'evidence verify',
    ...(sealed === null ? {} : { sealId: sealed.sealId, dataRoot: sealed.run.dataRoot }),
    modules: [],
    findings,
    notes,
  });
}

interface Signed {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  /** The key of the statements: the one from elsewhere, or that which the bag names; null for none. */
  readonly key: VerifyingKey | null;
}

async function signatures(
  folder: string,
  { info, tagManifest }: ReadBag,
  expected: Expected,
  env: Environment,
): Promise<Signed> {
  const key = expected.key ?? keyNamed(info);
  const ssh = await sshFindings(folder, info, tagManifest, expected.signers, env);
  const findings = [
    ...ssh.findings,
    ...(key === null ? [] : minisignFindings(folder, tagManifest, key)),
  ];
  const signatures = signatureFiles(info);
  const isCovered =
    expected.key !== null || (expected.signers !== null && signatures.includes(SSH_SIGNATURE));
  if (expected.signers !== null && !isCovered) {
    const reason = 'no signature of a person covers the evidence, only its approvals are signed';
    findings.push(ruleFinding('evidence', TAG_MANIFEST_FILE, reason));
  }
  return {
    findings,
    key,
    notes: [
      ...ssh.notes,
      ...(signatures.length > 0 ? [] : ['not proven: who made the bag, as it is not signed']),
      ...(expected.key === null && key !== null
        ? [
            `signed with the key ${key.id}; not proven: whose it is, as the bag itself names it; give --public-key FILE`,
          ]
        : []),
      ...(expected.key === null ? [] : [`signed with the key ${expected.key.id}`]),
    ],
  };
}

interface Parts {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  readonly sealed: SealInBag | null;
  readonly run: RunEvidence | null;
}

/** Verifies the candidate and the run, whichever is there. */
async function verifyParts(
  data: string,
  bag: ReadBag,
  journal: Journal,
  expected: Expected,
  env: Environment,
): Promise<Parts> {
  const has = (part: string): boolean => statOf(join(data, part))?.isDirectory() === true;
  const [hasCandidate, hasRun] = [has(CANDIDATE_PART), has(RUN_PART)];
  if (!hasCandidate && !hasRun) {
    const reason = 'there is neither a candidate nor a run in the bag';
    return { ...NONE, findings: [ruleFinding('file-missing', 'data', reason)] };
  }
  const seal = hasCandidate
    ? await verifyCandidate(data, journal, bag.info.get(ABOUT), expected, env)
    : { ...NONE, findings: [...unexpectedSeal(expected), ...otherName(bag.info)] };
  const run = hasRun ? await runIn(data, bag, journal, expected, env) : null;
  return {
    findings: [
      ...seal.findings,
      ...(run?.findings ?? []),
      ...unexpectedHeads(expected, journal, run),
      ...unexpectedParts(bag.payload, journal, seal.sealed),
      ...reconcileFindings(bag.payload, journal, seal.sealed?.sealId ?? null),
    ],
    notes: [
      ...seal.notes,
      ...(run === null ? [] : runNotes(run, expected)),
      `journal: ${journal.entries.length} lines, head ${journal.head}`,
    ],
    sealed: seal.sealed,
    run: run?.evidence ?? null,
  };
}

const NONE = { findings: [], notes: [], sealed: null, run: null } as const;

/** A bag of a run alone is named by it. */
function otherName(info: ReadonlyMap<string, string>): readonly Finding[] {
  if (info.get(ABOUT) === info.get(RUN)) return [];
  return [ruleFinding('seal-unexpected', 'bag-info.txt', 'the bag is named by another run')];
}

function unexpectedSeal({ sealId }: Expected): readonly Finding[] {
  const reason = 'the bag holds no candidate, so the seal id is not the expected one';
  return sealId === null ? [] : [ruleFinding('seal-unexpected', 'data', reason)];
}

/** Each head that was kept elsewhere has to be that of a journal in the bag. */
function unexpectedHeads(
  { heads }: Expected,
  journal: Journal,
  run: VerifiedRun | null,
): readonly Finding[] {
  const own = new Set([journal.head, run?.evidence?.head]);
  const reason = 'no journal of the bag ends with the expected head';
  return heads.some((head) => !own.has(head))
    ? [ruleFinding('seal-unexpected', JOURNAL, reason)]
    : [];
}

function headNotes({ head }: Journal, { run }: Parts, { heads }: Expected): readonly string[] {
  const open = [head, ...(run === null ? [] : [run.head])].filter((one) => !heads.includes(one));
  if (open.length === 0) return [];
  const which = run === null ? 'the journal was' : 'the journals were';
  return [`not proven: that ${which} not written anew; give each head with --expect-head HEAD`];
}

/** Verifies the signed statements; a bag whose key is known has to have them. */
function statements(
  folder: string,
  { info, payload }: ReadBag,
  journal: Journal,
  { sealed, run }: Parts,
  key: VerifyingKey | null,
): readonly Finding[] {
  const text = readPlainFile(join(folder, ATTESTATIONS_FILE), MAX_SEAL_FILE)?.toString('utf8');
  if (text === undefined) {
    const reason = 'the bag is signed with a key, and its statements are missing';
    return key === null ? [] : [ruleFinding('file-missing', ATTESTATIONS_FILE, reason)];
  }
  if (key === null) {
    const reason = 'the bag has statements, and no key that signed them';
    return [ruleFinding('signature', ATTESTATIONS_FILE, reason)];
  }
  const [name = '', version = ''] = (info.get(AGENT) ?? '').split(' ');
  const tool = { name, version };
  const builtAt = builtAtIn(text) ?? '';
  const bag = statedBag({ builtAt, tool, journal, sealed, run });
  return attestationFindings(text, bag, payload, key);
}

function noEvidence(folder: string): Failure {
  return new Failure('CANDIDATE', {
    what: 'there is no folder of evidence',
    where: folder,
    hint: 'name the folder that sealift evidence build has made',
  });
}
