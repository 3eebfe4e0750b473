/**
 * `pg.restore_swap`: a backup of this run is restored into a new database, proven equal to what was recorded
 * when it was made, and takes the place of the live one. The live one is kept under a name with the run.
 * Names tell the stage: whenever it is killed, it goes on where it was.
 */

import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { quote, quoteText } from '../../sql/quote.ts';
import { artifactPath, damaged, fileDigest, keptDump } from '../databases/dumpFile.ts';
import {
  copyProperties,
  exchange,
  obstacleTo,
  staying,
  type Names,
} from '../databases/databaseExchange.ts';
import { assertMayCreate, databaseName, dropDatabase, onServer } from '../databases/newDatabase.ts';
import { assertPrograms, PROGRAMS } from '../databases/postgresPrograms.ts';
import { compareWith, restoreInto } from '../databases/restoredCopy.ts';
import { LARGE_OBJECTS, listTables, type TableDigest } from '../databases/tableDigests.ts';
import { inputOfStep, onPostgres } from '../databases/withSql.ts';
import { NAME, TEXT, about } from '../schema/runbookParts.ts';
import { postgresSettings } from '../world/sqlClient.ts';
import { isRefused } from '../world/sqlErrors.ts';
import type { SqlClient } from '../world/world.ts';
import { textOf } from './stepMembers.ts';
import type { DoneStep, Presence, StepResult, StepWork } from './stepType.ts';

export const pgRestoreSwap: DoneStep = {
  text: 'A backup is restored into a new database, which takes the place of the old one.',
  members: {
    from: about(NAME, 'The step with the backup; "backup" if left out.'),
    swap: about(
      { type: 'string', enum: ['rename', 'none'] },
      'rename: it gets the name of the live database. none: it gets a name of its own, for config.set to switch to.',
    ),
    database: about(
      { ...TEXT, maxLength: 63 },
      'With "swap: none": the name of the new database; with the run in it if left out.',
    ),
    programs: PROGRAMS,
  },
  kind: 'change',
  place: 'database',
  losesWrites: true,
  verifiesItself: true,
  resumes: true,
  plan: (members) =>
    members['swap'] === 'none'
      ? `restore the dump of ${fromOf(members)} into a new database`
      : `restore the dump of ${fromOf(members)}, and put it in the place of the database`,
  async dryRun(work) {
    const names = namesOf(work);
    const obstacle = await onServer(work, { readOnly: true }, (client) =>
      assertPossible(client, work),
    );
    if (obstacle !== null) return failed(obstacle);
    const which = names.isSwap
      ? `the old one would be ${quoteName(names.old)}`
      : `it would be ${quoteName(names.own)}`;
    return { verdict: 'PASS', says: `a dump can be restored; ${which}` };
  },
  apply,
  verify,
  probe: (work) => onServer(work, { readOnly: true }, (client) => presence(client, namesOf(work))),
};

function fromOf(members: StepWork['members']): string {
  return textOf(members, 'from') ?? 'backup';
}

function failed(says: string): StepResult {
  return { verdict: 'FAIL', says, results: { failed: 1, applied: 0 } };
}

interface StepNames extends Names {
  /** Of the new database, where it does not take the place of the live one. */
  readonly own: string;
  readonly isSwap: boolean;
  /** Comment that tells that a database is that of this run. */
  readonly mark: string;
}

function namesOf(work: StepWork): StepNames {
  const { members, world, id } = work;
  const live = postgresSettings(inputOfStep(work), world).database;
  return {
    live,
    fresh: databaseName(live, 'restore', work),
    old: databaseName(live, 'before', work),
    own: textOf(members, 'database') ?? databaseName(live, 'restored', work),
    isSwap: members['swap'] !== 'none',
    mark: `restored by Sealift, run ${world.runId}, step ${id}`,
  };
}

async function assertPossible(client: SqlClient, work: StepWork): Promise<string | null> {
  await assertPrograms(client, ['pg_restore'], work);
  await assertMayCreate(client);
  const { isSwap, live } = namesOf(work);
  return isSwap ? obstacleTo(client, live) : null;
}

interface There {
  /** Names of those of the step's databases that are there. */
  readonly names: ReadonlySet<string>;
  /** Of these, that which takes no connections. */
  readonly closed: ReadonlySet<string>;
  readonly ownMark: string | null;
}

async function seenOn(client: SqlClient, { live, fresh, old, own }: StepNames): Promise<There> {
  const { rows } = await client.query(
    `SELECT datname, datallowconn, pg_catalog.shobj_description(oid, 'pg_database')
      FROM pg_catalog.pg_database WHERE datname IN ($1, $2, $3, $4)`,
    [live, fresh, old, own],
  );
  const mark = rows.find(([name]) => name === own)?.[2];
  return {
    names: new Set(rows.map(([name]) => String(name))),
    closed: new Set(rows.flatMap(([name, allowed]) => (allowed === true ? [] : [String(name)]))),
    ownMark: typeof mark === 'string' ? mark : null,
  };
}

async function presence(client: SqlClient, names: StepNames): Promise<Presence> {
  const { names: there, ownMark } = await seenOn(client, names);
  const isBegun = there.has(names.fresh);
  if (!there.has(names.live)) return 'unclear';
  if (!names.isSwap && there.has(names.own)) return ownMark === names.mark ? 'there' : 'unclear';
  if (names.isSwap && there.has(names.old)) return isBegun ? 'unclear' : 'there';
  return isBegun ? 'begun' : 'absent';
}

