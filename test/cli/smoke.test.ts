/**
 * Each command as a process of its own says and does what it says and does in the process of a test:
 * what tests find out in one process holds for what people run.
 */

import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';

import { keyHex } from '../keys/project.ts';
import { processHost } from '../../src/cli/host.ts';
import { createProgram, nameOf, withCommands } from '../../src/cli/program.ts';
import { KEY, secretOf } from '../secrets/endpoint.ts';
import { newProject, treeOf } from '../fault/fixture.ts';
import { isLong, seedOf } from '../kit/long.ts';
import { sealift, type Ran } from '../kit/run.ts';
import { workFolder } from '../kit/project.ts';

const root = workFolder('smoke');
const [HERE, APART] = [join(root, 'here'), join(root, 'apart')];
/** They start themselves, so they are processes in all their tests. */
const STARTING: ReadonlySet<string> = new Set(['determinism', 'drill']);

const EVERY = isLong('every command in a process of its own');
/** The short form has every second command in a process of its own, and on the next day the others. */
const TURN = seedOf(process.env, Date.now()) % 2;

/** Run as processes by other tests of the short form as well, or much like the command before. */
const LONG_ONLY: ReadonlySet<string> = new Set([
  'registry check',
  'freeze --check',
  'dry-run',
  'scan-all',
  'scan-module dogs',
  'verify-checksums',
  'promote --who ada',
  'migrate --source sqlite:other.db',
  'rollback',
  'status',
]);

/** In this order, on one project; each is run twice, and then there is something to go back to. */
const COMMANDS: readonly (readonly string[])[] = [
  ['init', '--source', 'sqlite:legacy.db', '--project', 'new'],
  ['registry', 'build'],
  ['registry', 'check'],
  ['freeze', '--who', 'ada', '--why', 'agreed'],
  ['freeze', '--check'],
  ['dry-run'],
  ['freeze-writes', '--who', 'ada'],
  ['migrate', '--require-frozen'],
  ['unfreeze-writes'],
  ['scan-all'],
  ['scan-module', 'dogs'],
  ['scan-pii', '--json'],
  ['scan-drift', '--workers', '1'],
  ['scan', 'schema', 'references'],
  ['explain', '0123456789abcdef'],
  ['verify-checksums'],
  ['review'],
  ['promote', '--who', 'ada'],
  ['smoke'],
  ['evidence', 'build', 'bag'],
  ['evidence', 'verify', 'bag'],
  ['evidence', 'key', 'settings.json'],
  ['migrate', '--source', 'sqlite:other.db'],
  ['diff', 'live', 'v1'],
  ['load', '--target', 'sqlite:loaded.db', '--candidate', 'live'],
  ['reconcile', '--target', 'sqlite:loaded.db', '--candidate', 'live'],
  ['rollback'],
  ['status'],
  ['snapshot', '--out', 'nowhere/kept.tar'],
  ['snapshot', 'verify', 'legacy.db'],
  ['snapshot', 'restore', 'legacy.db'],
  ['export', '--out', 'copy'],
  ['clean', '--dry-run'],
  ['prune', '--dry-run'],
  ['attachments', 'plan'],
  ['attachments', 'migrate', '--limit', '2'],
  ['attachments', 'verify'],
  ['attachments', 'rollback', '--dry-run'],
  ['attachments', 'purge', '--run', 'run-local', '--dry-run'],
  ['attachments', 'prune', '--dry-run'],
  ['attachments', 'status'],
  ['secrets', 'rotate', 'stripe', '--from', 'file:new.txt'],
  ['secrets', 'promote', 'stripe'],
  ['secrets', 'retire', 'stripe'],
  ['secrets', 'status'],
  ['keys', 'generate', 'a.key'],
  ['keys', 'discover'],
  ['keys', 'plan'],
  ['keys', 'migrate', '--limit', '1'],
  ['keys', 'migrate'],
  ['keys', 'rotate', '--from', 'a', '--to', 'b'],
  ['keys', 'rebind'],
  ['keys', 'verify', '--expect', 'enc:v1:'],
  ['keys', 'status'],
  ['keys', 'rollback', '--dry-run'],
  ['keys', 'rollback'],
  ['cutover', 'import', 'page.md'],
  ['cutover', 'lint', 'cutover.yaml'],
  ['cutover', 'plan', 'cutover.yaml'],
  ['cutover', 'run', 'cutover.yaml', '--who', 'ada', '--no-wait'],
  ['cutover', 'status', 'cutover.yaml'],
  ['cutover', 'pause', 'cutover.yaml', '--who', 'ada'],
  ['cutover', 'resume', 'cutover.yaml', '--who', 'ada', '--no-wait'],
  ['cutover', 'approve', 'cutover.yaml', '--who', 'bo'],
  ['cutover', 'tick', 'cutover.yaml'],
  ['cutover', 'rollback', 'cutover.yaml', '--who', 'ada'],
  ['cutover', 'panic', 'cutover.yaml', '--who', 'ada'],
  ['cutover', 'abort', 'cutover.yaml', '--who', 'ada'],
  ['cutover', 'rehearse', 'cutover.yaml', '--who', 'ada'],
  ['cutover', 'run', 'rollout.yaml', '--who', 'ada', '--no-wait'],
  ['rollout', 'status', 'rollout.yaml'],
  ['rollout', 'tick', 'rollout.yaml'],
  ['rollout', 'attest', 'rollout.yaml', '--number', 'calls=0', '--who', 'dee'],
  ['rollout', 'hold', 'rollout.yaml', '--who', 'ada'],
  ['rollout', 'advance', 'rollout.yaml', '--who', 'ada'],
  ['rollout', 'rollback', 'rollout.yaml', '--who', 'ada'],
  ['rollout', 'watch', 'rollout.yaml', '--who', 'ada'],
  ['rollout', 'simulate', 'rollout.yaml', '--rollouts', '3'],
  ['completion', 'bash'],
  ['help', 'migrate'],
  ['nonsense'],
];

