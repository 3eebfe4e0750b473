/** Paths of a project: its mapping, candidates, reports, journal and live link. */

import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { lockHolder } from '../disk/lock.ts';
import { realFolder } from '../disk/noLinks.ts';

/** Name of the folder of candidates in a project. */
export const CANDIDATES_FOLDER = 'storage_candidate';

export interface ProjectPaths {
  readonly root: string;
  readonly mapping: string;
  readonly candidates: string;
  readonly reports: string;
  /** Log of intended and completed actions; see journal/. */
  readonly journal: string;
  /** Link to the live candidate. */
  readonly live: string;
  /** Snapshots, and what a restore has replaced. */
  readonly snapshots: string;
  /** Journals of runs of attachments, by name. */
  readonly attachments: string;
  /** Runs of cutovers, by name. */
  readonly cutovers: string;
  /** Secrets of webhooks, sealed, by name. */
  readonly secrets: string;
}

export function projectPaths(root: string): ProjectPaths {
  const absolute = resolve(root);
  // The root may be given as a link; paths below it must not contain links.
  const real = realFolder(root);
  return {
    root: absolute,
    mapping: join(absolute, 'mapping'),
    candidates: join(real, CANDIDATES_FOLDER),
    reports: join(real, 'storage_reports'),
    journal: join(real, 'storage_journal'),
    live: join(real, 'storage_live'),
    snapshots: join(real, 'storage_snapshots'),
    attachments: join(real, 'storage_attachments'),
    cutovers: join(real, 'storage_cutovers'),
    secrets: join(real, 'storage_secrets'),
  };
}

/** Prefix of the folders of rehearsals, beside the candidates; see drill/shadow.ts. */
export const SHADOW_PREFIX = '.shadow-';

/**
 * Whether the project is one of a rehearsal, in which nothing goes live: what a real one needs
 * agreement for, it may do at any time, and without a name. Its command is at work and holds the lock
 * of the folder, so a project that was moved to such a place is none.
 */
export function isRehearsal(root: string): boolean {
  for (let folder = projectPaths(root).candidates; folder !== dirname(folder);) {
    folder = dirname(folder);
    const isShadow = basename(folder).startsWith(SHADOW_PREFIX);
    const isInStore = basename(dirname(folder)) === CANDIDATES_FOLDER;
    if (isShadow && isInStore) return lockHolder(folder) !== null;
  }
  return false;
}

/** Returns whether there is a project: a mapping, or what commands keep. Reports alone are none. */
export function isProject({ mapping, candidates, journal, snapshots }: ProjectPaths): boolean {
  return [mapping, candidates, journal, snapshots].some((path) => existsSync(path));
}
