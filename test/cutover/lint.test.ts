/** What lint finds in runbooks: the defects of real ones, each beside a runbook without it. */

import { describe, expect, it } from 'vitest';

import { lintRunbook } from '../../src/cutover/lintRunbook.ts';
import { parseRunbook } from '../../src/cutover/readRunbook.ts';
import { GRADUAL, WIEN } from './runbooks.ts';

const TODAY = new Date('2026-11-30T12:00:00Z');

/** The findings of a text as `rule line:column`. */
function found(text: string): string[] {
  return lintRunbook(parseRunbook(text, 'a.yaml'), TODAY).map(
    ({ rule, file }) => `${rule.replace('runbook-', '')} ${file?.replace('a.yaml:', '')}`,
  );
}

/** The rules that a text breaks, each once. */
function rules(text: string): string[] {
  return [...new Set(found(text).map((line) => line.replace(/ .*/, '')))].sort();
}

/** A runbook with the steps of these lines, and what they name. */
function withSteps(...steps: readonly string[]): string {
  return `runbook: a
inputs: { db: { secret: DB_URL } }
roles: { operator: [ada], approver: [bo] }
commands: { probe: { run: [probe, it] } }
steps:
  - { id: counted, use: sql.count, query: q.sql, expect: "== 0" }
  - { id: probed, use: exec, command: probe, changes: false, requires: [counted] }
  - { id: seen, use: gate.approval, role: approver, requires: [counted] }
${steps.map((step) => `  - ${step}`).join('\n')}
`;
}

/** A step that runs a program and changes nothing. */
function check(...argv: readonly string[]): string {
  return withSteps(`{ id: a, use: exec, changes: false, run: ${JSON.stringify(argv)} }`);
}

const BACKUP = '{ id: backup, use: pg.backup, rehearse: true }';
const MIGRATE =
  '{ id: migrate, use: sql.migrate, files: "*.sql", undo: { use: pg.restore_swap, from: backup } }';
const VERIFY = '{ id: verify, use: sql.count, query: q.sql, expect: "== 0" }';

describe('a runbook without a defect', () => {
  it.each([
    ['of one cutover', WIEN],
    ['of a rollout', GRADUAL],
    ['of steps', withSteps(BACKUP, MIGRATE, VERIFY)],
  ])('%s has no finding', (_, text) => {
    expect(found(text)).toEqual([]);
  });
});

