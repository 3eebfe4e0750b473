/** What records take at least is never more than they take. */

import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { PreparedSource } from '../../src/source/source.ts';
import { sqliteAdapter } from '../../src/source/sqlite.ts';
import type { AskDisk } from '../../src/disk/freeSpace.ts';
import { assertSpaceForRun } from '../../src/migrate/spaceForRun.ts';
import { compileModule, type CompiledModule } from '../../src/mapping/compile/module.ts';
import { loadMapping, type LoadedMapping } from '../../src/mapping/loadMapping.ts';
import { leastBytes } from '../../src/migrate/leastBytes.ts';
import { times } from '../kit/long.ts';
import { writeMapping } from '../kit/project.ts';
import {
  ENVIRONMENT,
  initialise,
  migrateHere,
  newProject,
  temporaryFolder,
} from '../fault/fixture.ts';
import { EXAMPLES } from './typeExamples.ts';
import { prepareAt, waiting } from '../contract/opening.ts';

/** A disk with space for anything. */
const VAST: AskDisk = () => ({ type: 0xef53, bsize: 1, bavail: 2 ** 50, bfree: 2 ** 50 });

const ROWS = 9;

/** Nothing but digits, each of them one byte: all that is written is known beforehand. */
async function digitsProject(ids: 'keep' | 'uuid'): Promise<string> {
  const project = temporaryFolder();
  const db = new Database(join(project, 'legacy.db'));
  db.pragma('synchronous = OFF');
  db.exec('CREATE TABLE digits (number INTEGER PRIMARY KEY, "größe" INTEGER NOT NULL)');
  for (let row = 1; row <= ROWS; row += 1) {
    db.prepare('INSERT INTO digits VALUES (?, ?)').run(row, row);
  }
  db.close();
  await initialise(project, ids);
  await migrateHere(project);
  return project;
}

/** Bytes of records and of lineage that were written for a module. */
function written(project: string, module: string): number {
  const folder = join(project, 'storage_candidate', 'v1', module);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson'))
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

function moduleOf(mapping: LoadedMapping): CompiledModule {
  return compileModule(mapping, mapping.modules[0]?.module ?? '');
}

describe('the bytes that records take at least', () => {
  it.each(['keep', 'uuid'] as const)('are exact where each value is one digit: %s', async (ids) => {
    const project = await digitsProject(ids);
    const module = moduleOf(await loadMapping(project));
    expect(leastBytes(module, ROWS)).toBe(written(project, module.name));
    // The control: a byte more for each row would be seen.
    expect(leastBytes(module, ROWS + 1)).toBeGreaterThan(written(project, module.name));
    rmSync(project, { recursive: true });
  });

  it('are none where rows may be filtered or merged: then their number says nothing', async () => {
    const project = await digitsProject('uuid');
    const mapping = await loadMapping(project);
    const module = moduleOf(mapping);
    for (const more of [{ where: [] }, { merge: 'equal' as const }]) {
      const changed = { ...module, mapping: { ...module.mapping, ...more } };
      expect(leastBytes(changed, ROWS)).toBe(0);
    }
    rmSync(project, { recursive: true });
  });
});

/** With a blind, and of a module without key with a secret key. */
const KEYED = {
  ...ENVIRONMENT,
  variables: { SEALIFT_KEY_K: 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=' },
};

async function writtenBy(project: string, module: object, name: string): Promise<[number, number]> {
  const { source } = module as { source: { table: string } };
  writeMapping(project, { sources: { main: 'sqlite:legacy.db' }, modules: { [name]: module } });
  await migrateHere(project, { allowBlockers: true }, KEYED);
  const compiled = moduleOf(await loadMapping(project));
  const db = new Database(join(project, 'legacy.db'), { readonly: true });
  const rows = db.prepare<[], number>(`SELECT count(*) FROM "${source.table}"`).pluck().get() ?? 0;
  db.close();
  return [leastBytes(compiled, rows), written(project, name)];
}

describe('a record of any type', () => {
  it('with a blind is exactly what was counted, where each value is one digit', async () => {
    const project = await digitsProject('keep');
    for (const id of ['keep', 'uuid', 'keyless'] as const) {
      const key = id === 'keyless' ? [] : [{ column: 'number', type: 'integer' }];
      const number = { column: 'number', type: 'integer' };
      const fields = { number, größe: { column: 'größe', type: 'integer' } };
      const module = { source: { table: 'digits' }, key, id: { rule: id }, fields, blind: 'k' };
      const [least, found] = await writtenBy(project, module, 'digits');
      expect([id, least]).toEqual([id, found]);
    }
    rmSync(project, { recursive: true });
  });

  it('takes no less than was counted, whatever it holds', async () => {
    const names = Object.keys(EXAMPLES);
    const project = temporaryFolder();
    const db = new Database(join(project, 'legacy.db'));
    db.exec(
      `CREATE TABLE all_types (nr INTEGER PRIMARY KEY, ${names.map((name) => `"${name}"`).join(', ')})`,
    );
    const least = Math.max(...Object.values(EXAMPLES).map(({ cells }) => cells.length));
    for (let row = 0; row <= least; row += 1) {
      const cells = Object.values(EXAMPLES).map(({ cells }) => cells[row]?.[0] ?? 'NULL');
      db.exec(`INSERT INTO all_types VALUES (${row}, ${cells.join(', ')})`);
    }
    db.close();
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(names),
        fc.constantFrom('keep', 'uuid', 'keyless'),
        fc.constantFrom('x', 'a long name, "quoted"', 'größe'),
        fc.boolean(),
        async (chosen, rule, name, blind) => {
          const columns = Object.keys(EXAMPLES).filter((column) => !chosen.includes(column));
          const own = chosen.map((column) => {
            const { type, options = {} } = EXAMPLES[column] ?? { type: 'string' };
            return [column, { column, type, ...options }];
          });
          const nr = { column: 'nr', type: 'integer' };
          const module = {
            source: { table: 'all_types' },
            key: rule === 'keyless' ? [] : [nr],
            id: { rule },
            fields: { ...Object.fromEntries(own), [name]: nr },
            dropped: Object.fromEntries(columns.map((column) => [column, 'not chosen'])),
            ...(blind ? { blind: 'k' } : {}),
          };
          const [counted, found] = await writtenBy(project, module, 'all');
          expect(counted).toBeLessThanOrEqual(found);
          expect(counted).toBeGreaterThan(found === 0 ? -1 : 0);
        },
      ),
      { numRuns: times('SEALIFT_LEAST', 8, 20), examples: [[names, 'uuid', 'x', true]] },
    );
    rmSync(project, { recursive: true });
  });
});

