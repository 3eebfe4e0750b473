/**
 * Databases that nobody here wrote, from dumps of PostgreSQL: after a bare init nothing is a BLOCKER, and
 * what is in SQLite as well has the same records from there.
 */

import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { loadDump } from '../kit/loadDump.ts';
import { PASSWORD, postgresHome, startPostgres, type Postgres } from '../kit/postgres.ts';
import { migrate, recordsOf, runFileOf, succeed, workFolder } from '../kit/project.ts';
import { sealift } from '../kit/run.ts';
import { shared } from '../shared.ts';

const DUMPS = new Map(
  ['chinook', 'northwind'].map((name) => [name, shared(`data/pg/${name}.sql`)] as const),
);
const CHINOOK = shared('data/sqlite/chinook.db');
const env = { PGPASSWORD: PASSWORD };
const folder = workFolder('dumps');
const here = postgresHome() !== null && [...DUMPS.values(), CHINOOK].every((file) => file !== null);

function command(name: string, ...args: readonly string[]): Promise<unknown> {
  return succeed([...args, '--project', join(folder, name)], { env });
}

describe.skipIf(!here)('dumps of other projects in a PostgreSQL server', () => {
  let server: Postgres;
  const sources = new Map<string, string>();

  beforeAll(async () => {
    server = await startPostgres();
    for (const [name, file] of DUMPS) {
      const url = await server.create(name);
      await loadDump(url, file ?? '');
      sources.set(name, url.replace(`:${encodeURIComponent(PASSWORD)}@`, '@'));
    }
  });
  afterAll(() => server.stop());

  describe.each([...DUMPS.keys()])('%s', (name) => {
    beforeAll(async () => {
      await command(name, 'init', '--source', sources.get(name) ?? '');
      await migrate(join(folder, name), [], { env });
    });

    it('has no BLOCKER after a bare init', async () => {
      for (const check of ['dry-run', 'scan-all']) {
        const ran = await sealift([check, '--project', join(folder, name)], { env });
        expect([0, 1]).toContain(ran.code);
        expect(ran.stdout).not.toMatch(/BLOCKER/);
        expect(ran.stdout).toMatch(/^(?:dry-run|scan-all): (?:PASS|WARN)$/m);
      }
    });

    it('has as many records of each table as the server counts', async () => {
      const { accounting } = runFileOf(join(folder, name));
      expect(accounting.length).toBeGreaterThan(9);
      for (const { module, table, records } of accounting) {
        const [[rows] = []] = await server.run(name, `SELECT count(*) FROM public."${table}"`);
        expect([table, records, recordsOf(join(folder, name), module).length]).toEqual([
          table,
          Number(rows),
          Number(rows),
        ]);
      }
    });
  });

  it('has the data root that the same modules have from SQLite', async () => {
    const [project, other] = [join(folder, 'chinook'), join(folder, 'from-sqlite')];
    cpSync(join(project, 'mapping'), join(other, 'mapping'), { recursive: true });
    for (const name of readdirSync(join(other, 'mapping/modules'))) {
      rewrite(join(other, 'mapping/modules', name), inSqlite);
    }
    rewrite(join(other, 'mapping/project.json'), (member, value) => {
      return member === 'url' ? `sqlite:${CHINOOK}` : value;
    });
    const [here, there] = [await migrate(project, [], { env }), await migrate(other)];
    expect(there.dataRoot).toBe(here.dataRoot);
    expect(there.sealId).not.toBe(here.sealId);
    const [up, down] = ['+', '-'].map((sign) => {
      return `UPDATE public.track SET bytes = bytes ${sign} 1 WHERE track_id = 1`;
    });
    await server.run('chinook', up ?? '');
    expect((await migrate(project, [], { env })).dataRoot, 'one byte').not.toBe(there.dataRoot);
    await server.run('chinook', down ?? '');
    expect((await migrate(project, [], { env })).dataRoot, 'as before').toBe(there.dataRoot);
  });

  it('passes determinism and scan-drift', async () => {
    const args = ['determinism', '--workers', '2', '--project', join(folder, 'chinook')];
    const ran = await sealift(args, { env, process: true });
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('determinism: PASS')]);
    await command('chinook', 'scan-drift');
  });
});

/** Changes members of a JSON file. */
function rewrite(path: string, change: (member: string, value: unknown) => unknown): void {
  writeFileSync(path, JSON.stringify(JSON.parse(readFileSync(path, 'utf8'), change)));
}

/**
 * Names of tables and columns: `invoice_line` in PostgreSQL is `InvoiceLine` in SQLite. There the city of
 * Edinburgh ends with a space, in eight rows.
 */
function inSqlite(member: string, value: unknown): unknown {
  if (/^(?:billing_)?city$/.test(member)) return { ...(value as object), transforms: ['trim'] };
  if (typeof value !== 'string' || (member !== 'table' && member !== 'column')) return value;
  return value.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
