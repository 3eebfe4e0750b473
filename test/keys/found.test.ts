/** What is refused and found: values that were moved, changed or cut, other keys, columns that nobody declared. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { workFolder } from '../kit/project.ts';
import { postgresPlace, SECRETS, sqlitePlace, type Made } from './places.ts';
import { base64, declareKeys, foundBy, keyHex, keys, said } from './project.ts';
import { sealA1, sealCbc, sealGcm, sealToken } from './seals.ts';

const work = workFolder('keys-found');
const PLACES = [sqlitePlace(), postgresPlace()].filter(({ isHere }) => isHere);

describe.each(PLACES)('trouble with keys in $name', (place) => {
  let number = 0;
  const open: Made[] = [];
  beforeAll(() => place.begin());
  afterAll(async () => {
    for (const made of open) await made.close();
    await place.end();
  });
  const newCase = async (
    sql: string,
  ): Promise<{ project: string; made: Made; env: Made['env'] }> => {
    number += 1;
    const project = join(work, `${place.name}-${number}`);
    mkdirSync(project, { recursive: true });
    const made = await place.make(project, `found${number}`, sql);
    open.push(made);
    declareKeys(project, made.url);
    return { project, made, env: made.env };
  };

  it('names each value that was moved, changed, cut or is of another key, and shows none', async () => {
    const { project, made, env } = await newCase(SECRETS);
    const good = sealA1('k1', 'the good one', { id: 1 });
    const flipped = good.slice(0, 60) + (good[60] === 'A' ? 'B' : 'A') + good.slice(61);
    const bad = [
      sealA1('k1', 'of another row', { id: 1 }),
      sealA1('k1', 'of another column', { id: 3, column: 'other' }),
      sealA1('k1', 'of another table', { id: 4, table: 'other' }),
      flipped,
      sealA1('k1', 'a cut tag', { id: 6 }).slice(0, -4),
      sealA1('k2', 'another key', { id: 7 }),
      `enc:v1:${sealToken('k1', 'another form')}`,
      sealGcm('k1', 'another form'),
      'enc:v1:nothing at all',
    ];
    await made.insert([{ id: 1, value: good }, ...bad.map((value, at) => ({ id: at + 2, value }))]);
    for (const [command, code] of [
      ['plan', 2],
      ['migrate', 1],
      ['verify', 2],
    ] as const) {
      const ran = await keys(project, [command], { env });
      expect([command, ran.code]).toEqual([command, code]);
      const found = foundBy(project, command);
      expect(found.length).toBe(bad.length);
      expect(new Set(found.map(({ recordId }) => recordId))).toEqual(
        new Set(bad.map((_, at) => `[${at + 2}]`)),
      );
      expect(new Set(found.map(({ rule }) => rule))).toEqual(new Set(['key-unknown']));
      const all = ran.stdout + ran.stderr + JSON.stringify(found);
      for (const value of [good, ...bad]) expect(all).not.toContain(value);
    }
  });

  it('notices a value whose plaintext is not that of the log', async () => {
    const { project, made, env } = await newCase(SECRETS);
    await made.insert([{ id: 1, value: base64('one') }]);
    await said(project, ['migrate'], { env });
    await made.run(`UPDATE sealift_keys_log SET mac = written`);
    expect(await said(project, ['verify'], { env })).toMatchObject({ code: 2 });
    expect(foundBy(project, 'verify')).toMatchObject([{ rule: 'key-log', recordId: '[1]' }]);
    const original = sealA1('k1', 'x', { id: 1 });
    await made.run(`UPDATE sealift_keys_log SET original = $1`, [original]);
    const back = await said(project, ['rollback'], { env });
    expect(back).toMatchObject({ code: 1, facts: { restored: 0, refused: 1 } });
    expect(foundBy(project, 'rollback')).toMatchObject([{ rule: 'key-log', recordId: '[1]' }]);
  });

  it('counts apart what the application has written since', async () => {
    const { project, made, env } = await newCase(SECRETS);
    await made.insert([
      { id: 1, value: base64('one') },
      { id: 2, value: base64('two') },
    ]);
    await said(project, ['migrate'], { env });
    await made.run('UPDATE secrets SET value = $1 WHERE id = 2', [sealA1('k1', 'new', { id: 2 })]);
    const verified = await said(project, ['verify'], { env });
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.facts.columns[0]).toMatchObject({ asLogged: 1, byApplication: 1 });
  });

  it('finds 50 undeclared columns with ciphertexts among 200, and no other', async () => {
    const planted = plants();
    const names = Array.from({ length: 200 }, (_, at) => `c${at}`);
    const bytes = new Set([...planted.keys()].filter((_, at) => at % 10 === 0));
    const type = place.name === 'SQLite' ? 'blob' : 'bytea';
    const tables = [0, 1, 2, 3].map((table) => {
      const columns = names
        .filter((_, at) => at % 4 === table)
        .map((name) => `${name} ${bytes.has(name) ? type : 'text'}`);
      return `CREATE TABLE t${table} (id bigint PRIMARY KEY, ${columns.join(', ')});`;
    });
    const { project, made, env } = await newCase(`${tables.join('\n')} ${SECRETS}`);
    await made.insert([{ id: 1, value: sealA1('k1', 'declared', { id: 1 }) }]);
    for (const table of [0, 1, 2, 3]) {
      const own = names.filter((_, at) => at % 4 === table);
      const marks = own.map((_, at) => `$${at + 2}`).join(', ');
      for (const id of [1, 2, 3]) {
        const values = own.map((name) => {
          const value = (id === 3 ? planted.get(name) : undefined) ?? harmless(name, id);
          return bytes.has(name) ? Buffer.from(value) : value;
        });
        const sql = `INSERT INTO t${table} (id, ${own.join(', ')}) VALUES ($1, ${marks})`;
        await made.run(sql, [id, ...values]);
      }
    }
    for (const command of ['discover', 'plan', 'verify']) {
      expect(await said(project, [command], { env })).toMatchObject({ code: 2 });
      const found = foundBy(project, command);
      expect(
        found.every(({ rule, recordId }) => rule === 'key-undeclared' && recordId === '[3]'),
      ).toBe(true);
      expect(found.map(({ field = '' }) => field).sort()).toEqual([...planted.keys()].sort());
    }
  });
});

/** 50 columns with one ciphertext each, of every form. */
function plants(): Map<string, string> {
  const forms: readonly (() => string)[] = [
    () => sealA1('foreign', 'secret', { id: 3 }),
    () => `enc:v1:${sealToken('foreign', 'secret')}`,
    () => sealToken('foreign', 'secret'),
    () => sealGcm('foreign', 'secret'),
    () => sealCbc('foreign', 'secret'),
    () => sealGcm('old', 'secret').slice('enc:v1:'.length),
    () => sealCbc('old', 'secret').slice('enc:v1:'.length),
    () => JSON.stringify({ a: [{ key: sealA1('k1', 'secret', { id: 3 }) }] }),
  ];
  const made = Array.from({ length: 50 }, (_, at): [string, string] => [
    `c${at * 4 + (at % 4)}`,
    forms[at % forms.length]?.() ?? '',
  ]);
  return new Map(made);
}

/** Texts that begin like ciphertexts, and are none. */
function harmless(name: string, id: number): string {
  const texts = [
    'enc:v1: is the prefix of our envelopes',
    'enc:v1:a1.is.prose',
    'enc:v1:gAAAAA but cut',
    'gAAAAABplNbQ',
    `enc:v1:${'ab'.repeat(16)}:zz`,
    'a:b:c',
    sealGcm('foreign', 'not ours and without prefix').slice('enc:v1:'.length),
    `${'00'.repeat(16)}:${'11'.repeat(16)}`,
    JSON.stringify({ note: 'begins with enc:v1: here' }),
    base64('plain base64'),
    keyHex(77),
    '',
  ];
  return texts[(Number(name.slice(1)) + id) % texts.length] ?? '';
}
