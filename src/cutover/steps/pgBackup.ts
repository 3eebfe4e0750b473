/**
 * `pg.backup`: a dump of the database, of one snapshot, in which all rows are counted and digested; with a
 * rehearsal, restored into a scratch database and compared. The dump has its name only if all of that held.
 *
 * After a crash it is made anew: a dump that the journal does not know proves nothing, and is of the past.
 */

import { byteCount } from '../../outcome/byteCount.ts';
import { counted, grouped } from '../../outcome/counted.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { draftDump, fileDigest, type DraftDump } from '../databases/dumpFile.ts';
import { assertMayCreate, databaseName, dropDatabase } from '../databases/newDatabase.ts';
import { assertPrograms, PROGRAMS, runOnDatabase } from '../databases/postgresPrograms.ts';
import { compareWith, restoreInto, type Recorded } from '../databases/restoredCopy.ts';
import {
  inSnapshot,
  LARGE_OBJECTS,
  readSequences,
  type TableDigest,
} from '../databases/tableDigests.ts';
import { inputOfStep, onPostgres } from '../databases/withSql.ts';
import { about } from '../schema/runbookParts.ts';
import { postgresSettings } from '../world/sqlClient.ts';
import type { SqlClient } from '../world/world.ts';
import type { DoneStep, StepResult, StepWork } from './stepType.ts';

export const pgBackup: DoneStep = {
  text: 'A dump of the database.',
  members: {
    rehearse: about(
      { type: 'boolean' },
      'Whether it is restored into a scratch database, and compared.',
    ),
    programs: PROGRAMS,
  },
  kind: 'artifact',
  place: 'database',
  resumes: true,
  plan: (members) =>
    isRehearsed(members)
      ? 'dump the database, and restore it into a scratch database'
      : 'dump the database',
  dryRun: (work) =>
    onPostgres(work, { readOnly: true }, async (client) => {
      await assertPossible(client, work);
      const { rows } = await client.query('SELECT pg_catalog.pg_database_size(current_database())');
      return {
        verdict: 'PASS',
        says: `${byteCount(Number(rows[0]?.[0]))} of database can be dumped`,
      };
    }),
  async apply(work) {
    const draft = draftDump(work.world.artifacts, work.id, 'dump');
    const dumped = await onPostgres(work, { readOnly: true }, (client) =>
      dump(client, draft, work),
    );
    if (typeof dumped === 'string') return failed(dumped);
    const { bytes, sha256 } = await fileDigest(draft.path, work.signal);
    if (bytes === 0) return failed('the dump is empty');
    const rehearsal = isRehearsed(work.members) ? await rehearse(dumped, draft, work) : null;
    if (rehearsal?.wrong !== undefined && rehearsal.wrong !== null) return failed(rehearsal.wrong);
    const kept = draft.finish(dumped.digests, sha256);
    return resultOf(dumped.digests, bytes, { kept: { ...kept }, rehearsal });
  },
  probe: async () => 'absent',
};

function isRehearsed(members: StepWork['members']): boolean {
  return members['rehearse'] === true;
}

function failed(says: string): StepResult {
  return { verdict: 'FAIL', says, results: { failed: 1 } };
}

async function assertPossible(client: SqlClient, work: StepWork): Promise<void> {
  const rehearsed = isRehearsed(work.members);
  await assertPrograms(client, rehearsed ? ['pg_dump', 'pg_restore'] : ['pg_dump'], work);
  if (rehearsed) await assertMayCreate(client);
}

/** Dumps a snapshot, and digests its tables. Returns what went wrong as a clause. */
async function dump(
  client: SqlClient,
  draft: DraftDump,
  work: StepWork,
): Promise<Recorded | string> {
  await assertPossible(client, work);
  const before = await readSequences(client);
  return inSnapshot(client, async (digestAll) => {
    const { rows } = await client.query('SELECT pg_catalog.pg_export_snapshot()');
    const snapshot = String(rows[0]?.[0]);
    const digests = await digestAll();
    const args = ['--format=custom', `--snapshot=${snapshot}`, `--file=${draft.path}`];
    const wrong = await runOnDatabase({ program: 'pg_dump', args }, work);
    return wrong ?? { digests, sequences: [before, await readSequences(client)] };
  });
}

interface Rehearsal {
  /** What is wrong with the dump, as a clause; null if it holds. */
  readonly wrong: string | null;
  readonly scratch: string;
  readonly isDropped: boolean;
}

/** Restores the dump and compares; the scratch database is dropped, whatever happens. */
async function rehearse(recorded: Recorded, draft: DraftDump, work: StepWork): Promise<Rehearsal> {
  const { database } = postgresSettings(inputOfStep(work), work.world);
  const scratch = databaseName('sealift', 'scratch', work);
  let wrong: string | null;
  let isDropped = false;
  try {
    wrong = await restoreInto({ database: scratch, like: database, file: draft.path }, work);
    wrong ??= await compareWith(recorded, scratch, work);
  } finally {
    isDropped = await dropDatabase(work, scratch);
  }
  return { wrong, scratch, isDropped };
}

interface Done {
  readonly kept: NonNullable<StepResult['kept']>;
  readonly rehearsal: Rehearsal | null;
}

function resultOf(
  digests: readonly TableDigest[],
  bytes: number,
  { kept, rehearsal }: Done,
): StepResult {
  const rows = digests.reduce((sum, one) => sum + one.rows, 0);
  const count = digests.filter(({ name }) => name !== LARGE_OBJECTS).length;
  const what = `${counted(count, 'table')} with ${grouped(rows)} ${rows === 1 ? 'row' : 'rows'}`;
  const how = rehearsal === null ? 'not restored' : 'restored and equal';
  const left =
    rehearsal === null || rehearsal.isDropped
      ? ''
      : `; the scratch database ${quoteName(rehearsal.scratch)} could not be dropped`;
  return {
    verdict: left === '' ? 'PASS' : 'WARN',
    says: `${what} dumped as ${byteCount(bytes)}, ${how}${left}`,
    results: { count, failed: 0 },
    kept: { ...kept, count, rows },
  };
}
