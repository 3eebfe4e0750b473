/** What a reconcile tells of how it has read: in its report, and by a digest in the journal. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { eventOf } from '../../src/journal/readEvent.ts';
import { readJournal } from '../../src/journal/journal.ts';
import type { ReconciledEvent } from '../../src/journal/event.ts';
import type { Reading } from '../../src/outcome/reading.ts';
import { readingNotes } from '../../src/reconcile/readingNotes.ts';
import { canonicalJson } from '../../src/record/canonical.ts';
import { fileWitness, serverWitness, type Witness } from '../contract/witness.ts';
import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { workFolder } from '../kit/project.ts';
import {
  MODULES_KEYS,
  postgresTarget,
  reconciled,
  sealedProject,
  sqliteTarget,
  type Target,
} from './fixture.ts';

const PATIENCE = 600_000;
const ROWS = 5000;
const work = workFolder('reading');
const project = join(work, 'project');

beforeAll(async () => {
  await sealedProject(project, ROWS);
}, PATIENCE);

interface Told {
  readonly code: number | null;
  readonly reading: Reading;
  readonly rows: ReadonlyMap<string, number | null>;
  readonly event: ReconciledEvent;
}

/** Reconciles a target; returns the report and the line of the journal. */
async function told(target: Target, args: readonly string[] = []): Promise<Told> {
  const { code } = await reconciled(project, target, args);
  const path = join(project, 'storage_reports/latest-reconcile/summary.json');
  const { facts, compared } = JSON.parse(readFileSync(path, 'utf8')) as {
    facts: { reading: Reading };
    compared: { modules: { module: string; rows: number | null }[] };
  };
  const last = readJournal(join(project, 'storage_journal')).entries.map(eventOf).at(-1);
  if (last?.event !== 'reconciled') throw new Error('the journal does not end with a reconcile');
  const rows = new Map(compared.modules.map((one) => [one.module, one.rows]));
  return { code, reading: facts.reading, rows, event: last };
}

function both(load: () => Promise<readonly [Target, Witness]>): void {
  let target: Target;
  let witness: Witness;
  beforeAll(async () => {
    [target, witness] = await load();
  }, PATIENCE);

  it('is in the report, and the journal has its digest', async () => {
    const { code, reading, rows, event } = await told(target);
    expect(code).toBe(0);
    const { digest, queries, settings } = reading;
    const canonical = canonicalJson({ queries, settings });
    expect(digest).toBe(createHash('sha256').update(canonical).digest('hex'));
    expect(event.reading).toBe(digest);
    expect(queries.map(({ module }) => module)).toEqual([...rows.keys()]);
    expect(Object.keys(MODULES_KEYS).sort()).toEqual([...rows.keys()].sort());
    expect(settings.tool).toMatch(/^sealift \d/);
    expect(settings.schema).toBe(event.schema);
    expect(settings.sessions).toHaveLength(1);
    for (const value of ['Café', 'a note', 'abcd-4000']) expect(canonical).not.toContain(value);
  });

  it('gives the rows that were compared, by each statement alone, in a shell', async () => {
    const { reading, rows } = await told(target);
    const [session] = reading.settings.sessions;
    if (session === undefined) throw new Error('no session is told');
    // The snapshot has ended with the command.
    const statements = session.statements.filter((one) => !/SNAPSHOT/.test(one));
    for (const { module, statements: told } of reading.queries) {
      expect([module, told.length > 0]).toEqual([module, true]);
      for (const statement of told) {
        const found = witness.byShell({ ...session, statements }, statement);
        if (found !== null) expect([module, found.length]).toEqual([module, rows.get(module)]);
      }
    }
  });

  it('is of all workers, whichever has read what', async () => {
    const [one, two] = [await told(target), await told(target, ['--workers', '2'])];
    expect(two.code).toBe(0);
    expect(two.reading.queries).toEqual(one.reading.queries);
    expect(two.reading.settings.sessions).toHaveLength(1);
    if (target.kind === 'sqlite') expect(two.event.reading).toBe(one.event.reading);
  });

  it('has what was read again to tell how a record differs', async () => {
    const changed = await target.copy();
    await changed.run(`UPDATE ${changed.table('item')} SET note = 'other' WHERE id = 0`);
    const { code, reading } = await told(changed);
    expect(code).toBe(2);
    const item = reading.queries.find(({ module }) => module === 'item');
    expect(item?.statements.every((one) => one.includes('"note"'))).toBe(true);
    if (changed.kind === 'postgres') {
      expect(item?.statements).toContainEqual(expect.stringContaining(":'to'"));
    }
  });
}

