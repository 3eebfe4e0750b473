/**
 * How fast attachments move into an S3 server, beside `rclone copy`: `npm run bench:s3`. The server is
 * Ceph's gateway on this machine, on the same processors. What is timed of Sealift is the whole command:
 * reading, storing, reading back by HEAD, the journal, and the update of every row. What counts is
 * the ratio of medians, round by round.
 *
 *     npm run bench:s3 -- --files 5000 --large 5 --rows 1000000 --rounds 5 --folder /path/to/scratch
 *
 * `--rows 0` leaves the memory of a dry run of many rows out.
 */

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import Database from 'better-sqlite3';

import { missingPackages, startRgw, type Rgw } from '../test/kit/rgw.ts';
import { atLeast, atMost, peak, seconds, tableOf, type Figure, type Runs } from './figures.ts';
import { measure, median } from './measure.ts';
import { SEALIFT } from './project.ts';

interface Options {
  readonly files: number;
  readonly large: number;
  readonly rows: number;
  readonly rounds: number;
  readonly folder: string;
}

const KIB = 1024;
const LARGE = 64 * 2 ** 20;
const AT_ONCE = 16;
const PEER = 'rclone copy';
const OURS = 'attachments migrate';
const PLAN = 'attachments plan, many rows';

/** Writes files of 4 to 256 KiB and some large ones, where they are not there yet; returns their names. */
function writeFiles(root: string, { files, large }: Options): string[] {
  const names = [];
  mkdirSync(root, { recursive: true });
  for (let index = 0; index < files + large; index += 1) {
    const name = `${index % 100}/${index}.bin`;
    names.push(name);
    const path = join(root, name);
    if (existsSync(path)) continue;
    mkdirSync(join(root, String(index % 100)), { recursive: true });
    const size = index < files ? 4 * KIB + ((index * 7919) % (252 * KIB)) : LARGE;
    writeFileSync(path, randomBytes(size));
  }
  return names;
}

/** Makes a project whose rows name the files, over and over until there are `rows`. */
function makeProject(
  folder: string,
  root: string,
  names: readonly string[],
  rows: number,
  store?: string,
): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'mapping'), { recursive: true });
  const database = new Database(join(folder, 'app.db'));
  database.pragma('journal_mode = wal');
  database.exec(
    'CREATE TABLE attachments (id INTEGER PRIMARY KEY, disk_path TEXT, storage_key TEXT)',
  );
  const insert = database.prepare('INSERT INTO attachments VALUES (?, ?, NULL)');
  database.transaction(() => {
    for (let id = 0; id < rows; id += 1) insert.run(id + 1, names[id % names.length]);
  })();
  database.close();
  const mapping = {
    format: 1,
    database: 'sqlite:app.db',
    root,
    ...(store === undefined ? {} : { store }),
    tables: [{ table: 'attachments', id: 'id', path: 'disk_path', key: 'storage_key' }],
  };
  writeFileSync(join(folder, 'mapping/attachments.json'), JSON.stringify(mapping));
}

function variables(rgw: Rgw, bucket: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    ...rgw.env,
    OBJECT_STORAGE_PROVIDER: 's3',
    OBJECT_STORAGE_S3_BUCKET: bucket,
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CONFIG_HERE_TYPE: 's3',
    RCLONE_CONFIG_HERE_PROVIDER: 'Ceph',
    RCLONE_CONFIG_HERE_ENDPOINT: rgw.endpoint,
    RCLONE_CONFIG_HERE_ACCESS_KEY_ID: rgw.accessKeyId,
    RCLONE_CONFIG_HERE_SECRET_ACCESS_KEY: rgw.secretAccessKey,
  };
}

