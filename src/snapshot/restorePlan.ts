/** Compares a snapshot with a project, to decide what a restore puts back. Writes nothing. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { inTheWay } from '../disk/inTheWay.ts';
import { statOf } from '../disk/noLinks.ts';
import { JOURNAL_FILE, readJournal } from '../journal/journal.ts';
import type { Journal } from '../journal/line.ts';
import { FREEZE_FILE } from '../mapping/freezeFile.ts';
import { listMappingFiles } from '../mapping/loadMapping.ts';
import { Failure } from '../outcome/failure.ts';
import type { ProjectPaths } from '../project/paths.ts';
import { readPieces } from '../seal/files.ts';
import { JOURNAL, MAPPING, type SnapshotFile } from './manifest.ts';
import type { Snapshot } from './readSnapshot.ts';

/** Files of a folder that differ from the snapshot, relative to that folder. */
export interface FolderPlan {
  readonly missing: readonly string[];
  readonly changed: readonly string[];
  /** Files that the snapshot does not have, but that count as a part of the mapping. */
  readonly added: readonly string[];
}

/**
 * State of the project's journal: `kept` contains the snapshot's head; `shorter` is a beginning of
 * the snapshot's; `other` is neither; `broken` does not verify.
 */
export type JournalState = 'kept' | 'missing' | 'shorter' | 'other' | 'broken';

export interface RestorePlan {
  readonly mapping: FolderPlan;
  /** Files beside the journal. */
  readonly beside: FolderPlan;
  readonly journal: JournalState;
}

export type CandidateState = 'missing' | 'damaged';

/** Everything that is put back. */
export interface WholePlan extends RestorePlan {
  /** State of the candidates to put back, by name. */
  readonly candidates: ReadonlyMap<string, CandidateState>;
}

/** What to do with files that differ. */
export interface RestoreChoice {
  /** Whether they are replaced; they are kept aside. */
  readonly replace: boolean;
  /** Whether those of the mapping stay as they are. */
  readonly keepMapping: boolean;
}

/** Adds the candidates to a plan, and takes out what stays as it is. */
export function wholePlan(
  plan: RestorePlan,
  candidates: ReadonlyMap<string, CandidateState>,
  { keepMapping }: RestoreChoice,
): WholePlan {
  const { missing, changed, added } = plan.mapping;
  const stays = keepMapping && changed.length + added.length > 0;
  return {
    ...plan,
    candidates,
    ...(stays ? { mapping: { missing, changed: [], added: [] } } : {}),
  };
}

/** @throws Failure if an unexpected file or link is in place of a folder */
export async function planRestore(paths: ProjectPaths, snapshot: Snapshot): Promise<RestorePlan> {
  const { mapping, journal } = paths;
  for (const folder of [mapping, journal]) {
    const stat = statOf(folder);
    if (stat === undefined || stat.isDirectory()) continue;
    throw inTheWay('SNAPSHOT', 'a file or link is in place of a folder to restore', folder);
  }
  const files = snapshot.manifest.files;
  const here = statOf(mapping) === undefined ? [] : await listMappingFiles(mapping);
  if (statOf(join(mapping, FREEZE_FILE)) !== undefined) here.push(FREEZE_FILE);
  return {
    mapping: planFolder(mapping, below(files, MAPPING), here),
    beside: planFolder(journal, below(files, JOURNAL).filter(isBeside), []),
    journal: journalState(journal, snapshot.journal),
  };
}

/** Returns the files below a folder of the archive, with their paths relative to it. */
function below(files: readonly SnapshotFile[], folder: string): SnapshotFile[] {
  return files
    .filter(({ path }) => path.startsWith(folder))
    .map(({ path, sha256, size }) => ({ path: path.slice(folder.length), sha256, size }));
}

function isBeside({ path }: SnapshotFile): boolean {
  return path !== JOURNAL_FILE;
}