describe('a run', () => {
  let project: string;
  let candidate: number;
  beforeAll(async () => {
    project = await newProject(200);
    await migrateHere(project);
    const folder = join(project, 'storage_candidate', 'v1', '.');
    candidate = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((path) => statSync(join(folder, path)))
      .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
  });
  afterAll(() => {
    rmSync(project, { recursive: true });
  });

  /** Bytes: less than 600 records without their values. */
  const FEW = 60_000;

  async function asked(free: number, sample: number | null = null): Promise<string> {
    const ask: AskDisk = () => ({ type: 0xef53, bsize: 1, bavail: free, bfree: free });
    const mapping = await loadMapping(project);
    const prepared = await prepareAt(sqliteAdapter, join(project, 'legacy.db'), {
      scratch: project,
      ...waiting(100),
    });
    try {
      const sources = [{ name: 'main', scheme: 'sqlite', prepared }];
      await assertSpaceForRun({ folder: project, mapping, sources, sample }, ask);
      return 'goes ahead';
    } catch (error) {
      return error instanceof Error ? error.message : 'no error';
    } finally {
      await prepared.close();
    }
  }

  it('is refused where its candidate cannot fit, and is not where it may', async () => {
    expect(await asked(candidate)).toBe('goes ahead');
    expect(await asked(FEW)).toMatch(
      /^the disk does not have enough space for the candidate, nothing was started: at least .+ are needed, .+ are free$/,
    );
  });

  it('counts its rows where the disk is large only if the sources do not say how large they are', async () => {
    const prepared = await prepareAt(sqliteAdapter, join(project, 'legacy.db'), {
      scratch: project,
      ...waiting(100),
    });
    const mapping = await loadMapping(project);
    const counted = async (bytes: number | null): Promise<number> => {
      let count = 0;
      const counting: PreparedSource = {
        ...prepared,
        estimatedBytes: bytes,
        async count(table) {
          count += 1;
          return prepared.count(table);
        },
      };
      const sources = [{ name: 'main', scheme: 'sqlite', prepared: counting }];
      await assertSpaceForRun({ folder: project, mapping, sources, sample: null }, VAST);
      return count;
    };
    expect(await counted(prepared.estimatedBytes)).toBe(0);
    expect(await counted(null)).toBe(mapping.modules.length);
    await prepared.close();
  });

  it('of a sample is not refused for rows that are not in it', async () => {
    expect(await asked(FEW, 5)).toBe('goes ahead');
    expect(await asked(1, 5)).toMatch(/does not have enough space/);
  });
});
