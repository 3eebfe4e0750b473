/** How the session of a SQLite reader was begun, for auditors. */

import type { ReadSession } from '../../outcome/reading.ts';
import { BEGINNING, type Access, type Connection } from './connection.ts';
import { GREATEST_ROWID, LEAST_ROWID } from './rangePlan.ts';

const SNAPSHOTS: Readonly<Record<Access['kind'], string>> = {
  immutable: 'a database at rest, which no process had open',
  live: 'the last commit before the sessions began',
  shared: 'a database that a shared lock has kept from changes',
  copy: 'a private copy of the database',
};
const RANGES =
  'a table with row ids is read in ranges of them, from :first to :last, both included: ' +
  `${LEAST_ROWID} and ${GREATEST_ROWID} are all of it`;
const REPORTED = ['encoding', 'query_only', 'trusted_schema'] as const;

/** Returns how a session was begun, with the settings that it reports itself. */
export function sessionOf(db: Connection, { kind }: Access): ReadSession {
  const version = db.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? '';
  const settings = REPORTED.map((name) => [name, String(db.pragma(name, { simple: true }))]);
  return {
    server: `SQLite ${version}`,
    statements: BEGINNING,
    settings: Object.fromEntries(settings) as Record<string, string>,
    snapshot: SNAPSHOTS[kind],
    ranges: RANGES,
  };
}
