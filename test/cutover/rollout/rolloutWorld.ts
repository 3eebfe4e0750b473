/**
 * The world of a rollout by percent, for real: a database, two versions of a service that writes to it, and a router
 * between them and their users, each a process of its own. What goes wrong in it is what a test lets go wrong.
 */

import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { startPostgres, type Postgres } from '../../kit/postgres.ts';
import type { RouterBehaviour, ServiceBehaviour, ServiceEvent } from './behaviour.ts';
import { startProgram, type Program } from './program.ts';
import { IMPORTS, writeQueries } from './rolloutQueries.ts';

export interface RolloutWorld {
  readonly folder: string;
  /** Address of the database, with the password. */
  readonly database: string;
  readonly v1: Program<ServiceBehaviour & ServiceEvent>;
  readonly v2: Program<ServiceBehaviour & ServiceEvent>;
  readonly router: Program<RouterBehaviour>;
  /** File with the percentage, which the router reads: `{"V2_ROLLOUT_PERCENT": 0}` at first. */
  readonly settings: string;
  /** Log with the decisions of the router. */
  readonly decisions: string;
  /** Sets the percentage, as an operator does: the file is replaced. */
  setPercent(percent: unknown): void;
  /** Runs SQL in the database; all cells as texts. */
  run(sql: string): Promise<(string | null)[][]>;
  /** Ends all of it. */
  stop(): Promise<void>;
}

export interface WorldOptions {
  /** A server that is there already, and is not stopped with the world; one of its own if left out. */
  readonly server?: Postgres;
  /** Name of the database. */
  readonly name?: string;
  /** How many times as fast as they note jobs go. */
  readonly pace?: number;
  readonly seed?: number;
  /** How long a job may be under way, as an interval of PostgreSQL. */
  readonly stuckAfter?: string;
}

const SERVICE = new URL('./service.ts', import.meta.url);
const ROUTER = new URL('./router.ts', import.meta.url);

/** Name of the rollout that users are drawn by. */
export const ROLLOUT = 'full-pass-v2';

/** Starts it in a folder: `flags.json`, `route.log`, the logs of the programs, and q1.sql to q6.sql. */
export async function startRolloutWorld(
  folder: string,
  options: WorldOptions = {},
): Promise<RolloutWorld> {
  const { name = 'rollout', pace = 60_000, seed = 1, stuckAfter = '3 seconds' } = options;
  mkdirSync(folder, { recursive: true });
  writeQueries(folder, { stuckAfter });
  const [settings, decisions] = [join(folder, 'flags.json'), join(folder, 'route.log')];
  const setPercent = (percent: unknown): void => {
    writeFileSync(`${settings}.new`, `${JSON.stringify({ V2_ROLLOUT_PERCENT: percent })}\n`);
    renameSync(`${settings}.new`, settings);
  };
  setPercent(0);
  writeFileSync(decisions, '');
  const server = options.server ?? (await startPostgres());
  const programs: Program<never>[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(programs.map((program) => program.kill()));
    if (options.server === undefined) await server.stop();
  };
  try {
    const database = await server.create(name, IMPORTS);
    const service = async (version: 'v1' | 'v2'): Promise<RolloutWorld['v1']> => {
      const paced = { PACE: String(pace), SEED: String(seed) };
      const env = { DATABASE_URL: database, VERSION: version, ...paced };
      const started: RolloutWorld['v1'] = await startProgram({
        name: version,
        file: SERVICE,
        folder,
        env,
      });
      programs.push(started);
      return started;
    };
    const [v1, v2] = await Promise.all([service('v1'), service('v2')]);
    const urls = { V1_URL: v1.url, V2_URL: v2.url };
    const env = { SETTINGS: settings, DECISIONS: decisions, ROLLOUT, ...urls };
    const router: RolloutWorld['router'] = await startProgram({
      name: 'router',
      file: ROUTER,
      folder,
      env,
    });
    programs.push(router);
    const run = (sql: string): Promise<(string | null)[][]> => server.run(name, sql);
    return { folder, database, v1, v2, router, settings, decisions, setPercent, run, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
