/**
 * How fast Sealift reads PostgreSQL and writes it, beside what a shell can do: `npm run bench:pg`. The server runs on
 * this machine, on the same processors. Commands run one after the other, round by round; what counts is
 * the ratio of medians.
 *
 *     npm run bench:pg -- --rows 1000000 --large 4000000 --rounds 5 --folder /path/to/scratch
 *
 * `--large 0` leaves the memory of a large run out; `--only read` or `--only target` measures a half.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { generateOrders } from '../test/dogschool/orders.ts';
import { PASSWORD, postgresHome, startPostgres, type Postgres } from '../test/kit/postgres.ts';
import { loadSqlite } from '../test/kit/sqliteToPostgres.ts';
import { atMost, peak, seconds, tableOf, type Figure, type Runs } from './figures.ts';
import { measure, type Measured } from './measure.ts';
import { SEALIFT, writeMapping } from './project.ts';
import { benchTarget, hasPsql } from './target.ts';

interface Options {
  readonly rows: number;
  readonly large: number;
  readonly rounds: number;
  readonly folder: string;
  readonly only: string | undefined;
}

interface Loaded {
  readonly folder: string;
  readonly url: string;
  /** Of both tables. */
  readonly rows: number;
}

const PEER = 'psql';
const COPIES = [
  'COPY (SELECT row_to_json(t) FROM orders t ORDER BY created_at) TO STDOUT',
  'COPY (SELECT row_to_json(t) FROM customers t ORDER BY name) TO STDOUT',
];

type Job = (loaded: Loaded) => Promise<Measured>;

const migrate =
  (workers: number): Job =>
  ({ folder }) => {
    const args = ['migrate', '--workers', String(workers), '--project', folder];
    return measure(process.execPath, [SEALIFT, ...args], folder);
  };

/** Sorted JSON of every row, hashed, in an order that has no index, as target ids have none. */
const psql: Job = ({ folder, url }) => {
  const script = 'set -o pipefail; psql -X "$1" -c "$2" -c "$3" | sha256sum';
  return measure('bash', ['-c', script, 'bench', url, ...COPIES], folder);
};

/** Loads the orders of the other benchmark into a database, with a project that reads it. */
async function load(server: Postgres, folder: string, rows: number): Promise<Loaded> {
  const file = join(folder, `orders-${rows}.db`);
  if (!existsSync(file)) {
    generateOrders(`${file}.new`, rows);
    renameSync(`${file}.new`, file);
  }
  const name = `orders_${rows}`;
  await loadSqlite(file, await server.create(name));
  const url = `postgres://postgres@127.0.0.1:${server.port}/${name}`;
  const [[count] = []] = await server.run(
    name,
    'SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM customers)',
  );
  const project = join(folder, name);
  rmSync(project, { recursive: true, force: true });
  mkdirSync(project, { recursive: true });
  writeMapping(project, url);
  return { folder: project, url, rows: Number(count) };
}

async function main(options: Options, server: Postgres): Promise<void> {
  const runs: Runs = {};
  const found: Figure[] = [];
  if (options.only !== 'target') found.push(...(await benchSource(options, server, runs)));
  if (options.only !== 'read') found.push(...(await benchTarget(server, options, runs)));
  const result = { ...options, node: process.version, server: server.version, runs, found };
  writeFileSync(join(options.folder, 'bench-pg.json'), `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(tableOf(runs, found));
  process.stderr.write(`as JSON: ${join(options.folder, 'bench-pg.json')}\n`);
}

/** Measures migrate, and adds the runs to `runs`; returns the figures. */
async function benchSource(options: Options, server: Postgres, runs: Runs): Promise<Figure[]> {
  const loaded = await load(server, options.folder, options.rows);
  const jobs: Readonly<Record<string, Job>> = {
    ...(hasPsql() ? { [PEER]: psql } : {}),
    migrate: migrate(2),
    'migrate, 1 worker': migrate(1),
  };
  // The first run fills the caches.
  await migrate(2)(loaded);
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const [name, job] of Object.entries(jobs)) {
      process.stderr.write(`round ${round} of ${options.rounds}: ${name}\n`);
      (runs[name] ??= []).push(await job(loaded));
    }
    execFileSync(process.execPath, [SEALIFT, 'prune', '--project', loaded.folder]);
  }
  const found: Figure[] = [];
  if (runs[PEER] !== undefined) {
    found.push(atMost('migrate ÷ psql', seconds(runs, 'migrate') / seconds(runs, PEER), 2, 1));
  }
  if (options.large > 0) {
    process.stderr.write(`memory: ${options.large} orders\n`);
    const memory = [await migrate(2)(await load(server, options.folder, options.large))];
    const grown = peak(memory) / peak(runs['migrate'] ?? []);
    found.push(atMost('peak memory of migrate, large ÷ small', grown, 1.25, 1.1));
    runs[`migrate, ${options.large} orders`] = memory;
  }
  return found;
}

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    large: { type: 'string', default: '4000000' },
    rounds: { type: 'string', default: '5' },
    folder: { type: 'string', default: join(tmpdir(), 'sealift-bench-pg') },
    only: { type: 'string' },
  },
});
if (postgresHome() === null) {
  process.stderr.write('bench: PostgreSQL is not here: run npm ci\n');
  process.exitCode = 1;
} else {
  mkdirSync(values.folder, { recursive: true });
  process.env['PGPASSWORD'] = PASSWORD;
  const server = await startPostgres();
  try {
    const [rows, large, rounds] = [values.rows, values.large, values.rounds].map(Number);
    const options = { rows: rows ?? 0, large: large ?? 0, rounds: rounds ?? 0 };
    await main({ ...options, folder: values.folder, only: values.only }, server);
  } finally {
    await server.stop();
  }
}
