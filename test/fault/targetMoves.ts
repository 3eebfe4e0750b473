/**
 * Two candidates in one database, both loaded and reconciled, for the tests that break off a promote or
 * rollback there; what is live at a moment, and whether it, its ledger and the journal agree.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { expect } from 'vitest';

import { readJournal } from '../../src/journal/journal.ts';
import type { Journal } from '../../src/journal/line.ts';
import { targetMoves, type JournaledMove } from '../../src/journal/targetMoves.ts';
import type { Postgres } from '../kit/postgres.ts';
import { migrate, succeed, writeMapping } from '../kit/project.ts';
import { sealift, start, type Ran, type Running } from '../kit/run.ts';
import { openGate, type Gate } from '../target/gate.ts';

export const DATABASE = 'app';
const PATIENCE_MS = 30_000;

/** Makes a project with two scanned candidates of other rows from the same files; returns their seals. */
export async function twoCandidates(project: string): Promise<readonly [string, string]> {
  const files = { few: 30, many: 70 };
  for (const [name, count] of Object.entries(files)) {
    const rows = Array.from({ length: count }, (_, at) => ({
      id: `${name}-${at}`,
      note: 'Ä'.repeat(at),
    }));
    writeFileSync(
      join(project, `${name}.ndjson`),
      rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
    );
  }
  const seal = async (dogs: string, cats: string): Promise<string> => {
    writeMapping(project, {
      sources: { few: 'ndjson:few.ndjson', many: 'ndjson:many.ndjson' },
      modules: { dogs: moduleOf(dogs), cats: moduleOf(cats) },
    });
    const { sealId } = await migrate(project);
    await succeed(['scan-all', '--project', project]);
    return sealId;
  };
  return [await seal('few', 'many'), await seal('many', 'few')];
}

function moduleOf(name: string): object {
  const [id, note] = ['id', 'note'].map((column) => ({ column, type: 'string' }));
  return { source: { name, table: name }, key: [id], id: { rule: 'keep' }, fields: { id, note } };
}

export type Move = 'promote' | 'rollback';

export interface MovedTarget extends Database, Journaled {
  readonly server: Postgres;
  /** All that Sealift sends passes through it. */
  readonly gate: Gate;
  /** Starts a move as a process; a promote of the seal that is given. */
  start(move: Move, seal: string, ...more: readonly string[]): Running;
  /** Runs it to its end, in this process. */
  run(move: Move, seal: string, ...more: readonly string[]): Promise<Ran>;
  /** The other one of the two. */
  other(seal: string): string;
  /** Whether something was live before, to which a rollback goes. */
  hasBefore(): Promise<boolean>;
  /** Returns the seal that is live. Fails if it or the other is not whole, or the ledger says otherwise. */
  liveAndWhole(): Promise<string>;
  /** Holds a lock for which a move waits, until it is let go. */
  hold(): Promise<() => Promise<void>>;
}

/** Loads and reconciles both, and makes the first live, then the second. */
export async function movedTarget(
  project: string,
  seals: readonly [string, string],
  server: Postgres,
): Promise<MovedTarget> {
  await server.create(DATABASE);
  const gate = await openGate(server.port, null);
  const url = server.source(DATABASE).replace(`:${server.port}/`, `:${gate.port}/`);
  const target = ['--project', project, '--target', url];
  const { env } = server;
  const argsOf = (move: Move, seal: string): string[] => {
    const all = [...target, '--max-age', '2d', '--max-wait', '30s'];
    return move === 'promote' ? [move, seal, ...all] : [move, ...all];
  };
  const run = (sql: string): Promise<Row[]> => server.run(DATABASE, sql);
  const whole = new Map<string, unknown>();
  for (const seal of seals) {
    await succeed(['load', ...target, '--candidate', seal], { env });
    await succeed(['reconcile', ...target, '--candidate', seal], { env });
    whole.set(seal, await contentOf(run, placeOf(seal)));
  }
  for (const seal of seals) await succeed(argsOf('promote', seal), { env });
  const other = (seal: string): string => seals.find((one) => one !== seal) ?? '';
  return {
    ...databaseOf(run),
    ...journaled(project, `127.0.0.1:${gate.port}/${DATABASE}`, run),
    server,
    gate,
    other,
    start: (move, seal, ...more) => start([...argsOf(move, seal), ...more], { env }),
    run: (move, seal, ...more) => sealift([...argsOf(move, seal), ...more], { env }),
    async hasBefore() {
      const [[has] = []] = await run(
        `SELECT count(*) FILTER (WHERE move = 'promote') - count(*) FILTER (WHERE move = 'rollback') > 1
          FROM sealift_ledger.moves`,
      );
      return has === 't';
    },
    async liveAndWhole() {
      const live = await liveOf(run);
      const rest = other(live);
      expect(await schemasOf(run)).toEqual(['sealift', placeOf(rest), 'sealift_ledger'].toSorted());
      expect(await contentOf(run, 'sealift')).toEqual(whole.get(live));
      expect(await contentOf(run, placeOf(rest))).toEqual(whole.get(rest));
      const [last] = await run(
        `SELECT live, seal_id, moved_from, replaced_seal_id, replaced_as
          FROM sealift_ledger.moves ORDER BY seq DESC LIMIT 1`,
      );
      expect(last).toEqual(['sealift', live, placeOf(live), rest, placeOf(rest)]);
      return live;
    },
    async hold() {
      const client = new Client({ connectionString: server.url(DATABASE) });
      client.on('error', () => {});
      await client.connect();
      await client.query('BEGIN; LOCK TABLE sealift.dogs IN ACCESS SHARE MODE');
      return () => client.end().catch(() => {});
    },
  };
}