/** Defects of the runbooks that people wrote by hand: each with what is right in its place. */
const OF_SEEDS: readonly (readonly [defect: string, rule: string, bad: string, good: string])[] = [
  [
    'psql that goes on after an error',
    'command',
    check('psql', '-1', '-f', 'a.sql'),
    check('psql', '-v', 'ON_ERROR_STOP=1', '-1', '-f', 'a.sql'),
  ],
  [
    'psql that leaves what came before an error',
    'command',
    check('psql', '-v', 'ON_ERROR_STOP=1', '-f', 'a.sql'),
    check('psql', '-v', 'ON_ERROR_STOP=1', '--single-transaction', '-f', 'a.sql'),
  ],
  [
    'a backup that only its list verifies',
    'command',
    check('pg_restore', '--list', 'a.dump'),
    withSteps(BACKUP),
  ],
  [
    'a backup that is not restored',
    'gate',
    withSteps('{ id: backup, use: pg.backup }'),
    withSteps(BACKUP),
  ],
  [
    'a pattern that no shell expands',
    'shell',
    check('ls', 'backups/*.dump'),
    check('ls', 'backups/a.dump'),
  ],
  [
    'a failure that a pipe hides',
    'shell',
    check('ls', 'a.dump', '|', 'head'),
    check('ls', 'a.dump'),
  ],
  [
    'grants as a role sees them',
    'command',
    withSteps(
      '{ id: a, use: sql.count, query: "SELECT count(*) FROM information_schema.role_table_grants", expect: "== 0" }',
    ),
    withSteps('{ id: a, use: pg.acl, grantee: PUBLIC, expect: empty }'),
  ],
  [
    'a restore that leaves what was added',
    'command',
    check('pg_restore', '--clean', '--if-exists', 'a.dump'),
    withSteps(BACKUP, MIGRATE, VERIFY),
  ],
  [
    'a freeze that a session undoes',
    'command',
    withSteps(
      '{ id: a, use: config.set, key: default_transaction_read_only, set: on, undo: { set: off } }',
    ),
    withSteps('{ id: a, use: app.writes, set: off, undo: { set: on } }'),
  ],
  [
    'curl that succeeds with the server down',
    'command',
    check('curl', '-s', 'https://a.example/health'),
    check('curl', '-sSf', 'https://a.example/health'),
  ],
  ['curl into jq', 'shell', check('sh', '-c', 'curl -s x | jq .'), check('jq', '.', 'a.json')],
  [
    'all rows pass where there is none',
    'gate',
    withSteps('{ id: a, use: sql.rows, query: q.sql, every: "status == \'PASS\'" }'),
    withSteps('{ id: a, use: sql.rows, query: q.sql, every: "status == \'PASS\'", minRows: 1 }'),
  ],
  [
    'the commit before HEAD as what was deployed',
    'command',
    check('git', 'rev-parse', 'HEAD~1'),
    check('git', 'rev-parse', 'HEAD'),
  ],
  [
    'a restore after writes are allowed again',
    'order',
    withSteps(
      BACKUP,
      MIGRATE,
      VERIFY,
      '{ id: open, use: app.writes, set: on, undo: { set: off } }',
    ),
    withSteps(
      BACKUP,
      MIGRATE,
      VERIFY,
      '{ id: open, use: app.writes, set: on, pointOfNoReturn: true }',
    ),
  ],
  [
    'a way back that allows writes and then restores',
    'order',
    withSteps(
      BACKUP,
      '{ id: m, use: sql.migrate, files: a.sql, undo: [{ use: app.writes, set: on }, { use: pg.restore_swap }] }',
      VERIFY,
    ),
    withSteps(
      BACKUP,
      '{ id: m, use: sql.migrate, files: a.sql, undo: [{ use: pg.restore_swap }, { use: app.writes, set: on }] }',
      VERIFY,
    ),
  ],
  [
    'a command that is declared and never named',
    'unused',
    withSteps().replace('commands: {', 'commands: { fifth: { run: [q5] },'),
    withSteps(),
  ],
  [
    'an environment that is validated too late',
    'order',
    withSteps(BACKUP, MIGRATE, VERIFY, '{ id: env, use: env.require, names: [A] }'),
    withSteps('{ id: env, use: env.require, names: [A] }', BACKUP, MIGRATE, VERIFY),
  ],
  [
    'a window in the hour that a change of clocks takes',
    'window',
    WIEN.replace('Sun 04:00', 'Sun 02:00'),
    WIEN,
  ],
  [
    'a window that nothing waits for',
    'window',
    WIEN.replace('  - { id: window, use: gate.window }\n', ''),
    WIEN,
  ],
  [
    'a way back by a migration, which its ledger lets run once only',
    'undo',
    withSteps(BACKUP, '{ id: m, use: sql.migrate, files: a.sql, undo: { files: b.sql } }', VERIFY),
    withSteps(
      BACKUP,
      '{ id: m, use: sql.migrate, files: a.sql, undo: { use: exec, run: [take-back] } }',
      VERIFY,
    ),
  ],
];

describe('a defect of a runbook that was written by hand', () => {
  it.each(OF_SEEDS)('%s is found by %s, and not where it is right', (_, rule, bad, good) => {
    expect(rules(bad)).toContain(rule);
    expect(rules(good)).not.toContain(rule);
  });
});

