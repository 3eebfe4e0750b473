/**
 * A release by a runbook in eight sections, as an operator's form has them: programs that say what they did,
 * requests to an application, and people who say what they saw. Each program fails where a test wants it to.
 */

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { expect } from 'vitest';

import { placesOf } from '../../../src/cutover/engine/runPlaces.ts';
import type { RunSources } from '../../../src/cutover/evidence/runEvidence.ts';
import { parseRunbook } from '../../../src/cutover/readRunbook.ts';
import { sourcesOf } from '../../../src/flow/cutoverDocuments.ts';
import { projectPaths } from '../../../src/project/paths.ts';
import { sealift, type Ran } from '../../kit/run.ts';

const CHECK = 'use: exec, changes: false, env: [RELEASE_TOKEN]';
const SAYS = 'use: attest, role: support';

export const RELEASE = `runbook: release
title: A release
inputs: { rc: 4f0c2b7a9d1e, app: { secret: RELEASE_URL }, token: { secret: RELEASE_TOKEN } }
roles: { operator: [ada], approver: [bo], support: [dee], platform: [eve] }
contacts: [{ role: support, contact: "extension 7" }]
references: { break-glass: docs/break-glass.md }
commands:
  migrate: { run: [node, say.mjs, migrate, "\${rc}"], env: [RELEASE_TOKEN] }
artifacts:
  migration_log.txt: migrate
  readiness.txt: readiness
  ci.json: ci
  noisy.json: dry-run
  settings.json: enforce
  health.txt: healthz
phases:
  - id: a
    title: A) Before
    steps:
      - { id: rc, title: "Commit of the release", ${CHECK}, run: [node, say.mjs, rc, "\${rc}"], owner: platform }
      - { id: ci, title: "CI is green on it", ${CHECK}, run: [node, say.mjs, ci, "\${rc}", "--token=\${token}"] }
      - { id: backup, title: "Backup is complete", ${CHECK}, run: [node, say.mjs, backup] }
  - id: b
    title: B) Migrations
    steps:
      - { id: migrate, title: Migrations, use: exec, command: migrate, idempotent: true, undo: { use: exec, run: [node, say.mjs, back], idempotent: true } }
  - id: c
    title: C) Environment
    steps:
      - { id: readiness, title: Readiness, ${CHECK}, run: [node, say.mjs, readiness] }
      - { id: healthz, title: Health, use: http.check, url: /healthz, json: { ok: true } }
      - { id: readyz, title: Ready, use: http.check, url: /readyz, json: { ok: true } }
  - id: d
    title: D) Storage
    steps:
      - { id: dry-run, title: "Attachments, tried", ${CHECK}, run: [node, say.mjs, noisy, --limit=20] }
      - { id: attachments, title: Attachments, use: exec, run: [node, say.mjs, attachments, --limit=200], idempotent: true, undo: { run: [node, say.mjs, detached], idempotent: true }, verify: { ${CHECK}, run: [node, say.mjs, attached] } }
  - id: e
    title: E) Secret of the webhook
    steps:
      - { id: rotated, ${SAYS}, text: "The secret of the endpoint is rotated" }
      - { id: updated, ${SAYS}, text: "The variable has the new secret" }
      - { id: delivered, ${SAYS}, text: "A test event was delivered" }
      - { id: payments, title: "Health of payments", ${CHECK}, run: [node, say.mjs, payments] }
  - id: f
    title: F) Smoke tests
    steps:
      - { id: smoke-health, title: "Health again", use: http.check, url: /healthz, json: { ok: true } }
      - { id: smoke-ready, title: "Ready again", use: http.check, url: /readyz, json: { ok: true } }
      - { id: login, title: "Login works", ${CHECK}, run: [node, say.mjs, login] }
      - { id: upload, title: "Upload works", ${CHECK}, run: [node, say.mjs, upload] }
  - id: g
    title: G) Features
    steps:
      - { id: enforce, title: "Attestation is enforced", use: config.set, file: settings.json, key: enforce, set: true, undo: { set: false } }
      - { id: real-client, ${SAYS}, text: "A real client reaches the routes" }
      - { id: others-blocked, title: "Other clients are blocked", ${CHECK}, run: [node, say.mjs, blocked] }
      - { id: worker, title: "The worker runs", ${CHECK}, run: [node, say.mjs, worker] }
      - { id: digest-on, ${SAYS}, text: "A test account is in digest mode" }
      - { id: digest-seen, ${SAYS}, text: "A digest came at its interval" }
  - id: h
    title: H) Monitoring
    steps:
      - { id: logs, title: "Logs are as usual", ${CHECK}, run: [node, say.mjs, logs] }
      - { id: exceptions, ${SAYS}, text: "Exceptions are as usual" }
      - { id: deliveries, ${SAYS}, text: "Deliveries are as usual" }
      - { id: kpis, title: "Figures are plausible", ${CHECK}, run: [node, say.mjs, kpis] }
      - { id: metrics, title: "Metrics are plausible", ${CHECK}, run: [node, say.mjs, metrics] }
      - { id: go, title: "Go", use: gate.approval, role: approver, requires: [logs, kpis, metrics] }
triggers:
  - { when: "login.failed > 0", severity: S1, action: rollback }
`;

