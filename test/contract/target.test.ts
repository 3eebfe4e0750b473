/**
 * The contract of a target, held against every adapter: rows and progress are one thing, a load goes on
 * where it was, and is complete only when all is done.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Failure } from '../../src/outcome/failure.ts';
import { memoryTarget, type MemoryDatabase } from '../../src/target/memory.ts';
import { targetNames } from '../../src/target/targetNames.ts';
import { postgresTarget } from '../../src/target/postgres.ts';
import { sqliteTarget } from '../../src/target/sqlite.ts';
import { tableForms, type TableForm } from '../../src/target/tableForm.ts';
import type { Chunk, LoadInto, Progress, Target, TargetAdapter } from '../../src/target/target.ts';
import { PASSWORD, postgresHome, startPostgres, type Postgres } from '../kit/postgres.ts';
import { workFolder } from '../kit/project.ts';

interface Subject {
  readonly name: string;
  readonly adapter: TargetAdapter;
  readonly isHere: boolean;
  begin(): Promise<void>;
  /** What follows the scheme in the URL of a place of this name. */
  place(name: string): Promise<string>;
  /** Ids of module `a` that are in the place, in order; null if nothing is there. */
  ids(name: string): Promise<number[] | null>;
  end(): Promise<void>;
}

const work = workFolder('targets');
const databases = new Map<string, MemoryDatabase>();

function postgres(version: number): Subject {
  let server: Postgres;
  return {
    name: `postgres ${version}`,
    adapter: postgresTarget,
    isHere: postgresHome(version) !== null,
    begin: async () => {
      server = await startPostgres({ version });
    },
    async place(name) {
      const [[there] = []] = await server.run(
        'postgres',
        `SELECT count(*) FROM pg_database WHERE datname = '${name}'`,
      );
      if (there === '0') await server.create(name);
      return server.source(name).slice('postgres:'.length);
    },
    async ids(name) {
      const [[schema] = []] = await server.run(
        name,
        `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'sealift%'`,
      );
      if (schema === undefined) return null;
      const rows = await server.run(name, `SELECT id FROM "${schema}".a ORDER BY id`);
      return rows.map(([id]) => Number(id));
    },
    end: () => server.stop(),
  };
}

const SUBJECTS: readonly Subject[] = [
  {
    name: 'memory',
    adapter: memoryTarget(databases),
    isHere: true,
    begin: async () => {},
    place: async (name) => name,
    async ids(name) {
      const found = databases.get(name);
      if (found === undefined || found.sealId === null) return null;
      return (found.rows.get('a') ?? []).map(({ id }) => Number(id));
    },
    end: async () => {},
  },
  {
    name: 'sqlite',
    adapter: sqliteTarget,
    isHere: true,
    begin: async () => {},
    place: async (name) => join(work, `${name}.db`),
    async ids(name) {
      const path = join(work, `${name}.db`);
      const draft = `${path}.sealift-loading`;
      if (!existsSync(path) && !existsSync(draft)) return null;
      const db = new Database(existsSync(path) ? path : draft);
      try {
        return db.prepare('SELECT id FROM a ORDER BY id').pluck().all() as number[];
      } finally {
        db.close();
      }
    },
    end: async () => {},
  },
  postgres(18),
  postgres(15),
];

function form(type: string): object {
  return { type, nullable: false };
}

const TABLES: readonly TableForm[] = tableForms(
  ['a', 'b'].map((module) => {
    const fields = { id: form('integer'), ...(module === 'b' ? { a: form('integer') } : {}) };
    const references = module === 'b' ? [{ fields: ['a'], module: 'a' }] : [];
    const sealed = { fields, order: ['id'], unique: [], references };
    return { module, count: 6, schema: { properties: {}, 'x-sealift': { form: sealed } } };
  }),
);

/** Records 1 to 6, two in a chunk, after the progress; throws after `most` chunks. */
async function* chunksOf(module: string, from: Progress, most = 3): AsyncGenerator<Chunk> {
  let { offset } = from;
  for (let done = from.records, chunks = 0; done < 6; chunks += 1) {
    if (chunks === most) throw new Error('stopped');
    const records = [done + 1, done + 2].map((id) => (module === 'b' ? { a: id, id } : { id }));
    const lines = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    done += 2;
    offset += lines.length;
    yield { count: 2, lines, after: { records: done, offset }, records: () => records };
  }
}

function nothing(): never {
  throw new Error('there are no blobs');
}

async function finish(target: Target): Promise<void> {
  for (const step of await target.finishSteps()) await step.run();
  await target.complete();
  await target.close();
}

