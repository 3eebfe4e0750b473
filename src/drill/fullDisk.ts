/** The part of a drill in which the disk is full. */

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

/** A disk of this size is made in memory at most. */
const MAX_DISK = 2 ** 30;
const DISK_MARGIN = 2 ** 26;
/** Room for a candidate, and for what its making takes. */
const DISK_FACTOR = 6;
/** Of a candidate: too little for one, but mostly enough for the run to begin. */
const LEFT = 0.75;

/** A candidate, a disk that is full, a run on it, and one more when there is space again. */
export async function meetFullDisk(all: Drill, { project }: Baseline): Promise<void> {
  const folder = all.shadow.folder(SMALL_DISK);
  const bytes = candidateBytes(project);
  const size = bytes * DISK_FACTOR + DISK_MARGIN;
  if (size > MAX_DISK) {
    notDrilled(all, 'the candidate is too large for a disk in memory: drill with --sample, too');
    return;
  }
  if (!mountSmallDisk(folder, size)) {
    notDrilled(all, 'this user may not mount a small disk: run the drill as root, too');
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

/** How a run on a full disk ended. Any other reason to stop than the disk is not what was drilled. */
export function stepOnFullDisk(result: Said): Step {
  const wanted = result.failure?.code === 'DISK';
  return {
    step: 'migrate on a full disk',
    expected: 'exit 1, for want of space',
    observed: `${ending(result)}${wanted ? ', for want of space' : ''}`,
    ok: result.code === 1 && wanted,
  };
}

function notDrilled({ notices }: Drill, reason: string): void {
  notices.push({ rule: 'drill', severity: 'INFO', reason: `no full disk was drilled: ${reason}` });
}

function candidateBytes(project: string): number {
  const folder = join(currentPath(projectPaths(project).candidates), '.');
  return listCandidate(folder).files.reduce(
    (sum, file) => sum + lstatSync(join(folder, file)).size,
    0,
  );
}
