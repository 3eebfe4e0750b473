/** The section on queries of docs/mapping.md: its examples run as they stand, its list is the code's. */

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { openFindings } from '../../src/findings/findingStore.ts';
import { dryRun } from '../../src/flow/dryRun.ts';
import { readSourceSql } from '../../src/sql/allowed.ts';
import { workFolder, writeMapping } from '../kit/project.ts';
import { ENVIRONMENT, migrateHere } from '../fault/fixture.ts';

const page = readFileSync('docs/mapping.md', 'utf8');
const [, section = ''] = /^## Queries and views\n(.*?)^## /ms.exec(page) ?? [];

function blocks(language: string): string[] {
  return [...section.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
    ([, body = '']) => body,
  );
}

interface Example {
  readonly module: string;
  readonly source: {
    readonly sql?: string;
    readonly table?: string;
    readonly base: { readonly table: string };
  };
}

const examples = blocks('json').map((body) => JSON.parse(body) as Example);
const folder = workFolder('docs-queries');
const TABLES = ['customers', 'cities', 'orders', 'lines', 'billed'];

function write(example: Example): string {
  const project = join(folder, `${example.module}-${example.source.sql?.length ?? 0}`);
  mkdirSync(project);
  const db = new Database(join(project, 'legacy.db'));
  db.exec(blocks('sql').join(''));
  db.exec(`
    INSERT INTO cities VALUES (1, 'Chur');
    INSERT INTO customers VALUES (1, 'Ada', 1), (2, 'Beat', NULL);
    INSERT INTO orders VALUES (1, 1, '["new"]'), (2, 2, 'no JSON'), (3, 2, '["a","b"]');
    INSERT INTO lines VALUES (1, 1, 250), (2, 1, 50), (3, 3, 100);`);
  db.close();
  const { module, ...rest } = example;
  writeMapping(project, {
    sources: { main: 'sqlite:legacy.db' },
    modules: { [module]: rest },
    dropped: TABLES.filter((table) => {
      return table !== rest.source.base.table && table !== rest.source.table;
    }).map((table) => ({ table, reason: 'another example' })),
  });
  return project;
}

async function verdictOf(project: string): Promise<string> {
  const options = { project, here: project, sources: new Map<string, string>(), workers: 1 };
  const found = openFindings(folder);
  try {
    const { status } = await dryRun({ ...options, memory: 2 ** 28 }, ENVIRONMENT, found);
    return status;
  } finally {
    found.close();
  }
}

function isRefused(name: string): boolean {
  return 'refused' in readSourceSql(`SELECT ${name}(a, b ORDER BY a) FROM t`);
}

describe('the page on queries', () => {
  it('has an example of each kind', () => {
    expect(examples.map(({ module }) => module)).toEqual(['customer', 'tag', 'total', 'billed']);
  });

  it.each(examples)('has an example that runs as it stands: $module', async (example) => {
    const project = write(example);
    // One row becomes several there, or is left out on purpose, and that is said.
    const told = ['tag', 'billed'].includes(example.module);
    expect(await verdictOf(project)).toBe(told ? 'WARN' : 'PASS');
    expect((await migrateHere(project)).status).toBe('DONE');
  });

  it('says what becomes of a JOIN (negative control)', async () => {
    const [look] = examples;
    const sql = look?.source.sql?.replace('LEFT JOIN', 'JOIN');
    const project = write({ ...look, source: { ...look?.source, sql } } as Example);
    expect(await verdictOf(project)).toBe('FAIL');
  });

  it('lists the functions that there are', () => {
    const lists = [...section.matchAll(/^- `([a-z_ \n0-9]+)`/gm)].map(([, list = '']) => list);
    const names = lists.flatMap((list) => list.split(/\s+/));
    expect(names.length).toBeGreaterThan(70);
    expect(names.filter(isRefused)).toEqual([]);
    expect(isRefused('random')).toBe(true);
  });
});
