/**
 * evidence build: gathers what proves a cutover in a bag of files, for people who do not have the
 * project. evidence verify: verifies such a bag, with nothing but the bag.
 */

import { readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { draftBeside } from '../disk/durable.ts';
import { onDisk, onRead } from '../disk/errors.ts';
import { acquireLock } from '../disk/lock.ts';
import { realFolder, remove, statOf } from '../disk/noLinks.ts';
import { collect } from '../evidence/collect.ts';
import { verifyEvidence } from '../evidence/verifyEvidence.ts';
import { writeBag } from '../evidence/writeBag.ts';
import { JOURNAL_FILE, readJournal } from '../journal/journal.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { candidateNamed } from '../project/candidateNamed.ts';
import { projectPaths, type ProjectPaths } from '../project/paths.ts';
import { assertSealId } from '../project/sealIdOption.ts';
import { verifyWhole } from '../promote/pointerSession.ts';
import type { Environment } from '../run/environment.ts';
import type { Workers } from '../run/workers.ts';
import { MAX_SEAL_FILE, readPlainFile } from '../seal/files.ts';
import { sealedFolder, sealIdOf } from '../seal/sealedFolders.ts';

export interface BuildEvidenceOptions {
  readonly project: string;
  /** The folder to make. */
  readonly target: string;
  /** A candidate by seal id, or `v1`; null for the live one. */
  readonly candidate: string | null;
  readonly workers: Workers;
}

/** Writes the evidence of a candidate to a new folder. A failure leaves nothing. */
export async function buildEvidence(
  options: BuildEvidenceOptions,
  env: Environment,
): Promise<Outcome> {
  const paths = projectPaths(options.project);
  const path = targetPath(options.target, env);
  const name = candidateOf(paths, options, env);
  return onDisk(path, async () => {
    const since = env.now().toISOString();
    const lock = acquireLock(paths.candidates, { command: 'evidence', pid: env.pid, since });
    const forget = env.onInterrupt(() => {
      lock.release();
      remove(draftBeside(path));
    });
    try {
      const verified = await verifyWhole(paths.candidates, name, options.workers, env);
      const journal = readJournal(paths.journal);
      const bytes = readFileSync(join(paths.journal, JOURNAL_FILE));
      const payload = collect(paths, name, journal, bytes.subarray(0, journal.length));
      const sealId = sealIdOf(name);
      const info = new Map([
        ['Bagging-Date', since.slice(0, 10)],
        ['Bag-Software-Agent', `${env.tool.name} ${env.tool.version}`],
        ['External-Identifier', sealId],
      ]);
      const files = writeBag(path, payload, info);
      return actionOutcome({
        command: 'evidence build',
        ...(verified.run === null ? {} : { runId: verified.run.runId }),
        sealId,
        ...(verified.dataRoot === null ? {} : { dataRoot: verified.dataRoot }),
        notes: [
          `${counted(files, 'file')} in ${options.target}`,
          `journal head ${journal.head}`,
          'it holds no record; keep the seal id and the head elsewhere, to compare them later',
        ],
      });
    } finally {
      forget();
      lock.release();
    }
  });
}

/** @throws Failure USAGE if the folder cannot be made there */
function targetPath(target: string, { cwd }: Environment): string {
  const path = resolve(cwd, target);
  const parent = realFolder(dirname(path));
  if (statOf(parent)?.isDirectory() === true) return join(parent, basename(path));
  throw new Failure('USAGE', {
    what: 'there is no folder to make the evidence in',
    where: dirname(path),
    hint: 'create it, or name another place',
  });
}

function candidateOf(
  paths: ProjectPaths,
  { candidate, project }: BuildEvidenceOptions,
  { cwd }: Environment,
): string {
  const folder = candidateNamed(candidate ?? 'live', project, cwd);
  if (dirname(folder) === sealedFolder(paths.candidates)) return basename(folder);
  throw new Failure('CANDIDATE', {
    what: 'this is not a candidate of the project',
    where: `--candidate ${candidate ?? ''}`,
    hint: 'name one of the project by its seal id',
  });
}

export interface VerifyEvidenceOptions {
  readonly folder: string;
  /** Seal id that was kept elsewhere; null for none. */
  readonly expectSeal: string | null;
  /** File of allowed signers from elsewhere; null for the one in the bag. */
  readonly allowedSigners: string | null;
}

/** Verifies the evidence in a folder. */
export async function checkEvidence(
  { folder, expectSeal, allowedSigners }: VerifyEvidenceOptions,
  env: Environment,
): Promise<Outcome> {
  assertSealId(expectSeal);
  const path = resolve(env.cwd, folder);
  const signers = allowedSigners === null ? null : signersFrom(allowedSigners, env);
  return onRead(path, async () => {
    const stat = statOf(realFolder(path));
    if (stat?.isDirectory() !== true) throw noEvidence(folder);
    const { sealId, dataRoot, findings, notes } = await verifyEvidence(
      realpathSync(path),
      { sealId: expectSeal, signers },
      env,
    );
    return checkOutcome({
      command: 'evidence verify',
      ...(sealId === null ? {} : { sealId }),
      ...(dataRoot === null ? {} : { dataRoot }),
      modules: [],
      findings,
      notes,
    });
  });
}

function signersFrom(file: string, { cwd }: Environment): string {
  const path = resolve(cwd, file);
  const bytes = readPlainFile(join(realFolder(dirname(path)), basename(path)), MAX_SEAL_FILE);
  if (bytes !== null) return bytes.toString('utf8');
  throw new Failure('USAGE', {
    what: 'there is no such file of allowed signers',
    where: `--allowed-signers ${file}`,
    hint: 'check the path',
  });
}

function noEvidence(folder: string): Failure {
  return new Failure('CANDIDATE', {
    what: 'there is no folder of evidence',
    where: folder,
    hint: 'name the folder that sealift evidence build has made',
  });
}
