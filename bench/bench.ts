/**
 * How fast Sealift is beside tools that do a part of its work: `npm run bench`. All commands run one after
 * the other, round by round, so that what slows the machine slows them all; what counts is the ratio of
 * medians. README.md says what each peer does and does not do.
 *
 *     npm run bench -- --rows 1000000 --large 4000000 --rounds 5 --folder /path/to/scratch
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { atMost, peak, seconds, tableOf, type Figure, type Runs } from './figures.ts';
import { measure, type Measured } from './measure.ts';
import { benchProject, SEALIFT, type BenchProject } from './project.ts';

const JSON_OF_ORDERS =
  'created_at currency customer_id delivery_address id message paid parcel product remark status total';
const JSON_OF_CUSTOMERS = 'city email id name since';

function jsonQuery(table: string, columns: string, order: string): string {
  const members = columns.split(' ').map((column) => `'${column}', ${column}`);
  return `SELECT json_object(${members.join(', ')}) FROM ${table} ORDER BY ${order};`;
}

/** Sorted JSON of every row, hashed: what a shell can do. The order has no index, as target ids have none. */
const P1 = [
  jsonQuery('orders', JSON_OF_ORDERS, 'created_at'),
  jsonQuery('customers', JSON_OF_CUSTOMERS, 'name'),
].join(' ');

const SCAN_WITHOUT_PII = fileURLToPath(new URL('scanWithoutPii.ts', import.meta.url));

type Job = (project: BenchProject) => Promise<Measured>;

const sealift =
  (command: string, ...args: readonly string[]): Job =>
  ({ folder }) =>
    measure(process.execPath, [SEALIFT, command, '--project', folder, ...args], folder);

const shell =
  (script: string, ...args: readonly string[]): Job =>
  ({ database, candidate }) =>
    measure('bash', ['-c', `set -o pipefail; ${script}`, 'bench', database, ...args], candidate);

const PEERS: Readonly<Record<string, Job>> = {
  P1: shell('sqlite3 "$1" "$2" | sha256sum', P1),
  dump: shell('sqlite3 "$1" .dump > /dev/null'),
  'integrity check': shell('sqlite3 "$1" "PRAGMA integrity_check" | grep -qx ok'),
  sha256sum: shell('sha256sum -c --quiet --strict checksums/SHA256SUMS'),
};
const OURS: Readonly<Record<string, Job>> = {
  migrate: sealift('migrate', '--workers', '2'),
  'migrate, 1 worker': sealift('migrate', '--workers', '1'),
  'migrate, unchecked': sealift('migrate', '--workers', '2', '--skip-integrity-check'),
  'verify-checksums': sealift('verify-checksums', '--workers', '2'),
  'scan-all': sealift('scan-all', '--workers', '2'),
  'scan-all without PII': ({ folder }) =>
    measure(process.execPath, [SCAN_WITHOUT_PII, folder, '2'], folder),
  'scan-pii': sealift('scan-pii', '--workers', '2'),
};

function figures(runs: Runs, large: readonly Measured[]): Figure[] {
  const [migrate, verify] = [seconds(runs, 'migrate'), seconds(runs, 'verify-checksums')];
  const sums = seconds(runs, 'sha256sum');
  const scan = seconds(runs, 'scan-all without PII');
  const speedUp = seconds(runs, 'migrate, 1 worker') / migrate;
  return [
    atMost('migrate ÷ P1', migrate / seconds(runs, 'P1'), 1.3, 1),
    atMost('migrate ÷ .dump', migrate / seconds(runs, 'dump'), 2.2, 1.7),
    atMost('migrate ÷ unchecked', migrate / seconds(runs, 'migrate, unchecked'), 1.15, 1.05),
    atMost('scan-all without PII ÷ sha256sum', scan / sums, 2.2, 1.6),
    atMost('verify-checksums ÷ sha256sum', verify / sums, 1, 0.7),
    atMost(
      'peak memory of migrate, large ÷ small',
      peak(large) / peak(runs['migrate'] ?? []),
      1.25,
      1.1,
    ),
    { figure: '1 → 2 workers', value: speedUp, bar: 1.5, goal: 1.8, passed: speedUp >= 1.5 },
  ];
}

/** What the peers need; a benchmark without peers would say nothing. */
function missingTools(): string[] {
  return ['sqlite3', 'sha256sum', 'bash'].filter((tool) => {
    try {
      execFileSync(tool, ['--version'], { stdio: 'ignore' });
      return false;
    } catch {
      return true;
    }
  });
}

async function main(options: {
  readonly rows: number;
  readonly large: number;
  readonly rounds: number;
  readonly folder: string;
}): Promise<void> {
  const project = benchProject(options.folder, options.rows);
  const jobs = { ...PEERS, ...OURS };
  const runs: Runs = Object.fromEntries(Object.keys(jobs).map((name) => [name, []]));
  // The first candidate is what sha256sum reads, and fills the caches.
  await sealift('migrate')(project);
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const [name, job] of Object.entries(jobs)) {
      process.stderr.write(`round ${round} of ${options.rounds}: ${name}\n`);
      runs[name]?.push(await job(project));
    }
    await sealift('prune')(project);
  }
  const large = benchProject(options.folder, options.large);
  process.stderr.write(`memory: ${options.large} orders\n`);
  const memory = [await sealift('migrate', '--workers', '2')(large)];
  rmSync(join(large.folder, 'storage_candidate'), { recursive: true });
  const found = figures(runs, memory);
  runs[`migrate, ${options.large} orders`] = memory;
  const result = { ...options, node: process.version, runs, figures: found };
  writeFileSync(join(options.folder, 'bench.json'), `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(tableOf(runs, found));
  process.stderr.write(`as JSON: ${join(options.folder, 'bench.json')}\n`);
}

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    large: { type: 'string', default: '4000000' },
    rounds: { type: 'string', default: '5' },
    folder: { type: 'string', default: join(tmpdir(), 'sealift-bench') },
  },
});
const missing = missingTools();
if (missing.length > 0) {
  process.stderr.write(
    `bench: ${missing.join(', ')} is missing: install it (sqlite3, coreutils)\n`,
  );
  process.exitCode = 1;
} else {
  mkdirSync(values.folder, { recursive: true });
  await main({
    rows: Number(values.rows),
    large: Number(values.large),
    rounds: Number(values.rounds),
    folder: values.folder,
  });
}
