/**
 * Every single change of a loaded target is found and named, and an untouched target gives no alarm: in
 * PostgreSQL and in SQLite, after the legacy source is gone.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { randomOf } from '../dogschool/random.ts';
import { seedOf, times } from '../kit/long.ts';
import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { candidateOf, workFolder } from '../kit/project.ts';
import {
  postgresTarget,
  reconciled,
  sealedProject,
  sqliteTarget,
  type Item,
  type Target,
} from './fixture.ts';
import {
  KINDS,
  LOOSE_KINDS,
  mutations,
  noValues,
  recordsOf,
  type Boundaries,
  type Mutation,
} from './mutations.ts';

const SEED = seedOf(process.env, Date.now());
const MANY = times('SEALIFT_RECONCILED', 40, 1000, 300);
const UNTOUCHED = times('SEALIFT_UNTOUCHED', 2, 50);
const PATIENCE = 600_000;
/** Mutations of one target: they are of different records, and some records are few. */
const AT_ONCE = 250;

const work = workFolder('mutations');
const project = join(work, 'project');
let items: readonly Item[] = [];
let boundaries: Boundaries = [];

beforeAll(async () => {
  items = await sealedProject(project);
  const ranges = readFileSync(join(candidateOf(project), 'item/checksums/ranges.ndjson'), 'utf8');
  boundaries = ranges
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { last: [number] }).last[0]);
}, PATIENCE);

async function expectFound(target: Target, all: readonly Mutation[]): Promise<void> {
  await target.run(all.flatMap(({ sql }) => sql).join(';\n'));
  const { code, found, stderr } = await reconciled(project, target);
  // A command that has failed has the same exit code.
  expect(stderr).not.toContain('sealift reconcile:');
  expect([...found].sort()).toEqual(all.flatMap((one) => one.found).sort());
  expect(code).toBe(2);
}

function tried(kind: string, load: () => Promise<Target>): void {
  let loaded: Target;
  beforeAll(async () => {
    loaded = await load();
  }, PATIENCE);
  const contextOf = (target: Target, label: string): Parameters<typeof noValues>[0] => {
    const random = randomOf(SEED, `${kind} ${label}`);
    return { target, random, records: recordsOf(items, random), boundaries };
  };

  it(
    'is equal to the seal that was loaded, without the legacy source',
    async () => {
      expect(existsSync(join(project, 'legacy.db'))).toBe(false);
      expect(boundaries.length).toBeGreaterThan(2);
      const { code, found, stdout, stderr } = await reconciled(project, loaded);
      expect([code, found, stderr]).toEqual([0, [], expect.any(String)]);
      expect(stdout).toContain('reconcile: PASS');
    },
    PATIENCE,
  );

  it(
    `is found to differ in exactly what ${MANY} changes have made`,
    async () => {
      for (let done = 0; done < MANY; done += AT_ONCE) {
        const target = await loaded.copy();
        const context = contextOf(target, String(done));
        await expectFound(target, mutations(Math.min(AT_ONCE, MANY - done), KINDS, context));
      }
    },
    PATIENCE,
  );

  it(
    'is found to differ in rows twice, rows without a key and values that are none',
    async () => {
      const target = await loaded.copy();
      const context = contextOf(target, 'loose');
      for (const module of ['item', 'pair', 'line']) await target.loosen(module);
      const { code, found, stderr } = await reconciled(project, target);
      expect([code, found, stderr]).toEqual([0, [], expect.any(String)]);
      await expectFound(target, [...mutations(9, LOOSE_KINDS, context), ...noValues(context)]);
    },
    PATIENCE,
  );

  const singles = Object.keys(KINDS);
  const some = times('SEALIFT_RECONCILED_SINGLES', 3, singles.length);
  const first = SEED % singles.length;
  it.each(Array.from({ length: some }, (_, at) => singles[(first + at) % singles.length] ?? ''))(
    'that differs in nothing but %s is found',
    async (single) => {
      const target = await loaded.copy();
      const kinds = Object.entries(KINDS).filter(([name]) => name === single);
      const context = contextOf(target, single);
      await expectFound(target, mutations(1, Object.fromEntries(kinds), context));
    },
    PATIENCE,
  );

  it(
    `gives no alarm in ${UNTOUCHED} copies whose rows lie elsewhere`,
    async () => {
      for (let copy = 0; copy < UNTOUCHED; copy += 1) {
        const target = await loaded.copy();
        const third = `UPDATE ${target.table('item')} SET "n" = "n" WHERE "id" % 6 = ${(copy % 3) * 2}`;
        const again = `UPDATE ${target.table('item')} SET "b" = "b" WHERE "id" % 14 = ${(copy % 7) * 2}`;
        await target.run(`${third}; ${again}`);
        const { code, found, stderr } = await reconciled(project, target);
        expect([code, found, stderr]).toEqual([0, [], expect.any(String)]);
      }
    },
    PATIENCE,
  );
}

describe('a target in SQLite', () => {
  tried('sqlite', () => sqliteTarget(project, join(work, 'new.db')));
});

describe.skipIf(!hasPostgres())('a target in PostgreSQL', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  }, PATIENCE);
  afterAll(() => server.stop());
  tried('postgres', () => postgresTarget(server, project, 'mutations'));
});
