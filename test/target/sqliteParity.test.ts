/** What applications have made in a live SQLite file, and what would be missing in the next one. */

import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Missing } from '../../src/target/parity.ts';
import { parityOf, paritySql } from '../../src/target/sqlite/parity.ts';
import { succeed } from '../kit/project.ts';
import { execIn, LINK, liveIn, liveProject, move, reconcile } from './liveFixture.ts';

let project: string;

beforeAll(async () => {
  project = await liveProject(['a.db', 'b.db']);
  for (const name of ['a', 'b']) {
    copyFileSync(join(project, `${name}.db`), join(project, `${name}-pristine.db`));
  }
});
afterAll(() => {
  rmSync(project, { recursive: true });
});
beforeEach(() => {
  for (const name of ['live', 'fresh']) {
    copyFileSync(join(project, 'a-pristine.db'), join(project, `${name}.db`));
  }
});

function missing(): readonly Missing[] {
  return parityOf(join(project, 'live.db'), join(project, 'fresh.db'), 1000).missing;
}

/** Makes what is missing, by the file that says how. */
function makeAll(): void {
  const sql = paritySql(missing(), 'fresh.db');
  expect(execIn(project, 'fresh.db', sql), sql).toBe('ok');
}

const LOG = 'CREATE TABLE log (at TEXT)';
const KINDS: readonly (readonly [what: string, sql: string, expected: Partial<Missing>])[] = [
  ['a table', `${LOG} -- by hand`, { kind: 'table', what: '"log"' }],
  [
    'an index',
    'CREATE INDEX by_day ON visits (day)',
    { kind: 'index', what: '"by_day" on "visits"' },
  ],
  ['a view', 'CREATE VIEW days AS SELECT day FROM visits -- all', { kind: 'view', what: '"days"' }],
  [
    'a trigger',
    'CREATE TRIGGER "a ""b" AFTER DELETE ON visits BEGIN SELECT 1; SELECT 2; END',
    { kind: 'trigger', what: '"a ""b" on "visits"' },
  ],
  [
    'a number of applications',
    'PRAGMA user_version = 7',
    { kind: 'setting', what: 'user_version' },
  ],
];

describe('two files of one load', () => {
  it('lack nothing', () => {
    expect(missing()).toEqual([]);
  });

  it.each(KINDS)(
    'lack %s that is made in one, until it is made in the other',
    (_, sql, expected) => {
      execIn(project, 'live.db', sql);
      expect(missing()).toEqual([expect.objectContaining({ ...expected, state: 'missing' })]);
      makeAll();
      expect(missing()).toEqual([]);
    },
  );

  it('lack what hangs together in the order in which it can be made', () => {
    execIn(
      project,
      'live.db',
      `CREATE VIEW v AS SELECT day FROM visits;
        CREATE TRIGGER t INSTEAD OF INSERT ON v BEGIN INSERT INTO log VALUES (new.day); END;
        ${LOG}; CREATE INDEX by_at ON log (at)`,
    );
    expect(missing().map(({ kind }) => kind)).toEqual(['table', 'index', 'view', 'trigger']);
    makeAll();
    expect(missing()).toEqual([]);
  });

  it('have the same where only its layout differs', () => {
    execIn(project, 'live.db', 'CREATE VIEW v AS SELECT day FROM visits');
    execIn(project, 'fresh.db', 'create view v as\n  select day /* all */ from visits');
    expect(missing()).toEqual([]);
  });

  it.each([
    ['view', 'CREATE VIEW v AS SELECT day FROM visits', 'CREATE VIEW v AS SELECT note FROM visits'],
    [
      'trigger',
      `CREATE TRIGGER v AFTER DELETE ON visits BEGIN SELECT 'a'; END`,
      `CREATE TRIGGER v AFTER DELETE ON visits BEGIN SELECT 'A'; END`,
    ],
    ['index', 'CREATE INDEX v ON visits (day)', 'CREATE INDEX v ON visits (note)'],
  ])('have a %s that differs', (kind, live, fresh) => {
    execIn(project, 'live.db', live);
    execIn(project, 'fresh.db', fresh);
    expect(missing()).toEqual([expect.objectContaining({ kind, state: 'different' })]);
    makeAll();
    expect(missing()).toEqual([]);
  });

  it('have a table of the application that differs, which is altered by hand', () => {
    execIn(project, 'live.db', LOG);
    execIn(project, 'fresh.db', 'CREATE TABLE log (at TEXT, who TEXT)');
    expect(missing()).toEqual([
      expect.objectContaining({ kind: 'table', state: 'different', sql: null }),
    ]);
    expect(paritySql(missing(), 'fresh.db')).toContain('-- table "log": compare both definitions');
  });

  it('may have another mapping: what the load makes is not compared', () => {
    execIn(project, 'live.db', 'ALTER TABLE visits ADD COLUMN more TEXT');
    execIn(project, 'live.db', 'CREATE UNIQUE INDEX visits_more_key ON visits (more)');
    execIn(project, 'fresh.db', 'DROP TABLE dogs');
    expect(missing()).toEqual([]);
    execIn(project, 'live.db', 'CREATE INDEX by_chip ON dogs (chip)');
    expect(missing()).toEqual([
      expect.objectContaining({
        kind: 'index',
        sql: null,
        byHand: expect.stringContaining('there is no "dogs"') as string,
      }),
    ]);
  });

  it('lack a virtual table, and none of its parts', () => {
    execIn(project, 'live.db', 'CREATE VIRTUAL TABLE words USING fts5 (word)');
    expect(missing()).toEqual([expect.objectContaining({ kind: 'table', what: '"words"' })]);
    makeAll();
    expect(missing()).toEqual([]);
  });

  it('may have other numbers of applications, once both have one', () => {
    execIn(project, 'live.db', 'PRAGMA user_version = 7');
    execIn(project, 'fresh.db', 'PRAGMA user_version = 8');
    expect(missing()).toEqual([]);
  });

  it('have names that become neither statements nor lines of a file', () => {
    const name = 'x\n; DROP TABLE visits; --';
    execIn(project, 'live.db', `CREATE TABLE "${name}" (a)`);
    execIn(project, 'fresh.db', `CREATE TABLE "${name}" (b)`);
    makeAll();
    const db = new Database(join(project, 'fresh.db'), { readonly: true });
    expect(db.prepare('SELECT count(*) FROM visits').pluck().get()).toBe(20);
    db.close();
  });
});

describe('promote', () => {
  it('refuses what would be missing, names it, and writes a file that makes it', async () => {
    expect((await move(project, 'promote', 'a.db')).code).toBe(0);
    execIn(project, LINK, 'CREATE VIEW days AS SELECT day FROM visits');
    await reconcile(project, 'a.db');
    const refused = await move(project, 'promote', 'b.db');
    expect(refused.stderr).toContain('1 thing that is bound to what is live would be missing');
    const file = join(project, 'parity.sql');
    await move(project, 'promote', 'b.db', ['--dry-run', '--parity', file]);
    expect(execIn(project, 'b.db', readFileSync(file, 'utf8'))).toBe('ok');
    await reconcile(project, 'b.db');
    expect((await move(project, 'promote', 'b.db')).stdout).toContain('view: 1 live, 1 new');
    expect(liveIn(project)).toBe('b.db');
    await succeed(['status', '--project', project]);
  });
});
