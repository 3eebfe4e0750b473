/**
 * A database in which one of two loaded seals is live as `app`, with what clients write through; and a
 * process of clients that write there.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';

import { PASSWORD, type Postgres } from '../kit/postgres.ts';
import { succeed } from '../kit/project.ts';
import { candidateOf } from './fixture.ts';
import type { Command, Held, Opening } from './writerClient.ts';

export const LIVE = 'app';
export const DATABASE = 'arena';

const FIELDS = {
  key: [{ column: 'id', type: 'integer' }],
  id: { rule: 'keep' },
  fields: {
    id: { column: 'id', type: 'integer' },
    writer: { column: 'writer', type: 'string' },
    number: { column: 'number', type: 'integer' },
  },
};
const MODULES = {
  orders: FIELDS,
  lines: {
    ...FIELDS,
    fields: { ...FIELDS.fields, parent: { column: 'parent', type: 'integer' } },
    references: [{ fields: ['parent'], module: 'orders', to: ['id'] }],
  },
};

/** What is beside the tables of a seal, alike in both schemas: each line refers to a sealed order. */
function besides(schema: string): string {
  return `
    ALTER TABLE ${schema}.lines ALTER COLUMN parent SET DEFAULT 1;
    CREATE VIEW ${schema}.order_view AS SELECT id, writer, number FROM ${schema}.orders;
    CREATE VIEW ${schema}.view_of_view AS SELECT * FROM ${schema}.order_view WHERE writer <> 'seal';
    CREATE FUNCTION ${schema}.add_order(text, bigint) RETURNS void LANGUAGE plpgsql
      AS 'BEGIN INSERT INTO ${LIVE}.orders (writer, number) VALUES ($1, $2); END';
    GRANT USAGE ON SCHEMA ${schema} TO writer;
    GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO writer;
    GRANT ALL ON ALL SEQUENCES IN SCHEMA ${schema} TO writer`;
}

/** A role of a search path of two schemas, the second of which has a table of its own. */
const ROLE = `
  CREATE ROLE writer LOGIN PASSWORD '${PASSWORD}';
  ALTER ROLE writer SET search_path = ${LIVE}, aside;
  CREATE SCHEMA aside;
  CREATE TABLE aside.notes (writer text NOT NULL, number bigint NOT NULL);
  CREATE TABLE aside.nothing ();
  GRANT USAGE ON SCHEMA aside TO writer;
  GRANT ALL ON ALL TABLES IN SCHEMA aside TO writer`;

export interface Seals {
  /** Ids of the seals: the first one is live, the second is loaded beside it. */
  readonly sealIds: readonly [string, string];
}

/** Makes a project and the database: two seals, loaded and reconciled, of which the first went live. */
export async function makeArena(server: Postgres, project: string): Promise<Seals> {
  await server.create(DATABASE, ROLE);
  const env = server.env;
  const to = ['--project', project, '--target', server.source(DATABASE)];
  const load = async (first: number): Promise<string> => {
    const rows = Array.from({ length: 20 }, (_, at) => {
      return { id: at + 1, writer: 'seal', number: first + at };
    });
    const lines = rows.map((row) => ({ ...row, parent: row.id }));
    await candidateOf(project, MODULES, { orders: rows, lines });
    const { stdout } = await succeed(['load', ...to, '--schema', LIVE, '--json'], { env });
    const { sealId } = JSON.parse(stdout) as { sealId: string };
    await server.run(DATABASE, besides(schemaOf(sealId)));
    await succeed(['reconcile', ...to], { env });
    return sealId;
  };
  const first = await load(0);
  await succeed(['promote', ...to], { env });
  return { sealIds: [first, await load(1000)] };
}

/** Schema into which a seal was loaded. */
export function schemaOf(sealId: string): string {
  return `${LIVE}__${sealId.slice(0, 8)}`;
}

/** Copies the database, for swaps by a role of another default than most have. */
export async function copyArena(server: Postgres, name: string): Promise<string> {
  await server.run('postgres', `CREATE DATABASE ${name} TEMPLATE ${DATABASE}`);
  const setting = `default_transaction_isolation = 'repeatable read'`;
  await server.run('postgres', `ALTER ROLE postgres IN DATABASE ${name} SET ${setting}`);
  return name;
}

/** Milliseconds after which a client hangs that has not ended what it does. */
const PATIENCE_MS = 60_000;

/** A process of clients; no one writes while its gate is shut. */
export interface Crowd {
  open(opening: Opening): void;
  /** Waits until all clients have ended what they do. Throws if one hangs. */
  shut(): Promise<Held>;
  stop(): Promise<void>;
}

export async function startCrowd(server: Postgres, database: string): Promise<Crowd> {
  const url = new URL(server.url(database));
  url.username = 'writer';
  const path = fileURLToPath(new URL('writerClient.ts', import.meta.url));
  const child = fork(path, [String(url)], { execArgv: [] });
  const told = async (): Promise<Held> => {
    const ended = AbortSignal.timeout(PATIENCE_MS);
    const [held] = (await once(child, 'message', { signal: ended })) as [Held];
    return held;
  };
  const tell = (command: Command): void => {
    child.send(command);
  };
  await told();
  return {
    open: tell,
    shut() {
      const held = told();
      tell('shut');
      return held;
    },
    async stop() {
      const closed = once(child, 'close');
      child.kill();
      await closed;
    },
  };
}

/** A connection of the superuser, for what is done often. */
export async function connectTo(server: Postgres, database: string): Promise<Client> {
  const client = new Client({ connectionString: server.url(database) });
  // A test that fails leaves it to the end of the server.
  client.on('error', () => {});
  await client.connect();
  return client;
}
