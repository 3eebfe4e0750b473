/** A dump that is restored into a new database, and compared with what was recorded when it was made. */

import type { StepWork } from '../steps/stepType.ts';
import { createDatabase, dropDatabase, onServer } from './newDatabase.ts';
import { runOnDatabase } from './postgresPrograms.ts';
import {
  differences,
  inSnapshot,
  readSequences,
  sequenceDifferences,
  type SequenceState,
  type TableDigest,
} from './tableDigests.ts';
import { onPostgres } from './withSql.ts';

const SHOWN = 3;

export interface Recorded {
  readonly digests: readonly TableDigest[];
  /** Before and after the dump; null where they were not kept. */
  readonly sequences: readonly [readonly SequenceState[], readonly SequenceState[]] | null;
}

export interface Restoring {
  /** Name of the new database; one that a killed run has left under it is dropped. */
  readonly database: string;
  /** Name of the database whose encoding and locale it gets. */
  readonly like: string;
  /** Path of the dump. */
  readonly file: string;
}

/** Restores a dump into a new database. Returns what is wrong, or null. */
export async function restoreInto(
  { database, like, file }: Restoring,
  work: StepWork,
): Promise<string | null> {
  await dropDatabase(work, database);
  await onServer(work, { readOnly: false }, (client) => createDatabase(client, database, like));
  const args = ['--exit-on-error', '--no-subscriptions', file];
  return runOnDatabase({ program: 'pg_restore', args, database }, work);
}

/** Compares a database with what was recorded. Returns what is wrong, or null. */
export function compareWith(
  { digests, sequences }: Recorded,
  database: string,
  work: StepWork,
): Promise<string | null> {
  return onPostgres(work, { readOnly: true, database }, (client) =>
    inSnapshot(client, async (digestAll) => {
      const found = differences(digests, await digestAll());
      if (sequences !== null) {
        const [before, after] = sequences;
        found.push(...sequenceDifferences(before, after, await readSequences(client)));
      }
      if (found.length === 0) return null;
      const more = found.length > SHOWN ? `, and ${found.length - SHOWN} more` : '';
      return `the restored database differs: ${found.slice(0, SHOWN).join(', ')}${more}`;
    }),
  );
}
