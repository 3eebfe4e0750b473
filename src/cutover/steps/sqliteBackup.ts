/**
 * `sqlite.backup`: a copy of a SQLite database, of one snapshot, while others may have it open. With a
 * rehearsal it is opened: SQLite finds no damage and no broken reference in it, and its tables are equal.
 * After a crash it is made anew, as that of pg.backup.
 */

import { byteCount } from '../../outcome/byteCount.ts';
import { counted, grouped } from '../../outcome/counted.ts';
import { Failure } from '../../outcome/failure.ts';
import { removeFile } from '../../disk/noLinks.ts';
import { draftDump, fileDigest, type DraftDump } from '../databases/dumpFile.ts';
import { digestSqlite } from '../databases/sqliteDigests.ts';
import { differences, type TableDigest } from '../databases/tableDigests.ts';
import { inputOfStep, withSql } from '../databases/withSql.ts';
import { about } from '../schema/runbookParts.ts';
import { openSqlite } from '../world/sqlSqlite.ts';
import type { SqlClient } from '../world/world.ts';
import type { DoneStep, StepResult, StepWork } from './stepType.ts';

export const sqliteBackup: DoneStep = {
  text: 'A copy of a SQLite database.',
  members: {
    rehearse: about({ type: 'boolean' }, 'Whether it is opened, checked for damage, and compared.'),
  },
  kind: 'artifact',
  place: 'database',
  resumes: true,
  plan: ({ rehearse }) =>
    rehearse === true ? 'copy the database, and compare the copy' : 'copy the database',
  dryRun: (work) =>
    onSqlite(work, async (client) => {
      const { rows } = await client.query(
        'SELECT page_count * page_size FROM pragma_page_count, pragma_page_size',
      );
      return {
        verdict: 'PASS',
        says: `${byteCount(Number(rows[0]?.[0]))} of database can be copied`,
      };
    }),
  async apply(work) {
    const draft = draftDump(work.world.artifacts, work.id, 'db');
    const digests = await onSqlite(work, (client) => copy(client, draft));
    const wrong = work.members['rehearse'] === true ? await wrongIn(draft, digests, work) : null;
    if (wrong !== null) return { verdict: 'FAIL', says: wrong, results: { failed: 1 } };
    const { bytes, sha256 } = await fileDigest(draft.path, work.signal);
    const rows = digests.reduce((sum, one) => sum + one.rows, 0);
    const kept = { ...draft.finish(digests, sha256), count: digests.length, rows };
    return resultOf(kept, bytes, work);
  },
  probe: async () => 'absent',
};

function onSqlite<T>(work: StepWork, what: (client: SqlClient) => Promise<T>): Promise<T> {
  return withSql(work, { readOnly: true }, (client) => {
    if (client.dialect === 'sqlite') return what(client);
    throw new Failure('USAGE', {
      what: 'the step is for SQLite, and the input is a database of PostgreSQL',
      where: `input ${inputOfStep(work)}`,
      hint: 'use pg.backup, or name another input with `on`',
    });
  });
}

/** Copies what one transaction sees, and digests the same. */
function copy(client: SqlClient, draft: DraftDump): Promise<readonly TableDigest[]> {
  return client.transaction(async () => {
    const digests = await digestSqlite(client);
    await client.copyTo?.(draft.path);
    return digests;
  });
}

/** What is wrong with the copy, as a clause; null if nothing is. */
async function wrongIn(
  { path }: DraftDump,
  digests: readonly TableDigest[],
  { signal }: StepWork,
): Promise<string | null> {
  const client = await openSqlite(path, { readOnly: true, signal });
  try {
    const { rows: damage } = await client.query('PRAGMA integrity_check(1)');
    if (damage[0]?.[0] !== 'ok') return 'SQLite finds the copy damaged, and so the database';
    const { rows } = await client.query('SELECT count(*) FROM pragma_foreign_key_check');
    if (rows[0]?.[0] !== 0n) return `${counted(Number(rows[0]?.[0]), 'row')} of it refer to none`;
    const found = differences(digests, await digestSqlite(client));
    return found.length === 0 ? null : `the copy differs: ${found.slice(0, 3).join(', ')}`;
  } finally {
    await client.close();
    // What SQLite makes beside a database that it reads.
    for (const side of ['-wal', '-shm', '-journal']) removeFile(`${path}${side}`);
  }
}

function resultOf(
  kept: NonNullable<StepResult['kept']> & { readonly count: number; readonly rows: number },
  bytes: number,
  { members }: StepWork,
): StepResult {
  const { count, rows } = kept;
  const how = members['rehearse'] === true ? 'opened and equal' : 'not opened';
  return {
    verdict: 'PASS',
    says: `${counted(count, 'table')} with ${grouped(rows)} ${rows === 1 ? 'row' : 'rows'} copied as ${byteCount(bytes)}, ${how}`,
    results: { count, failed: 0 },
    kept,
  };
}
