/** Policies of rows: what the user may not see is an error that names the table, and never missing. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { candidateOf, workFolder } from '../kit/project.ts';
import { command, initAt, lineOf, publishedRecords, ROLE_ENV, roleSql, rootOf } from './trap.ts';

const TABLES = `
  CREATE TABLE open (id int PRIMARY KEY);
  CREATE TABLE secret (id int PRIMARY KEY, owner text);
  INSERT INTO open VALUES (1);
  INSERT INTO secret VALUES (1, 'reader'), (2, 'other');
  ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON secret USING (owner = 'reader');
`;
const GRANT = 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO rls_reader;';
const LINE =
  /: a row security policy would hide rows of this table from the user \(\S+, secret\): read as a role with BYPASSRLS/;

describe.skipIf(!hasPostgres())('a policy that hides rows', () => {
  const work = workFolder('row-security');
  let server: Postgres;

  beforeAll(async () => {
    server = await startPostgres();
    await server.create('policies', TABLES);
    await server.run('policies', `${roleSql('rls_reader')}; ${GRANT}`);
  });
  afterAll(() => server.stop());

  it.each([
    ['from a role without BYPASSRLS', 'ALTER TABLE secret NO FORCE ROW LEVEL SECURITY'],
    [
      'from the owner of the table, by FORCE',
      `ALTER TABLE secret FORCE ROW LEVEL SECURITY; ALTER TABLE secret OWNER TO rls_reader`,
    ],
  ])('is an error %s', async (what, sql) => {
    const project = join(work, what.replaceAll(/\W+/g, '-'));
    await server.run('policies', sql);
    const source = server.source('policies', 'rls_reader');
    const args = ['--source', source];
    const init = await command('init', project, ROLE_ENV, args);
    expect(init.code).not.toBe(0);
    expect(lineOf(init)).toMatch(LINE);
    // A mapping that the superuser made: his rows are not those of the role.
    await initAt(project, server.source('policies'), server.env);
    for (const name of ['migrate', 'dry-run']) {
      const ran = await command(name, project, ROLE_ENV, args);
      expect(ran.code).not.toBe(0);
      expect(lineOf(ran)).toMatch(LINE);
    }
    expect(existsSync(candidateOf(project))).toBe(false);
  });

  it('hides nothing from a role with BYPASSRLS (negative control)', async () => {
    const project = join(work, 'bypass');
    await server.run('policies', `ALTER ROLE rls_reader BYPASSRLS`);
    await initAt(project, server.source('policies', 'rls_reader'), ROLE_ENV);
    await rootOf(project, ROLE_ENV);
    expect(publishedRecords(project, 'secret')).toHaveLength(2);
    await server.run('policies', `ALTER ROLE rls_reader NOBYPASSRLS`);
  });

  it('of a table in a view counts for the owner of the view, who is not asked', async () => {
    await server.run(
      'policies',
      `CREATE VIEW seen AS SELECT * FROM secret; ALTER VIEW seen OWNER TO rls_reader;
      GRANT SELECT ON seen TO rls_reader`,
    );
    const project = join(work, 'view');
    const init = await command('init', project, ROLE_ENV, [
      '--source',
      server.source('policies', 'rls_reader'),
    ]);
    expect(lineOf(init)).toMatch(/row security policy would hide rows/);
  });
});