type Row = (string | null)[];
type Run = (sql: string) => Promise<Row[]>;

interface Database {
  /** Fulfilled when there is a session of Sealift of which this holds, in terms of `pg_stat_activity`. */
  whenSession(condition: string): Promise<void>;
  /** Fulfilled when the server has given up the sessions of killed commands. */
  whenAlone(): Promise<void>;
  /** Fulfilled when this seal is live. */
  whenLive(seal: string): Promise<void>;
}

function databaseOf(run: Run): Database {
  const sessions = async (condition: string): Promise<number> => {
    const [[count] = []] = await run(
      `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sealift' AND ${condition}`,
    );
    return Number(count);
  };
  return {
    whenSession: (condition) => until(async () => (await sessions(condition)) > 0),
    whenAlone: () => until(async () => (await sessions('true')) === 0),
    whenLive: (seal) => until(async () => (await liveOf(run)) === seal),
  };
}

async function liveOf(run: Run): Promise<string> {
  const [[live] = []] = await run('SELECT seal_id FROM sealift.sealift_ledger');
  return String(live);
}

interface Journaled {
  /** Number of intents in the journal, as far as it was written. */
  intents(): number;
  /** The move of which the journal has no end. */
  open(): JournaledMove | null;
  /** How a later command has found that this move ended; null if none has. */
  recovered(intent: string): string | null;
  /** Fails if the journal is broken, has an open move, or does not have the moves of the ledger. */
  assertAgreed(): Promise<void>;
}

function journaled(project: string, label: string, run: Run): Journaled {
  const journal = (): Journal => readJournal(join(project, 'storage_journal'));
  return {
    intents: () =>
      journal().entries.filter(({ event }) => /^target-\w+-intended$/.test(event)).length,
    open: () => targetMoves(journal(), label).open,
    recovered(intent) {
      const found = journal().entries.find((entry) => {
        return entry['intent'] === intent && entry['recovered'] === true;
      });
      return found?.event.replace(/^target-[a-z]+-/, '') ?? null;
    },
    async assertAgreed() {
      const { open, done } = targetMoves(journal(), label);
      expect(open).toBe(null);
      const told = await run('SELECT intent, move, seal_id FROM sealift_ledger.moves ORDER BY seq');
      expect(done.map(({ intent, move, sealId }) => [intent, move, sealId])).toEqual(told);
    },
  };
}

/** The schema of a candidate that is not live. */
export function placeOf(seal: string): string {
  return `sealift__${seal.slice(0, 8)}`;
}

/** Number and digest of the rows of each table, and what the ledger of loads says. */
async function contentOf(run: Run, schema: string): Promise<unknown> {
  const tables = ['cats', 'dogs', 'sealift_ledger'].map(
    (table) => `SELECT '${table}', count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text))
      FROM "${schema}".${table} t`,
  );
  return run(tables.join(' UNION ALL '));
}

async function schemasOf(run: Run): Promise<string[]> {
  const rows = await run(
    `SELECT nspname FROM pg_namespace
      WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')`,
  );
  return rows.map(([name]) => String(name)).toSorted();
}

/** Waits until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error('it has not come to that');
    await wait(5);
  }
}

/** Reads what is live, again and again; `stop` returns what was seen, each once, and how often it was read. */
export async function readAlways(
  server: Postgres,
): Promise<() => Promise<readonly [Set<string>, number]>> {
  const client = new Client({ connectionString: server.url(DATABASE) });
  client.on('error', () => {});
  await client.connect();
  const seen = new Set<string>();
  const stopped = new AbortController();
  let times = 0;
  const reading = (async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const { rows } = await client.query<{ all: string }>(
        `SELECT count(*) || ' ' || md5(string_agg(t::text, E'\\n' ORDER BY t::text)) AS all FROM sealift.dogs t`,
      );
      seen.add(rows[0]?.all ?? '');
      times += 1;
      await wait(2);
    }
  })();
  // What has gone wrong is told at the end.
  reading.catch(() => {});
  return async () => {
    stopped.abort();
    await reading;
    await client.end();
    return [seen, times];
  };
}
