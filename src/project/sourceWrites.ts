/**
 * The writes of a project's sources: what the journal says of them, what the sources say, and the
 * steps of a change. Every step is journaled before the next one, so that a command that is killed
 * is finished, or undone, by the next.
 */

import { join } from 'node:path';

import { acquireLock } from '../disk/lock.ts';
import { onDisk } from '../disk/errors.ts';
import { signed, type ChangeStep, type WriteChange, type WritesEvent } from '../journal/event.ts';
import { writesState, type WritesState } from '../journal/frozenWrites.ts';
import { appendToJournal, JOURNAL_FILE, readJournal } from '../journal/journal.ts';
import { loadMapping } from '../mapping/loadMapping.ts';
import type { ModuleMapping } from '../mapping/model.ts';
import { didYouMean } from '../outcome/nearest.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { Failure, type FailureDetail } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { openStore } from '../seal/candidateStore.ts';
import type {
  Frozen,
  JournaledWrites,
  WriteControl,
  WriteOptions,
  WritesFound,
} from '../source/writeControl.ts';
import type { RelationRequest, SourceLocation } from '../source/source.ts';
import type { Environment } from '../run/environment.ts';
import { operatorOf } from '../run/operator.ts';
import { projectPaths } from './paths.ts';
import { relationsOf, sourceLocations } from './sources.ts';
import { timeoutsOf } from './timeouts.ts';
import { adapterOf, formatSourceUrl } from './sourceUrl.ts';

export interface WritesOptions {
  readonly project: string;
  /** Folder to which paths on the command line are relative. */
  readonly cwd: string;
  /** Names of sources in the mapping; all of them if empty. */
  readonly sources: readonly string[];
  /** Operator for the journal; null for the one that the environment names. */
  readonly who: string | null;
}

/** A source whose writes can be stopped, in a session that holds the project's lock. */
export interface SourceWrites {
  readonly name: string;
  /** Its URL without secrets. */
  readonly label: string;
  readonly location: SourceLocation;
  readonly control: WriteControl;
  /** With what the journal says now. */
  readonly options: WriteOptions;
  /** What the journal says now. */
  journaled(): WritesState;
  /** What the source says now, given what the journal notes. */
  found(): Promise<WritesFound>;
  /** Appends a step to the journal; durable when it returns. */
  append(
    change: WriteChange,
    step: ChangeStep,
    more?: Pick<WritesEvent, 'before' | 'barrier' | 'recovered'>,
  ): void;
}

/** Changes the writes of one source; returns notes for the operator. */
type ChangeOne = (source: SourceWrites) => Promise<readonly string[]>;

/**
 * Runs `changeOne` for each source, also after one that fails. The outcome has the notes of all, and
 * the first failure.
 */
export async function changeWrites(
  command: 'freeze-writes' | 'unfreeze-writes',
  options: WritesOptions,
  env: Environment,
  changeOne: ChangeOne,
): Promise<Outcome> {
  const who = operatorOf(options.who, env);
  const paths = projectPaths(options.project);
  const mapping = await loadMapping(paths.root);
  const folders = { project: paths.root, cwd: options.cwd };
  const locations = sourceLocations(mapping, new Map(), folders, env);
  const names = namedSources(options.sources, [...locations.keys()]);
  return onDisk(paths.candidates, async () => {
    openStore(paths.candidates);
    const since = env.now().toISOString();
    const lock = acquireLock(paths.candidates, { command, pid: env.pid, since });
    const forget = env.onInterrupt(() => {
      lock.release();
    });
    try {
      // Fails before anything is changed if the journal is broken.
      readJournal(paths.journal);
      const { modules } = mapping;
      const session = { command, journal: paths.journal, project: paths.root, modules, who };
      const [notes, failures]: [string[], Failure[]] = [[], []];
      for (const name of names) {
        try {
          const location = locations.get(name) as SourceLocation;
          const source = openWrites(name, location, session, env);
          if (source !== null) notes.push(...(await changeOne(source)));
          else if (command === 'freeze-writes') throw notFreezable(name, location.scheme);
          else notes.push(`${name}: a ${location.scheme} source, which is never frozen`);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          failures.push(error);
        }
      }
      return outcome(command, notes, failures);
    } finally {
      forget();
      lock.release();
    }
  });
}

