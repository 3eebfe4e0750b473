/**
 * Finds what was written to the tables of a mapping since a snapshot: revoked rights stop neither owners
 * nor superusers, so a freeze alone proves nothing.
 */

import type { Connection } from '../../postgres/connect.ts';
import { changesSince, noteSeen } from '../../postgres/seen.ts';
import type { RelationRequest } from '../source.ts';
import type { LaterWrite } from '../unchanged.ts';
import { readScope } from './writeScope.ts';

/**
 * Compares what the snapshot of one session sees with what another one sees now.
 * @throws Failure SOURCE_SCHEMA if the mapping names a table that is not there
 */
export async function laterWrites(
  snapshot: Connection,
  now: Connection,
  requests: readonly RelationRequest[],
): Promise<LaterWrite[]> {
  const scope = await readScope(snapshot, requests, []);
  const tables = scope.relations.filter(({ stores }) => stores);
  const names = new Map(tables.map(({ oid, name }) => [oid, name]));
  const read = tables.map(({ identifier }) => ({ identifier, rows: null }));
  const changes = await changesSince(now, await noteSeen(snapshot, read));
  return changes.map(({ oid, written, gone, remade }) => {
    return { table: names.get(oid) ?? 'a table', written, gone, remade };
  });
}
