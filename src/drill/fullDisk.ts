/** The steps of a drill on a full disk. */

import { currentPath } from '../seal/sealedFolders.ts';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';

import { emptyDisk, fillDisk, mountSmallDisk, SMALL_DISK, unmountSmallDisk } from './smallDisk.ts';
import type { Step } from '../outcome/outcome.ts';
import { listCandidate } from '../seal/files.ts';
import {
  buildAgain,
  ending,
  goodCandidate,
  migrateArgs,
  nothingLeft,
  sealift,
  untouched,
  type Baseline,
  type Drill,
} from './steps.ts';
import { projectPaths } from '../project/paths.ts';
import type { Said } from './shadow.ts';

/** Maximum size of the disk in memory, in bytes. */
const MAX_DISK = 2 ** 30;
/** Bytes of the disk beyond a multiple of the candidate's size. */
const DISK_MARGIN = 2 ** 26;
/** Size of the disk in candidates: one, and the scratch space to build it. */
const DISK_FACTOR = 6;
/** Free space as a fraction of a candidate: too little for one, but mostly enough to start. */
const LEFT = 0.75;

/** Builds a candidate, fills the disk, runs on it, and runs again when there is space. */
export async function meetFullDisk(all: Drill, { project }: Baseline): Promise<void> {
  const folder = all.shadow.folder(SMALL_DISK);
  const bytes = candidateBytes(project);
  const size = bytes * DISK_FACTOR + DISK_MARGIN;
  if (size > MAX_DISK) {
    notDrilled(all, 'the candidate is too large for a disk in memory; drill with --sample as well');
    return;
  }
  if (!mountSmallDisk(folder, size)) {
    notDrilled(all, 'this user may not mount a small disk; run the drill as root as well');
    return;
  }
  const unmount = (): void => {
    all.running?.kill();
    unmountSmallDisk(folder);
  };
  const forget = all.env.onInterrupt(unmount);
  try {
    const baseline = await goodCandidate(all, all.shadow.project('project', folder));
    fillDisk(folder, Math.floor(bytes * LEFT));
    const result = await sealift(all, baseline.project, migrateArgs(all));
    all.steps.push(stepOnFullDisk(result));
    all.steps.push(nothingLeft(baseline, 'after the full disk'));
    all.steps.push(await untouched(all, baseline, 'after the full disk'));
    emptyDisk(folder);
    await buildAgain(all, baseline, ' once there is space again');
  } finally {
    unmount();
    forget();
  }
}

/** Makes the step of a run on a full disk, which passes only if lack of space ended the run. */
export function stepOnFullDisk(result: Said): Step {
  const wanted = result.failure?.code === 'DISK';
  return {
    step: 'migrate on a full disk',
    expected: 'exit 1, out of space',
    observed: `${ending(result)}${wanted ? ', out of space' : ''}`,
    ok: result.code === 1 && wanted,
  };
}

function notDrilled({ notices }: Drill, reason: string): void {
  notices.push({
    rule: 'drill',
    severity: 'INFO',
    reason: `the full disk was not drilled: ${reason}`,
  });
}

function candidateBytes(project: string): number {
  const folder = join(currentPath(projectPaths(project).candidates), '.');
  return listCandidate(folder).files.reduce(
    (sum, file) => sum + lstatSync(join(folder, file)).size,
    0,
  );
}
