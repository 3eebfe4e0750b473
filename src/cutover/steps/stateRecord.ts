/**
 * `state.record`: a file of the runbook's folder says what the run has really deployed so far, so that a
 * `git.commit` after it commits that. As a way back, the file gets what was in it before.
 */

import { dirname, join } from 'node:path';

import { replaceFile, syncFolder, writeFileDurably } from '../../disk/durable.ts';
import { diskFailure } from '../../disk/errors.ts';
import { removeFile, statOf } from '../../disk/noLinks.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { decodeUtf8 } from '../../record/jsonText.ts';
import { readPlainFile } from '../../seal/files.ts';
import { BACK, FILE } from '../schema/runbookParts.ts';
import { requiredText } from './stepMembers.ts';
import type { DoneStep, Presence, StepResult, StepWork } from './stepType.ts';

/** Most bytes of the file before. */
const MOST_BYTES = 1024 * 1024;

export const stateRecord: DoneStep = {
  text: 'A file says what the run has deployed.',
  members: { file: FILE, back: BACK },
  required: ['file'],
  kind: 'change',
  place: 'files',
  verifiesItself: true,
  resumes: true,
  plan(members) {
    const file = quoteName(requiredText(members, 'file'));
    return members['back'] === true
      ? `put back what was in ${file}`
      : `write what is deployed to ${file}`;
  },
  apply: async (work) => onDisk(work, () => (isBack(work) ? putBack(work) : write(work))),
  async dryRun(work) {
    const isThere = read(work) !== null;
    return { verdict: 'PASS', says: `the file ${isThere ? 'would be replaced' : 'would be new'}` };
  },
  async verify(work) {
    const isThere = presenceOf(work) === 'there';
    const says = isThere ? 'the file is as written' : 'the file is not as it was written';
    return { verdict: isThere ? 'PASS' : 'FAIL', says };
  },
  probe: async (work) => presenceOf(work),
};

function isBack({ members }: StepWork): boolean {
  return members['back'] === true;
}

function placeOf({ members, world }: StepWork): string {
  return world.files.place(requiredText(members, 'file'));
}

/** What was in the file before the step, in the folder of the run; null if there was none. */
function copyOf({ id, world }: StepWork): string {
  return join(world.artifacts.folder, `${id}.before`);
}

function read({ members, world }: StepWork): Buffer | null {
  return world.files.read(requiredText(members, 'file'), MOST_BYTES);
}

/** Whether the file is what this run has written. */
function isOurs(bytes: Buffer | null, { world }: StepWork): boolean {
  try {
    const value: unknown = JSON.parse(decodeUtf8(bytes ?? Buffer.alloc(0)) ?? '');
    return (Object(value) as Record<string, unknown>)['run'] === world.runId;
  } catch {
    return false;
  }
}

function write(work: StepWork): StepResult {
  const old = read(work);
  const copy = copyOf(work);
  // After a crash, the file may be the new one already.
  if (old !== null && !isOurs(old, work) && statOf(copy) === undefined) {
    writeFileDurably(copy, old);
    syncFolder(work.world.artifacts.folder);
  }
  replaceFile(placeOf(work), [work.knownGood()]);
  return { verdict: 'PASS', says: 'what is deployed is written', results: { applied: 1 } };
}

function putBack(work: StepWork): StepResult {
  const copy = readPlainFile(copyOf(work), MOST_BYTES);
  if (copy !== null) replaceFile(placeOf(work), [copy]);
  else if (isOurs(read(work), work)) {
    removeFile(placeOf(work));
    syncFolder(dirname(placeOf(work)));
  }
  return { verdict: 'PASS', says: 'the file is as it was before', results: { applied: 1 } };
}

function presenceOf(work: StepWork): Presence {
  const now = read(work);
  if (!isBack(work)) return isOurs(now, work) ? 'there' : 'absent';
  const copy = readPlainFile(copyOf(work), MOST_BYTES);
  const isRestored = copy === null ? !isOurs(now, work) : now?.equals(copy) === true;
  return isRestored ? 'there' : 'absent';
}

function onDisk<T>(work: StepWork, does: () => T): T {
  try {
    return does();
  } catch (error) {
    throw diskFailure(error, requiredText(work.members, 'file'));
  }
}
