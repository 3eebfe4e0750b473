/**
 * The cutover of a pilot, from the command line, against a PostgreSQL and an application: green, and with each
 * of its steps made to fail in turn. It stops there, is rolled back, and the application is as it was.
 */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { placesOf } from '../../../src/cutover/engine/runPlaces.ts';
import { runDocuments } from '../../../src/cutover/evidence/runDocuments.ts';
import { runEvidence } from '../../../src/cutover/evidence/runEvidence.ts';
import { parseRunbook } from '../../../src/cutover/readRunbook.ts';
import { sourcesOf } from '../../../src/flow/cutoverDocuments.ts';
import { projectPaths } from '../../../src/project/paths.ts';
import { startPostgres, type Postgres } from '../../kit/postgres.ts';
import { workFolder } from '../../kit/project.ts';
import { times } from '../../kit/long.ts';
import { POSTGRES_TOOLS, toolsVersion } from '../steps/postgresTools.ts';
import { startApplication, type Application, type Fault } from './application.ts';
import { JUDGED, RUNBOOK } from './pilot.ts';
import { command, journal, makeScene, run, SECRET, type Scene } from './scene.ts';

/** What makes a step fail, and what the person does to go back where that is more than one command. */
interface Break {
  readonly step: string;
  readonly why: string;
  readonly does: (scene: Scene) => void;
  /** A fault of the application, which is gone when the run is taken back. */
  readonly fault?: Fault;
}

const judged = (name: string, code: number): Break => ({
  step: name,
  why: `its program exits with ${code}`,
  does: ({ pilot }) => pilot.write(JUDGED, JSON.stringify({ [name]: code })),
});
const migration = (step: string, why: string, name: string, sql: string): Break => ({
  step,
  why,
  does: ({ pilot }) => pilot.write(`migrations/${name}`, sql),
});
const fault = (step: string, one: Fault): Break => ({
  step,
  why: `the application is ${one}`,
  does: () => {},
  fault: one,
});

const BREAKS: readonly Break[] = [
  migration(
    'hardened',
    'a row says FAIL',
    '025g_undone.sql',
    'ALTER TABLE tenant DISABLE ROW LEVEL SECURITY;',
  ),
  {
    step: 'known-good',
    why: 'a hook refuses the commit',
    does: ({ pilot }) => {
      pilot.write('.git/hooks/pre-commit', '#!/bin/sh\nexit 1\n');
      execFileSync('chmod', ['755', join(pilot.folder, '.git/hooks/pre-commit')]);
    },
  },
  migration(
    'migrate',
    'a file has an error',
    '025g_wrong.sql',
    'CREATE TABLE x (id int); SELECT * FROM nothing;',
  ),
  {
    step: 'env',
    why: 'a secret is too short',
    does: ({ env }) => {
      env['PILOT_SESSION_SECRET'] = 'short';
    },
  },
  {
    step: 'soaked',
    why: 'the soak has failed once',
    does: ({ pilot }) =>
      pilot.write('reports/soak.json', '{ "results": { "determinism": "PASS", "fail_count": 1 } }'),
  },
  {
    step: 'tag',
    why: 'the tag is at another commit',
    does: ({ pilot }) => {
      pilot.git('tag', '--annotate', '--message', 'x', 'v3.6.5-rc1');
      pilot.git('commit', '--quiet', '--allow-empty', '--message', 'one more');
    },
  },
  {
    step: 'backup',
    why: 'there is no right to make a database',
    does: ({ env }) => {
      env['PILOT_DB_URL'] = String(env['PILOT_DB_URL']).replace('/postgres:', '/pilot_owner:');
    },
  },
  fault('freeze', 'refuses-off'),
  judged('preflight', 2),
  judged('security', 1),
  migration(
    'acl',
    'a migration grants to PUBLIC',
    '025g_grant.sql',
    'GRANT SELECT ON tenant TO PUBLIC;',
  ),
  fault('ready', 'not-ready'),
  fault('auth', 'takes-any'),
  judged('roster', 1),
  judged('drill', 2),
  fault('open', 'refuses-on'),
];

const COUNT = times('SEALIFT_PILOT', 3, BREAKS.length, 5);

/** What is left of a run, as the runbook that people had by hand named it. */
const ARTIFACTS = `acl_scan_report.json approval_record.json auth_separation_test.json
  cutover_summary.json health_check.json migration_log.txt ops_drill_sick_call.json
  preflight_result.json roster_dry_run.json security_gate_result.json verify_hardening.json`
  .split(/\s+/)
  .map((name) => `artifacts/${name}`);

function documentsOf({ pilot }: Scene): ReadonlyMap<string, string> {
  const places = placesOf(projectPaths(pilot.folder), 'wien-pilot-1');
  const made = runDocuments(runEvidence(sourcesOf(places, parseRunbook(RUNBOOK, 'wien.yaml'))));
  return new Map(made.map(({ path, content }) => [path, Buffer.from(content).toString()]));
}

