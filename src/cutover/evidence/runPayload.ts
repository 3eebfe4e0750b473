/**
 * The files of a run that prove it: its journal, its runbook with the plan that was approved, the files that its
 * steps read, what they said, the approvals with their signatures, and the documents that are made of these.
 * Backups and other large files of steps stay where they are: they hold records.
 */

import { join } from 'node:path';

import { entriesOf, statOf } from '../../disk/noLinks.ts';
import { approvalPath } from '../../journal/approvalFile.ts';
import { canonicalJson } from '../../record/canonical.ts';
import { plainSize } from '../../seal/files.ts';
import { KEPT_FILES, KEPT_RUNBOOK, KEPT_SIGNERS } from '../engine/keptRunbook.ts';
import { MAX_FILE } from '../engine/beginRun.ts';
import { JOURNAL_OF_RUN, type RunPlaces } from '../engine/runPlaces.ts';
import type { LoadedRunbook } from '../readRunbook.ts';
import { OUTPUTS_OF_RUN } from '../world/artifacts.ts';
import { runDocuments } from './runDocuments.ts';
import { outputsIn, type RunEvidence, type RunSources } from './runEvidence.ts';

/** The canonical JSON whose SHA-256 is the plan hash. */
export const PLAN_FILE = 'plan.json';
/** The allowed signers that the run began with. */
export const SIGNERS_OF_RUN: string = KEPT_SIGNERS;

/** A file of a run: its path there, and where it is, or its content. */
export interface RunFile {
  readonly path: string;
  readonly from: string | Uint8Array;
  /** Digest that it has to have; null if it is not known. */
  readonly sha256: string | null;
}

/**
 * Lists the files of a run. `whole` are the bytes of its journal's whole lines.
 */
export function runPayload(
  { folder }: RunPlaces,
  { text, value }: LoadedRunbook,
  evidence: RunEvidence,
  whole: Uint8Array,
): readonly RunFile[] {
  const { begun } = evidence.record;
  return [
    made(JOURNAL_OF_RUN, whole),
    made(KEPT_RUNBOOK, Buffer.from(text)),
    made(PLAN_FILE, Buffer.from(canonicalJson(value))),
    ...signersFile(folder),
    ...approvalFiles(folder, evidence),
    ...outputFiles(folder, evidence),
    ...readFiles(folder, begun?.files ?? {}),
    ...runDocuments(evidence).map(({ path, content }) => made(path, content)),
  ];
}

function signersFile(folder: string): readonly RunFile[] {
  const from = join(folder, KEPT_SIGNERS);
  if (statOf(from)?.isFile() !== true) return [];
  return [{ path: SIGNERS_OF_RUN, from, sha256: null }];
}

function made(path: string, content: Uint8Array): RunFile {
  return { path, from: content, sha256: null };
}

function approvalFiles(folder: string, { lines }: RunSources): readonly RunFile[] {
  const digests = lines.filter(({ event }) => event === 'approved').map((line) => line['approval']);
  return [...new Set(digests)]
    .flatMap((digest) => [approvalPath(String(digest)), `${approvalPath(String(digest))}.sig`])
    .filter((path) => statOf(join(folder, path))?.isFile() === true)
    .map((path) => ({ path, from: join(folder, path), sha256: null }));
}

/** What steps left, those of a step that was cut off, too. */
function outputFiles(folder: string, sources: RunSources): readonly RunFile[] {
  const outputs = join(folder, OUTPUTS_OF_RUN);
  if (statOf(outputs)?.isDirectory() !== true) return [];
  const known = new Map(outputsIn(sources).map(({ name, sha256 }) => [name, sha256]));
  return entriesOf(outputs)
    .filter((entry) => entry.isFile())
    .map(({ name }) => {
      const sha256 = known.get(name) ?? null;
      return { path: `${OUTPUTS_OF_RUN}/${name}`, from: join(outputs, name), sha256 };
    });
}

function readFiles(folder: string, digests: Readonly<Record<string, unknown>>): readonly RunFile[] {
  return [...new Set(Object.values(digests).map(String))].toSorted().flatMap((sha256) => {
    if (!/^[0-9a-f]{64}$/.test(sha256)) return [];
    const from = join(folder, KEPT_FILES, sha256);
    if (plainSize(from) > MAX_FILE) return [];
    return [{ path: `${KEPT_FILES}/${sha256}`, from, sha256 }];
  });
}
