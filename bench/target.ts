/**
 * How fast a candidate is loaded into PostgreSQL and reconciled, beside psql's `\copy` of a CSV that was made
 * before, with the same keys, foreign keys and ANALYZE after it. Part of `npm run bench:pg`.
 */

import { execFileSync } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';

import type { Postgres } from '../test/kit/postgres.ts';
import { atLeast, atMost, peak, seconds, type Figure, type Runs } from './figures.ts';
import { measure, type Measured } from './measure.ts';
import { benchProject, SEALIFT } from './project.ts';

export interface TargetOptions {
  readonly rows: number;
  readonly large: number;
  readonly rounds: number;
  readonly folder: string;
}

interface Prepared {
  readonly project: string;
  readonly database: string;
  readonly url: string;
  /** Of both modules. */
  readonly records: number;
}

const MODULES = ['customers', 'orders'];
const DIFFERENCES = 100;

/** Measures load and reconcile, and adds the runs to `runs`; returns the figures. */
export async function benchTarget(
  server: Postgres,
  options: TargetOptions,
  runs: Runs,
): Promise<Figure[]> {
  const small = await prepare(server, options.folder, options.rows);
  const peer = await peerScript(small);
  const one = (name: string, run: Measured): void => void (runs[name] ??= []).push(run);
  for (let round = 1; round <= options.rounds; round += 1) {
    process.stderr.write(`round ${round} of ${options.rounds}: load and reconcile\n`);
    await empty(server, small);
    const psql = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', peer, small.url];
    if (hasPsql()) one('psql \\copy', await measure('psql', psql, small.project));
    await empty(server, small);
    one('load', await sealift(small, 'load'));
    await server.run(small.database, 'CHECKPOINT');
    one('reconcile', await sealift(small, 'reconcile'));
    await inSchema(server, small, 'UPDATE orders SET status = status WHERE random() < 0.3');
    one('reconcile, 30 % updated', await sealift(small, 'reconcile'));
    await inSchema(
      server,
      small,
      `UPDATE orders SET total = total + 0.01 WHERE id IN
        (SELECT id FROM orders ORDER BY random() LIMIT ${DIFFERENCES})`,
    );
    one('reconcile, 100 differences', await sealift(small, 'reconcile', 2));
  }
  const rate = (name: string): number => small.records / seconds(runs, name);
  const found = [
    atLeast('reconcile, thousand rows/s', rate('reconcile') / 1000, 250, 500),
    atLeast(
      'reconcile after updates, thousand rows/s',
      rate('reconcile, 30 % updated') / 1000,
      250,
      500,
    ),
    atMost(
      'reconcile with 100 differences ÷ without',
      seconds(runs, 'reconcile, 100 differences') / seconds(runs, 'reconcile, 30 % updated'),
      1.2,
      1.1,
    ),
  ];
  if (runs['psql \\copy'] !== undefined) {
    found.unshift(
      atMost('load ÷ psql \\copy', seconds(runs, 'load') / seconds(runs, 'psql \\copy'), 1.5, 1.2),
    );
  }
  if (options.large > 0) {
    const large = await prepare(server, options.folder, options.large);
    await empty(server, large);
    for (const command of ['load', 'reconcile']) {
      process.stderr.write(`memory: ${command} of ${options.large} orders\n`);
      const grown = await sealift(large, command);
      one(`${command}, ${options.large} orders`, grown);
      const figure = `peak memory of ${command}, large ÷ small`;
      found.push(atMost(figure, grown.peak / peak(runs[command] ?? []), 1.25, 1.1));
    }
  }
  return found;
}

/** A scanned candidate of this many orders, and an empty database for it. */
async function prepare(server: Postgres, folder: string, rows: number): Promise<Prepared> {
  const { folder: project, candidate } = benchProject(folder, rows);
  const run = (...args: string[]): void =>
    void execFileSync(process.execPath, [SEALIFT, ...args, '--project', project], {
      stdio: 'ignore',
    });
  if (!existsSync(candidate)) run('migrate');
  run('scan-all');
  const database = `target_${rows}`;
  const withPassword = await server.create(database);
  const url = `postgres://postgres@127.0.0.1:${new URL(withPassword).port}/${database}`;
  return { project, database, url, records: rows + Math.max(1, Math.floor(rows / 5)) };
}

function sealift({ project, url }: Prepared, command: string, expected = 0): Promise<Measured> {
  const args = [command, '--target', url, '--workers', '2', '--project', project];
  return measure(process.execPath, [SEALIFT, ...args], project, expected);
}

/** Writes the CSV of each module, and the script that loads them with the statements of `load`. */
async function peerScript(prepared: Prepared): Promise<string> {
  const { project, url } = prepared;
  const args = [
    SEALIFT,
    'load',
    '--dry-run',
    '--target',
    url,
    '--schema',
    'peer',
    '--project',
    project,
  ];
  const said = execFileSync(process.execPath, args, { encoding: 'utf8' });
  const statements = said.match(/^(?:CREATE|ALTER|ANALYZE) .*?;$/gms) ?? [];
  const own = statements.filter((sql) => !sql.includes('sealift_ledger'));
  const first = own.filter((sql) => sql.startsWith('CREATE '));
  const copies: string[] = [];
  for (const module of MODULES) {
    const file = join(project, `${module}.csv`);
    await writeCsv(join(project, 'storage_candidate/v1', module, 'data.ndjson'), file);
    const schema = /"(peer__[0-9a-f]{8})"/.exec(said)?.[1] ?? '';
    copies.push(`\\copy ${schema}.${module} FROM '${file}' WITH (FORMAT csv)`);
  }
  const rest = own.filter((sql) => !sql.startsWith('CREATE '));
  const script = join(project, 'peer.sql');
  writeFileSync(script, `${[...first, ...copies, ...rest].join('\n')}\n`);
  return script;
}

/** Writes records as CSV, with columns ascending by name, as load creates them. */
async function writeCsv(data: string, file: string): Promise<void> {
  const lines = createInterface({ input: createReadStream(data), crlfDelay: Infinity });
  await pipeline(async function* rows() {
    for await (const line of lines) {
      const record = JSON.parse(line) as Record<string, string | number | boolean | null>;
      const names = Object.keys(record).sort();
      yield `${names.map((name) => csvCell(record[name] ?? null)).join(',')}\n`;
    }
  }, createWriteStream(file));
}

function csvCell(value: string | number | boolean | null): string {
  return value === null ? '' : `"${String(value).replaceAll('"', '""')}"`;
}

async function empty(server: Postgres, { database }: Prepared): Promise<void> {
  const schemas = await server.run(
    database,
    "SELECT nspname FROM pg_namespace WHERE nspname ~ '__[0-9a-f]{8}$'",
  );
  for (const [schema] of schemas) {
    await server.run(database, `DROP SCHEMA "${schema ?? ''}" CASCADE`);
  }
  await server.run(database, 'CHECKPOINT');
}

/** Runs SQL in the schema of the load. */
async function inSchema(server: Postgres, { database }: Prepared, sql: string): Promise<void> {
  const [[schema] = []] = await server.run(
    database,
    "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'sealift\\_\\_%'",
  );
  await server.run(database, `SET search_path = "${schema ?? ''}"; ${sql}; CHECKPOINT`);
}

/** Whether psql is on this machine. */
export function hasPsql(): boolean {
  try {
    execFileSync('psql', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('bench: psql is missing, so there is no ratio: install it\n');
    return false;
  }
}
