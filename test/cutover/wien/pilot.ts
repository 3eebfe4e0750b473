/** The cutover of a pilot: its runbook with all that it names, in a folder of its own with a repository. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const RUNBOOK = `runbook: wien-pilot
title: A pilot goes into production
target: production
inputs:
  tag: v3.6.5-rc1
  db: { secret: PILOT_DB_URL }
  app: { secret: PILOT_APP_URL }
window: { tz: UTC, start: "2026-01-04 02:00", for: 4h }
roles: { operator: [ada], approver: [bo, cy] }
references: { break-glass: docs/break-glass.md }
commands:
  preflight: { run: [node, scripts/judge.mjs, preflight], exit: { 0: pass, 1: warn, 2: fail } }
  security: { run: [node, scripts/judge.mjs, security], exit: { 0: pass } }
  roster: { run: [node, scripts/judge.mjs, roster], exit: { 0: pass } }
  drill: { run: [node, scripts/judge.mjs, drill], exit: { 0: pass, 1: warn, 2: fail } }
  page: { run: [node, scripts/judge.mjs, page] }
artifacts:
  preflight_result.json: preflight
  migration_log.txt: migrate
  verify_hardening.json: hardened
  acl_scan_report.json: acl
  security_gate_result.json: security
  health_check.json: ready
  auth_separation_test.json: auth
  roster_dry_run.json: roster
  ops_drill_sick_call.json: drill
phases:
  - id: before
    title: The day before
    steps:
      - { id: env, use: env.require, names: [PILOT_DB_URL, PILOT_SESSION_SECRET, PILOT_ENV], minBytes: { PILOT_SESSION_SECRET: 32 }, equals: { PILOT_ENV: production } }
      - { id: soaked, use: file.check, file: reports/soak.json, json: { results.determinism: PASS, results.fail_count: 0 } }
      - { id: tag, use: git.tag, tag: "\${tag}" }
  - id: migration
    title: The migration
    steps:
      - { id: backup, use: pg.backup, rehearse: true }
      - { id: freeze, use: app.writes, set: off, url: /admin/writes, within: 1s, undo: { set: on } }
      - { id: preflight, use: exec, command: preflight, changes: false }
      - { id: migrate, use: sql.migrate, files: "migrations/025*.sql", undo: { use: pg.restore_swap, from: backup, when: migrate.applied > 0 } }
  - id: verification
    title: What is verified
    steps:
      - { id: hardened, use: sql.rows, query: "SELECT * FROM verify_final_hardening()", every: "status == 'PASS'", minRows: 1 }
      - { id: security, use: exec, command: security, changes: false }
      - { id: acl, use: pg.acl, grantee: PUBLIC, expect: empty, schemas: [public] }
      - { id: ready, use: http.check, url: /health/ready, json: { ready: true }, until: { for: 1s, every: 1s, within: 3s } }
      - { id: auth, use: http.cases, file: auth.yaml }
      - { id: roster, use: exec, command: roster, changes: false }
      - { id: drill, use: exec, command: drill, changes: false }
  - id: production
    title: Production
    steps:
      - { id: approve, use: gate.approval, role: approver, expires: 1h, requires: [hardened, acl, ready, auth, roster, drill] }
      - { id: open, use: app.writes, set: on, url: /admin/writes, within: 1s, pointOfNoReturn: true, undo: { set: off } }
      - { id: state, use: state.record, file: state/last-known-good.json }
      - { id: known-good, use: git.commit, files: [state/last-known-good.json], message: "state: last known good is \${tag}" }
monitor:
  - { id: healthy, use: http.check, url: /health, json: { status: healthy, writes_enabled: true }, every: 1s, for: 2s, onFail: page }
triggers:
  - { when: "hardened.failed > 0", severity: S0, action: rollback }
`;

const AUTH = `groups:
  - name: wrong credentials
    cases:
      - name: an API key at the platform
        url: /platform/tenants
        send: { X-API-Key: test-key }
        expect: { status: 401, json: { error: wrong_auth_method } }
      - name: a session at the pack
        url: /routing/status
        send: { Cookie: session=test }
        expect: { status: 401, json: { error: missing_api_key } }
`;

/** Verdicts of the pilot's own programs, by name, as exit codes. */
export const JUDGED = 'judged.json';

const JUDGE = `import { readFileSync } from 'node:fs';
const [, , name] = process.argv;
const codes = JSON.parse(readFileSync('${JUDGED}', 'utf8'));
const code = codes[name] ?? 0;
console.log(JSON.stringify({ name, verdict: code === 0 ? 'PASS' : 'FAIL' }));
process.exitCode = code;
`;

/** The database before the cutover. */
export const SCHEMA = `
  CREATE TABLE tenant (id int PRIMARY KEY, name text NOT NULL);
  INSERT INTO tenant SELECT n, 'tenant ' || n FROM generate_series(1, 500) n;
  CREATE TABLE shift (id serial PRIMARY KEY, tenant int REFERENCES tenant, begins timestamptz);
  INSERT INTO shift (tenant, begins) SELECT 1 + n % 500, '2026-01-01'::timestamptz + n * interval '1 hour'
    FROM generate_series(1, 3000) n;
  REVOKE ALL ON SCHEMA public FROM PUBLIC;
`;

const MIGRATIONS: Readonly<Record<string, string>> = {
  '025_rls.sql': 'ALTER TABLE tenant ENABLE ROW LEVEL SECURITY;',
  '025a_active.sql': 'ALTER TABLE tenant ADD COLUMN is_active boolean NOT NULL DEFAULT true;',
  '025b_index.sql': 'CREATE INDEX shift_tenant ON shift (tenant);',
  '025c_audit.sql': 'CREATE TABLE audit (id serial PRIMARY KEY, what text);',
  '025d_owner.sql': "COMMENT ON TABLE tenant IS 'hardened';",
  '025e_final.sql': `CREATE FUNCTION verify_final_hardening() RETURNS TABLE (name text, status text)
    LANGUAGE sql AS 'SELECT ''rls'', CASE WHEN relrowsecurity THEN ''PASS'' ELSE ''FAIL'' END
      FROM pg_class WHERE oid = ''tenant''::regclass';`,
  '025f_acl.sql': 'REVOKE EXECUTE ON FUNCTION verify_final_hardening() FROM PUBLIC;',
};

export interface Pilot {
  readonly folder: string;
  /** Writes a file of its folder. */
  write(path: string, text: string): void;
  git(...args: readonly string[]): string;
}

/** Makes the folder of a pilot, committed. */
export function makePilot(folder: string): Pilot {
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', env: GIT }).trim();
  write('wien.yaml', RUNBOOK);
  write('auth.yaml', AUTH);
  write('scripts/judge.mjs', JUDGE);
  write(JUDGED, '{}');
  write('reports/soak.json', '{ "results": { "determinism": "PASS", "fail_count": 0 } }');
  write('.gitignore', 'storage_*\\n');
  for (const [name, sql] of Object.entries(MIGRATIONS)) write(`migrations/${name}`, sql);
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.name', 'Ada');
  git('config', 'user.email', 'ada@example.org');
  git('add', '.');
  git('commit', '--quiet', '--message', 'the pilot');
  write('state/last-known-good.json', '{ "tag": "v3.6.5-rc1" }');
  return { folder, write, git };
}

/** Nothing of the caller's configuration. */
const GIT = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  LC_ALL: 'C',
};