describe.skipIf(POSTGRES_TOOLS === null)('the cutover of a pilot', () => {
  const work = workFolder('pilot');
  let server: Postgres;
  let application: Application;
  let number = 0;

  beforeAll(async () => {
    [server, application] = await Promise.all([
      startPostgres({ version: toolsVersion() }),
      startApplication(),
    ]);
    await server.run('postgres', `CREATE ROLE pilot_owner LOGIN PASSWORD 'Pa55 w%rd'`);
  }, 60_000);
  afterAll(async () => {
    await application.close();
    await server.stop();
  });
  beforeEach(() => {
    application.writes = true;
    application.faults = new Set();
  });

  const scene = (): Promise<Scene> =>
    makeScene(server, application, `pilot_${(number += 1)}`, join(work, String(number)));

  /** What the database holds, without what only the server knows. */
  async function contents(database: string): Promise<unknown> {
    const tables = await server.run(
      database,
      `SELECT table_name, column_name, data_type FROM information_schema.columns
       WHERE table_schema = 'public' ORDER BY 1, 2`,
    );
    const rows = await server.run(
      database,
      'SELECT (SELECT md5(string_agg(t::text, $$,$$ ORDER BY id)) FROM tenant t), (SELECT md5(string_agg(s::text, $$,$$ ORDER BY id)) FROM shift s)',
    );
    return { tables, rows };
  }

  it('is green, and leaves what it says', async () => {
    const at = await scene();
    const ran = await run(at);
    expect([ran.code, ran.stderr]).toEqual([0, expect.any(String)]);
    const status = JSON.parse((await command(at, 'status', '--json')).stdout);
    expect(status.facts.cutover).toMatchObject({ status: 'COMPLETED', done: 18, next: null });
    expect(at.pilot.git('log', '-1', '--format=%s')).toBe('state: last known good is v3.6.5-rc1');
    expect(at.pilot.git('tag')).toBe('v3.6.5-rc1');
    expect(application.writes).toBe(true);
    expect(journal(at).torn).toHaveLength(0);
    const documents = documentsOf(at);
    expect([...documents.keys()].filter((path) => path.startsWith('artifacts/'))).toEqual(
      ARTIFACTS,
    );
    expect(JSON.parse(documents.get('artifacts/auth_separation_test.json') ?? '')).toHaveProperty(
      'cases',
    );
    expect(documents.get('artifacts/migration_log.txt')).toContain('7 of 7 files applied');
    const committed = JSON.parse(at.pilot.git('show', 'HEAD:state/last-known-good.json'));
    expect(committed).toMatchObject({
      run: 'wien-pilot-1',
      status: 'RUNNING',
      deployed: { use: 'git.tag', commit: at.pilot.git('rev-parse', 'HEAD~1'), before: null },
      migration: { step: 'migrate', name: '025f_acl.sql' },
      allPassed: true,
    });
    for (const text of documents.values()) {
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain('Pa55');
    }
    for (const text of [ran.stdout, ran.stderr, JSON.stringify(journal(at).entries)]) {
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain('Pa55');
    }
  }, 120_000);

  it.each(BREAKS.slice(0, COUNT).map((one) => [one.step, one.why, one] as const))(
    'stops at %s where %s, and comes back',
    async (step, _, { does, fault: one }) => {
      const at = await scene();
      const before = await contents(at.database);
      does(at);
      if (one !== undefined) application.faults = new Set([one]);
      const ran = await run(at);
      // A trigger goes back by itself; all else is held, and a person goes back.
      const byTrigger = step === 'hardened';
      expect([ran.code, ran.stderr]).toEqual([byTrigger ? 4 : 1, expect.stringContaining(step)]);
      application.faults = new Set();
      if (!byTrigger) {
        const loss = ['open', 'known-good'].includes(step)
          ? ['--accept-data-loss', 'wien-pilot-1']
          : [];
        const back = await command(at, 'rollback', '--who', 'ada', ...loss);
        expect([back.code, back.stderr]).toEqual([4, expect.any(String)]);
      }
      const { steps } = JSON.parse((await command(at, 'status', '--json')).stdout).facts.cutover;
      const after = steps.slice(steps.findIndex(({ id }: { id: string }) => id === step) + 1);
      expect(after.map(({ status }: { status: string }) => status)).toEqual(
        after.map(() => 'PENDING'),
      );
      expect(await contents(at.database)).toEqual(before);
      expect(application.writes).toBe(true);
      const { entries, torn } = journal(at);
      expect(torn).toHaveLength(0);
      expect(entries.at(-1)?.event).toBe('run-ended');
    },
    120_000,
  );
});