/** Says what it is called with, and the value of its secret; fails where a file `NAME.fails` is there. */
const SAY = `import { existsSync } from 'node:fs';
const [, , name, ...args] = process.argv;
console.log(name + ' ' + args.join(' '));
if (name === 'readiness') for (let n = 1; n <= 60; n += 1) console.log('check ' + n);
if (name === 'kpis') console.log('\`\`\`\`md\\n\\u001b[31mred\\u001b[0m \\u202e');
if (process.env.RELEASE_TOKEN !== undefined) console.log('token ' + process.env.RELEASE_TOKEN);
if (name === 'noisy') console.error('a warning');
if (name === 'login' && existsSync('login.fails')) console.error('\`\`\`\\nno session');
process.exitCode = existsSync(name + '.fails') ? 1 : 0;
`;

export const TOKEN = 'tok-4d7f20b1c9e8';

export interface Release {
  readonly folder: string;
  command(name: string, ...args: readonly string[]): Promise<Ran>;
  /** Makes a program of the release fail from now on. */
  breaks(name: string): void;
  /** Runs it as far as it gets: as a scheduler, while people say what they are waited for. */
  run(): Promise<Ran>;
  sources(run?: string): RunSources;
  /** Bytes of a file of the first run. */
  readonly runFolder: string;
}

/** Makes the folder of a release. */
export function makeRelease(folder: string, origin: string, text: string = RELEASE): Release {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'release.yaml'), text);
  writeFileSync(join(folder, 'say.mjs'), SAY);
  writeFileSync(join(folder, 'settings.json'), '{ "enforce": false }\n');
  const env = { RELEASE_URL: origin, RELEASE_TOKEN: TOKEN };
  const command = (name: string, ...args: readonly string[]): Promise<Ran> => {
    return sealift(['cutover', name, 'release.yaml', ...args], { cwd: folder, env });
  };
  return {
    folder,
    command,
    runFolder: join(folder, 'storage_cutovers/release-1'),
    breaks: (name) => writeFileSync(join(folder, `${name}.fails`), ''),
    async run() {
      let ran = await command('run', '--who', 'ada', '--no-wait');
      while (ran.code === 3) {
        const who = ran.stderr.includes('support') ? 'dee' : 'bo';
        const approved = await command('approve', '--who', who);
        expect([approved.code, approved.stderr]).toEqual([0, '']);
        ran = await command('resume', '--who', 'ada', '--no-wait');
      }
      return ran;
    },
    sources: (run = 'release-1') =>
      sourcesOf(placesOf(projectPaths(folder), run), parseRunbook(text, 'release.yaml')),
  };
}

export interface Health {
  readonly origin: string;
  close(): void;
}

/** Starts the application of a release: healthy at every address. */
export async function startHealth(): Promise<Health> {
  const server: Server = createServer((_, answer) => {
    answer.setHeader('content-type', 'application/json');
    answer.end('{ "ok": true }');
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** Names of the outputs of the first run. */
export function outputsOf({ runFolder }: Release): readonly string[] {
  const folder = join(runFolder, 'outputs');
  return existsSync(folder) ? readdirSync(folder) : [];
}
