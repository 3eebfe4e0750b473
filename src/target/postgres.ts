/**
 * The PostgreSQL target. A load makes a schema of its own, in which nothing else is. Promises: rows
 * and progress are one transaction, one load at a time, and no constraint is missing once the ledger
 * says that the load is complete.
 */

import { Failure } from '../outcome/failure.ts';
import { parseAddress, USAGE, type PostgresAddress } from '../postgres/address.ts';
import type { Connection } from '../postgres/connect.ts';
import { openSession } from '../postgres/session.ts';
import { completeAddress } from '../postgres/settings.ts';
import { targetFailure } from '../postgres/targetFailure.ts';
import { quote } from '../sql/quote.ts';
import { columnType } from './postgres/columnTypes.ts';
import { createLedger, createTable, tableIn, type Constraint } from './postgres/ddl.ts';
import { finishSteps, wantedConstraints } from './postgres/finish.ts';
import { beginStatement, completeStatement, progressStatement } from './postgres/ledger.ts';
import { takeLock } from './postgres/loadLock.ts';
import { assertNames, findOwnSchema, ownSchema } from './postgres/ownSchema.ts';
import { writeRows } from './postgres/writeRows.ts';
import type { LoadInto, LoadState, Target, TargetAdapter, TargetLocation } from './target.ts';

const SCHEME = 'postgres';

export const postgresTarget: TargetAdapter = {
  scheme: SCHEME,
  usage: USAGE,
  parse: (rest) => ({ scheme: SCHEME, ...parseAddress(rest) }),
  open,
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
  assertNames(load.tables);
  const { connection } = await openSession(completeAddress(addressOf(location), variables), {
    connectMs,
    signal,
    failure: targetFailure,
    writes: !load.dryRun,
  });
  try {
    const schema = ownSchema(load);
    if (!load.dryRun) {
      await connection.query(SETTINGS);
      // Noticed sooner than by default, so that the next load need not wait for long.
      await connection.query(`SET client_connection_check_interval = '2s'`).catch(() => {});
      await takeLock(connection, schema, signal);
    }
    const state = await findOwnSchema(connection, schema, load);
    return targetOf({ connection, schema, load, state });
  } catch (error) {
    connection.end();
    throw error;
  }
}

interface Opened {
  readonly connection: Connection;
  readonly schema: string;
  readonly load: LoadInto;
  readonly state: LoadState;
}

function targetOf({ connection, schema, load, state }: Opened): Target {
  const { seal, tables, throttle, outside } = load;
  const constraints = wantedConstraints(schema, tables, load.without);
  assertKnown(schema, load, constraints);
  const formOf = new Map(tables.map((table) => [table.module, table]));
  return {
    label: `${connection.label}, schema ${JSON.stringify(schema)}`,
    state,
    ddl: ddlOf(schema, load, constraints),
    notes: notesOf(load),
    passes: new Map(),
    async begin() {
      if (state.kind !== 'new') return;
      const statements = [
        `CREATE SCHEMA IF NOT EXISTS ${quote(schema)}`,
        createLedger(schema),
        ...tables.map((table) => createTable(schema, table)),
        beginStatement(schema, seal, new Map()),
      ];
      await connection.query(`BEGIN; ${statements.join('; ')}; COMMIT`);
    },
    async write(module, chunks, readBlob, onCommit) {
      const form = formOf.get(module);
      if (form === undefined) throw new TypeError(`${module} is not loaded`);
      const into = {
        connection,
        module,
        table: tableIn(schema, module),
        columns: form.columns.map((column) => {
          return { form: column, encoding: columnType(column).encoding };
        }),
        batchMs: throttle.batchMs,
        now: outside.now,
        signal: outside.signal,
        readBlob,
        progressOf: (progress: { records: number; offset: number }) =>
          progressStatement(schema, seal.sealId, module, progress),
        beforeBatch: async () => {},
      };
      await writeRows(into, chunks, onCommit);
    },
    finishSteps: () => finishSteps(connection, schema, tables, constraints, outside.signal),
    async count(module) {
      const [[rows] = []] = await connection.query(
        `SELECT pg_catalog.count(*) FROM ${tableIn(schema, module)}`,
        module,
      );
      return Number(rows);
    },
    async complete() {
      await connection.query(
        `BEGIN; SET LOCAL synchronous_commit = on; ${completeStatement(schema, seal.sealId)}; COMMIT`,
      );
    },
    async close() {
      connection.end();
    },
  };
}

function ddlOf(
  schema: string,
  { tables }: LoadInto,
  constraints: readonly Constraint[],
): readonly string[] {
  return [
    `CREATE SCHEMA ${quote(schema)}`,
    createLedger(schema),
    ...tables.map((table) => createTable(schema, table)),
    ...constraints.map(({ sql }) => sql),
    `ANALYZE ${tables.map(({ module }) => tableIn(schema, module)).join(', ')}`,
  ];
}

function notesOf({ tables, without }: LoadInto): string[] {
  const references = tables.flatMap(({ module, unenforced }) => {
    return unenforced.map((reference) => `no foreign key for ${module} · ${reference}`);
  });
  return [...references, ...without.map((name) => `left out: constraint ${name}`)];
}

/** @throws Failure USAGE if a constraint that is to be left out is none of the load */
function assertKnown(
  schema: string,
  { tables, without }: LoadInto,
  constraints: readonly Constraint[],
): void {
  const all = new Set(wantedConstraints(schema, tables, []).map(({ name }) => name));
  const wrong = without.find((name) => !all.has(name));
  if (wrong === undefined) return;
  throw new Failure('USAGE', {
    what: `the load makes no constraint ${JSON.stringify(wrong)}`,
    where: '--without',
    hint: `sealift load --dry-run lists all ${constraints.length}`,
  });
}