describe('names', () => {
  it.each([
    ['{ id: a, use: git.clean, requires: [conted] }', 'name 9:41'],
    ['{ id: a, use: git.clean, owner: nobody }', 'name 9:37'],
    ['{ id: a, use: git.clean, when: "conted.failed > 0" }', 'name 9:36'],
    ['{ id: a, use: git.clean, when: "counted.faild > 0" }', 'name 9:36'],
    ['{ id: a, use: git.clean, when: "counted > 0" }', 'name 9:36'],
    ['{ id: a, use: git.clean, when: "> 0" }', 'name 9:36'],
    ['{ id: a, use: attest, role: support, text: x }', 'name 9:33'],
    ['{ id: a, use: exec, command: prob, changes: false }', 'name 9:34'],
    ['{ id: a, use: exec, command: probe, run: [x], changes: false }', 'name 9:5'],
    ['{ id: a, use: exec, changes: false }', 'name 9:5'],
    ['{ id: a, use: pg.acl, on: bd, grantee: x, expect: empty }', 'name 9:31'],
    ['{ id: counted, use: git.clean }', 'name 9:11'],
    ['{ id: a, use: gate.window }', 'name 9:5'],
    ['{ id: a, use: git.tag, tag: "${tga}" }', 'name 9:33'],
  ])('stand for something: %s', (step, expected) => {
    expect(found(withSteps(step))).toContain(expected);
  });

  it('of a trigger stand for something', () => {
    expect(found(WIEN.replace('"http5xx >', '"htp5xx >'))).toEqual(['name 21:13']);
    expect(found(WIEN.replace('"verify.failed >', '"verfy.failed >'))).toEqual(['name 20:13']);
  });

  it('of the command that pages stand for one', () => {
    const pages = WIEN.replaceAll('onFail: rollback', 'onFail: page').replace(
      'severity: S1, action: rollback',
      'severity: S1, action: page',
    );
    expect(found(pages)).toEqual(['name 21:62', 'name 18:109']);
    const command = 'steps:';
    expect(found(pages.replace(command, 'commands: { page: { run: [call] } }\nsteps:'))).toEqual(
      [],
    );
    expect(found(WIEN.replace(command, 'commands: { page: { run: [call] } }\nsteps:'))).toEqual([
      'unused 6:19',
    ]);
  });

  it('of a database are needed by its steps', () => {
    const text = 'runbook: a\nsteps: [{ id: a, use: sql.count, query: q.sql, expect: "== 0" }]';
    expect(found(text)).toEqual(['name 2:9']);
  });

  it('of a rollout stand for metrics and earlier stages', () => {
    expect(found(GRADUAL.replace('zero: v1_calls', 'zero: v2_calls'))).toContain('name 11:50');
    expect(found(GRADUAL.replace('baseline: 10', 'baseline: 20'))).toEqual(['name 10:55']);
  });

  it.each([
    ['an unknown step', '{ a.json: conted }', 'name 10:22'],
    ['a folder', '{ a/b.json: counted }', 'name 10:24'],
    ['the folder above', '{ ..: counted }', 'name 10:18'],
    ['a hidden file', '{ .a: counted }', 'name 10:18'],
    ['a name of every run', '{ Cutover_Summary.json: counted }', 'name 10:36'],
    ['the approvals', '{ approval_record.json: counted }', 'name 10:36'],
    ['the same in another case', '{ a.json: counted, A.JSON: counted }', 'name 10:39'],
  ])('of artifacts are files of their own, and not %s', (_, artifacts, expected) => {
    const step = '{ id: a, use: git.clean }';
    expect(found(`${withSteps(step)}artifacts: ${artifacts}\n`)).toEqual([expected]);
    const good = '{ a.json: counted, acl_scan-2.txt: counted }';
    expect(found(`${withSteps(step)}artifacts: ${good}\n`)).toEqual([]);
  });

  it('of the application are used by its steps', () => {
    const text = withSteps('{ id: a, use: http.check, url: /health, status: 200 }');
    expect(found(text.replace('{ db:', '{ app: "https://a.example", db:'))).toEqual([]);
  });

  it('that nothing uses are told', () => {
    expect(found(WIEN.replace('approver: [bo, cy]', 'approver: [bo], idle: [cy]'))).toEqual([
      'unused 4:49',
    ]);
    expect(found(WIEN.replace('"${tag}"', 'v1'))).toEqual(['unused 2:16']);
  });
});

describe('the order of steps', () => {
  it('has no cycle', () => {
    const [one, other] = [
      '{ id: a, use: git.clean, requires: [b] }',
      '{ id: b, use: git.clean, requires: [a] }',
    ];
    expect(found(withSteps(one, other))).toEqual(['cycle 9:41']);
    expect(found(withSteps('{ id: a, use: git.clean, requires: [a] }'))).toEqual(['cycle 9:41']);
    expect(found(withSteps(one, '{ id: b, use: git.clean }'))).toEqual(['order 9:41']);
    expect(
      found(
        withSteps('{ id: b, use: git.clean }', other.replace('b,', 'c,').replace('[a]', '[b]')),
      ),
    ).toEqual([]);
  });

  it.each([
    ['a migration without a backup', withSteps(MIGRATE.replace(', from: backup', ''), VERIFY)],
    [
      'writes that are refused after the migration',
      withSteps(
        BACKUP,
        MIGRATE,
        VERIFY,
        '{ id: freeze, use: app.writes, set: off, undo: { set: on }, url: /w }',
      ),
    ],
  ])('is not %s', (_, text) => {
    expect(rules(text)).toEqual(['order']);
  });
});

