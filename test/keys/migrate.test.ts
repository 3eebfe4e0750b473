/** Columns with secrets, migrated, verified, rotated and rolled back in both databases. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { times } from '../kit/long.ts';
import { workFolder } from '../kit/project.ts';
import {
  postgresPlace,
  SECRETS,
  sqlitePlace,
  type Made,
  type SecretRow,
  type StoredSecret,
} from './places.ts';
import { base64, COLUMN, declareKeys, foundBy, said, type Column } from './project.ts';
import { indexOfText, openA1, sealA1, sealCbc, sealGcm, sealToken } from './seals.ts';

const work = workFolder('keys-migrate');
const MANY = times('SEALIFT_SECRETS', 2000, 100_000, 8000);
const PLACES = [sqlitePlace(), postgresPlace()].filter(({ isHere }) => isHere);

const INDEXED: Column = {
  ...COLUMN,
  blindIndex: { column: 'idx', key: 'index', normalise: ['trim', 'lower'] },
};
const ROTATED: Column = { ...INDEXED, key: 'k2', retiring: ['k1'] };

const ROWS: readonly SecretRow[] = [
  { id: 1, value: base64('sk-test-1') },
  { id: 2, value: null },
  { id: 3, value: '' },
  { id: 4, value: base64('clé-🔑-ключ') },
  { id: 5, value: base64('Trailing \n'), index: 'stale' },
  { id: 6, value: base64('x'.repeat(10_000)) },
];
const PLAIN = new Map([
  [1, 'sk-test-1'],
  [4, 'clé-🔑-ключ'],
  [5, 'Trailing \n'],
  [6, 'x'.repeat(10_000)],
]);

function stored(rows: readonly SecretRow[]): StoredSecret[] {
  return rows.map(({ id, value, index = null }) => ({ id, value, index }));
}

interface Case {
  readonly project: string;
  readonly made: Made;
  readonly env: Made['env'];
}

describe.each(PLACES)('keys in $name', (place) => {
  let number = 0;
  const open: Made[] = [];
  beforeAll(() => place.begin());
  afterAll(async () => {
    for (const made of open) await made.close();
    await place.end();
  });
  const newCase = async (
    rows: readonly SecretRow[] = ROWS,
    columns: readonly Column[] = [COLUMN],
    sql: string = SECRETS,
  ): Promise<Case> => {
    number += 1;
    const project = join(work, `${place.name}-${number}`);
    mkdirSync(project, { recursive: true });
    const made = await place.make(project, `keys${number}`, sql);
    open.push(made);
    await made.insert(rows);
    declareKeys(project, made.url, columns);
    return { project, made, env: made.env };
  };

  it('plans and writes nothing, migrates, verifies, and rolls back byte for byte', async () => {
    const { project, made, env } = await newCase();
    const plan = await said(project, ['plan'], { env });
    expect(plan).toMatchObject({ code: 0, facts: { wouldMigrate: 4 } });
    expect(await made.rows()).toEqual(stored(ROWS));
    const migrated = await said(project, ['migrate'], { env });
    expect(migrated).toMatchObject({ code: 0, facts: { changed: 4, left: 0, refused: 0 } });
    for (const { id, value } of await made.rows()) {
      const kept = ROWS.find((row) => row.id === id)?.value;
      const plain = PLAIN.get(id);
      if (plain === undefined) expect(value).toBe(kept);
      else expect(openA1('k1', value ?? '', { id })).toBe(plain);
    }
    const verified = await said(project, ['verify', '--expect', 'enc:v1:'], { env });
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.facts.columns[0]).toMatchObject({ opened: { k1: 4 }, asLogged: 4, rows: 6 });
    expect(await said(project, ['status'], { env })).toMatchObject({ code: 0 });
    const dry = await said(project, ['rollback', '--dry-run'], { env });
    expect(dry).toMatchObject({ code: 0, facts: { restored: 4 } });
    const back = await said(project, ['rollback'], { env });
    expect(back).toMatchObject({ code: 0, facts: { restored: 4, changed: 0 } });
    expect(await made.rows()).toEqual(stored(ROWS));
    expect(await said(project, ['verify'], { env })).toMatchObject({ code: 2 });
    expect(new Set(foundBy(project, 'verify').map(({ rule }) => rule))).toEqual(
      new Set(['key-legacy']),
    );
  });

  it('makes the blind index with the value, rotates both, and takes both back', async () => {
    const { project, made, env } = await newCase(ROWS, [INDEXED]);
    expect(await said(project, ['migrate', '--run', 'a'], { env })).toMatchObject({ code: 0 });
    const expectIndexed = async (name: 'k1' | 'k2'): Promise<void> => {
      for (const { id, value, index } of await made.rows()) {
        const plain = PLAIN.get(id);
        if (plain === undefined) continue;
        expect(openA1(name, value ?? '', { id })).toBe(plain);
        expect(index).toBe(indexOfText(plain));
      }
    };
    await expectIndexed('k1');
    declareKeys(project, made.url, [ROTATED]);
    const half = await said(project, ['verify'], { env });
    expect(half.facts.columns[0]).toMatchObject({ opened: { k1: 4 } });
    const args = ['rotate', '--from', 'k1', '--to', 'k2', '--run', 'b'];
    expect(await said(project, args, { env })).toMatchObject({ code: 0, facts: { changed: 4 } });
    await expectIndexed('k2');
    expect(await said(project, ['verify'], { env })).toMatchObject({ code: 0 });
    await made.run(`UPDATE secrets SET idx = 'wrong' WHERE id = 4`);
    expect(await said(project, ['verify'], { env })).toMatchObject({ code: 2 });
    expect(foundBy(project, 'verify')).toMatchObject([{ rule: 'key-index', recordId: '[4]' }]);
    expect(await said(project, ['rebind', '--run', 'c'], { env })).toMatchObject({ code: 0 });
    await expectIndexed('k2');
    for (const run of ['c', 'b', 'a']) {
      expect(await said(project, ['rollback', '--run', run], { env })).toMatchObject({ code: 0 });
    }
    expect(await made.rows()).toEqual(stored(ROWS));
  });

  it('refuses to rotate between keys that no column declares', async () => {
    const { project, env } = await newCase();
    const ran = await said(project, ['rotate', '--from', 'k1', '--to', 'k2'], { env });
    expect(ran).toMatchObject({ code: 64 });
    expect(ran.failure?.line).toContain('retiring');
  });

  it('rolls several steps of one run back to what stood there first', async () => {
    const { project, made, env } = await newCase(ROWS, [INDEXED]);
    await said(project, ['migrate'], { env });
    declareKeys(project, made.url, [ROTATED]);
    await said(project, ['rotate', '--from', 'k1', '--to', 'k2'], { env });
    const other = sealA1('k2', 'of the application', { id: 4 });
    await made.run('UPDATE secrets SET value = $1 WHERE id = 4', [other]);
    const back = await said(project, ['rollback'], { env });
    expect(back).toMatchObject({ code: 0, facts: { restored: 6 } });
    const expected = stored(ROWS).map((row) =>
      row.id === 4 ? { id: 4, value: other, index: indexOfText('clé-🔑-ключ') } : row,
    );
    expect(await made.rows()).toEqual(expected);
    // A migration after a rollback begins anew.
    declareKeys(project, made.url, [INDEXED]);
    await made.run('DELETE FROM secrets WHERE id = 4');
    expect(await said(project, ['migrate'], { env })).toMatchObject({ code: 0 });
    expect(await said(project, ['verify'], { env })).toMatchObject({ code: 0 });
    expect(await said(project, ['rollback'], { env })).toMatchObject({ facts: { restored: 3 } });
    expect(await made.rows()).toEqual(stored(ROWS).filter(({ id }) => id !== 4));
  });

  it('seals again what is bound to former names and ids', async () => {
    const { project, made, env } = await newCase([]);
    await made.run(`INSERT INTO secrets (id, value, note) VALUES (7, $1, '700')`, [
      sealA1('k1', 'moved', { id: 700, table: 'old_secrets', column: 'token' }),
    ]);
    await made.run('INSERT INTO secrets (id, value) VALUES (8, $1)', [
      sealA1('k1', 'here', { id: 8 }),
    ]);
    const formerly = { table: 'old_secrets', column: 'token', id: 'note' };
    const columns = [{ ...COLUMN, formerly }];
    declareKeys(project, made.url, columns);
    expect(await said(project, ['verify'], { env })).toMatchObject({ code: 2 });
    const ran = await said(project, ['rebind'], { env });
    expect(ran).toMatchObject({ code: 0, facts: { changed: 1 } });
    const [moved] = await made.rows();
    expect(openA1('k1', moved?.value ?? '', { id: 7 })).toBe('moved');
    expect(await said(project, ['verify'], { env })).toMatchObject({ code: 0 });
  });

  it(`accounts for ${MANY} rows of every kind`, { timeout: 600_000 }, async () => {
    const kinds: readonly ((id: number) => string | null)[] = [
      () => null,
      () => '',
      (id) => base64(`clé-🔑-ключ-${id}`),
      (id) => base64(`line ${id}\n`),
      (id) => base64(`${id}`.padEnd(id % 50 === 4 ? 10_000 : 40, 'v')),
      (id) => sealA1('k1', `done ${id}`, { id }),
      (id) => sealGcm('old', `gcm ${id}`),
      (id) => sealCbc('old', `cbc ${id}`),
      (id) => sealA1('foreign', `other environment ${id}`, { id }),
      (id) => `no base64! ${id}`,
      (id) => base64(sealToken('old', `nested ${id}`)),
    ];
    const rows = Array.from({ length: MANY }, (_, at): SecretRow => {
      const id = at + 1;
      return { id, value: kinds[id % kinds.length]?.(id) ?? null };
    });
    const legacy = [{ form: 'base64' }, { form: 'gcm3', key: 'old' }, { form: 'cbc2', key: 'old' }];
    const { project, made, env } = await newCase(rows, [{ ...INDEXED, legacy }]);
    const count = (...of: readonly number[]): number =>
      rows.filter(({ id }) => of.includes(id % kinds.length)).length;
    const plan = await said(project, ['plan'], { env });
    const states = {
      null: count(0),
      empty: count(1),
      legacy: count(2, 3, 4, 6, 7),
      current: count(5),
      unknown: count(8, 9, 10),
    };
    expect(plan).toMatchObject({ code: 2, facts: { wouldMigrate: count(2, 3, 4, 6, 7) } });
    expect(plan.facts.columns[0]).toMatchObject({ rows: MANY, states });
    expect(await made.rows()).toEqual(stored(rows));
    const migrated = await said(project, ['migrate'], { env });
    expect(migrated).toMatchObject({
      code: 1,
      facts: { changed: count(2, 3, 4, 6, 7), refused: count(8, 9, 10), left: 0 },
    });
    expect(foundBy(project, 'migrate').length).toBe(count(8, 9, 10));
    const verified = await said(project, ['verify'], { env });
    expect(verified.code).toBe(2);
    expect(foundBy(project, 'verify').length).toBe(count(5, 8, 9, 10));
    for (const [at, { id, value }] of (await made.rows()).entries()) {
      const [kind, before] = [id % kinds.length, rows[at]?.value ?? null];
      if (![2, 3, 4, 6, 7].includes(kind)) expect(value).toBe(before);
      else expect(openA1('k1', value ?? '', { id })).not.toBeNull();
    }
    await said(project, ['rollback'], { env });
    expect(await made.rows()).toEqual(stored(rows));
  });

  it('names a value that is too long for its column, and moves the others', async () => {
    if (place.name === 'SQLite') return;
    const sql = SECRETS.replace('value text', 'value varchar(120)');
    const rows = [
      { id: 1, value: base64('short') },
      { id: 2, value: base64('l'.repeat(60)) },
    ];
    const { project, env } = await newCase(rows, [COLUMN], sql);
    expect(await said(project, ['plan'], { env })).toMatchObject({ code: 2 });
    expect(foundBy(project, 'plan')).toMatchObject([{ rule: 'key-width', recordId: '[2]' }]);
    const ran = await said(project, ['migrate'], { env });
    expect(ran).toMatchObject({ code: 1, facts: { changed: 1, refused: 1 } });
  });

  it('finds nothing to do in an empty column, and says so', async () => {
    const { project, made, env } = await newCase([{ id: 1, value: null }]);
    for (const command of ['plan', 'migrate', 'verify']) {
      const ran = await said(project, [command], { env });
      expect(ran.failure?.line).toContain('no value');
      expect(ran.code).not.toBe(0);
    }
    declareKeys(project, made.url, [{ ...COLUMN, optional: true }]);
    expect(await said(project, ['verify'], { env })).toMatchObject({ code: 0 });
  });
});