describe.each(SUBJECTS)('$name', (subject) => {
  const { adapter } = subject;
  beforeAll(async () => {
    if (subject.isHere) await subject.begin();
  });
  afterAll(async () => {
    if (subject.isHere) await subject.end();
  });

  const it_ = subject.isHere ? it : it.skip;

  async function open(name: string, more: Partial<LoadInto> = {}): Promise<Target> {
    return adapter.open(adapter.parse(await subject.place(name), '/'), {
      seal: { sealId: '1'.repeat(64), dataRoot: '2'.repeat(64), tool: '0.0.0', who: null },
      tables: TABLES,
      largestBlobs: new Map(),
      nulModules: new Set(),
      into: null,
      names: targetNames(new Map()),
      name: null,
      allowRows: false,
      without: [],
      dryRun: false,
      throttle: { rowsPerSecond: null, lag: null, batchMs: 0 },
      outside: {
        variables: { PGPASSWORD: PASSWORD },
        signal: new AbortController().signal,
        now: () => new Date(),
        pid: process.pid,
        connectMs: 30_000,
      },
      ...more,
    });
  }

  const NONE: Progress = { records: 0, offset: 0 };

  it_('is new, then begun, then complete, and holds the rows', async () => {
    const target = await open('whole');
    expect(target.state).toEqual({ kind: 'new' });
    expect(target.order.toSorted()).toEqual(['a', 'b']);
    await target.begin();
    for (const module of target.order) {
      await target.write(module, chunksOf(module, NONE), nothing, () => {});
      expect(await target.count(module)).toBe(6);
    }
    await finish(target);
    expect(await subject.ids('whole')).toEqual([1, 2, 3, 4, 5, 6]);
    const again = await open('whole');
    expect(again.state.kind).toBe('complete');
    await again.close();
  });

  it_('keeps what was committed, and no more, when it is stopped', async () => {
    const target = await open('stopped');
    await target.begin();
    const told: Progress[] = [];
    const writing = target.write('a', chunksOf('a', NONE, 2), nothing, (progress) => {
      told.push(progress);
    });
    await expect(writing).rejects.toThrow('stopped');
    await target.close();
    const next = await open('stopped');
    const { state } = next;
    if (state.kind !== 'begun') throw new Error(`the state is ${state.kind}`);
    const progress = state.progress.get('a') ?? NONE;
    expect(told.at(-1) ?? NONE).toEqual(progress);
    expect(await next.count('a')).toBe(progress.records);
    await next.begin();
    await next.write('a', chunksOf('a', progress), nothing, () => {});
    await next.write('b', chunksOf('b', NONE), nothing, () => {});
    await finish(next);
    expect(await subject.ids('stopped')).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it_('is not complete before it is said to be', async () => {
    const target = await open('open');
    await target.begin();
    for (const module of target.order) {
      await target.write(module, chunksOf(module, NONE), nothing, () => {});
    }
    for (const step of await target.finishSteps()) await step.run();
    await target.close();
    const next = await open('open');
    expect(next.state.kind).toBe('begun');
    // All that is done may be done again.
    await finish(next);
    expect((await subject.ids('open'))?.length).toBe(6);
  });

  it_('is for one load at a time, and of one seal', async () => {
    const target = await open('one');
    await target.begin();
    await expect(open('one')).rejects.toSatisfy(
      (error) => error instanceof Failure && error.code === 'BUSY',
    );
    await target.write('a', chunksOf('a', NONE), nothing, () => {});
    await target.write('b', chunksOf('b', NONE), nothing, () => {});
    await finish(target);
    const other = open('one', {
      seal: { sealId: `${'1'.repeat(63)}3`, dataRoot: '', tool: '', who: null },
    });
    await expect(other).rejects.toSatisfy(
      (error) => error instanceof Failure && error.code === 'TARGET',
    );
  });

  it_('says of a blob that is too large for it, before anything is written', async () => {
    const isLimited = subject.name !== 'memory';
    for (const [bytes, found] of [
      [2 ** 30 - 1, isLimited ? ['a'] : []],
      [2 ** 28, []],
    ] as const) {
      const target = await open('blobs', { dryRun: true, largestBlobs: new Map([['a', bytes]]) });
      expect(target.problems.map(({ module }) => module)).toEqual(found);
      await target.close();
    }
  });

  it_('shows what it would make, and makes nothing, on a dry run', async () => {
    const target = await open('dry', { dryRun: true });
    expect(target.ddl.join('\n')).toMatch(/CREATE TABLE .*a/);
    await target.close();
    expect(await subject.ids('dry')).toBeNull();
  });
});
