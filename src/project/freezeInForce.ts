/**
 * The freeze of a project's mapping, which runs have to respect. A freeze.json that is not the one
 * that the journal records last counts as edited.
 */

import { existsSync } from 'node:fs';

import { eventOf } from '../journal/readEvent.ts';
import { readJournal } from '../journal/journal.ts';
import type { Journal } from '../journal/line.ts';
import {
  assertFrozenDigest,
  changedSideFile,
  changedSince,
  changesBetween,
  digestMappingFiles,
  editedFreeze,
  missingFreeze,
  readFreeze,
  type Freeze,
  type FreezeOnDisk,
} from '../mapping/freezeFile.ts';
import type { LoadedMapping } from '../mapping/loadMapping.ts';
import type { ProjectMapping } from '../mapping/model.ts';
import { Failure } from '../outcome/failure.ts';
import { isRehearsal, projectPaths } from './paths.ts';

/**
 * Returns the freeze that a run has to respect; null if there is none.
 * @throws Failure MAPPING if a file of the mapping or freeze.json has changed since, or freeze.json is
 * missing although the mapping that was frozen last requires one, JOURNAL if the journal is broken
 */
export async function freezeInForce(project: string): Promise<Freeze | null> {
  const { mapping, journal } = projectPaths(project);
  const frozen = await readFreeze(mapping);
  if (frozen === null) {
    // The mapping that requires a freeze may have been edited with it.
    const required = existsSync(mapping) && lastFreeze(readJournal(journal))?.required === true;
    if (required && !isRehearsal(project)) throw missingFreeze();
    return null;
  }
  const changes = changesBetween(frozen.files, await digestMappingFiles(mapping));
  if (changes.length > 0) throw changedSince(changes);
  if (isEdited(frozen, lastFreeze(readJournal(journal)))) throw editedFreeze();
  return frozen;
}

/** Asserts that the loaded mapping is the frozen one. @throws Failure MAPPING */
export function assertAsFrozen(
  frozen: Freeze | null,
  { digest, project }: Pick<LoadedMapping, 'digest' | 'project'>,
  root: string,
): void {
  assertFrozenIfRequired(frozen, project, root);
  if (frozen !== null) assertFrozenDigest(frozen, digest);
}

/** Asserts that there is a freeze where the project requires one. @throws Failure MAPPING */
export function assertFrozenIfRequired(
  frozen: Freeze | null,
  project: Pick<ProjectMapping, 'frozen'>,
  root: string,
): void {
  if (frozen === null && project.frozen === 'required' && !isRehearsal(root)) throw missingFreeze();
}

/**
 * Returns a note if what a command has read is not as frozen: the mapping with this digest, of a
 * candidate or of the project. Such a command shows whether a change should be approved, so it
 * runs. No note if there was never a freeze, unless the project requires one.
 */
export async function freezeNotes(
  root: string,
  { digest, project }: Pick<LoadedMapping, 'digest' | 'project'>,
): Promise<string[]> {
  const { mapping, journal } = projectPaths(root);
  const last = lastKnownFreeze(journal);
  try {
    const frozen = await readFreeze(mapping);
    if (frozen === null) {
      if (last !== null)
        return ['the journal records a freeze, but mapping/freeze.json is missing'];
      return project.frozen === 'required' ? [missingFreeze().message] : [];
    }
    if (isEdited(frozen, last)) return [editedFreeze().message];
    return frozen.digest === digest ? [] : ['the mapping that was read is not the frozen one'];
  } catch (error) {
    if (error instanceof Failure) return [error.line()];
    throw error;
  }
}

/**
 * Asserts that a file beside the mapping, such as smoke.json, is the one that was frozen. Does not
 * depend on the rest of the mapping, which may be on its way to the next candidate.
 * @throws Failure MAPPING if it is not, or freeze.json was edited
 */
export async function assertFileAsFrozen(
  root: string,
  file: string,
  sha256: string,
): Promise<void> {
  const { mapping, journal } = projectPaths(root);
  const frozen = await readFreeze(mapping);
  const last = lastFreeze(readJournal(journal));
  // Without a freeze.json the journal tells whether the file could have been frozen.
  if (frozen === null && last !== null) throw missingFreeze();
  if (frozen === null) return;
  if (isEdited(frozen, last)) throw editedFreeze();
  if (frozen.files.get(file) !== sha256) throw changedSideFile(file);
}

interface RecordedFreeze {
  readonly digest: string;
  readonly file?: string;
  readonly required?: true;
}

type Recorded = RecordedFreeze | null;

/** Returns the last freeze in a journal; null if it records none. */
export function lastFreeze({ entries }: Journal): Recorded {
  const frozen = entries.map(eventOf).filter((event) => event.event === 'mapping-frozen');
  return frozen.at(-1) ?? null;
}

/** The same for commands that do not depend on the journal, which may be broken. */
function lastKnownFreeze(folder: string): Recorded {
  try {
    return lastFreeze(readJournal(folder));
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

/** Whether a freeze of a project is not the one that its journal records last. */
export function isEditedFreeze(root: string, frozen: FreezeOnDisk): boolean {
  return isEdited(frozen, lastFreeze(readJournal(projectPaths(root).journal)));
}

/** Whether a freeze that was read is not the recorded one. */
export function isEdited({ digest, sha256 }: FreezeOnDisk, recorded: Recorded): boolean {
  if (recorded === null) return false;
  return recorded.digest !== digest || (recorded.file ?? sha256) !== sha256;
}