beforeAll(async () => {
  mkdirSync(HERE);
  cpSync(await newProject(10), HERE, { recursive: true });
  cpSync(join(await newProject(11), 'legacy.db'), join(HERE, 'other.db'));
  attach(HERE);
  declareSecret(HERE);
  seal(HERE);
  cutOver(HERE);
  rollOut(HERE);
  cpSync(HERE, APART, { recursive: true });
});

/** Gives a project two attachments. */
function attach(project: string): void {
  mkdirSync(join(project, 'uploads'));
  for (const name of ['a.txt', 'b.txt']) writeFileSync(join(project, 'uploads', name), name);
  const database = new Database(join(project, 'app.db'));
  database.exec(`CREATE TABLE attachment (id INTEGER PRIMARY KEY, path TEXT, storage_key TEXT);
    INSERT INTO attachment VALUES (1, 'a.txt', NULL), (2, 'b.txt', NULL);`);
  database.close();
  const table = { table: 'attachment', id: 'id', path: 'path', key: 'storage_key' };
  const places = { database: 'sqlite:app.db', root: 'uploads', store: 'folder:objects' };
  const file = { format: 1, ...places, tables: [table] };
  writeFileSync(join(project, 'mapping/attachments.json'), JSON.stringify(file));
}

/** Gives a project a webhook endpoint, whose new secret is in a file. */
function declareSecret(project: string): void {
  for (const [name, text] of [
    ['webhooks.key', KEY],
    ['new.txt', secretOf('stripe', 1)],
  ] as const) {
    writeFileSync(join(project, name), text, { mode: 0o600 });
  }
  const secret = { name: 'stripe', kind: 'stripe', key: 'file:webhooks.key', retryHours: 72 };
  const file = { format: 1, secrets: [secret] };
  writeFileSync(join(project, 'mapping/secrets.json'), JSON.stringify(file));
}

