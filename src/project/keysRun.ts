/**
 * A command that changes columns with secrets: one at a time for a database, with a log beside the tables,
 * and its begin and end in the project's journal.
 */

import { makeFolder } from '../disk/durable.ts';
import { diskFailure } from '../disk/errors.ts';
import type { LogTable } from '../database/database.ts';
import { signed, type KeysEvent } from '../journal/event.ts';
import { appendToJournal } from '../journal/journal.ts';
import { Failure } from '../outcome/failure.ts';
import { operatorOf } from '../run/operator.ts';
import type { Environment } from '../run/environment.ts';
import type { OpenKeys } from './openKeys.ts';
import { projectPaths } from './paths.ts';

export interface KeysRun {
  /** Records the end of the command. */
  end(counts: Readonly<Record<string, number>>): void;
}

export interface KeysRunWanted {
  readonly project: string;
  /** Name of the command, such as `keys migrate`. */
  readonly command: string;
  readonly run: string;
  readonly who: string | null;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** @throws Failure USAGE for what cannot be the name of a run */
export function assertRunName(run: string): void {
  if (NAME.test(run)) return;
  throw new Failure('USAGE', {
    what: 'the name of a run has letters, digits, "_", "-" and ".", at most 64',
    where: '--run',
    hint: 'choose another one, or unset MIGRATE_RUN_ID',
  });
}

/** Takes the database for a command, makes the log, and records the beginning. @throws Failure */
export async function beginKeysRun(
  { project, command, run, who }: KeysRunWanted,
  { database }: OpenKeys,
  log: LogTable,
  env: Environment,
): Promise<KeysRun> {
  const operator = operatorOf(who, env);
  await database.lock('keys');
  await database.createLog(log);
  const { journal, root } = projectPaths(project);
  const record = (step: KeysEvent['step'], counts?: KeysEvent['counts']): void => {
    const about = { event: 'keys', step, command, run, database: database.label } as const;
    const event = counts === undefined ? about : { ...about, counts };
    const at = env.now().toISOString();
    try {
      makeFolder(root);
      appendToJournal(journal, { command, pid: env.pid, at }, [signed(event, operator)]);
    } catch (error) {
      throw diskFailure(error, journal);
    }
  };
  record('begun');
  return {
    end(counts) {
      record('ended', counts);
    },
  };
}
