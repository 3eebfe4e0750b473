/**
 * The PostgreSQL target: a schema of the load's own, or tables that are there. Promises: rows and
 * progress are one transaction, one load at a time, and no constraint is missing once the ledger says
 * that the load is complete.
 */

import { Failure } from '../outcome/failure.ts';
import { parseAddress, USAGE, type PostgresAddress } from '../postgres/address.ts';
import type { Connection } from '../postgres/connect.ts';
import { openSession } from '../postgres/session.ts';
import { completeAddress } from '../postgres/settings.ts';
import { targetFailure } from '../postgres/targetFailure.ts';
import { placeInto } from './postgres/into.ts';
import { assertLagVisible, waitForStandbys } from './postgres/lag.ts';
import { completeStatement, progressStatement } from './postgres/ledger.ts';
import { takeLock } from './postgres/loadLock.ts';
import { openSwap } from './postgres/openSwap.ts';
import { countRows, ownSchema, placeOwn } from './postgres/ownSchema.ts';
import type { Place } from './postgres/writePlace.ts';
import { writeRows, type RowsInto } from './postgres/writeRows.ts';
import type { LoadInto, Target, TargetAdapter, TargetLocation } from './target.ts';

const SCHEME = 'postgres';

export const postgresTarget: TargetAdapter = {
  scheme: SCHEME,
  usage: USAGE,
  parse: (rest) => ({ scheme: SCHEME, ...parseAddress(rest) }),
  open,
  swaps: { open: (location, options) => openSwap(addressOf(location), options) },
};

function addressOf(location: TargetLocation): PostgresAddress {
  const { scheme, ...address } = location;
  if (scheme !== SCHEME) throw new TypeError(`not a location of ${SCHEME}`);
  return address as unknown as PostgresAddress;
}

/** Settings of the session of a load: it does not wait for locks for ever, and builds indexes in memory. */
const SETTINGS = [
  `SET lock_timeout = '5s'`,
  `SET maintenance_work_mem = '256MB'`,
  // A server that crashes loses batches from the end; the last commit waits for the disk.
  'SET synchronous_commit = off',
].join('; ');

async function open(location: TargetLocation, load: LoadInto): Promise<Target> {
  const { variables, connectMs, signal } = load.outside;
  const { connection } = await openSession(completeAddress(addressOf(location), variables), {
    connectMs,
    signal,
    failure: targetFailure,
    writes: !load.dryRun,
  });
  try {
    assertOptions(load);
    if (!load.dryRun) {
      await connection.query(SETTINGS);
      // Noticed sooner than by default, so that the next load need not wait for long.
      await connection.query(`SET client_connection_check_interval = '2s'`).catch(() => {});
      await takeLock(connection, load.into ?? ownSchema(load), signal);
    }
    const place =
      load.into === null
        ? await placeOwn(connection, load)
        : await placeInto(connection, load.into, load);
    if (load.throttle.lag !== null) await assertLagVisible(connection);
    return targetOf(connection, place, load);
  } catch (error) {
    connection.end();
    throw error;
  }
}

/** @throws Failure USAGE for options that do not go together */
function assertOptions({ into, name, without, allowRows }: LoadInto): void {
  const wrong =
    into === null
      ? allowRows && '--allow-rows'
      : (name !== null && '--schema') || (without.length > 0 && '--without');
  if (wrong === false) return;
  throw new Failure('USAGE', {
    what:
      into === null ? 'a schema of the load has no rows of others' : 'the tables are there already',
    where: wrong,
    hint:
      into === null
        ? 'leave it out, or name a schema with --into'
        : 'leave it out, or leave out --into',
  });
}

function targetOf(connection: Connection, place: Place, load: LoadInto): Target {
  const { seal, throttle, outside } = load;
  const { schema, state } = place;
  return {
    label: `${connection.label}, schema ${JSON.stringify(schema)}`,
    state,
    ddl: place.ddl,
    notes: place.notes,
    problems: place.problems,
    passes: place.passes,
    order: place.order,
    async begin() {
      if (state.kind !== 'new') return;
      const statements = await place.beginStatements();
      await connection.query(`BEGIN; ${statements.join('; ')}; COMMIT`);
    },
    async write(module, chunks, readBlob, onCommit) {
      const into: RowsInto = {
        connection,
        module,
        table: place.table(module),
        format: place.format(module),
        batchMs: place.isOneBatch(module) ? Number.POSITIVE_INFINITY : throttle.batchMs,
        now: outside.now,
        signal: outside.signal,
        readBlob,
        progressOf: (progress) => progressStatement(schema, seal.sealId, module, progress),
        beforeBatch: async () => {
          if (throttle.lag !== null) await waitForStandbys(connection, throttle.lag, outside);
        },
      };
      await writeRows(into, chunks, onCommit);
    },
    finishSteps: () => place.finishSteps(),
    count: async (module) =>
      (await countRows(connection, place.table(module), module)) - place.before(module),
    async complete() {
      const sql = completeStatement(schema, seal.sealId);
      await connection.query(`BEGIN; SET LOCAL synchronous_commit = on; ${sql}; COMMIT`);
    },
    async close() {
      connection.end();
    },
  };
}