async function apply(work: StepWork): Promise<StepResult> {
  const names = namesOf(work);
  const { live, fresh } = names;
  const [state, closed, obstacle, stay] = await onServer(
    work,
    { readOnly: true },
    async (client) => {
      const seen = await presence(client, names);
      const wrong =
        seen === 'there' || seen === 'unclear' ? null : await assertPossible(client, work);
      return [
        seen,
        (await seenOn(client, names)).closed,
        wrong,
        await staying(client, live),
      ] as const;
    },
  );
  if (state === 'there') return done(names, { isNew: false, stay: 0 });
  if (state === 'unclear') throw unclear(names);
  if (obstacle !== null) return failed(obstacle);
  const dump = await openDump(work);
  const recorded = { digests: dump.digests, sequences: null };
  // The live one was closed only after the new one was proven: a run was killed in the exchange.
  const isProven =
    state === 'begun' && closed.has(live) && (await compareWith(recorded, fresh, work)) === null;
  const wrong = isProven ? null : await restore(names, dump, work);
  if (wrong !== null) return failed(wrong);
  await copyProperties(live, fresh, work);
  try {
    if (names.isSwap) await exchange(names, work);
    else await giveName(names, work);
  } catch (error) {
    if (!isRefused(error)) throw error;
    return failed(`${error.message}; the live database is as it was`);
  }
  return done(names, { isNew: true, stay });
}

interface OpenDump {
  readonly path: string;
  readonly digests: readonly TableDigest[];
}

/** Finds the dump, and checks that it is the one that was made. @throws Failure USAGE or SNAPSHOT */
async function openDump({ members, kept, world, signal }: StepWork): Promise<OpenDump> {
  const from = fromOf(members);
  const { file, tables, sha256, root } = keptDump(from, kept(from));
  const list = artifactPath(world.artifacts, tables);
  const text = readFileSync(list);
  if (hash('sha256', text, 'hex') !== root) throw damaged('the list of tables was changed', list);
  const path = artifactPath(world.artifacts, file);
  if ((await fileDigest(path, signal)).sha256 !== sha256) {
    throw damaged('the dump is not the one that was made', path);
  }
  return { path, digests: JSON.parse(text.toString('utf8')) as TableDigest[] };
}

/** Restores and proves; what does not hold is dropped, and the live database is as it was. */
async function restore(
  { live, fresh }: Names,
  { path, digests }: OpenDump,
  work: StepWork,
): Promise<string | null> {
  let wrong = await restoreInto({ database: fresh, like: live, file: path }, work);
  wrong ??= await compareWith({ digests, sequences: null }, fresh, work);
  if (wrong !== null) await dropDatabase(work, fresh);
  return wrong;
}

function giveName({ fresh, own, mark }: StepNames, work: StepWork): Promise<void> {
  return onServer(work, { readOnly: false }, (client) =>
    client.transaction(() =>
      client.script(
        `COMMENT ON DATABASE ${quote(fresh)} IS ${quoteText(mark)}; ALTER DATABASE ${quote(fresh)} RENAME TO ${quote(own)}`,
      ),
    ),
  );
}

interface Done {
  readonly isNew: boolean;
  /** Slots and subscriptions that the new database does not have. */
  readonly stay: number;
}

function done(names: StepNames, { isNew, stay }: Done): StepResult {
  const { live, old, own, isSwap } = names;
  const how = isNew ? 'restored and equal to the backup' : 'restored before';
  const where = isSwap
    ? `the old database is ${quoteName(old)}`
    : `the new database is ${quoteName(own)}`;
  const left = stay === 0 ? '' : `; ${stay} slots or subscriptions stay with the old database`;
  return {
    verdict: stay === 0 ? 'PASS' : 'WARN',
    says: `${how}; ${where}${left}`,
    results: { applied: isNew ? 1 : 0, failed: 0 },
    kept: isSwap ? { database: live, old } : { database: own },
  };
}

function unclear({ live, fresh, old, own, isSwap }: StepNames): Failure {
  const names = (isSwap ? [live, fresh, old] : [live, own]).map(quoteName).join(', ');
  return new Failure('TARGET', {
    what: 'the databases that are there fit no stage of the exchange',
    where: names,
    hint: 'find out which of them is to be live; the step has dropped none that was',
  });
}

/** The names are those after the exchange, and the database of the name has the tables of the backup. */
async function verify(work: StepWork): Promise<StepResult> {
  const names = namesOf(work);
  const seen = await onServer(work, { readOnly: true }, (client) => presence(client, names));
  if (seen !== 'there')
    return { verdict: 'FAIL', says: `the new database is not in its place (${seen})` };
  const { digests } = await openDump(work);
  const database = names.isSwap ? names.live : names.own;
  const tables = await onPostgres(work, { readOnly: true, database }, listTables);
  const there = new Set(tables.map(({ name }) => name));
  const missing = digests.filter(({ name }) => name !== LARGE_OBJECTS && !there.has(name));
  if (missing.length > 0) return { verdict: 'FAIL', says: `${missing[0]?.name} is missing` };
  return {
    verdict: 'PASS',
    says: `${quoteName(database)} takes connections, and has all tables of the backup`,
  };
}
