/**
 * How fast secrets are sealed again in PostgreSQL, and verified, beside a script that does it row by row
 * (keysPeer.ts): `npm run bench:keys`, after the pipeline of the ciphers alone (crypto.ts). The server is on this
 * machine, on the same processors. What is timed is the whole command. What counts is
 * the ratio of medians, round by round.
 *
 *     npm run bench:keys -- --rows 100000 --peer 20000 --rounds 3
 *
 * `--peer` is the number of rows of the script, which would take too long over all of them.
 */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { startPostgres, type Postgres } from '../test/kit/postgres.ts';
import { atLeast, seconds, tableOf, type Figure, type Runs } from './figures.ts';
import { measure, median } from './measure.ts';
import { SEALIFT } from './project.ts';

interface Options {
  readonly rows: number;
  readonly peer: number;
  readonly rounds: number;
}

const PEER_SCRIPT = fileURLToPath(new URL('keysPeer.ts', import.meta.url));
const DATABASE = 'keys';
/** Two keys that nobody uses. */
const [KEY, LOG_KEY] = ['1f', '2e'].map((byte) => `${byte.repeat(31)}00`);
const [OURS, PEER, VERIFY] = ['keys migrate', 'row by row', 'keys verify'];

function makeProject(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'mapping'), { recursive: true });
  const keys = { k1: { source: 'env:BENCH_KEY' }, log: { source: 'env:BENCH_LOG' } };
  const column = { table: 'secrets', id: 'id', column: 'value', legacy: [{ form: 'base64' }] };
  const columns = [{ ...column, target: 'a1', key: 'k1' }];
  const file = { format: 1, database: 'env:BENCH_DATABASE', keys, log: 'log', columns };
  writeFileSync(join(folder, 'mapping/keys.json'), JSON.stringify(file));
}

/** Fills the table anew, with keys of 30 to 39 characters in base64. */
async function fill(server: Postgres, rows: number): Promise<void> {
  await server.run(
    DATABASE,
    `DROP TABLE IF EXISTS secrets, sealift_keys_log, peer_log;
    CREATE TABLE secrets (id bigint PRIMARY KEY, value text);
    INSERT INTO secrets SELECT n, encode(convert_to('sk-test-0123456789abcdefghijkl' || n, 'UTF8'), 'base64')
      FROM generate_series(1, ${rows}) AS n`,
  );
  await server.run(DATABASE, 'VACUUM ANALYZE secrets');
  await server.run(DATABASE, 'CHECKPOINT');
}

async function round(
  server: Postgres,
  project: string,
  { rows, peer }: Options,
  runs: Runs,
): Promise<void> {
  const env = {
    ...process.env,
    ...server.env,
    BENCH_KEY: KEY,
    BENCH_LOG: LOG_KEY,
    BENCH_DATABASE: server.source(DATABASE),
  };
  const one = async (name: string, args: readonly string[]): Promise<void> => {
    (runs[name] ??= []).push(await measure(process.execPath, args, project, 0, env));
  };
  await fill(server, peer);
  await one(PEER ?? '', [PEER_SCRIPT, server.url(DATABASE), KEY ?? '', LOG_KEY ?? '']);
  await fill(server, rows);
  await one(OURS ?? '', [SEALIFT, 'keys', 'migrate', '--project', project]);
  await one(VERIFY ?? '', [SEALIFT, 'keys', 'verify', '--project', project]);
}

function figuresOf({ rows, peer }: Options, runs: Runs): Figure[] {
  const rate = (name: string | undefined, count: number): number =>
    count / seconds(runs, name ?? '');
  const [ours, theirs] = [rate(OURS, rows), rate(PEER, peer)];
  return [
    atLeast('rows a second, keys migrate', ours, 5000, 10_000),
    atLeast('keys migrate ÷ row by row', ours / theirs, 4, 6),
    atLeast('rows a second, keys verify', rate(VERIFY, rows), 20_000, 20_000),
  ];
}

/** Processor time of each process, which a busy machine stretches less; the server's own is not in it. */
function processorLines({ rows, peer }: Options, runs: Runs): string {
  const lines = Object.entries(runs).map(([name, all]) => {
    const micros = (median(all.map(({ cpu }) => cpu)) / (name === PEER ? peer : rows)) * 1e6;
    return `${name}: ${micros.toFixed(1)} µs of processor a row, its start included`;
  });
  return `\n${lines.join('\n')}\n`;
}

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    peer: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' },
  },
});
const options: Options = {
  rows: Number(values.rows),
  peer: Number(values.peer),
  rounds: Number(values.rounds),
};
const server = await startPostgres();
const project = join(tmpdir(), 'sealift-bench-keys');
const runs: Runs = {};
try {
  await server.create(DATABASE);
  makeProject(project);
  for (let count = 1; count <= options.rounds; count += 1) {
    process.stderr.write(`round ${count} of ${options.rounds}\n`);
    await round(server, project, options, runs);
  }
} finally {
  await server.stop();
  rmSync(project, { recursive: true, force: true });
}
const figures = figuresOf(options, runs);
process.stdout.write(tableOf(runs, figures));
process.stdout.write(processorLines(options, runs));
process.exitCode = figures.every(({ passed }) => passed) ? 0 : 1;
