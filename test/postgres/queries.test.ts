/**
 * Modules whose rows come from SQL over PostgreSQL: look-ups, one row that becomes several, several that
 * become one, rows that the SQL loses or makes up. The rows of a base table answer for all of them.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { candidateOf, findingsOf, runFileOf, workFolder, writeMapping } from '../kit/project.ts';
import { start } from '../kit/run.ts';
import { command, lineOf, publishedRecords, sessionAt } from './trap.ts';

const SHOP = `
  CREATE TABLE customer (nr int PRIMARY KEY, name text, town int);
  CREATE TABLE town (id int PRIMARY KEY, label text);
  CREATE TABLE bill (no text PRIMARY KEY, tags text[]);
  CREATE TABLE line (id int NOT NULL, bill text, cents bigint);
  INSERT INTO town VALUES (1, 'Chur'), (2, 'Thun');
  INSERT INTO customer VALUES (10, 'Ada', 1), (20, 'Béa', 2), (30, 'Cid', 9);
  INSERT INTO bill VALUES ('a', '{new,paid}'), ('b', '{paid}'), ('c', '{}');
  INSERT INTO line VALUES (1, 'a', 100), (2, 'a', 250), (3, 'b', 9007199254740993);
`;
const TABLES = ['customer', 'town', 'bill', 'line'];

interface Base {
  readonly table: string;
  readonly key: object;
  readonly count?: string;
  readonly lost?: string;
}

const text = (column: string): object => ({ column, type: 'string' });
const whole = (column: string): object => ({ column, type: 'integer' });
const LOST = 'the query yields nothing for this row of its base table';

const LOOK_UP =
  'SELECT c.nr, c.name, t.label FROM public.customer c JOIN public.town t ON t.id = c.town';
const CUSTOMER = {
  key: [whole('nr')],
  fields: { nr: whole('nr'), name: text('name'), label: text('label') },
  dropped: { town: 'of the base: its label is in the record' },
};
const BY_NR: Base = { table: 'customer', key: { nr: 'nr' } };
const TAGS = {
  key: [text('no'), text('tag')],
  fields: { no: text('no'), tag: text('tag') },
};
const EACH_TAG = 'SELECT b.no, e.tag FROM public.bill b, unnest(b.tags) AS e(tag)';
const BY_NO: Base = { table: 'bill', key: { no: 'no' } };
const SUMS = {
  key: [text('bill')],
  fields: { bill: text('bill'), total: { column: 'total', type: 'bigint' } },
  dropped: { id: 'a number' },
};
const SUM =
  'SELECT bill, sum(cents)::bigint AS total, count(*) AS n FROM public.line GROUP BY bill';
const BY_BILL: Base = { table: 'line', key: { bill: 'bill' }, count: 'n' };

/** What the seal says of the rows of the base: the counts that have to add up. */
function accountOf(root: string): string {
  const [account] = runFileOf(root).accounting;
  if (account === undefined) throw new Error('no accounting');
  const { table, rows, emitting, filtered, rejected, emitted, merged, records } = account;
  return `${table} ${rows} = ${emitting} + ${filtered} + ${rejected}; ${records} = ${emitted} - ${merged}`;
}

