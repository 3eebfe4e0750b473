/** registry check and registry build, and what migrate and dry-run say of registries. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import Database from 'better-sqlite3';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compareUtf8, registryBytes } from '../../src/registry/newEntries.ts';
import { foldedId } from '../../src/registry/checkRegistries.ts';
import { digestsOf, recordsOf } from '../kit/project.ts';
import {
  build,
  check,
  freezeIt,
  ndjson,
  placesOf,
  project,
  registryOf,
  runDry,
  runMigrate,
  uuid,
  type Entry,
} from './registered.ts';

/** In every legacy id: none may be told. */
const id = (name: string): string => `Geheimnis ${name}`;
const UUID_RULE = { id: { rule: 'uuid' } };

describe('the files of registries', () => {
  it('can be read by their owner alone, whatever mode they had', async () => {
    for (const extension of ['ndjson', 'json']) {
      const folder = project([id('a'), id('b')], {});
      const file = join(folder, `mapping/registries/dogs.${extension}`);
      if (extension === 'json') {
        mkdirSync(dirname(file), { recursive: true });
        rmSync(join(dirname(file), 'dogs.ndjson'), { force: true });
        writeFileSync(file, '[]');
        chmodSync(file, 0o644);
      }
      const mask = process.umask(0o000);
      try {
        expect((await build(folder)).code).toBe(0);
      } finally {
        process.umask(mask);
      }
      expect(readFileSync(file, 'utf8')).toContain(id('a'));
      expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    }
  });
});

describe('registry check', () => {
  it('passes where every row has an entry, and fails where no row takes its id from one', async () => {
    const dogs = [{ legacyId: id('a'), targetUuid: uuid(1) }];
    expect(await check(project([id('a')], { dogs }))).toMatchObject({ code: 0, findings: [] });
    for (const folder of [project(['a'], {}, UUID_RULE), project([], { dogs })]) {
      const said = await check(folder);
      expect([said.code, placesOf(said)[0]]).toEqual([2, 'BLOCKER empty ']);
    }
  });

  it('names each row and each entry that misses the other, never an id', async () => {
    const folder = project([id('a'), id('B'), null, id('c'), id('é'), id('new')], {
      dogs: [
        { legacyId: id('gone'), targetUuid: uuid(1) },
        { legacyId: id('a'), targetUuid: uuid(2) },
        { legacyId: id('b'), targetUuid: uuid(3) },
        { legacyId: `${id('c')} `, targetUuid: uuid(4) },
        { legacyId: id('e\u0301'), targetUuid: uuid(5) },
        { legacyId: id('c'), targetUuid: uuid(6) },
      ],
    });
    const said = await check(folder);
    expect(said.code).toBe(2);
    const file = 'mapping/registries/dogs.ndjson';
    expect(placesOf(said)).toEqual([
      'BLOCKER key-null dogs 3',
      'BLOCKER registry dogs 2',
      'BLOCKER registry dogs 5',
      'BLOCKER registry dogs 6',
      'BLOCKER registry-similar dogs 2',
      'BLOCKER registry-similar dogs 4',
      'BLOCKER registry-similar dogs 5',
      `INFO registry-unused ${file} 1`,
    ]);
    const similar = said.findings.filter(({ rule }) => rule === 'registry-similar');
    expect(similar.map((finding) => [finding.file, finding.reason.slice(0, 7)])).toEqual([
      [file, 'entry 3'],
      [file, 'entry 4'],
      [file, 'entry 5'],
    ]);
    expect(JSON.stringify(said)).not.toContain('Geheimnis');
  });

  it('leaves out rows that the mapping filters, and weighs as the project says', async () => {
    const where = [{ column: 'chip', notIn: ['old'] }];
    const dogs = [{ legacyId: 'a', targetUuid: uuid(1) }];
    const folder = project(['a', 'old', 'new'], { dogs }, { where });
    expect(placesOf(await check(folder))).toEqual(['BLOCKER registry dogs 3']);
    const path = join(folder, 'mapping/project.json');
    const severities = [{ rule: 'registry', module: 'dogs', severity: 'WARNING' }];
    const about = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...about, severities }));
    expect(await check(folder)).toMatchObject({ code: 1 });
  });

  it('refuses to make less of an id that is given twice: nothing can be built', async () => {
    const dogs = ['a', 'b'].map((legacyId) => ({ legacyId, targetUuid: uuid(1) }));
    const folder = project(['a', 'b'], { dogs });
    const path = join(folder, 'mapping/project.json');
    const severities = [{ rule: 'registry-duplicate', severity: 'INFO' }];
    const about = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...about, severities }));
    expect(await check(folder)).toMatchObject({ code: 64 });
  });

  it('names both entries of an id that is given twice, also by two registries', async () => {
    const folder = project(['a', 'b', 'c'], {
      cats: [{ legacyId: 'a', targetUuid: uuid(3) }],
      dogs: [
        { legacyId: 'a', targetUuid: uuid(1) },
        { legacyId: 'b', targetUuid: uuid(1) },
        { legacyId: 'a', targetUuid: uuid(2) },
        { legacyId: 'c', targetUuid: uuid(3) },
      ],
    });
    const [cats, dogs] = ['mapping/registries/cats.ndjson', 'mapping/registries/dogs.ndjson'];
    const expected = [
      `BLOCKER registry-duplicate ${cats} 1, ${dogs} 4`,
      `BLOCKER registry-duplicate ${dogs} 1, ${dogs} 2`,
      `BLOCKER registry-duplicate ${dogs} 1, ${dogs} 3`,
    ];
    const said = await check(folder);
    expect([said.code, placesOf(said)]).toEqual([2, expected]);
    const dry = await runDry(folder);
    expect([dry.code, placesOf(dry)]).toEqual([
      2,
      ['BLOCKER key-duplicate dogs 1, dogs 2', ...expected],
    ]);
    const migrated = await runMigrate(folder);
    expect(migrated.code).toBe(64);
    expect(migrated.line).toContain(
      'this targetUuid came before (mapping/registries/dogs.ndjson:2',
    );
  });

  it('is refused by migrate where two registries give one target id', async () => {
    const folder = project(['a'], {
      cats: [{ legacyId: 'x', targetUuid: uuid(1) }],
      dogs: [{ legacyId: 'a', targetUuid: uuid(1) }],
    });
    const { code, line } = await runMigrate(folder);
    expect(code).toBe(64);
    expect(line).toMatch(
      /this targetUuid is in mapping\/registries\/cats.ndjson as well \(mapping/,
    );
  });

  it('folds what people overlook, and nothing else', () => {
    const same = [' a B', 'Ab', 'ａｂ', 'A\u200Bb\u00A0'];
    expect(new Set(same.map(foldedId)).size).toBe(1);
    expect(foldedId('Straße')).toBe(foldedId('STRASSE'));
    expect(new Set(['ab', 'a-b', 'áb', '0ab', 'a.b'].map(foldedId)).size).toBe(5);
  });
});