function planFolder(
  folder: string,
  files: readonly SnapshotFile[],
  here: readonly string[],
): FolderPlan {
  const missing: string[] = [];
  const changed: string[] = [];
  for (const { path, sha256, size } of files) {
    const stat = statOf(join(folder, path));
    if (stat === undefined) missing.push(path);
    else if (!stat.isFile()) throw notPlain(join(folder, path));
    else if (stat.size !== size || digestOf(join(folder, path)) !== sha256) changed.push(path);
  }
  const known = new Set(files.map(({ path }) => path));
  return { missing, changed, added: here.filter((path) => !known.has(path)) };
}

function notPlain(path: string): Failure {
  return inTheWay('SNAPSHOT', 'a folder or link is in place of a file to restore', path);
}

function digestOf(path: string): string {
  const digest = createHash('sha256');
  for (const piece of readPieces(path)) digest.update(piece);
  return digest.digest('hex');
}

function journalState(folder: string, kept: Journal): JournalState {
  let journal: Journal;
  try {
    journal = readJournal(folder);
  } catch (error) {
    const isBroken = error instanceof Failure && error.code === 'JOURNAL';
    if (isBroken && statOf(join(folder, JOURNAL_FILE))?.isFile() === true) return 'broken';
    throw error;
  }
  if (journal.entries.length === 0) return 'missing';
  if (hasHead(journal, kept.head)) return 'kept';
  return hasHead(kept, journal.head) ? 'shorter' : 'other';
}

/** Returns whether a journal has a line with this digest. */
function hasHead({ entries, head }: Journal, wanted: string): boolean {
  return head === wanted || entries.some(({ prev, seq }) => seq > 1 && prev === wanted);
}

const TO_CHOOSE =
  'give --replace to put the snapshot in their place and keep them aside, or --keep-mapping to leave the mapping as it is';

/** @throws Failure SNAPSHOT if something differs and the options do not say what to do with it */
export function assertReplaceable(
  { mapping, beside, journal }: RestorePlan,
  { replace, keepMapping }: RestoreChoice,
): void {
  if (replace) return;
  const changed = keepMapping ? [] : [...mapping.changed, ...mapping.added];
  const [first] = [
    ...changed.map((path) => `${MAPPING}${path}`),
    ...beside.changed.map((path) => `storage_journal/${path}`),
  ];
  if (first !== undefined) {
    const count = changed.length + beside.changed.length;
    const more = count > 1 ? `, and ${count - 1} more` : '';
    const what = 'files of the project differ from the snapshot, nothing was restored';
    throw new Failure('SNAPSHOT', { what, where: `${first}${more}`, hint: TO_CHOOSE });
  }
  if (journal !== 'other' && journal !== 'broken') return;
  throw new Failure('SNAPSHOT', {
    what:
      journal === 'broken'
        ? 'the journal of the project is broken, nothing was restored'
        : 'the journal of the project is not the one in the snapshot, nothing was restored',
    where: `storage_journal/${JOURNAL_FILE}`,
    hint: 'make sure that this is a snapshot of this project; --replace restores its journal and keeps this one aside',
  });
}

/** Says what is put back, a sentence for each part. */
export function planLines(
  { candidates, mapping, beside, journal }: WholePlan,
  aside: string,
  store: string,
): string[] {
  const kept = `is kept in ${aside}`;
  const files = (label: string, { missing, changed, added }: FolderPlan): string[] => [
    ...missing.map((path) => `${label}${path} was missing`),
    ...changed.map((path) => `${label}${path} was changed; the changed file ${kept}`),
    ...added.map((path) => `${label}${path} was added; it ${kept}`),
  ];
  const reasons: Readonly<Record<JournalState, readonly string[]>> = {
    kept: [],
    missing: ['the journal was missing'],
    shorter: ['lines were missing at the end of the journal'],
    other: [`the journal was another one, which ${kept}`],
    broken: [`the journal was broken; the broken one ${kept}`],
  };
  const trash = `the damaged one is kept in ${join(store, '.trash')} until the next prune`;
  return [
    ...[...candidates].map(([name, state]) => {
      return `candidate ${name} was ${state === 'missing' ? 'missing' : `damaged; ${trash}`}`;
    }),
    ...files('mapping/', mapping),
    ...files('storage_journal/', beside),
    ...reasons[journal],
  ];
}
