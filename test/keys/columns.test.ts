/** Columns of other kinds: bytes, keys of several parts, collations, Fernet; and runs that are stopped or limited. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { workFolder } from '../kit/project.ts';
import { start } from '../kit/run.ts';
import { postgresPlace, SECRETS, sqlitePlace, type Made } from './places.ts';
import { base64, COLUMN, declareKeys, foundBy, KEYS, said, type Column } from './project.ts';
import { openA1, sealToken } from './seals.ts';

const work = workFolder('keys-columns');
const PLACES = [sqlitePlace(), postgresPlace()].filter(({ isHere }) => isHere);

describe.each(PLACES)('columns of secrets in $name', (place) => {
  let number = 0;
  const open: Made[] = [];
  beforeAll(() => place.begin());
  afterAll(async () => {
    for (const made of open) await made.close();
    await place.end();
  });
  const newCase = async (
    sql: string,
    columns: readonly Column[] = [COLUMN],
  ): Promise<{ project: string; made: Made; env: Made['env'] }> => {
    number += 1;
    const project = join(work, `${place.name}-${number}`);
    mkdirSync(project, { recursive: true });
    const made = await place.make(project, `columns${number}`, sql);
    open.push(made);
    declareKeys(project, made.url, columns);
    return { project, made, env: made.env };
  };

  it('hold bytes, which stay bytes, and go back as they were', async () => {
    const type = place.name === 'SQLite' ? 'blob' : 'bytea';
    const { project, made, env } = await newCase(SECRETS.replace('value text', `value ${type}`));
    const put = 'INSERT INTO secrets (id, value) VALUES ($1, $2)';
    await made.run(put, [1, Buffer.from(base64('in bytes'))]);
    await made.run(put, [2, Buffer.from([0xff, 0xfe])]);
    expect(await said(project, ['migrate'], { env })).toMatchObject({
      code: 1,
      facts: { changed: 1, refused: 1 },
    });
    const values = async (): Promise<unknown[]> =>
      (await made.run('SELECT value FROM secrets ORDER BY id')).map(({ value }) => value);
    const [sealed, broken] = await values();
    expect(Buffer.isBuffer(sealed)).toBe(true);
    expect(openA1('k1', String(sealed), { id: 1 })).toBe('in bytes');
    expect(broken).toEqual(Buffer.from([0xff, 0xfe]));
    await said(project, ['rollback'], { env });
    expect(await values()).toEqual([Buffer.from(base64('in bytes')), broken]);
  });

  it('have keys of several parts, and a part that is empty', async () => {
    const sql =
      'CREATE TABLE parts (a text NOT NULL, b text NOT NULL, value text, PRIMARY KEY (a, b))';
    const column = { ...COLUMN, table: 'parts', id: ['a', 'b'] };
    const { project, made, env } = await newCase(sql, [column]);
    for (const [a, b] of [
      ['x', 'y'],
      ['x', ''],
      ['', ''],
    ] as const) {
      await made.run('INSERT INTO parts VALUES ($1, $2, $3)', [a, b, base64(`of ${a} ${b}`)]);
    }
    expect(await said(project, ['migrate'], { env })).toMatchObject({
      code: 1,
      facts: { changed: 2, refused: 1 },
    });
    expect(foundBy(project, 'migrate')).toMatchObject([
      { rule: 'key-unknown', recordId: '["",""]' },
    ]);
    await made.run(`DELETE FROM parts WHERE a = ''`);
    expect(await said(project, ['verify'], { env })).toMatchObject({ code: 0 });
  });

  it('are compared by bytes, whatever their collation takes for equal', async () => {
    const collation =
      place.name === 'SQLite'
        ? 'CREATE TABLE secrets (id bigint PRIMARY KEY, value text COLLATE NOCASE, idx text, note text)'
        : `CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
          CREATE TABLE secrets (id bigint PRIMARY KEY, value text COLLATE loose, idx text, note text)`;
    const { project, made, env } = await newCase(collation);
    const rows = ['abcd', 'ABCD', 'aBcD'].map((value, at) => ({ id: at + 1, value }));
    const columns = [{ ...COLUMN, legacy: [{ form: 'plain' }] }];
    declareKeys(project, made.url, columns);
    await made.insert(rows);
    expect(await said(project, ['migrate'], { env })).toMatchObject({ facts: { changed: 3 } });
    for (const { id, value } of await made.rows()) {
      expect(openA1('k1', value ?? '', { id })).toBe(rows[id - 1]?.value);
    }
    // A text that only the collation takes for the one that was written is of the application.
    await made.run('UPDATE secrets SET value = lower(value) WHERE id = 2');
    const back = await said(project, ['rollback'], { env });
    expect(back).toMatchObject({ facts: { restored: 2, changed: 1 } });
  });

  it('are rotated where the form names no key, by opening', async () => {
    const column = { ...COLUMN, target: 'fernet', legacy: [] };
    const rotated = { ...column, key: 'k2', retiring: ['k1'] };
    const { project, made, env } = await newCase(SECRETS, [rotated]);
    await made.insert([
      { id: 1, value: `enc:v1:${sealToken('k1', 'one')}` },
      { id: 2, value: `enc:v1:${sealToken('k2', 'two')}` },
    ]);
    const args = ['rotate', '--from', 'k1', '--to', 'k2'];
    expect(await said(project, args, { env })).toMatchObject({ code: 0, facts: { changed: 1 } });
    const verified = await said(project, ['verify'], { env });
    expect(verified.facts.columns[0]).toMatchObject({ opened: { k2: 2 }, asLogged: 1 });
  });

  it('are changed up to a limit, and by Ctrl-C up to the end of a batch', async () => {
    const { project, made, env } = await newCase(SECRETS);
    await made.insert(
      Array.from({ length: 400 }, (_, at) => ({ id: at + 1, value: base64(`value ${at}`) })),
    );
    const limited = await said(project, ['migrate', '--limit', '7'], { env });
    expect(limited).toMatchObject({ code: 0, facts: { changed: 7 } });
    const lines = async (): Promise<number> =>
      Number((await made.run('SELECT count(*) AS n FROM sealift_keys_log'))[0]?.['n']);
    const slow = ['migrate', '--max-rows-per-second', '100'];
    const { child, ended } = start(['keys', ...slow, '--project', project], {
      env: { ...KEYS, ...env },
    });
    while ((await lines()) < 20) await wait(5);
    child.kill('SIGINT');
    const ran = await ended;
    expect(ran).toMatchObject({ code: 130 });
    expect(ran.stdout).toContain('run it again to go on');
    expect(await lines()).toBeLessThan(400);
    const rest = await said(project, ['migrate'], { env });
    expect(rest).toMatchObject({ code: 0, facts: { left: 0 } });
    expect(await lines()).toBe(400);
    expect(await said(project, ['verify'], { env })).toMatchObject({ code: 0 });
  });

  it('are declared in a file that has to be as it was frozen', async () => {
    const { project, made, env } = await newCase(SECRETS);
    await made.insert([{ id: 1, value: base64('one') }]);
    const path = join(project, 'mapping/keys.json');
    const freeze = { format: 1, who: 'ada', why: 'x', when: '2026-01-01T00:00:00.000Z' };
    const files = { 'keys.json': '0'.repeat(64) };
    const text = JSON.stringify({ ...freeze, digest: '0'.repeat(64), files });
    writeFileSync(join(project, 'mapping/freeze.json'), text);
    expect(readFileSync(path, 'utf8')).toContain('secrets');
    const ran = await said(project, ['migrate'], { env });
    expect(ran.code).toBe(64);
    expect(await made.rows()).toMatchObject([{ value: base64('one') }]);
  });
});
