/** What a project has last deployed: by runs that have come to their end, and by no other. */

import { createServer, type Server } from 'node:http';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { placesOf } from '../../../src/cutover/engine/runPlaces.ts';
import { runDocuments } from '../../../src/cutover/evidence/runDocuments.ts';
import { runEvidence } from '../../../src/cutover/evidence/runEvidence.ts';
import { parseRunbook } from '../../../src/cutover/readRunbook.ts';
import { sourcesOf } from '../../../src/flow/cutoverDocuments.ts';
import { projectPaths } from '../../../src/project/paths.ts';
import { workFolder } from '../../kit/project.ts';
import { sealift, type Ran } from '../../kit/run.ts';

const SECRET = 'correct-horse-4711';
const runbookFor = (commit: string): string => `runbook: app
inputs: { app: { secret: APP_URL }, commit: ${commit}, mode: net, key: { secret: APP_KEY } }
roles: { operator: [ada], approver: [bo] }
window: { tz: UTC, start: "2026-12-06 02:00", for: 4h }
rehearsal:
  inputs: { app: { secret: APP_URL } }
steps:
  - { id: ready, use: http.check, url: /health, json: { ok: true } }
  - { id: deploy, use: app.deploy, commit: "\${commit}", health: /health, url: /deploy, within: 2s, undo: { back: true } }
  - { id: prices, use: config.set, file: settings.json, key: prices, set: "\${mode}", undo: { set: gross } }
  - { id: key, use: config.set, file: settings.json, key: key, set: "\${key}", undo: { set: none } }
  - { id: state, use: state.record, file: known.json, undo: { back: true } }
  - { id: go, use: gate.approval, role: approver, requires: [ready] }
  - { id: after, use: file.check, file: after.json }
`;

const work = workFolder('known-good');
let server: Server;
let origin = '';
const app = { commit: 'aaaaaaa1', deploys: true };

beforeAll(async () => {
  server = createServer((request, answer) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.method === 'POST' && app.deploys) {
        app.commit = (JSON.parse(Buffer.concat(parts).toString()) as typeof app).commit;
      }
      answer.setHeader('content-type', 'application/json');
      answer.end(JSON.stringify({ ok: true, commit: app.commit }));
    });
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

interface Project {
  readonly folder: string;
  command(name: string, ...args: readonly string[]): Promise<Ran>;
  /** Runs it with a commit; the last step passes unless it is to be held. */
  run(commit: string, isHeld?: boolean): Promise<Ran>;
  known(): Record<string, unknown> | null;
}

function makeProject(name: string): Project {
  const folder = join(work, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'settings.json'), '{ "prices": "gross", "key": "none" }');
  writeFileSync(join(folder, 'after.json'), '{}');
  const env = { APP_URL: origin, APP_KEY: SECRET };
  const command = (one: string, ...args: readonly string[]): Promise<Ran> =>
    sealift(['cutover', one, 'app.yaml', ...args], { cwd: folder, env });
  return {
    folder,
    command,
    async run(commit, isHeld = false) {
      writeFileSync(join(folder, 'app.yaml'), runbookFor(commit));
      writeFileSync(join(folder, 'after.json'), isHeld ? '' : '{}');
      const ran = await command('run', '--who', 'ada', '--no-wait');
      if (ran.code !== 3) return ran;
      expect((await command('approve', '--who', 'bo')).code).toBe(0);
      return command('resume', '--who', 'ada', '--no-wait');
    },
    known() {
      try {
        const path = join(folder, 'storage_cutovers/last-known-good.json');
        return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
      } catch {
        return null;
      }
    },
  };
}

interface Setting {
  readonly key: string;
  readonly sha256: string;
}

function settingsIn(project: Project): readonly Setting[] {
  return (project.known()?.['settings'] ?? []) as readonly Setting[];
}

const accept = (run: string): readonly string[] => ['--who', 'ada', '--accept-data-loss', run];