async function bucketsOf(rgw: Rgw): Promise<(name: string) => Promise<void>> {
  const { accessKeyId, secretAccessKey } = rgw;
  const client = new S3Client({
    endpoint: rgw.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  return async (name) => {
    await client.send(new CreateBucketCommand({ Bucket: name }));
  };
}

async function rounds(options: Options, names: readonly string[], runs: Runs): Promise<Figure[]> {
  const root = join(options.folder, 'files');
  const project = join(options.folder, 'project');
  for (let round = 1; round <= options.rounds; round += 1) {
    process.stderr.write(`round ${round} of ${options.rounds}\n`);
    // A server of its own for each round, as it holds all objects in memory.
    const rgw = await startRgw();
    try {
      const makeBucket = await bucketsOf(rgw);
      await makeBucket('theirs');
      await makeBucket('ours');
      const flags = ['--transfers', String(AT_ONCE), '--checkers', String(AT_ONCE)];
      const theirs = ['copy', root, 'here:theirs', ...flags];
      const ours = ['attachments', 'migrate', '--concurrency', String(AT_ONCE)];
      makeProject(project, root, names, names.length);
      const jobs: readonly (() => Promise<void>)[] = [
        async () => {
          const env = variables(rgw, 'theirs');
          (runs[PEER] ??= []).push(await measure('rclone', theirs, options.folder, 0, env));
        },
        async () => {
          const args = [SEALIFT, ...ours, '--project', project];
          const env = variables(rgw, 'ours');
          (runs[OURS] ??= []).push(await measure(process.execPath, args, project, 0, env));
        },
      ];
      // The second of a round finds a fuller server, so they take turns.
      for (const job of round % 2 === 0 ? jobs.toReversed() : jobs) await job();
    } finally {
      await rgw.stop();
    }
  }
  const rate = (name: string): number => names.length / seconds(runs, name);
  const cpu = (name: string): number => median((runs[name] ?? []).map((run) => run.cpu));
  return [
    atLeast('files/s ÷ rclone', rate(OURS) / rate(PEER), 1.1, 1.4),
    atMost('client CPU ÷ rclone', cpu(OURS) / cpu(PEER), 1, 0.8),
    atMost('peak memory of migrate, MiB', peak(runs[OURS] ?? []), 350, 250),
  ];
}

async function manyRows(options: Options, names: readonly string[], runs: Runs): Promise<Figure> {
  const project = join(options.folder, 'many');
  makeProject(
    project,
    join(options.folder, 'files'),
    names.slice(0, 100),
    options.rows,
    'folder:objects',
  );
  process.stderr.write(`a dry run of ${options.rows} rows\n`);
  const args = [SEALIFT, 'attachments', 'plan', '--project', project];
  (runs[PLAN] ??= []).push(await measure(process.execPath, args, project));
  return atMost('peak memory of a dry run of many rows, MiB', peak(runs[PLAN] ?? []), 350, 250);
}

async function main(options: Options): Promise<void> {
  const runs: Runs = {};
  const names = writeFiles(join(options.folder, 'files'), options);
  const found = options.rounds > 0 ? await rounds(options, names, runs) : [];
  if (options.rows > 0) found.push(await manyRows(options, names, runs));
  const result = { ...options, node: process.version, runs, found };
  writeFileSync(join(options.folder, 'bench-s3.json'), `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(tableOf(runs, found));
}

function hasRclone(): boolean {
  try {
    execFileSync('rclone', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '5000' },
    large: { type: 'string', default: '5' },
    rows: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    folder: { type: 'string', default: join(tmpdir(), 'sealift-bench-s3') },
  },
});
const missing = [...missingPackages(), ...(hasRclone() ? [] : ['rclone'])];
if (missing.length > 0) {
  process.stderr.write(`bench: install ${missing.join(' ')}\n`);
  process.exitCode = 1;
} else {
  mkdirSync(values.folder, { recursive: true });
  const [files, large, rows, count] = [values.files, values.large, values.rows, values.rounds].map(
    Number,
  );
  await main({
    files: files ?? 0,
    large: large ?? 0,
    rows: rows ?? 0,
    rounds: count ?? 0,
    folder: values.folder,
  });
}