function namedSources(requested: readonly string[], known: readonly string[]): readonly string[] {
  for (const name of requested) {
    if (known.includes(name)) continue;
    throw new Failure('USAGE', {
      what: `the mapping has no source ${quoteName(name)}`,
      where: '--source',
      hint: didYouMean(name, known, `it has ${known.join(', ')}`),
    });
  }
  return requested.length === 0 ? known : [...new Set(requested)];
}

interface Session {
  readonly command: string;
  readonly journal: string;
  readonly project: string;
  readonly modules: readonly ModuleMapping[];
  readonly who: string | null;
}

/** Returns a source's writes; null if it cannot refuse them. */
function openWrites(
  name: string,
  location: SourceLocation,
  { command, journal, project, modules, who }: Session,
  env: Environment,
): SourceWrites | null {
  const control = adapterOf(location, env).writes;
  if (control === undefined) return null;
  const label = formatSourceUrl(location, project, env);
  const journaled = (): WritesState =>
    writesState(readJournal(journal), name, join(journal, JOURNAL_FILE));
  const relations = relationsOf(name, modules);
  const optionsNow = (): WriteOptions => writeOptions(relations, journaled(), env);
  return {
    name,
    label,
    location,
    control,
    get options() {
      return optionsNow();
    },
    journaled,
    found: () => control.state(location, journaled().before, optionsNow()),
    append(change, step, more = {}) {
      const event = { event: 'writes', change, step, source: name, label, ...more } as const;
      const writer = { command, pid: env.pid, at: env.now().toISOString() };
      appendToJournal(journal, writer, [signed(event, who)]);
    },
  };
}

function writeOptions(
  relations: readonly RelationRequest[],
  { state, before, barrier }: JournaledWrites,
  { variables }: Environment,
): WriteOptions {
  const journaled = { state, before, barrier };
  return { variables, timeouts: timeoutsOf(variables), relations, journaled };
}

function notFreezable(name: string, scheme: string): Failure {
  return new Failure('UNSUPPORTED', {
    what: `source ${quoteName(name)} is of kind ${scheme}, which cannot refuse writes by itself`,
    hint: 'stop what writes to it, and take the right to write from its files, until the cutover is done',
  });
}

/**
 * Finishes a change that a killed command began, or records that it was not made. Afterwards the
 * journal says that the source is writable or frozen; or that a freeze was begun, where an unfreeze,
 * the `next` change, need not wait for its end. Returns notes for the operator.
 */
export async function recoverWrites(
  source: SourceWrites,
  next: WriteChange,
): Promise<readonly string[]> {
  const { state, last, before } = source.journaled();
  if (state !== 'unsettled' || last === null) return [];
  const found = await source.found();
  if (found.kind === 'other') throw notTouched(source, found.why);
  const { change } = last;
  const isDone = (change === 'freeze') === (found.kind !== 'writable');
  let frozen: Frozen = {};
  if (isDone && change === 'freeze') {
    if (next === 'unfreeze' && source.control.waitsForWriters === true) return [];
    if (found.kind === 'reopened') throw notTouched(source, found.why, found.hint);
    if (before !== null) frozen = await finishFreeze(source, before);
  }
  if (isDone) await assertWrites(source, change);
  source.append(change, isDone ? 'done' : 'not-done', { recovered: true, ...frozen });
  const how = isDone ? 'was finished' : 'had not begun, which is recorded';
  return [`${source.name}: the ${change} of ${last.at}, which its command did not end, ${how}`];
}