describe('what was last deployed', () => {
  it('is what health reported, with what it reported before, and all that went with it', async () => {
    app.commit = 'aaaaaaa1';
    const project = makeProject('green');
    const ran = await project.run('bbbbbbb2');
    expect([ran.code, ran.stderr]).toEqual([0, expect.any(String)]);
    const known = project.known();
    expect(known).toMatchObject({
      run: 'app-1',
      status: 'COMPLETED',
      deployed: { step: 'deploy', use: 'app.deploy', commit: 'bbbbbbb2', before: 'aaaaaaa1' },
      migration: null,
      health: [{ step: 'ready', verdict: 'PASS' }],
      allPassed: true,
      waived: [],
      window: { tz: 'UTC', start: '2026-12-06 02:00', for: '4h' },
      operators: ['ada'],
      approvers: [{ step: 'go', role: 'approver', who: 'bo', signer: null }],
    });
    expect(settingsIn(project).map(({ key }) => key)).toEqual(['prices', 'key']);
    // The file of the step is what was true when it ran.
    const file = JSON.parse(readFileSync(join(project.folder, 'known.json'), 'utf8'));
    expect(file).toMatchObject({ run: 'app-1', status: 'RUNNING', completed: null });
    expect(file.deployed).toEqual(known?.['deployed']);
    expect(file.journal.lines).toBeLessThan((known as typeof file).journal.lines);
  });

  it('is the same bytes in the documents of the run', () => {
    const folder = join(work, 'green');
    const loaded = parseRunbook(runbookFor('bbbbbbb2'), 'app.yaml');
    const sources = sourcesOf(placesOf(projectPaths(folder), 'app-1'), loaded);
    const made = runDocuments(runEvidence(sources)).find(
      ({ path }) => path === 'last-known-good.json',
    );
    expect(Buffer.from(made?.content ?? [])).toEqual(
      readFileSync(join(folder, 'storage_cutovers/last-known-good.json')),
    );
  });

  it('depends on a setting by its text, and on no secret', async () => {
    const [one, other] = [makeProject('one'), makeProject('other')];
    await one.run('bbbbbbb2');
    await other.run('bbbbbbb2');
    expect(settingsIn(one)).toEqual(settingsIn(other));
    const third = makeProject('third');
    const text = runbookFor('bbbbbbb2').replace('mode: net', 'mode: fine');
    writeFileSync(join(third.folder, 'app.yaml'), text);
    await third.command('run', '--who', 'ada', '--no-wait');
    await third.command('approve', '--who', 'bo');
    await third.command('tick');
    const [prices, key] = settingsIn(third);
    const [before, same] = settingsIn(one);
    expect(prices?.sha256).not.toBe(before?.sha256);
    expect(key).toEqual(same);
    expect(JSON.stringify(third.known())).not.toContain(SECRET);
  });

  it('stays where a run is held, goes back, or is rehearsed', async () => {
    app.commit = 'aaaaaaa1';
    const project = makeProject('held');
    expect((await project.run('ccccccc3', true)).code).toBe(1);
    expect(project.known()).toBeNull();
    expect((await project.command('rollback', '--who', 'ada')).code).toBe(4);
    expect([project.known(), app.commit]).toEqual([null, 'aaaaaaa1']);
    expect((await project.run('bbbbbbb2')).code).toBe(0);
    const known = project.known();
    expect(known).toMatchObject({ run: 'app-2', deployed: { before: 'aaaaaaa1' } });
    expect((await project.run('ccccccc3', true)).code).toBe(1);
    expect(project.known()).toEqual(known);
    expect((await project.command('rollback', '--who', 'ada')).code).toBe(4);
    expect([project.known(), app.commit]).toEqual([known, 'bbbbbbb2']);
    const rehearsal = await project.command('rehearse', '--who', 'ada', '--stay');
    expect([rehearsal.code, project.known()]).toEqual([1, known]);
    await project.command('abort', '--who', 'ada');
    writeFileSync(join(project.folder, 'after.json'), '{}');
    const whole = await project.command('rehearse', '--who', 'ada', '--stay');
    expect([whole.code, project.known()]).toEqual([0, known]);
    const folder = projectPaths(project.folder);
    const loaded = parseRunbook(runbookFor('ccccccc3'), 'app.yaml');
    const paths = runDocuments(runEvidence(sourcesOf(placesOf(folder, 'app-5'), loaded))).map(
      ({ path }) => path,
    );
    expect(paths).toContain('checklist.md');
    expect(paths).not.toContain('last-known-good.json');
  });

  it('is the one before where a run is taken back after its end', async () => {
    app.commit = 'aaaaaaa1';
    const project = makeProject('back');
    await project.run('bbbbbbb2');
    const first = project.known();
    await project.run('ccccccc3');
    expect(project.known()).toMatchObject({
      run: 'app-2',
      deployed: { commit: 'ccccccc3', before: 'bbbbbbb2' },
    });
    const back = await project.command('rollback', ...accept('app-2'));
    expect([back.code, back.stderr]).toEqual([4, expect.any(String)]);
    expect([project.known(), app.commit]).toEqual([first, 'bbbbbbb2']);
    expect(JSON.parse(readFileSync(join(project.folder, 'known.json'), 'utf8')).run).toBe('app-1');
    // Of an older run nothing is written again.
    await project.command('resume', '--who', 'ada', '--run', 'app-1');
    expect(project.known()).toEqual(first);
    expect((await project.command('rollback', '--run', 'app-1', ...accept('app-1'))).code).toBe(4);
    expect([project.known(), app.commit]).toEqual([null, 'aaaaaaa1']);
  });

  it('is what is known before a deployment that then fails, so that the way back finds it', async () => {
    app.commit = 'aaaaaaa1';
    app.deploys = false;
    const project = makeProject('fails');
    const ran = await project.run('bbbbbbb2');
    app.deploys = true;
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('held at deploy')]);
    app.commit = 'ddddddd4';
    expect((await project.command('rollback', '--who', 'ada')).code).toBe(4);
    expect(app.commit).toBe('aaaaaaa1');
  });
});
