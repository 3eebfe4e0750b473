/**
 * Every type, to PostgreSQL and SQLite and back: what a load writes is read again as a source, by a
 * mapping in which each field is the column of its name, and gives the same records byte for byte.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { seedOf, times } from '../kit/long.ts';
import { postgresHome, startPostgres, type Postgres } from '../kit/postgres.ts';
import { candidateOf, migrate, succeed, workFolder, writeMapping } from '../kit/project.ts';
import { TYPED_FIELDS, typedFields, typedRows } from './typedValues.ts';

const MADE = times('SEALIFT_TYPE_VALUES', 60, 1000);
const KEY = [{ column: 'id', type: 'integer' }];
const ANY = [
  'text-control',
  'text-invisible',
  'text-replacement',
  'text-not-nfc',
  'text-mojibake',
  'json-key',
  'json-null',
  'pii-undeclared',
  'long-text',
  'encoding',
];
const severities = ANY.map((rule) => ({ rule, severity: 'INFO' as const }));

const work = workFolder('round-trip');
const project = join(work, 'made');

function records(of: string): string[] {
  return readFileSync(join(candidateOf(of), 'every/data.ndjson'), 'utf8')
    .trimEnd()
    .split('\n');
}

beforeAll(async () => {
  mkdirSync(project);
  const rows = typedRows(MADE, seedOf(process.env, Date.now()));
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  writeFileSync(join(project, 'rows.ndjson'), lines);
  writeMapping(project, {
    sources: { main: 'ndjson:rows.ndjson' },
    severities,
    modules: {
      every: {
        source: { table: 'rows' },
        key: KEY,
        id: { rule: 'keep' },
        fields: { id: { column: 'id', type: 'integer' }, ...typedFields('made') },
      },
    },
  });
  await migrate(project);
  await succeed(['scan-all', '--project', project]);
});

let backs = 0;

/** Migrates what is in the target, and returns the records. */
async function readBack(
  url: string,
  table: string,
  env: Record<string, string> = {},
): Promise<string[]> {
  backs += 1;
  const back = join(work, `back-${backs}`);
  mkdirSync(back);
  writeMapping(back, {
    sources: { main: url },
    severities,
    dropped: [
      { table: table.replace(/[^.]*$/, 'sealift_ledger'), reason: 'the ledger of the load' },
    ],
    modules: {
      every: {
        source: { table },
        key: KEY,
        id: { rule: 'keep' },
        fields: { id: { column: 'id', type: 'integer' }, ...typedFields('back') },
      },
    },
  });
  await migrate(back, [], { env });
  return records(back);
}

describe('the values of the test', () => {
  it('have all kinds of types, and edges of each', () => {
    expect(Object.keys(TYPED_FIELDS).length).toBeGreaterThan(30);
    expect(records(project).length).toBeGreaterThan(60);
  });
});

const VERSIONS = [18, 15].filter((version) => postgresHome(version) !== null);

describe.each(VERSIONS)('a load into PostgreSQL %i', (version) => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres({ version });
    await server.create('app');
  });
  afterAll(() => server.stop());

  it('is read back as the same records, of every type', async () => {
    const { env } = server;
    const target = server.source('app');
    await succeed(['load', '--project', project, '--target', target], { env });
    const [[schema = ''] = []] = await server.run(
      'app',
      `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'sealift%'`,
    );
    expect(await readBack(target, `${schema}.every`, env)).toEqual(records(project));
    await succeed(['reconcile', '--project', project, '--target', target], { env });
  }, 120_000);
});

describe('a load into SQLite', () => {
  it('is read back as the same records, of every type', async () => {
    const target = `sqlite:${join(work, 'new.db')}`;
    await succeed(['load', '--project', project, '--target', target]);
    expect(await readBack(target, 'every')).toEqual(records(project));
    await succeed(['reconcile', '--project', project, '--target', target]);
  }, 120_000);
});