describe.skipIf(!hasPostgres())('SQL over PostgreSQL', () => {
  const work = workFolder('pg-queries');
  let server: Postgres;
  let projects = 0;

  beforeAll(async () => {
    server = await startPostgres();
    await server.create('shop', SHOP);
  });
  afterAll(() => server.stop());

  /** A project with one module; all tables but its base are dropped. */
  function project(sql: string, base: Base, module: object): string {
    projects += 1;
    const root = join(work, `p${projects}`);
    writeMapping(root, {
      sources: { main: server.source('shop') },
      modules: { m: { source: { sql, base }, id: { rule: 'keep' }, ...module } },
      dropped: TABLES.filter((table) => table !== base.table).map((table) => {
        return { table, reason: 'not in this test' };
      }),
    });
    return root;
  }

  async function run(root: string): Promise<{ code: number | null; findings: string[] }> {
    const ran = await command('migrate', root, server.env);
    if (ran.code === 64) throw new Error(ran.stderr);
    const findings = findingsOf(root).map(({ rule, source, reason }) => {
      return [
        rule,
        ...(source === undefined ? [] : [`${source.table}/${source.row}`]),
        reason,
      ].join(' ');
    });
    return { code: ran.code, findings };
  }

  it('is sealed where each row of its base finds its partner', async () => {
    const root = project(LOOK_UP.replace('JOIN', 'LEFT JOIN'), BY_NR, CUSTOMER);
    expect(await run(root)).toEqual({ code: 0, findings: [] });
    expect(publishedRecords(root, 'm').at(-1)).toEqual({ label: null, name: 'Cid', nr: 30 });
    expect(accountOf(root)).toBe('customer 3 = 3 + 0 + 0; 3 = 3 - 0');
  });

  it('names the row of its base that it loses', async () => {
    const root = project(LOOK_UP, BY_NR, CUSTOMER);
    expect(await run(root)).toEqual({
      code: 1,
      findings: [`accounting customer/3 ${LOST}`],
    });
    expect(existsSync(candidateOf(root))).toBe(false);
  });

  it('leaves such rows out where the mapping says so', async () => {
    const root = project(LOOK_UP, { ...BY_NR, lost: 'filter' }, CUSTOMER);
    expect((await run(root)).code).toBe(0);
    expect(accountOf(root)).toBe('customer 3 = 2 + 1 + 0; 2 = 2 - 0');
  });

  it('may make several rows of one, and says which has none', async () => {
    const root = project(EACH_TAG, BY_NO, TAGS);
    const { code, findings } = await run(root);
    expect(code).toBe(1);
    expect(findings).toContain(`accounting bill/3 ${LOST}`);
    const kept = project(EACH_TAG, { ...BY_NO, lost: 'filter' }, TAGS);
    expect((await run(kept)).code).toBe(0);
    expect(accountOf(kept)).toBe('bill 3 = 2 + 1 + 0; 3 = 3 - 0');
  });

  it('may make one row of several, whose count adds up', async () => {
    const root = project(SUM, BY_BILL, SUMS);
    expect(await run(root)).toEqual({ code: 0, findings: [] });
    expect(publishedRecords(root, 'm')).toEqual([
      { bill: 'a', total: '350' },
      { bill: 'b', total: '9007199254740993' },
    ]);
    expect(accountOf(root)).toBe('line 3 = 3 + 0 + 0; 2 = 3 - 1');
  });

  it.each([
    ['leaves rows of a group out', SUM.replace('GROUP', 'WHERE cents > 100 GROUP')],
    ['counts too few', SUM.replace('count(*)', 'count(*) FILTER (WHERE cents > 100)')],
    ['counts too many', SUM.replace('count(*)', 'count(*) + 1')],
    ['makes rows up', `${SUM} UNION ALL SELECT 'zzz', 1, 1`],
  ])('cannot be sealed where it %s', async (_, sql) => {
    const root = project(sql, BY_BILL, SUMS);
    const { code, findings } = await run(root);
    expect(code).toBe(1);
    expect(findings.some((finding) => finding.startsWith('accounting '))).toBe(true);
    expect(existsSync(candidateOf(root))).toBe(false);
  });

  /** Yields nothing, and never ends. */
  const ENDLESS = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT -i FROM n)
    SELECT c.nr, c.name, '' AS label FROM public.customer c JOIN n ON n.i = c.nr + 100`;

  /** A project whose module reads a view, in a database of its own. */
  async function ofView(name: string): Promise<string> {
    await server.create('with_view', `${SHOP} CREATE VIEW ${name} AS ${ENDLESS}`);
    const root = join(work, 'of-view');
    writeMapping(root, {
      sources: { main: server.source('with_view') },
      modules: { m: { ...CUSTOMER, source: { table: name }, id: { rule: 'keep' }, dropped: {} } },
      dropped: TABLES.map((table) => ({ table, reason: 'not in this test' })),
    });
    return root;
  }

  it.each([
    ['a query', 'query m', 'shop'],
    ['a view', 'endless', 'with_view'],
  ])('as %s that never yields a row is stopped in one line', async (_, name, database) => {
    const isView = name === 'endless';
    const root = isView ? await ofView(name) : project(ENDLESS, BY_NR, CUSTOMER);
    const env = { ...server.env, SEALIFT_QUERY_SECONDS: '1' };
    const ran = await command('migrate', root, env);
    expect([ran.code, lineOf(ran)]).toEqual([
      64,
      'sealift migrate: a query or view yielded no row for 1 second, so the run was stopped ' +
        `(127.0.0.1:${server.port}/${database}, "${name}"): see that it ends, make it faster, or give it ` +
        'more time with SEALIFT_QUERY_SECONDS',
    ]);
    expect(existsSync(candidateOf(root))).toBe(false);
    if (isView) return;
    // Nothing of it goes on at the server, which looks after its client now and then.
    const left = `SELECT FROM pg_stat_activity WHERE application_name = 'sealift'
      AND datname = '${database}'`;
    while ((await server.run('postgres', left)).length > 0) await wait(100);
  });

  it('that takes the server too long to plan is stopped in one line', async () => {
    // Constants are computed while a query is planned; each of these takes a second or so.
    const products = Array.from({ length: 100 }, (_, at) => `factorial(${32_177 - at})`);
    const sql = `SELECT nr, name, (${products.join(' + ')})::text AS label FROM public.customer`;
    const env = { ...server.env, SEALIFT_QUERY_SECONDS: '1' };
    const ran = await command('migrate', project(sql, BY_NR, CUSTOMER), env);
    expect([ran.code, lineOf(ran)]).toEqual([
      64,
      "sealift migrate: the mapping's SQL cannot be run, as the server did not plan it in time " +
        `(127.0.0.1:${server.port}/shop, "query m"): make it simpler, or give it more time with ` +
        'SEALIFT_QUERY_SECONDS',
    ]);
  });

  it('has a limit that is a number of seconds', async () => {
    const root = project(LOOK_UP, { ...BY_NR, lost: 'filter' }, CUSTOMER);
    for (const limit of ['', '1.5', '-1', '2000001', 'an hour']) {
      const ran = await command('migrate', root, { ...server.env, SEALIFT_QUERY_SECONDS: limit });
      expect([ran.code, lineOf(ran)]).toEqual([
        64,
        expect.stringMatching(
          /a whole number of seconds, up to 2000000 \(SEALIFT_QUERY_SECONDS\): /,
        ),
      ]);
    }
    for (const limit of ['0', '2000000']) {
      const ran = await command('migrate', root, { ...server.env, SEALIFT_QUERY_SECONDS: limit });
      expect(ran.code).toBe(0);
    }
  });

  it('that never ends is interrupted, and runs no longer on the server', async () => {
    const root = project(ENDLESS, BY_NR, CUSTOMER);
    const { child, ended } = start(['migrate', '--project', root, '--workers', '1'], {
      env: server.env,
    });
    const watcher = await sessionAt(server.url('shop'));
    const running = `SELECT FROM pg_stat_activity
      WHERE application_name = 'sealift' AND datname = 'shop' AND query LIKE '%RECURSIVE%'`;
    const seen = async (): Promise<boolean> => (await watcher.query(running)).rowCount !== 0;
    while (child.exitCode === null && !(await seen())) await wait(20);
    expect(child.exitCode).toBeNull();
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([130, 'sealift migrate: interrupted, nothing was changed\n']);
    // The server looks after its client now and then, and ends what runs for one that is gone.
    while (await seen()) await wait(20);
    await watcher.end();
  });
});