describe('the reading of an SQLite target', () => {
  both(async () => {
    const file = join(work, 'new.db');
    return [await sqliteTarget(project, file), fileWitness(file)];
  });
});

describe.skipIf(!hasPostgres())('the reading of a PostgreSQL target', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  }, PATIENCE);
  afterAll(() => server.stop());

  both(async () => [await postgresTarget(server, project, 'shop'), serverWitness(server, 'shop')]);

  it('has the settings that the session has reported, its isolation and its snapshot', async () => {
    const target = await postgresTarget(server, project, 'settings');
    await target.run(`ALTER DATABASE settings SET "TimeZone" = 'Asia/Tokyo'`);
    const { reading } = await told(target);
    const [session] = reading.settings.sessions;
    expect(session?.settings).toMatchObject({
      TimeZone: 'UTC',
      DateStyle: 'ISO, YMD',
      extra_float_digits: '3',
      search_path: expect.stringMatching(/^(?:"")?$/),
      default_transaction_read_only: 'on',
    });
    expect(session?.statements).toContain("SET SESSION TimeZone = 'UTC'");
    expect(session?.statements.slice(-2)).toEqual([
      'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
      "SET TRANSACTION SNAPSHOT :'snapshot'",
    ]);
    expect(session?.server).toMatch(/^PostgreSQL \d/);
    expect(session?.snapshot).toMatch(/^[\dA-F-]+, at [\dA-F]+\/[\dA-F]+$/);
  });
});

describe('the digest of a reading', () => {
  const session = {
    server: 'SQLite 3',
    statements: ['BEGIN'],
    settings: { encoding: 'UTF-8' },
    snapshot: 'a copy',
    ranges: 'of row ids',
  };
  const tool = { name: 'sealift', version: '1.2.3' };
  const about = { tool, schema: '' };
  const digestOf = (reads: string[], of = session, told = about): string => {
    const notes = readingNotes();
    for (const read of reads) notes.note('dog', 'dogs', { session: of, reads: [read] });
    return notes.finish(told).digest;
  };

  it('is the same in another order, and another with any other statement, setting or version', () => {
    const digest = digestOf(['SELECT 1', 'SELECT 2']);
    expect(digestOf(['SELECT 2', 'SELECT 1', 'SELECT 2'])).toBe(digest);
    const others = [
      digestOf(['SELECT 1']),
      digestOf(['SELECT 1', 'SELECT 2', 'SELECT 3']),
      digestOf(['SELECT 1', 'SELECT 2'], { ...session, settings: { encoding: 'UTF-16le' } }),
      digestOf(['SELECT 1', 'SELECT 2'], { ...session, server: 'SQLite 4' }),
      digestOf(['SELECT 1', 'SELECT 2'], session, {
        ...about,
        tool: { ...tool, version: '1.2.4' },
      }),
      digestOf(['SELECT 1', 'SELECT 2'], session, { ...about, schema: 's' }),
    ];
    expect(new Set([digest, ...others]).size).toBe(others.length + 1);
  });

  it('is that of no statement where the target has no language', () => {
    const notes = readingNotes();
    notes.note('dog', 'dogs', null);
    const settings = { tool: 'sealift 1.2.3', schema: '', sessions: [] };
    expect(notes.finish(about)).toMatchObject({ queries: [], settings });
  });
});