/** Repeats the steps of a freeze after its intent, without a new one unless a writer came first. */
async function finishFreeze(source: SourceWrites, noted: string): Promise<Frozen> {
  const { control, location, options } = source;
  const intend = (before: string): void => {
    source.append('freeze', 'intended', { before });
  };
  return control.freeze(location, noted, intend, options);
}

/** Proves, from another process, that writers are refused, or that they get in again. */
export async function assertWrites(
  { name, control, location, options, label }: SourceWrites,
  change: WriteChange,
): Promise<void> {
  const found = await control.tryWrite(location, options);
  if (found === (change === 'freeze' ? 'refused' : 'accepted')) return;
  throw new Failure('SOURCE_WRITES', {
    what: `a write to source ${quoteName(name)} was tried and ${found}, after its ${change}`,
    where: label,
    hint: 'find out what else changes the source; sealift status shows what the journal says',
  });
}

/** Makes the failure for a source that is not as the journal says. */
export function notTouched(
  { name, label }: SourceWrites,
  why: string,
  hint: string = 'find out what replaced the file or changed its header; sealift status shows what the journal says',
): Failure {
  return new Failure('SOURCE_WRITES', {
    what: `source ${quoteName(name)} was not touched, as ${why}`,
    where: label,
    hint,
  });
}

function outcome(command: string, notes: readonly string[], failures: readonly Failure[]): Outcome {
  const [first, ...others] = failures;
  if (first === undefined) return actionOutcome({ command, notes });
  // One alone is the line of the command; with others done or failed, each has its line.
  const lines = others.map((failure) => failure.line());
  return {
    ...actionOutcome({ command, notes: [...notes, ...lines] }),
    status: 'FAILED',
    failure: first.toJSON(),
  };
}

/** Detail of a source that is to be frozen and is not. */
type NotFrozen = Pick<FailureDetail, 'what' | 'hint'>;

/**
 * Asserts that the journal says of every source that its writes are frozen, and that they are.
 * @throws Failure SOURCE_WRITES for the first that is not
 */
export async function assertFrozen(
  locations: ReadonlyMap<string, SourceLocation>,
  modules: readonly ModuleMapping[],
  project: string,
  env: Environment,
): Promise<void> {
  const { journal: folder, root } = projectPaths(project);
  const journal = readJournal(folder);
  for (const [name, location] of locations) {
    const journaled = writesState(journal, name, join(folder, JOURNAL_FILE));
    const options = writeOptions(relationsOf(name, modules), journaled, env);
    const wrong = await notFrozen(name, location, journaled, options, env);
    if (wrong === null) continue;
    const where = formatSourceUrl(location, root, env);
    throw new Failure('SOURCE_WRITES', { ...wrong, where });
  }
}

async function notFrozen(
  name: string,
  location: SourceLocation,
  { state, before }: WritesState,
  options: WriteOptions,
  env: Environment,
): Promise<NotFrozen | null> {
  const shown = quoteName(name);
  const control = adapterOf(location, env).writes;
  if (control === undefined) {
    return {
      what: `source ${shown} is of kind ${location.scheme}, which cannot be frozen as --require-frozen demands`,
      hint: 'run without --require-frozen, and compare with sealift scan-drift before it goes live',
    };
  }
  if (state !== 'frozen') {
    const killed = state === 'unsettled' ? ', as a change of them was not finished' : '';
    return {
      what: `the writes of source ${shown} are not frozen${killed}, but --require-frozen demands it`,
      hint: 'run sealift freeze-writes first',
    };
  }
  const found = await control.state(location, before, options);
  if (found.kind === 'frozen') return null;
  const why = found.kind === 'writable' ? 'it can be written' : found.why;
  return {
    what: `the journal says that the writes of source ${shown} are frozen, but ${why}`,
    hint:
      found.kind === 'reopened'
        ? found.hint
        : 'find out what replaced the file or changed its header, then run sealift unfreeze-writes and freeze-writes',
  };
}