/** Gives a project a setting, and a runbook that changes it. */
function cutOver(project: string): void {
  const files = {
    'settings.json': '{ "closed": false }\n',
    'page.md': '# Cutover\n\n- [ ] look at the log\n\n```sh\ngit status\n```\n',
    'cutover.yaml': `runbook: shop
roles: { operator: [ada], approver: [bo] }
rehearsal: {}
steps:
  - { id: closed, use: config.set, file: settings.json, key: closed, set: true, undo: { set: false } }
  - { id: approve, use: gate.approval, role: approver, requires: [closed] }
`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
}

/** Gives a project a rollout by percent. */
function rollOut(project: string): void {
  const files = {
    'flags.json': '{ "percent": 0 }\n',
    'good.sql': 'SELECT 97 AS part, 100 AS "of" WHERE :since < :until',
    'users.sql': `SELECT 'v1' AS version, 90 AS n WHERE :since < :until UNION ALL SELECT 'v2', 10`,
    'rollout.yaml': `runbook: share
roles: { operator: [ada], support: [dee] }
inputs: { db: "sqlite:app.db" }
rollout:
  set: { key: percent, file: flags.json }
  observe: { sql: users.sql, test: sample-ratio, minSamples: 10 }
  traffic: 1000
  stages:
    - { percent: 10, soak: 24h, every: 6h }
metrics:
  - { id: good, sql: good.sql, measure: share, pass: ">=95", rollback: "<95", usual: 97, sees: 80 }
  - { id: calls, attest: support, pass: "==0" }
onRollback: { percent: 0, within: 1s, restartAt: 10 }
`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(project, name), text);
}

/** Gives a project two secrets and their keys. */
function seal(project: string): void {
  const database = new Database(join(project, 'secrets.db'));
  database.exec(`CREATE TABLE secret (id INTEGER PRIMARY KEY, value TEXT);
    INSERT INTO secret VALUES (1, 'c2VjcmV0'), (2, 'cHJpdmF0ZQ==');`);
  database.close();
  const names = ['a', 'b', 'log'];
  for (const [at, name] of names.entries()) {
    writeFileSync(join(project, `${name}.key`), keyHex(at), { mode: 0o600 });
  }
  const keys = Object.fromEntries(names.map((name) => [name, { source: `file:${name}.key` }]));
  const column = { table: 'secret', id: 'id', column: 'value', legacy: [{ form: 'base64' }] };
  const columns = [{ ...column, target: 'a1', key: 'a' }];
  const file = { format: 1, database: 'sqlite:secrets.db', keys, log: 'log', columns };
  writeFileSync(join(project, 'mapping/keys.json'), JSON.stringify(file));
}

/** Without what is another one each time: the folder, moments, how long something took. */
function comparable({ code, stdout, stderr }: Ran, folder: string): string[] {
  const plain = (text: string): string =>
    text
      .replaceAll(folder, 'FOLDER')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
      // Over lines that hold moments.
      .replaceAll(/^journal[ :].+$/gm, 'journal HEAD')
      .replaceAll(/"(begun|ended|milliseconds)": \d+/g, '"$1": 0');
  return [`exit ${code}`, plain(stdout), plain(stderr)];
}

describe('a command says the same in a process of its own', () => {
  const cases = COMMANDS.map((args, at) => {
    const line = args.join(' ');
    const apart = EVERY || (at % 2 === TURN && !LONG_ONLY.has(line));
    return [apart ? line : `${line} (both times in this one)`, args, apart] as const;
  });

  it.each(cases)('%s', async (_, args, inItsOwn) => {
    const own =
      /^(?:completion|help|nonsense|evidence verify|evidence key|snapshot verify|keys generate)\b/.test(
        args.join(' '),
      );
    const all = own || args.includes('--project') ? args : [...args, '--project', '.'];
    const [here, apart] = await Promise.all([
      sealift(all, { cwd: HERE }),
      sealift(all, { cwd: APART, ...(inItsOwn ? { process: true } : {}) }),
    ]);
    expect(comparable(here, HERE)).toEqual(comparable(apart, APART));
    expect(`${here.stdout}${here.stderr}`).not.toBe('');
    expect(here.code, here.stderr).not.toBeNull();
  });

  it('and leaves the same on the disk', () => {
    const aside = [
      'storage_reports',
      'storage_journal',
      'storage_attachments',
      'storage_secrets',
      'secrets.db',
      'storage_candidate/.lock.json',
      'bag',
      // A journal has the times of its run.
      'storage_cutovers/share-1/journal.ndjson',
      // A database counts its transactions, and how many rows become one depends on the time.
      'app.db',
    ];
    expect(rowsOf(HERE)).toEqual(rowsOf(APART));
    expect(treeOf(HERE, [...aside, 'mapping'])).toEqual(treeOf(APART, [...aside, 'mapping']));
    expect(treeOf(HERE).size).toBeGreaterThan(30);
  });

  it('each command is among them', () => {
    const all = withCommands(createProgram(() => {}, processHost()));
    const names = all
      .filter(({ commands }) => commands.length === 0)
      .flatMap((command) => nameOf(command) ?? [])
      .filter((name) => !STARTING.has(name));
    const run = COMMANDS.map((args) => args.join(' '));
    expect(names.filter((name) => !run.some((line) => line.startsWith(name)))).toEqual([]);
    expect(names.length).toBeGreaterThan(15);
  });
});

/** The rows of the application's database. */
function rowsOf(project: string): unknown[] {
  const database = new Database(join(project, 'app.db'), { readonly: true });
  const rows = database.prepare('SELECT * FROM attachment').all();
  database.close();
  return rows;
}

function state(): unknown[] {
  return [
    process.cwd(),
    process.umask(),
    { ...process.env },
    process.exitCode,
    process.listenerCount('SIGINT'),
    process.listenerCount('SIGTERM'),
    process.listenerCount('SIGHUP'),
  ];
}

describe('a command in the process of a test', () => {
  it('leaves nothing in it: folder, mask, variables, listeners', async () => {
    const before = state();
    const done = await sealift(['scan-all', '--project', '.'], {
      cwd: HERE,
      env: { MIGRATE_RUN_ID: 'x' },
    });
    const failed = await sealift(['scan-all', '--nonsense'], { cwd: HERE });
    expect([done.code, failed.code]).toEqual([1, 64]);
    expect(state()).toEqual(before);
  });

  it('takes its folder from its host, and says so where it is another', async () => {
    const elsewhere = await sealift(['status'], { cwd: root });
    const here = await sealift(['status'], { cwd: HERE });
    expect(elsewhere.stdout).not.toBe(here.stdout);
  });
});
