/**
 * clean: takes away the link to the candidate that was built last, the links to the latest reports,
 * and what killed runs have left over. Everything that they point to stays, and so does what is live.
 */

import { join } from 'node:path';

import { linkState, syncFolder } from '../disk/durable.ts';
import { onDisk } from '../disk/errors.ts';
import { inTheWay } from '../disk/inTheWay.ts';
import { acquireLock, acquireLockPatiently, type Lock } from '../disk/lock.ts';
import { entriesOf, remove, removeFile, rename, statOf } from '../disk/noLinks.ts';
import { signed } from '../journal/event.ts';
import { appendToJournal, readJournal } from '../journal/journal.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { isProject, projectPaths, type ProjectPaths } from '../project/paths.ts';
import type { PointerOptions } from '../promote/pointerSession.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';
import { DROPPED_STAGING, STAGING } from '../seal/candidateStore.ts';
import { CURRENT, nameInTarget } from '../seal/sealedFolders.ts';

/** Removes links and leftovers, and nothing else. A failure changes nothing. */
export async function clean(options: PointerOptions, env: Environment): Promise<Outcome> {
  const who = operatorOf(options.who, env);
  const paths = projectPaths(options.project);
  if (!isProject(paths)) throw noProject(options.project);
  return onDisk(paths.candidates, () => {
    const since = env.now().toISOString();
    const holder = { command: 'clean', pid: env.pid, since };
    const locks: Lock[] = [];
    try {
      // Where there are no candidates, no command is at work that needs the lock.
      if (isFolder(paths.candidates)) locks.push(acquireLock(paths.candidates, holder));
      const history = join(paths.reports, HISTORY);
      if (isFolder(paths.reports) && isFolder(history))
        locks.push(acquireLockPatiently(history, holder, PATIENCE_MS));
      const found = [...ofCandidates(paths), ...ofReports(paths), ...ofProject(paths)];
      if (!options.dryRun && found.length > 0) {
        readJournal(paths.journal);
        const event = { event: 'clean', removed: found.map(({ name }) => name) } as const;
        const writer = { command: 'clean', pid: env.pid, at: since };
        appendToJournal(paths.journal, writer, [signed(event, who)]);
        for (const { folder, file, kind } of found) take(join(folder, file), kind);
        for (const folder of new Set(found.map((leftover) => leftover.folder))) syncFolder(folder);
      }
      return outcome(found, options.dryRun);
    } finally {
      for (const lock of locks.reverse()) lock.release();
    }
  });
}

const HISTORY = 'history';
/** Reports are written in a minute or less; see reportFolder.ts. */
const PATIENCE_MS = 60_000;

interface Leftover {
  /** Relative to the project, for the journal and a person. */
  readonly name: string;
  readonly folder: string;
  readonly file: string;
  readonly kind: 'link' | 'file' | 'folder';
}

function noProject(where: string): Failure {
  return new Failure('USAGE', {
    what: 'there is no project',
    where,
    hint: 'name the folder of the project with --project',
  });
}

/** Returns whether there is a folder. @throws Failure if another kind of file has its name */
function isFolder(path: string): boolean {
  const stat = statOf(path);
  if (stat === undefined || stat.isDirectory()) return stat !== undefined;
  throw notExpected(path);
}

function notExpected(path: string): Failure {
  return inTheWay(
    'CANDIDATE',
    'something else is in place of a link or folder of the project, nothing was removed',
    path,
  );
}

/** A link, staging, and a link that was half swapped. */
function ofCandidates({ candidates: folder }: ProjectPaths): Leftover[] {
  return leftoversIn(folder, 'storage_candidate', (file) => {
    if (file === CURRENT) return 'link';
    if (file === STAGING || file === DROPPED_STAGING) return 'folder';
    return file === `.${CURRENT}.new` ? 'link' : isLockDraft(file);
  });
}

/** Links to the latest reports, and reports that were not finished. */
function ofReports({ reports }: ProjectPaths): Leftover[] {
  if (!isFolder(reports)) return [];
  const history = join(reports, HISTORY);
  return [
    ...leftoversIn(reports, 'storage_reports', (file) => {
      return /^(?:latest-[a-z-]+|\.latest-[a-z-]+\.new)$/.test(file) ? 'link' : null;
    }),
    ...leftoversIn(history, `storage_reports/${HISTORY}`, (file) => {
      return /^\.(?!lock)[a-z-]+\.new(?:\.old)?$/.test(file) ? 'folder' : isLockDraft(file);
    }),
  ];
}

/** The half-swapped live link, drafts of snapshots and of the journal. */
function ofProject({ live, journal, snapshots }: ProjectPaths): Leftover[] {
  const root = join(live, '..');
  return [
    ...leftoversIn(root, '', (file) => (file === '.storage_live.new' ? 'link' : null)),
    ...leftoversIn(snapshots, 'storage_snapshots', (file) => {
      return /^\.[^/]+\.new$/.test(file) ? 'file' : null;
    }),
    ...leftoversIn(journal, 'storage_journal', (file) => {
      // Not the draft of its lock: a scan that ends now may need it.
      return file === '.journal.ndjson.new' ? 'file' : null;
    }),
  ];
}

function isLockDraft(file: string): 'file' | null {
  return file === '.lock.json.new' ? 'file' : null;
}

/** Lists leftovers of a folder by name. @throws Failure if one is not of the kind that it must be */
function leftoversIn(
  folder: string,
  shown: string,
  kindOf: (file: string) => Leftover['kind'] | null,
): Leftover[] {
  if (!isFolder(folder)) return [];
  return entriesOf(folder).flatMap(({ name: file }): Leftover[] => {
    const kind = kindOf(file);
    if (kind === null) return [];
    const path = join(folder, file);
    const stat = statOf(path);
    const isKind = {
      link: stat?.isSymbolicLink(),
      file: stat?.isFile(),
      folder: stat?.isDirectory(),
    };
    if (isKind[kind] !== true || (kind === 'link' && !pointsInside(path))) throw notExpected(path);
    return [{ name: shown === '' ? file : `${shown}/${file}`, folder, file, kind }];
  });
}

/** Whether a link points to what only a command of Sealift lets it point to. */
function pointsInside(path: string): boolean {
  const link = linkState(path);
  if (typeof link === 'string') return false;
  const { target } = link;
  const live = target.replace(/^storage_candidate\//, '');
  return nameInTarget(live) !== null || /^history\/[a-z-]+-\d{6,12}$/.test(target);
}

/** Removes a link or file; a folder is renamed first, so that it is there whole or not at all. */
function take(path: string, kind: Leftover['kind']): void {
  if (kind !== 'folder') {
    removeFile(path);
    return;
  }
  const dead = path.endsWith('.old') ? path : `${path}.old`;
  if (dead !== path) {
    remove(dead);
    rename(path, dead);
  }
  remove(dead);
}

function outcome(found: readonly Leftover[], dryRun: boolean): Outcome {
  const done = dryRun ? 'would be removed' : 'removed';
  return actionOutcome({
    command: 'clean',
    notes: [
      ...found.map(({ name }) => `${done}: ${name}`),
      `${counted(found.length, 'name')} ${done}; candidates, reports and what is live stay`,
      ...(dryRun ? ['dry run: nothing was changed'] : []),
    ],
  });
}