describe('registry build', () => {
  it('makes a registry that passes, with the ids that rule uuid makes', async () => {
    const chips = [id('b'), id('a'), id('a'), null, '', '\uFF5E', '😀', 'x'.repeat(70_000)];
    const folder = project(chips, {});
    expect(await check(folder)).toMatchObject({ code: 64 });
    const said = await build(folder);
    expect(said).toMatchObject({ code: 0 });
    expect(said.notes.slice(0, 2)).toEqual([
      'mapping/registries/dogs.ndjson: 4 entries added to 0',
      '  3 rows without an id that a registry can hold: see sealift registry check',
    ]);
    const entries = registryOf(folder)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Entry);
    // By UTF-8 bytes, which is not the order of UTF-16 units.
    expect(entries.map(({ legacyId }) => legacyId)).toEqual([id('a'), id('b'), '\uFF5E', '😀']);
    expect(placesOf(await check(folder))).toEqual([
      'BLOCKER key-null dogs 4',
      'BLOCKER registry dogs 5',
      'BLOCKER registry dogs 8',
    ]);
    const twin = project([id('b'), id('a'), '\uFF5E', '😀'], {}, UUID_RULE);
    expect(await runMigrate(twin)).toMatchObject({ code: 0 });
    const made = recordsOf(twin, 'dogs').map((record) => record['id']);
    expect(entries.map(({ targetUuid }) => targetUuid).sort()).toEqual(made);
  });

  it('gives the same again, whatever the order of rows', async () => {
    const folder = project(['b', 'a', 'c'], {});
    const other = project(['c', 'b', 'a'], {});
    await build(folder);
    await build(other, ['dogs']);
    expect(registryOf(other)).toBe(registryOf(folder));
    expect(await check(folder)).toMatchObject({ code: 0 });
    expect(await runMigrate(folder)).toMatchObject({ code: 0 });
    rmSync(join(folder, 'mapping/registries'), { recursive: true });
    await build(folder);
    expect(registryOf(folder)).toBe(registryOf(other));
  });

  it('leaves entries as they are, and a file without news untouched', async () => {
    const there = [
      { legacyId: 'z', targetUuid: uuid(7), version: 3 },
      { legacyId: 'c', targetUuid: uuid(8) },
    ];
    const folder = project(['c', 'd'], { dogs: there });
    expect(await build(folder)).toMatchObject({ code: 0 });
    const lines = registryOf(folder).split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toBe(ndjson(there.slice(1)).trimEnd());
    expect(lines[1]).toMatch(/^\{"legacyId":"d","targetUuid":"[0-9a-f-]{36}"\}$/);
    expect(lines[2]).toBe(ndjson(there.slice(0, 1)).trimEnd());
    const odd = '{"version":3, "targetUuid":"00000000-0000-4000-8000-000000000007","legacyId":"d"}';
    const same = project(['d'], {});
    mkdirSync(join(same, 'mapping/registries'));
    writeFileSync(join(same, 'mapping/registries/dogs.ndjson'), odd);
    expect(await build(same)).toMatchObject({ code: 0 });
    expect(registryOf(same)).toBe(odd);
  });

  it('keeps a JSON array a JSON array, which migrate reads', async () => {
    const folder = project(['a', 'b'], {});
    mkdirSync(join(folder, 'mapping/registries'));
    const there = { legacyId: 'b', targetUuid: uuid(1), version: 1 };
    const path = join(folder, 'mapping/registries/dogs.json');
    writeFileSync(path, JSON.stringify([there], null, 4));
    expect(await build(folder)).toMatchObject({ code: 0 });
    const entries = JSON.parse(registryOf(folder, 'dogs.json')) as Entry[];
    expect(entries.map(({ legacyId }) => legacyId)).toEqual(['a', 'b']);
    expect(entries[1]).toEqual(there);
    expect(existsSync(join(folder, 'mapping/registries/dogs.ndjson'))).toBe(false);
    expect(await check(folder)).toMatchObject({ code: 0 });
    expect(await runMigrate(folder)).toMatchObject({ code: 0 });
  });

  it('refuses an array that no command would read again', () => {
    const entries = Array.from({ length: 300_000 }, (_, index) => {
      return { legacyId: `dog ${index}`, targetUuid: uuid(index) };
    });
    const built = { entries, added: 1, without: 0 };
    const lines = registryBytes({ ...built, file: 'registries/dogs.ndjson' });
    expect(Buffer.concat(lines).toString()).toBe(ndjson(entries));
    expect(() => registryBytes({ ...built, file: 'registries/dogs.json' })).toThrow('too long');
  });

  it('spells numbers by their digits', async () => {
    const rest = { key: [{ column: 'chip', type: 'integer' }] };
    const folder = project(['42'], {}, rest);
    expect(await build(folder)).toMatchObject({ code: 0 });
    expect(registryOf(folder)).toMatch(/^\{"legacyId":"42",/);
    expect(await runMigrate(folder)).toMatchObject({ code: 0 });
  });

  it('writes nothing where a target id is taken, frozen, or another run is at work', async () => {
    const twin = project(['a'], {});
    await build(twin);
    const { targetUuid } = JSON.parse(registryOf(twin)) as Entry;
    const folder = project(['a'], { dogs: [{ legacyId: 'other', targetUuid }] });
    const before = digestsOf(join(folder, 'mapping'));
    const taken = await build(folder);
    expect([taken.code, taken.line]).toEqual([
      64,
      expect.stringMatching(/\(table "dogs", row 1\)/),
    ]);
    const lock = new Database(join(folder, 'storage_candidate/.lock'));
    lock.exec('BEGIN EXCLUSIVE');
    const locked = await build(folder);
    lock.close();
    expect([locked.code, locked.line]).toEqual([1, expect.stringMatching(/is at work/)]);
    expect(digestsOf(join(folder, 'mapping'))).toEqual(before);
    await freezeIt(folder);
    const frozen = await build(folder);
    expect([frozen.code, frozen.line]).toEqual([
      64,
      expect.stringMatching(/registries are frozen/),
    ]);
    expect(registryOf(folder)).toBe(ndjson([{ legacyId: 'other', targetUuid }]));
  });

  it('names the modules that there are', async () => {
    const folder = project(['a'], {});
    const { code, line } = await build(folder, ['dgos']);
    expect([code, line]).toEqual([64, expect.stringMatching(/did you mean "dogs"\?/)]);
    const none = await build(project(['a'], {}, UUID_RULE));
    expect([none.code, none.line]).toEqual([64, expect.stringMatching(/no module takes its ids/)]);
  });

  it('orders texts as their UTF-8 bytes are ordered', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});
