/**
 * What is not a row that differs: tables that are missing or of another form, keys of several parts,
 * modules without records or with blinds, many rows of one key, half of all rows, other workers.
 */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { isLong } from '../kit/long.ts';
import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { recordsOf as sealedRecords, workFolder } from '../kit/project.ts';
import {
  ITEMS,
  postgresTarget,
  reconciled,
  sealedProject,
  sqliteTarget,
  type Target,
} from './fixture.ts';

const PATIENCE = 600_000;
const work = workFolder('targets');
const project = join(work, 'project');

beforeAll(async () => {
  await sealedProject(project);
}, PATIENCE);

interface Apart {
  readonly code: number | null;
  readonly found: readonly string[];
  readonly reasons: readonly string[];
}

/** Changes a copy of a target, and reconciles it. */
async function apart(
  loaded: Target,
  change: (of: Target) => string,
  args: string[] = [],
): Promise<Apart> {
  const target = await loaded.copy();
  const sql = change(target);
  if (sql !== '') await target.run(sql);
  return read(target, args);
}

async function read(target: Pick<Target, 'url' | 'env'>, args: string[] = []): Promise<Apart> {
  const { code, found, findings, stderr } = await reconciled(project, target, args);
  expect(stderr).not.toContain('sealift reconcile:');
  return { code, found: [...found].sort(), reasons: findings.map(({ reason }) => reason) };
}

function renamedMember({ table }: Target): string {
  return `UPDATE ${table('member')} SET name = 'x' WHERE id = 3`;
}

function both(load: () => Promise<Target>): void {
  let loaded: Target;
  beforeAll(async () => {
    loaded = await load();
  }, PATIENCE);

  it.each<[string, (target: Target) => string, string]>([
    ['missing', ({ table }) => `DROP TABLE ${table('item')}`, 'the target has no such table'],
    [
      'a view over a table of all its records',
      ({ table }) => `ALTER TABLE ${table('item')} RENAME TO other;
        CREATE VIEW ${table('item')} AS SELECT * FROM ${table('other')}`,
      'it is a view in the target, not a table',
    ],
    [
      'without the column of a field',
      ({ table }) => `ALTER TABLE ${table('item')} DROP COLUMN note`,
      'the table has no column for the field note',
    ],
  ])(
    'cannot be compared where a table is %s',
    async (_, change, says) => {
      const { code, found, reasons } = await apart(loaded, change);
      expect([code, found]).toEqual([2, ['target-incomparable item - -']]);
      expect(reasons[0]).toBe(`the module could not be compared: ${says}`);
    },
    PATIENCE,
  );

  it(
    'is equal where a table has a column more, which is told',
    async () => {
      const target = await loaded.copy();
      await target.run(`ALTER TABLE ${target.table('item')} ADD COLUMN more text DEFAULT 'x'`);
      const { code, found, stdout } = await reconciled(project, target);
      expect([code, found]).toEqual([0, []]);
      expect(stdout).toContain('not compared, as it is not of the seal: more');
    },
    PATIENCE,
  );

  it(
    'is equal where a table has no key',
    async () => {
      const target = await loaded.copy();
      for (const module of ['item', 'pair', 'line', 'member']) await target.loosen(module);
      expect(await read(target)).toEqual({ code: 0, found: [], reasons: [] });
    },
    PATIENCE,
  );

  it(
    'is found to have lost a table of rows, and gained one for no records',
    async () => {
      const { code, found } = await apart(
        loaded,
        ({ table }) => `DELETE FROM ${table('item')};
      INSERT INTO ${table('nothing')} (id, "text") VALUES (4, 'x'), (2, NULL)`,
      );
      expect(code).toBe(2);
      expect(found.filter((line) => line.startsWith('target-missing item'))).toHaveLength(ITEMS);
      expect(found.filter((line) => !line.startsWith('target-missing item'))).toEqual([
        'target-extra nothing [2] -',
        'target-extra nothing [4] -',
      ]);
    },
    PATIENCE,
  );

  it(
    'is found to hold nothing at all, which proves nothing',
    async () => {
      const empty = await apart(loaded, ({ table }) =>
        ['item', 'pair', 'line', 'member', 'nothing']
          .map((module) => `DELETE FROM ${table(module)}`)
          .join(';'),
      );
      expect(empty.found).toContain('empty - - -');
      expect(empty.code).toBe(2);
    },
    PATIENCE,
  );

  it(
    'names records by keys of several parts, of any text, in any collation',
    async () => {
      const pairs = `(word = 'e\u0301' AND part = 2) OR (word = '' AND part = 1)`;
      const { code, found } = await apart(
        loaded,
        ({ table }) => `DELETE FROM ${table('pair')} WHERE ${pairs};
      UPDATE ${table('pair')} SET "text" = 'SS' WHERE word = 'ss' AND part = 3;
      INSERT INTO ${table('pair')} (word, part, "text") VALUES ('\u{10ffff}', 1, NULL)`,
      );
      expect(code).toBe(2);
      expect(found).toEqual([
        'target-changed pair ["ss",3] text',
        'target-extra pair ["\u{10ffff}",1] -',
        'target-missing pair ["",1] -',
        'target-missing pair ["e\u0301",2] -',
      ]);
    },
    PATIENCE,
  );

  it(
    'compares records with blinds by their key, and cannot without it',
    async () => {
      expect((await apart(loaded, renamedMember)).found).toEqual([
        'target-changed member [3] name',
      ]);
      const target = await loaded.copy();
      const { SEALIFT_KEY_MEMBERS: _, ...env } = target.env as Record<string, string>;
      const without = await read({ url: target.url, env });
      expect([without.code, without.found]).toEqual([2, ['target-incomparable member - -']]);
      expect(without.reasons[0]).toContain('could not be compared');
      expect(without.reasons[0]).toContain('set SEALIFT_KEY_MEMBERS');
    },
    PATIENCE,
  );

  it(
    'finds records of modules without a key by the ids that were made for them',
    async () => {
      const [first, second] = sealedRecords(project, 'line').map(({ id }) => String(id));
      const { found } = await apart(
        loaded,
        ({ table }) => `DELETE FROM ${table('line')} WHERE id = '${first}';
      UPDATE ${table('line')} SET n = -1 WHERE id = '${second}'`,
      );
      expect(found).toEqual([`target-changed line ${second} n`, `target-missing line ${first} -`]);
    },
    PATIENCE,
  );

  it(
    'names half of all rows where half of them differ, the same with any number of workers',
    async () => {
      const target = await loaded.copy();
      await target.run(`UPDATE ${target.table('item')} SET b = 'half' WHERE id % 4 = 0`);
      const half = Array.from({ length: ITEMS / 2 }, (_, at) => at * 4 - 100)
        .map((id) => `target-changed item [${id}] b`)
        .sort();
      const workers = isLong('SEALIFT_RECONCILE_WORKERS') ? ['1', '2', '4'] : ['2'];
      for (const count of workers) {
        const { found } = await read(target, ['--workers', count]);
        expect(found).toEqual(half);
      }
    },
    PATIENCE,
  );

  it(
    'names each of ten thousand rows of one key, in little memory',
    async () => {
      const target = await loaded.copy();
      await target.loosen('item');
      const table = target.table('item');
      await target.run(`INSERT INTO ${table} SELECT one.* FROM ${table} one, ${table} other
      WHERE one.id = 100 AND other.id >= 0 AND other.id < 20000`);
      const { code, found } = await read(target, ['--memory', '64M']);
      expect(code).toBe(2);
      expect(found).toHaveLength(10_000);
      expect(new Set(found)).toEqual(new Set(['target-extra item [100] -']));
    },
    PATIENCE,
  );
}

