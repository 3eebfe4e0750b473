/**
 * A run that this process works on: its lock, its journal and what is known of it. A line is durable before
 * what follows from it, and the record is what the lines say. One process at a time holds a run.
 */

import { closeSync, constants, readFileSync } from 'node:fs';

import { makeFolder, syncFolder } from '../../disk/durable.ts';
import { diskFailure, readFailure, systemCode } from '../../disk/errors.ts';
import { acquireLock, type Holder } from '../../disk/lock.ts';
import { openNoLinks, statOf } from '../../disk/noLinks.ts';
import { signed, type CutoverEvent } from '../../journal/event.ts';
import { appendToJournal, readJournal } from '../../journal/journal.ts';
import {
  parseJournal,
  type ChainEnd,
  type Journal,
  type JournalMembers,
} from '../../journal/line.ts';
import { openLongJournal } from '../../journal/longJournal.ts';
import { eventOf } from '../../journal/readEvent.ts';
import { Failure } from '../../outcome/failure.ts';
import { assertHasLines } from '../../project/knownLines.ts';
import type { ProjectPaths } from '../../project/paths.ts';
import type { RunEvent, RunStep } from '../runState.ts';
import type { RunPlaces } from './runPlaces.ts';
import { recordOf, type PlanIdentity, type RunRecord } from './runRecord.ts';

/** What a line says beside its event. */
export type LineFacts = Readonly<Record<string, unknown>>;

/** A line that does not move the states. */
export interface Note {
  readonly event: 'sampled' | 'approved' | 'breached' | 'cleared' | 'undo-part' | 'step-found';
  readonly [member: string]: unknown;
}

export interface HeldRun {
  readonly places: RunPlaces;
  readonly record: RunRecord;
  /** Returns the end of its journal. */
  end(): ChainEnd;
  /** Appends a line, durable when it returns. @throws TypeError if the event cannot happen now; nothing is written */
  commit(event: RunEvent | Note, facts?: LineFacts): void;
  /** Ends the work on the run; may be called twice. */
  close(): void;
}

export interface HoldRequest {
  readonly paths: ProjectPaths;
  readonly places: RunPlaces;
  readonly steps: readonly RunStep[];
  readonly plan: PlanIdentity;
  /** Name of the command, for the lock and the project's journal. */
  readonly command: string;
  readonly who: string | null;
  readonly pid: number;
  readonly now: () => Date;
  /** Takes what may not be known out of the members of a line. */
  readonly redact: (members: JournalMembers) => JournalMembers;
}

/** How far a clock may go back before it counts as wrong, in ms. */
const TOLERANCE_MS = 5000;

/** Takes a run, and makes its folder if it is new. @throws Failure BUSY, JOURNAL, DISK, USAGE */
export function holdRun(request: HoldRequest): HeldRun {
  const { paths, places } = request;
  try {
    makeFolder(places.folder);
    syncFolder(paths.cutovers);
    const holder: Holder = {
      command: request.command,
      pid: request.pid,
      since: request.now().toISOString(),
    };
    const lock = acquireLock(places.folder, holder);
    try {
      return heldRun(request, () => lock.release());
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    throw diskFailure(error, places.folder);
  }
}

function heldRun(request: HoldRequest, release: () => void): HeldRun {
  const { places, steps, now, redact } = request;
  const lines = openLongJournal(places.journal, now().toISOString());
  assertContinues(request.paths, places);
  const book = recordOf(steps, request.plan, readRun(places).entries, places.journal);
  assertClock(book.record.lastAt, now(), places.journal);
  note(request, 'begun', lines.end);
  let open = true;
  return {
    places,
    record: book.record,
    end: () => lines.end,
    commit(event, facts = {}) {
      const { seq, head } = lines.end;
      // The order of the lines counts; a clock that is set back a little must not contradict it.
      const at = laterOf(now().toISOString(), book.record.lastAt);
      const members = redact({ ...facts, ...event });
      const refused = book.refusal(members);
      if (refused !== null) throw new TypeError(`${event.event}: ${refused}`);
      lines.append([members], at);
      book.add({ ...members, at, prev: head, seq: seq + 1 });
      // People decide by what is there now: it is noted elsewhere before they do.
      if (event.event === 'wait-begun') note(request, 'waits', lines.end, book.record.state.status);
    },
    close() {
      if (!open) return;
      open = false;
      try {
        note(request, 'ended', lines.end, book.record.state.status);
      } finally {
        lines.close();
        release();
      }
    },
  };
}

function laterOf(one: string, other: string): string {
  return one > other ? one : other;
}

/** Reads the whole journal of a run, verified; an empty one if there is none. */
export function readRun({ journal }: RunPlaces): Journal {
  if (statOf(journal) === undefined) return parseJournal(Buffer.alloc(0), journal);
  try {
    const file = openNoLinks(journal, constants.O_RDONLY);
    try {
      return parseJournal(readFileSync(file), journal);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw readFailure(error, journal);
  }
}

/** Whether a clock is earlier than a journal by more than clocks are set back. */
export function isBehind(lastAt: string, now: Date): boolean {
  return lastAt !== '' && now.getTime() < Date.parse(lastAt) - TOLERANCE_MS;
}

function assertClock(lastAt: string, now: Date, where: string): void {
  if (!isBehind(lastAt, now)) return;
  throw new Failure('USAGE', {
    what: `the clock is earlier than the last line of the run, which is of ${lastAt}`,
    where,
    hint: 'correct the clock of this machine, then run again',
  });
}

/** @throws Failure JOURNAL if lines of a run are missing that the project's journal knows of */
export function assertContinues(paths: ProjectPaths, places: RunPlaces): void {
  const known = readJournal(paths.journal)
    .entries.map(eventOf)
    .flatMap((event): [number, string][] =>
      event.event === 'cutover' && event.run === places.run ? [[event.line, event.head]] : [],
    );
  assertHasLines(places.journal, known);
}

/** Tells the project's journal how far that of the run is. */
function note(
  { paths, places, command, who, pid, now }: HoldRequest,
  step: CutoverEvent['step'],
  { seq: line, head }: { readonly seq: number; readonly head: string },
  status?: string,
): void {
  const about = { event: 'cutover', step, command, run: places.run, line, head } as const;
  const event = status === undefined ? about : { ...about, status };
  const writer = { command, pid, at: now().toISOString() };
  appendToJournal(paths.journal, writer, [signed(event, who)]);
}