describe('a step that changes something', () => {
  const RUN = 'use: exec, run: [change, it]';

  it.each([
    ['has a way back', 'undo', `{ id: a, ${RUN}, idempotent: true, verify: { use: git.clean } }`],
    [
      'is verified',
      'verify',
      `{ id: a, ${RUN}, idempotent: true, undo: { run: [change, it, back] } }`,
    ],
    [
      'can be resumed',
      'resume',
      `{ id: a, ${RUN}, undo: { run: [change, it, back] }, verify: { use: git.clean } }`,
    ],
    [
      'is verified by a check',
      'verify',
      `{ id: a, ${RUN}, idempotent: true, undo: { run: [x] }, verify: { use: exec, run: [y] } }`,
    ],
    [
      'can be resumed outside of a transaction',
      'resume',
      '{ id: a, use: sql.migrate, files: a.sql, outside: [a.sql], pointOfNoReturn: true, verify: { use: git.clean } }',
    ],
  ])('%s', (_, rule, step) => {
    expect(rules(withSteps(BACKUP, step))).toEqual([rule]);
  });

  it('is no monitor', () => {
    const monitor = '{ use: exec, run: [x], every: 1m, for: 1h, onFail: page }';
    const text = `${withSteps().replace('commands: {', 'commands: { page: { run: [call] },')}monitor:\n  - ${monitor}\n`;
    expect(rules(text)).toEqual(['verify']);
    expect(rules(text.replace('run: [x]', 'run: [x], changes: false'))).toEqual([]);
  });

  it('is right with all of them, or where a check follows (negative control)', () => {
    const undo = 'undo: { run: [change, it, back] }';
    const probe = 'probe: { use: git.clean }';
    expect(
      rules(withSteps(`{ id: a, ${RUN}, ${undo}, ${probe}, verify: { use: git.clean } }`)),
    ).toEqual([]);
    expect(rules(withSteps(`{ id: a, ${RUN}, ${undo}, ${probe} }`, VERIFY))).toEqual([]);
    expect(rules(withSteps(`{ id: a, ${RUN}, ${undo}, ${probe} }`, BACKUP))).toEqual(['verify']);
  });
});

describe('a gate or check can fail', () => {
  it.each([
    ['{ id: a, use: sql.count, query: q.sql, expect: ">= 0" }'],
    ['{ id: a, use: log.watch, file: a.log, pattern: x, expect: "!= -1" }'],
    ['{ id: a, use: exec, run: [x], changes: false, exit: { "0": pass, "2": pass } }'],
    ['{ id: a, use: gate.approval, role: approver }'],
    ['{ id: a, use: gate.approval, role: approver, of: 2, requires: [counted] }'],
    ['{ id: a, use: gate.approval, role: operator, requires: [counted] }'],
    ['{ id: a, use: gate.approval, role: approver, notOperator: false, requires: [counted] }'],
    [
      '{ id: a, use: gate.approval, role: approver, when: "counted.failed > 0", requires: [counted] }',
    ],
    [
      '{ id: a, use: gate.approval, role: approver, until: { for: 5m, every: 1m }, requires: [counted] }',
    ],
    ['{ id: a, use: git.clean, until: { for: 1m, every: 5m } }'],
    ['{ id: a, use: git.clean, until: { for: 5m, every: 1m, within: 2m } }'],
    ['{ id: a, use: git.clean, until: { for: 30d, every: 20s } }'],
    ['{ id: a, use: sqlite.backup }'],
  ])('%s', (step) => {
    expect(rules(withSteps(step))).toEqual(['gate']);
  });

  it.each([
    ['{ id: a, use: sql.count, query: q.sql, expect: ">= 1" }'],
    ['{ id: a, use: http.check, url: /health, status: 200 }'],
    ['{ id: a, use: exec, run: [x], changes: false, exit: { "0": pass, "1": warn, "2": fail } }'],
    ['{ id: a, use: gate.approval, role: approver, requires: [counted] }'],
    ['{ id: a, use: git.clean, until: { for: 5m, every: 1m, within: 20m } }'],
    ['{ id: a, use: git.clean, until: { for: 30d, every: 30s } }'],
  ])('as %s can (negative control)', (step) => {
    expect(rules(withSteps(step))).toEqual([]);
  });

  it('in a rollout, too', () => {
    expect(found(GRADUAL.replace('"<95"', '"<=95"'))).toEqual(['gate 18:15']);
    expect(found(GRADUAL.replace('restartAt: 10', 'restartAt: 50'))).toEqual(['gate 29:86']);
    expect(rules(GRADUAL.replace('percent: 50', 'percent: 10'))).toContain('gate');
  });
});

