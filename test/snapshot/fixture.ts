/** A project with a candidate that is live and one that was live before, and commands on it. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { newProject } from '../fault/fixture.ts';
import { succeed } from '../kit/project.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { build, promoteHere, scanEntryOf, scanHere } from '../promote/fixture.ts';

export interface Cutover {
  readonly project: string;
  readonly previous: string;
  readonly live: string;
}

/** A frozen project in which two candidates went live, one after the other; the caller removes it. */
export async function cutOver(rows: number = 5): Promise<Cutover> {
  const project = await newProject(rows);
  const previous = await build(project, 'one');
  await scanHere(project);
  await promoteHere(project);
  const live = await build(project, 'two');
  scanEntryOf(project, live, {});
  await promoteHere(project);
  await succeed(['freeze', '--who', 'ada', '--why', 'agreed', '--project', project]);
  return { project, previous, live };
}

/** Makes a snapshot that has to succeed, and returns the path of its archive. */
export async function snapshotOf(project: string): Promise<string> {
  await succeed(['snapshot', '--who', 'ada', '--project', project]);
  const [name = ''] = readdirSync(join(project, 'storage_snapshots'))
    .filter((file) => file.endsWith('.tar'))
    .sort()
    .reverse();
  return join(project, 'storage_snapshots', name);
}

/** Runs `snapshot restore`. */
export function restore(project: string, file: string, ...options: string[]): Promise<Ran> {
  return sealift(['snapshot', 'restore', file, '--project', project, ...options]);
}