describe('a target in SQLite', () => {
  const file = join(work, 'new.db');
  both(() => sqliteTarget(project, file));

  it(
    'takes no id in capitals for the one that was loaded',
    async () => {
      const [first] = sealedRecords(project, 'line').map(({ id }) => String(id));
      const target = await sqliteTarget(project, join(work, 'capitals.db'));
      await target.run(`UPDATE line SET id = upper(id) WHERE id = '${first}'`);
      expect((await read(target)).found).toEqual([
        'target-extra line - -',
        `target-missing line ${first} -`,
      ]);
    },
    PATIENCE,
  );

  it(
    'takes no table whose name ends alike for that of a module',
    async () => {
      const target = await sqliteTarget(project, join(work, 'names.db'));
      await target.run('ALTER TABLE pair RENAME TO "a.pair"');
      expect((await read(target)).found).toEqual(['target-incomparable pair - -']);
    },
    PATIENCE,
  );

  it(
    'that is not there, or has no schemas, is told in one line',
    async () => {
      const missing = { url: `sqlite:${join(work, 'none.db')}`, env: {} };
      const none = await reconciled(project, missing);
      expect(none.code).toBe(2);
      expect(none.stderr).toContain('none.db');
      const found = await reconciled(project, { url: `sqlite:${file}`, env: {} }, [
        '--schema',
        'x',
      ]);
      expect(found.code).toBe(2);
    },
    PATIENCE,
  );
});

describe.skipIf(!hasPostgres())('a target in PostgreSQL', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  }, PATIENCE);
  afterAll(() => server.stop());
  const ICU = `TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de-u-ks-level1'`;
  both(() => postgresTarget(server, project, 'targets', ICU));

  it(
    'of another schema, or of no seal, is told in one line with what to do',
    async () => {
      const { env } = server;
      const wrong = await reconciled(project, { url: server.source('targets'), env }, [
        '--schema',
        'x',
      ]);
      expect(wrong.code).toBe(2);
      await server.create('unloaded');
      const unloaded = await reconciled(project, { url: server.source('unloaded'), env });
      expect(unloaded.code).toBe(2);
      await server.run('unloaded', 'CREATE TABLE t (id int)');
      const other = await reconciled(project, { url: server.source('unloaded'), env });
      expect([other.code, other.stderr]).toEqual([
        64,
        expect.stringContaining('no schema into which'),
      ]);
      const none = await reconciled(project, { url: server.source('nowhere'), env });
      expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('nowhere')]);
    },
    PATIENCE,
  );
});