describe('a program', () => {
  it.each([
    [['bash', '-c', 'x']],
    [['/bin/sh', 'x.sh']],
    [['env', 'A=b', 'sh', '-c', 'x']],
    [['x', '&&', 'y']],
    [['x', '$(y)']],
    [['x', '$HOME']],
    [['x', '2>&1']],
  ])('is run without a shell: %j', (argv) => {
    expect(rules(check(...argv))).toEqual(['shell']);
  });

  it('may have arguments that only resemble one (negative control)', () => {
    expect(rules(check('x', 'a>b', '--url=https://a.example/?b=c&d', 'R&D'))).toEqual([]);
    expect(rules(check('jq', '.a | .b', 'a.json'))).toEqual([]);
    expect(found(check('pg_dump', 'db'))).toEqual(['command 9:46']);
  });

  it('is linted in `commands`, too', () => {
    expect(found(withSteps().replace('[probe, it]', '[sh, -c, it]'))).toEqual(['shell 4:27']);
  });
});

describe('a time', () => {
  it.each([
    ['tz: Europe/Vienna', 'tz: CET', 'zone 3:15'],
    ['tz: Europe/Vienna', 'tz: "+01:00"', 'zone 3:15'],
    ['tz: Europe/Vienna', 'tz: Europe/Wien', 'zone 3:15'],
    ['Sun 04:00', 'Sunday 04:00', 'zone 3:37'],
    ['Sun 04:00', 'Sun 24:00', 'zone 3:37'],
    ['Sun 04:00', '2026-02-30 04:00', 'zone 3:37'],
    ['Sun 04:00', 'Sat 23:00', 'window 3:37'],
    ['Sun 04:00', '2027-03-28 01:30', 'window 3:37'],
    ['for: 4h', 'for: 30m', 'window 3:55'],
    ['docs/INCIDENT_BREAK_GLASS.md', '2026-12-06 02:00', 'zone 5:28'],
  ])('%s is right, %s is not', (good, bad, expected) => {
    expect(found(WIEN.replace(good, bad))).toEqual([expected]);
  });

  it.each([
    ['Sun 04:00', '2026-12-06 02:00'],
    ['docs/INCIDENT_BREAK_GLASS.md', '2026-12-06T02:00:00Z'],
    ['docs/INCIDENT_BREAK_GLASS.md', '2026-12-06T02:00+01:00'],
    ['tz: Europe/Vienna, start: "Sun 04:00"', 'tz: UTC, start: "Sun 02:00"'],
  ])('%s is right, and so is %s (negative control)', (good, other) => {
    expect(found(WIEN.replace(good, other))).toEqual([]);
  });
});

describe('a secret', () => {
  const KEY = ['sk', 'live', '4eC39HqLyjWDarjtT1zdp7dc'].join('_');

  it.each([
    [WIEN.replace('v3.6.5-rc1', KEY)],
    [WIEN.replace('v3.6.5-rc1', 'postgres://ada:hunter22@db.example/shop')],
    [WIEN.replace('v3.6.5-rc1', ['whsec', 'a1B2c3D4e5F6g7H8'].join('_'))],
    [
      WIEN.replace('{ tag: v3.6.5-rc1', '{ session-secret: changeme, tag: v1').replace(
        '"${tag}"',
        '"${tag}${session-secret}"',
      ),
    ],
    [check('x', `--token=${KEY}`)],
    [`# whsec_a1B2c3D4e5F6g7H8\n${WIEN}`],
    [WIEN.replace('v3.6.5-rc1', `"# ${KEY}"`)],
  ])('is found, and its value is in no finding (%#)', (text) => {
    const findings = lintRunbook(parseRunbook(text, 'a.yaml'), TODAY);
    expect(findings.map(({ rule }) => rule)).toEqual(['runbook-secret']);
    expect(JSON.stringify(findings)).not.toMatch(/sk_live|hunter22|whsec_|changeme/);
  });

  it('by the name of its variable is none (negative control)', () => {
    expect(
      rules(
        WIEN.replace('tag: v3', 'api-token: { secret: API_TOKEN }, tag: v3').replace(
          '"${tag}"',
          '"${tag}${api-token}"',
        ),
      ),
    ).toEqual([]);
  });
});
