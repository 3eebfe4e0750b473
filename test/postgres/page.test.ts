/** The tables and the SQL of docs/postgres.md, as `init` and `migrate` have it. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { PASSWORD, postgresHome, startPostgres, type Postgres } from '../kit/postgres.ts';
import { migrate, recordsOf, succeed, workFolder } from '../kit/project.ts';
import { OWN_TYPES, TYPE_TABLES, tableOf, tableSql } from './typeTables.ts';

const PAGE = 'docs/postgres.md';

/** The rows of the table under a heading, as cells. */
function rowsUnder(heading: string): string[][] {
  const [, section = ''] = readFileSync(PAGE, 'utf8').split(`${heading}\n`);
  const [table = ''] = /^\|(?:.*\|\n)+/m.exec(section) ?? [];
  const [, , ...rows] = table.trimEnd().split('\n');
  return rows.map((row) => row.split('|').slice(1, -1));
}

const KNOWN = new Set(TYPE_TABLES.map(({ type }) => type));

/** The blocks of SQL under a heading. */
function sqlUnder(heading: string): string[] {
  const [, section = ''] = readFileSync(PAGE, 'utf8').split(`${heading}\n`);
  return [...section.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, sql = '']) => sql);
}

/** What stands in backticks. */
function quotedIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
}

interface Module {
  readonly fields: { readonly v: { readonly type: string } };
}

function fieldType(project: string, module: string): string {
  const text = readFileSync(join(project, `mapping/modules/${module}.json`), 'utf8');
  return (JSON.parse(text) as Module).fields.v.type;
}

describe.skipIf(postgresHome() === null)('the page about PostgreSQL', () => {
  const folder = workFolder('types-page');
  const env = { PGPASSWORD: PASSWORD };
  let server: Postgres;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  async function init(database: string, sql: string): Promise<string> {
    await server.create(database, sql);
    const url = `postgres://postgres@127.0.0.1:${server.port}/${database}`;
    const project = join(folder, database);
    await succeed(['init', '--project', project, '--source', url], { env });
    return project;
  }

  it('names every type, with the type that init chooses', async () => {
    const tables = TYPE_TABLES.map((table, at) => tableSql(table, at, 5));
    const project = await init('types', `${OWN_TYPES}${tables.join('\n')}`);
    const told = new Map<string, string[]>();
    for (const [types = '', fields = ''] of rowsUnder('## How each type arrives')) {
      for (const type of quotedIn(types)) told.set(type, quotedIn(fields));
    }
    const chosen = TYPE_TABLES.map((table, at) => fieldType(project, tableOf(table, at)));
    const wrong = TYPE_TABLES.filter(({ type }, at) => {
      return told.get(type)?.includes(chosen[at] ?? '') !== true;
    });
    expect(wrong.map(({ type }) => type)).toEqual([]);
    const unknown = [...told.keys()].filter((type) => !KNOWN.has(type));
    expect(unknown).toEqual(['numeric(8,3)']);
  });

  it('shows what becomes of values at the edge, beside an ordinary one', async () => {
    const rows = rowsUnder('### Values that a type of Sealift does not hold');
    const cases = rows.map(([type = '', value = '', field = '', record = ''], at) => {
      const [[name = ''], [text = '']] = [quotedIn(type), quotedIn(value)];
      const ordinary = TYPE_TABLES.find((table) => table.type === name)?.edges[0] ?? '';
      const told = [quotedIn(field)[0], quotedIn(record)[0]];
      return { module: `e${at}`, name, text, ordinary, told };
    });
    const tables = cases.map(({ module, name, text, ordinary }) => {
      return `CREATE TABLE ${module} (id int PRIMARY KEY, v ${name});
        INSERT INTO ${module} VALUES (1, '${text}'), (2, '${ordinary}');`;
    });
    const project = await init('edges', tables.join('\n'));
    await migrate(project, ['--allow-blockers'], { env });
    const found = cases.map(({ module }) => {
      const [record] = recordsOf(project, module);
      return [fieldType(project, module), JSON.stringify(record?.['v'])];
    });
    if (process.env['UPDATE_DOCS'] !== undefined) update(rows, found);
    expect(found.length).toBeGreaterThan(15);
    expect(cases.map(({ told }) => told)).toEqual(found);
  });

  it('has the SQL for a role that may read all there is', async () => {
    const [grants = '', large = ''] = sqlUnder('## The role');
    expect([grants, large].map((sql) => sql.length > 50)).toEqual([true, true]);
    const url = await server.create(
      'shop',
      `CREATE TABLE guarded (id int PRIMARY KEY); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
      ALTER TABLE guarded FORCE ROW LEVEL SECURITY; INSERT INTO guarded VALUES (1), (2);
      SELECT lo_from_bytea(0, '\\x00ff')`,
    );
    const source = url.replace(/\/\/[^@]*@/, '//sealift@');
    const all = grants.split(';').filter((sql) => !sql.includes('pg_read_all_data'));
    await server.run('shop', all.join(';').replace('…', 'pass word'));
    const statements = await server.run('shop', large.replace('\\gexec', ''));
    await server.run('shop', statements.flat().join(';'));
    const project = join(folder, 'role');
    const reader = { env: { PGPASSWORD: 'pass word' } };
    await succeed(['init', '--project', project, '--source', source], reader);
    await migrate(project, [], reader);
    expect(recordsOf(project, 'guarded').length).toBe(2);
    expect(recordsOf(project, 'pg_catalog_pg_largeobject').length).toBe(1);
  });
});

/** Writes the last two cells of each row. */
function update(
  rows: readonly string[][],
  found: readonly (readonly (string | undefined)[])[],
): void {
  let text = readFileSync(PAGE, 'utf8');
  for (const [at, cells] of rows.entries()) {
    const [type = '', value = ''] = cells;
    const [field, record] = found[at] ?? [];
    const now = `|${type}|${value}| \`${field}\` | \`${record}\` |`;
    text = text.replace(`|${cells.join('|')}|`, () => now);
  }
  writeFileSync(PAGE, text);
}
