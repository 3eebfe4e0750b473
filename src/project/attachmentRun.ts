/**
 * A run of attachments on disk: a folder of its name with a journal that has a line for each row. One
 * command at a time writes to it. The project's own journal says when a command began and where the
 * run's journal ended, so that lines which are missing at its end are seen.
 */

import { join } from 'node:path';

import { makeFolder, syncFolder } from '../disk/durable.ts';
import { diskFailure } from '../disk/errors.ts';
import { acquireLock, acquireLockPatiently, type Holder, type Lock } from '../disk/lock.ts';
import { entriesOf, statOf } from '../disk/noLinks.ts';
import { signed } from '../journal/event.ts';
import { appendToJournal, readJournal } from '../journal/journal.ts';
import type { JournalMembers } from '../journal/line.ts';
import { openLongJournal } from '../journal/longJournal.ts';
import { eventOf } from '../journal/readEvent.ts';
import { Failure } from '../outcome/failure.ts';
import type { Environment } from '../run/environment.ts';
import { assertHasLines } from './knownLines.ts';
import type { ProjectPaths } from './paths.ts';

/** Who does what with a run. */
export interface RunWork {
  readonly paths: ProjectPaths;
  /** Name of the run. */
  readonly run: string;
  /** Name of the command, such as `attachments migrate`. */
  readonly command: string;
  readonly who: string | null;
  /** Whether no other run of the project may be at work, as this one removes what they may need. */
  readonly alone: boolean;
}

/** A run that is held by this command. */
export interface HeldRun {
  readonly folder: string;
  readonly journal: string;
  /** Whether its journal has no line yet. */
  isEmpty(): boolean;
  /** Appends lines to the journal of the run; durable when it returns. */
  append(events: readonly JournalMembers[]): void;
  /** Records the end of the command in the project's journal. */
  end(counts: Readonly<Record<string, number>>): void;
  /** Gives the run back; may be called twice. */
  close(): void;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Returns the folder and the journal of a run. @throws Failure USAGE if this cannot be a name of one */
export function placesOfRun(paths: ProjectPaths, run: string): { folder: string; journal: string } {
  if (!NAME.test(run)) {
    throw new Failure('USAGE', {
      what: 'the name of a run has at most 64 letters, digits, "_", "-" and ".", a letter or digit first',
      where: '--run',
      hint: 'choose another one, or unset MIGRATE_RUN_ID',
    });
  }
  const folder = join(paths.attachments, run);
  return { folder, journal: join(folder, 'journal.ndjson') };
}

/** Takes a run for a command, and makes it if it is not there. @throws Failure BUSY, JOURNAL, DISK */
export function holdRun(work: RunWork, env: Environment): HeldRun {
  const { paths, run, command, who } = work;
  const { folder, journal } = placesOfRun(paths, run);
  const now = (): string => env.now().toISOString();
  try {
    makeFolder(folder);
    syncFolder(paths.attachments);
    const lock = lockRun(work, { command, pid: env.pid, since: now() });
    try {
      const lines = openLongJournal(journal, now());
      const record = (step: 'begun' | 'ended', counts?: Readonly<Record<string, number>>): void => {
        const { seq: line, head } = lines.end;
        const about = { event: 'attachments', step, command, run, line, head } as const;
        const event = counts === undefined ? about : { ...about, counts };
        appendToJournal(paths.journal, { command, pid: env.pid, at: now() }, [signed(event, who)]);
      };
      assertContinues(work);
      record('begun');
      const begun = lines.end.seq;
      let [open, ended] = [true, false];
      return {
        folder,
        journal,
        isEmpty: () => lines.end.seq === 0,
        append(events) {
          lines.append(events, now());
        },
        end(counts) {
          record('ended', counts);
          ended = true;
        },
        close() {
          if (!open) return;
          open = false;
          // Of a command that fails, the last line is noted too, if it can be.
          if (!ended && lines.end.seq > begun) tryTo(() => record('ended'));
          lines.close();
          lock.release();
        },
      };
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    throw diskFailure(error, folder);
  }
}

/** Does what must not hide the failure that it follows. */
function tryTo(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}

/** Time to wait for a command that begins, in ms. */
const PATIENCE_MS = 2000;

/**
 * Takes the lock of a run. All take that of the folder of the runs first; one that is to be alone keeps
 * it, so that no other begins, after it has seen that none is at work.
 */
function lockRun({ paths, run, alone }: RunWork, holder: Holder): Lock {
  const { folder } = placesOfRun(paths, run);
  const begins = acquireLockPatiently(paths.attachments, holder, PATIENCE_MS);
  let lock: Lock | null = null;
  try {
    lock = acquireLock(folder, holder);
    const others = alone ? runsOf(paths).filter((name) => name !== run) : [];
    for (const other of others) acquireLock(join(paths.attachments, other), holder).release();
  } catch (error) {
    lock?.release();
    begins.release();
    throw error;
  }
  const own = lock;
  if (!alone) begins.release();
  return {
    release() {
      own.release();
      if (alone) begins.release();
    },
  };
}

/** Asserts that the journal of a run has each line that the project's journal knows of. */
export function assertContinues({ paths, run }: Pick<RunWork, 'paths' | 'run'>): void {
  assertHasLines(placesOfRun(paths, run).journal, knownLines(paths, run));
}

/** Returns the SHA-256 of the lines of a run at which a command began or ended, by their number. */
function knownLines(paths: ProjectPaths, run: string): (readonly [number, string])[] {
  const events = readJournal(paths.journal).entries.map(eventOf);
  return events.flatMap((event): [number, string][] =>
    event.event === 'attachments' && event.run === run ? [[event.line, event.head]] : [],
  );
}

/** Lists the names of the runs of a project. */
export function runsOf({ attachments }: ProjectPaths): string[] {
  if (statOf(attachments)?.isDirectory() !== true) return [];
  return entriesOf(attachments)
    .filter((entry) => entry.isDirectory() && NAME.test(entry.name))
    .map(({ name }) => name)
    .sort();
}
