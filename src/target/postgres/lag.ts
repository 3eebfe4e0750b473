/** Waits between batches while a standby lags too much. */

import { setTimeout as pause } from 'node:timers/promises';

import { Failure } from '../../outcome/failure.ts';
import type { Connection } from '../../postgres/connect.ts';
import type { MaxLag, Outside } from '../target.ts';

const PAUSE_MS = 500;

/** Bytes that the slowest standby has not applied, and its delay in seconds; 0 without standbys. */
const LAG = `SELECT
    coalesce(max(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), replay_lsn)), 0),
    coalesce(extract(epoch FROM max(replay_lag)), 0)
  FROM pg_catalog.pg_stat_replication`;

/** @throws Failure TARGET if the user may not see the lag of standbys */
export async function assertLagVisible(connection: Connection): Promise<void> {
  const [[visible] = []] = await connection.query(
    `SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
      OR (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)`,
  );
  if (visible === 't') return;
  throw new Failure('TARGET', {
    what: 'the user may not see the lag of standbys',
    where: connection.label,
    hint: 'grant it pg_monitor, or leave out --max-lag',
  });
}

/** Waits until no standby lags more than allowed. */
export async function waitForStandbys(
  connection: Connection,
  most: MaxLag,
  { signal }: Pick<Outside, 'signal'>,
): Promise<void> {
  for (;;) {
    const [[bytes, seconds] = []] = await connection.query(LAG);
    const lags = 'bytes' in most ? Number(bytes) > most.bytes : Number(seconds) > most.seconds;
    if (!lags) return;
    await pause(PAUSE_MS, null, { signal });
  }
}
