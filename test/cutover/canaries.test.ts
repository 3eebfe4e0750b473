/**
 * Canaries in the secrets of a cutover: inputs, passwords of addresses, and variables of programs, of many alphabets.
 * Steps leak them on purpose, in every form that programs and servers write. After a run, its way back, a panic, a
 * crash, a dry run, and with each command that shows something, none of them is in what was printed or left.
 */

import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { programsLeft } from '../../src/cutover/world/runningPrograms.ts';
import { times } from '../kit/long.ts';
import { workFolder } from '../kit/project.ts';
import { sealift, start, type Ran } from '../kit/run.ts';
import { startServer, type TestServer } from './world/httpServer.ts';

const COUNT = Math.max(50, times('SEALIFT_CUTOVER_CANARIES', 50, 1000, 300));
const root = workFolder('cutover-canaries');

/** Alphabets of secrets: with what JSON, addresses, shells, SQL and base64 write in another way. */
const ALPHABETS = [
  'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
  '0123456789abcdef',
  `ab01"\\'\`$&|;<>(){}[]*?!#~ \t`,
  'AZ09+/=-_.,:@%&?#',
  'äöüßéèñçøåłżčř0123',
  'дфяжщюБГЛЫ你好世界密码鍵日本語',
  '😀🔑🚢𝔘🐶ab1',
  `%'"\\/@:?#[]&=+ 0af`,
];

function secret(at: number): string {
  const letters = Array.from(ALPHABETS[at % ALPHABETS.length] ?? '');
  const length = 8 + (at < 20 ? at % 4 : randomInt(193));
  const text = Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
  // What begins or ends with a space, programs trim; all of one letter is found in any text.
  return `q${at % 10}${text.trim()}Z`.padEnd(10, 'k7');
}

const canaries = Array.from({ length: COUNT }, (_, at) => secret(at));
/** Names of their variables. */
const names = canaries.map((_, at) => `CANARY_${at}`);

