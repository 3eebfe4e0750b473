/** What the mapper found and kept is sealed: by target id, whatever the order of rows. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { recordsOf, workFolder, writeMapping } from '../kit/project.ts';
import { HASHING, migrateHere } from '../fault/fixture.ts';
import { verifyCandidate } from '../../src/seal/verify.ts';

const folder = workFolder('sealed-findings');

type Row = readonly [number, string | null, string | null];

const ROWS: readonly Row[] = [
  [1, 'n/a', 'plain'],
  [2, null, 'plain'],
  [3, 'x', 'a\0b'],
  [4, 'n/a', 'plain'],
  [5, 'n/a', 'control\u0007'],
];

/** A NUL is a BLOCKER on a row that is kept. */
const KEEPING = { allowBlockers: true };

const SENTINEL = { transforms: [{ sentinels: ['n/a'] }] };

/** A project whose table has these rows, mapped with ids made anew and without any key. */
function project(name: string, rows: readonly Row[]): string {
  const path = join(folder, name);
  writeMapping(path, {
    sources: { main: `sqlite:${join(folder, `${name}.db`)}` },
    modules: {
      keyed: {
        source: { table: 't' },
        key: [{ column: 'k', type: 'integer' }],
        id: { rule: 'uuid' },
        fields: {
          nr: { column: 'k', type: 'integer', required: true },
          a: { column: 'a', type: 'string', ...SENTINEL },
          b: { column: 'b', type: 'string' },
        },
      },
      keyless: {
        source: { table: 't' },
        key: [],
        id: { rule: 'keyless' },
        fields: {
          a: { column: 'a', type: 'string', ...SENTINEL },
          b: { column: 'b', type: 'string' },
        },
        dropped: { k: 'the number means nothing here' },
      },
    },
  });
  const db = new Database(join(folder, `${name}.db`));
  db.exec('CREATE TABLE t (k INTEGER, a TEXT, b TEXT)');
  const insert = db.prepare('INSERT INTO t VALUES (?, ?, ?)');
  for (const row of rows) insert.run(...row);
  db.close();
  return path;
}

function findingsIn(at: string, module: string): { field: string; id: string[]; rule: string }[] {
  const text = readFileSync(join(at, 'storage_candidate/v1', module, 'findings.ndjson'), 'utf8');
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as ReturnType<typeof findingsIn>[number]);
}

/** Number of the row → what was found in it. */
function byNumber(at: string): Record<string, string[]> {
  const numbers = new Map(recordsOf(at, 'keyed').map(({ id, nr }) => [id, String(nr)]));
  const found: Record<string, string[]> = {};
  for (const { field, id, rule } of findingsIn(at, 'keyed')) {
    (found[numbers.get(id[0] ?? '') ?? 'none'] ??= []).push(`${field} ${rule}`);
  }
  return found;
}

describe('findings.ndjson', () => {
  it('says of each record what was found in its row, in the order of the records', async () => {
    const at = project('plain', ROWS);
    await migrateHere(at, KEEPING);
    expect(byNumber(at)).toEqual({
      1: ['a sentinel'],
      3: ['b text-nul'],
      4: ['a sentinel'],
      5: ['a sentinel', 'b text-control'],
    });
    const ids = recordsOf(at, 'keyed').map(({ id }) => id);
    const places = findingsIn(at, 'keyed').map(({ id: [id] }) => ids.indexOf(id));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    const verified = await verifyCandidate(join(at, 'storage_candidate/v1'), null, HASHING);
    expect(verified.findings).toEqual([]);
    expect(verified.run?.modules.map(({ findings }) => findings)).toEqual([5, 5]);
  });

  it('is the same whatever the order of the rows, of equal records without key, too', async () => {
    const at = project('forward', ROWS);
    const { sealId } = await migrateHere(at, KEEPING);
    expect(sealId).toMatch(/^[0-9a-f]{64}$/);
    for (const [name, rows] of [
      ['backward', ROWS.toReversed()],
      ['mixed', [1, 3, 0, 4, 2].map((index) => ROWS[index] ?? ROWS[0]) as Row[]],
    ] as const) {
      const other = project(name, rows);
      await migrateHere(other, KEEPING);
      for (const module of ['keyed', 'keyless']) {
        expect(findingsIn(other, module), name).toEqual(findingsIn(at, module));
      }
    }
  });

  it('is not there where nothing was found', async () => {
    const at = project('clean', [[1, 'x', 'y']]);
    await migrateHere(at, KEEPING);
    expect(existsSync(join(at, 'storage_candidate/v1/keyed/findings.ndjson'))).toBe(false);
  });
});
