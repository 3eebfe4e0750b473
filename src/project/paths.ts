/** A project on disk: a folder with mapping/, storage_candidate/, storage_reports/ and a journal. */

import { join, resolve } from 'node:path';

import { realFolder } from '../disk/noLinks.ts';

/** Of the project. */
export const CANDIDATES_FOLDER = 'storage_candidate';

export interface ProjectPaths {
  readonly root: string;
  readonly mapping: string;
  readonly candidates: string;
  readonly reports: string;
  /** What was intended and done; see journal/. */
  readonly journal: string;
  /** The link to the candidate that is live. */
  readonly live: string;
}

export function projectPaths(root: string): ProjectPaths {
  const absolute = resolve(root);
  // Whoever names the project may do so by a link; from there on there are none.
  const real = realFolder(root);
  return {
    root: absolute,
    mapping: join(absolute, 'mapping'),
    candidates: join(real, CANDIDATES_FOLDER),
    reports: join(real, 'storage_reports'),
    journal: join(real, 'storage_journal'),
    live: join(real, 'storage_live'),
  };
}