/** The forms in which this test searches: its own, not those of the redactor. */
function formsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  const json = JSON.stringify(text).slice(1, -1);
  return [
    text,
    json,
    json.replaceAll(/[^\0-~]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`),
    encodeURIComponent(text),
    encodeURIComponent(text).replaceAll('%20', '+'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('base64').replace(/=+$/, ''),
  ];
}

const FORMS = new Map(
  canaries.flatMap((canary, at) => formsOf(canary).map((form) => [form, names[at] ?? ''] as const)),
);

/** Returns the names of the canaries that a text has in any form. */
function found(text: string): string[] {
  return [...new Set([...FORMS].flatMap(([form, name]) => (text.includes(form) ? [name] : [])))];
}

function* filesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.isFile()) yield path;
  }
}

const LEFT = ['storage_cutovers', 'storage_reports', 'storage_journal'];

/** Looks into what was printed, and into all that a project has of its runs. */
function leaks(folder: string, ...printed: readonly string[]): string[] {
  const files = LEFT.map((name) => join(folder, name)).flatMap((path) =>
    existsSync(path) ? Array.from(filesIn(path)) : [],
  );
  const texts = files.map((path) => [path, readFileSync(path).toString('utf8')] as const);
  return [...texts, ...printed.map((text, at) => [`printed ${at}`, text] as const)].flatMap(
    ([path, text]) => [...found(path), ...found(text)].map((name) => `${name} in ${path}`),
  );
}

/** Prints all that it has in every form, to both outputs, and in the middle of other base64. */
const LEAK = `#!${process.execPath}
const own = Object.entries(process.env).filter(([name]) => name.startsWith('CANARY'));
for (const out of [process.stdout, process.stderr]) {
  for (const [name, value] of own) {
    const bytes = Buffer.from(value);
    out.write([name + '=' + value, JSON.stringify({ value }), bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(), bytes.toString('base64'), bytes.toString('base64url'),
      Buffer.from('user:' + value).toString('base64'), encodeURIComponent(value),
      new URLSearchParams({ value }).toString()].join('\\n') + '\\n');
  }
}
process.exitCode = Number(process.argv[2] ?? 0);
setTimeout(() => {}, 0);
`;

/** As \`COUNT\` is large, each program gets a part of them. */
const PARTS = Math.ceil(COUNT / 100);

const part = (at: number): string => names.slice(at * 100, (at + 1) * 100).join(', ');

function runbookOf(origin: string): string {
  const parts = Array.from({ length: PARTS }, (_, at) => at);
  return `runbook: leaky
inputs:
  app: ${origin}
  db: { secret: LEAKY_DB }
  token: { secret: CANARY_0 }
roles: { operator: [ada], approver: [bo] }
steps:
  - id: early
    use: exec
    run: [./print-file]
    changes: false
${parts
  .map(
    (at) => `  - id: leak${at}
    use: exec
    run: [./leak]
    env: [${part(at)}]
    changes: false
  - id: fail${at}
    use: exec
    run: [./leak, "3"]
    env: [${part(at)}]
    changes: false
    exit: { "3": warn }`,
  )
  .join('\n')}
  - { id: argument, use: exec, run: [echo, "\${token}"], changes: false }
  - { id: asked, use: http.check, url: "/?token=\${token}", send: { Authorization: "Bearer \${token}", X-Key: "\${token}" }, status: 200 }
  - { id: file, use: file.check, file: secrets.json, json: { first: "\${token}" } }
  - { id: set, use: config.set, file: settings.json, key: token, set: "\${token}", undo: { set: none } }
  - { id: approve, use: gate.approval, role: approver, requires: [asked] }
  - { id: slow, use: exec, run: [./leak-and-wait], env: [CANARY_2, CANARY_3], changes: false }
  - { id: counted, use: sql.count, query: "SELECT count(*) FROM a", expect: "== 0" }
`;
}

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  // Echoes all that it gets.
  server.handler = ({ path, headers }) => ({
    headers: { 'x-path': path, 'x-authorization': headers.authorization ?? '' },
    body: JSON.stringify({ path, headers }),
  });
});
afterAll(async () => {
  await server.close();
});

const env: Readonly<Record<string, string>> = {
  ...Object.fromEntries(canaries.map((canary, at) => [`CANARY_${at}`, canary])),
  LEAKY_DB: 'sqlite:leaky.db',
};

function makeProject(name: string, text: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  const programs = {
    leak: LEAK,
    'leak-and-wait': LEAK.replace(', 0);', ', 2000);'),
    'print-file': '#!/bin/sh\ncat secrets.json\n',
  };
  for (const [file, script] of Object.entries(programs)) {
    writeFileSync(join(folder, file), script, { mode: 0o755 });
  }
  const [first, ...others] = canaries;
  writeFileSync(join(folder, 'secrets.json'), JSON.stringify({ first, others }));
  writeFileSync(join(folder, 'settings.json'), '{ "token": "none" }');
  writeFileSync(join(folder, 'leaky.yaml'), text);
  const database = new Database(join(folder, 'leaky.db'));
  database.exec('CREATE TABLE a (id INTEGER PRIMARY KEY)');
  database.close();
  return folder;
}

function command(folder: string, args: readonly string[], more = {}): Promise<Ran> {
  const [name = '', ...rest] = args;
  const options = { cwd: folder, env: { ...env, ...more } };
  return sealift(['cutover', name, 'leaky.yaml', ...rest], options);
}

/** A process that works on a run, once it is at the step that takes a while. */
async function atSlowStep(folder: string): Promise<ReturnType<typeof start>> {
  const args = ['cutover', 'resume', 'leaky.yaml', '--who', 'ada'];
  const running = start(args, { cwd: folder, env });
  const journal = join(folder, 'storage_cutovers/leaky-1/journal.ndjson');
  const count = (): number => readFileSync(journal, 'utf8').split('"step":"slow"').length;
  const before = count();
  for (let tries = 0; count() === before && tries < 2000; tries += 1) await wait(10);
  await wait(300);
  return running;
}

/** Builds the evidence of the run: no canary is in it; where one was planted, there is none. */
async function hasCleanEvidence(folder: string): Promise<void> {
  const build = (bag: string): Promise<Ran> =>
    sealift(['evidence', 'build', bag, '--run', 'leaky-1'], { cwd: folder, env });
  const built = await build('bag');
  expect([built.code, built.stderr]).toEqual([0, '']);
  expect(built.stdout).toContain(`searched for ${COUNT + 1} secrets, found none`);
  const files = Array.from(filesIn(join(folder, 'bag')));
  expect(files.length).toBeGreaterThan(20);
  const texts = files.map((path) => readFileSync(path, 'utf8'));
  expect([...texts, built.stdout].flatMap(found)).toEqual([]);
  const outputs = join(folder, 'storage_cutovers/leaky-1/outputs');
  for (const form of formsOf(canaries[9] ?? '')) {
    writeFileSync(join(outputs, 'left-over.txt'), `before ${form} after`);
    const refused = await build('planted');
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain('cutover/outputs/left-over.txt');
    expect(found(refused.stderr)).toEqual([]);
    expect(existsSync(join(folder, 'planted'))).toBe(false);
  }
  rmSync(join(outputs, 'left-over.txt'));
}

describe('the secrets of a cutover', () => {
  it('are in nothing that it says or leaves, whatever becomes of it', async () => {
    const folder = makeProject('leaky', runbookOf(server.origin));
    const printed: string[] = [];
    const does = async (args: readonly string[], code: number): Promise<void> => {
      const ran = await command(folder, args);
      expect([ran.code, String(args)], ran.stderr + ran.stdout.slice(0, 2000)).toEqual([
        code,
        String(args),
      ]);
      printed.push(ran.stdout, ran.stderr);
    };
    const why = ['--why', `it is ${canaries[0]}, or ${encodeURIComponent(canaries[5] ?? '')}`];
    await does(['lint'], 0);
    await does(['plan', '--json'], 0);
    await does(['run', '--dry-run', '--json'], 0);
    await does(['run', '--dry-run'], 0);
    await does(['run', '--who', 'ada', '--no-wait'], 3);
    await does(['status'], 0);
    await does(['pause', '--who', 'bo', ...why], 0);
    await does(['resume', '--who', 'ada', '--no-wait', ...why], 3);
    await does(['approve', '--who', 'bo'], 0);
    const panicking = await atSlowStep(folder);
    await does(['panic', '--who', 'bo', ...why], 0);
    printed.push(...leaks(folder));
    const stopped = await panicking.ended;
    expect([stopped.code, stopped.stderr]).toEqual([1, expect.stringContaining('slow')]);
    const crashing = await atSlowStep(folder);
    crashing.child.kill('SIGKILL');
    const crashed = await crashing.ended;
    // What it has started goes on, and is ended by a person.
    const run = join(folder, 'storage_cutovers/leaky-1');
    for (const pid of programsLeft(run)) process.kill(pid, 'SIGKILL');
    await expect.poll(() => programsLeft(run)).toEqual([]);
    await does(['status', '--json'], 0);
    await does(['resume', '--who', 'ada'], 0);
    await does(['rollback', '--who', 'ada', ...why], 4);
    const written = ['made.md', 'incident.md', 'made.html'];
    await does(
      ['status', '--checklist', 'made.md', '--incident', 'incident.md', '--report', 'made.html'],
      0,
    );
    printed.push(stopped.stdout, stopped.stderr, crashed.stdout, crashed.stderr);
    for (const name of written) {
      printed.push(readFileSync(join(folder, name), 'utf8'));
    }
    expect(leaks(folder, ...printed)).toEqual([]);
    await hasCleanEvidence(folder);
    // What was leaked is there, without them.
    const outputs = join(folder, 'storage_cutovers/leaky-1/outputs');
    const texts = readdirSync(outputs).map((name) => readFileSync(join(outputs, name), 'utf8'));
    const redacted = names.filter((name) =>
      texts.some((text) => text.includes(`[redacted ${name}]`)),
    );
    expect(redacted).toEqual(names);
    expect(readdirSync(outputs)).toEqual(expect.arrayContaining(['leak0.stdout', 'leak0.stderr']));
  }, 300_000);

  it('are in nothing that it says of a database which is not reached', async () => {
    const folder = makeProject('far', runbookOf(server.origin));
    for (const canary of canaries.slice(0, 24)) {
      const url = `postgres://ada:${encodeURIComponent(canary)}@127.0.0.1:1/shop`;
      const ran = await command(folder, ['run', '--who', 'ada'], { LEAKY_DB: url });
      expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('127.0.0.1:1')]);
      expect(leaks(folder, ran.stdout, ran.stderr)).toEqual([]);
    }
  }, 60_000);

  it('leave alone the names by which a run goes on, where a password is also the name of a step', async () => {
    const text = `runbook: leaky
inputs: { token: { secret: TOKEN }, name: { secret: NAME } }
roles: { operator: [ada], approver: [bo-approves] }
steps:
  - { id: postgres, use: exec, run: [echo, "\${token}"], changes: false }
  - { id: approve, use: gate.approval, role: approver, requires: [postgres] }
`;
    const folder = makeProject('named', text);
    const more = { TOKEN: 'postgres', NAME: 'bo-approves' };
    expect((await command(folder, ['run', '--who', 'ada', '--no-wait'], more)).code).toBe(3);
    expect((await command(folder, ['approve', '--who', 'bo-approves'], more)).code).toBe(0);
    const ran = await command(folder, ['tick'], more);
    expect([ran.code, ran.stderr]).toEqual([0, expect.any(String)]);
  });
});

describe('the search', () => {
  it('finds canaries that are planted, in every form (negative control)', async () => {
    const folder = makeProject('planted', runbookOf(server.origin));
    mkdirSync(join(folder, 'storage_reports'));
    for (const [form, name] of FORMS) expect(found(`before ${form} after`)).toContain(name);
    writeFileSync(join(folder, 'storage_reports/a.json'), JSON.stringify({ a: canaries[3] }));
    expect(leaks(folder)).toEqual([`CANARY_3 in ${join(folder, 'storage_reports/a.json')}`]);
    expect(leaks(folder, `x${canaries[7]}`)).toHaveLength(2);
    const raw = await new Promise<string>((resolve, reject) => {
      execFile(join(folder, 'leak'), { env, maxBuffer: 2 ** 26 }, (error, stdout) =>
        error ? reject(error) : resolve(stdout),
      );
    });
    expect(found(raw).toSorted()).toEqual(names.toSorted());
  });
});
