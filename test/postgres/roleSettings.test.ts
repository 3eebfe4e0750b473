/** Settings of a role: none changes a byte of the candidate, and no timeout ends the run. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { hasPostgres, startPostgres, type Postgres } from '../kit/postgres.ts';
import { workFolder } from '../kit/project.ts';
import { command, initAt, lineOf, ROLE_ENV, roleSql, rootOf } from './trap.ts';

const TABLES = `
  CREATE TYPE mood AS ENUM ('fine', 'so so');
  CREATE TABLE forms (id int PRIMARY KEY, at timestamptz, day date, part interval, raw bytea, f real,
    d float8, paid money, x xml, t text, m mood, list timestamptz[]);
  INSERT INTO forms VALUES
    (1, '2024-03-31 02:30:00.123456+02', '2024-12-01', '1 year 2 mons -3 days 04:05:06.7', '\\x00ff5c',
      0.1, 1e-300, 12.34, '<a>é</a>', E'back\\\\slash ''é'' 😀', 'so so', '{2024-01-01 00:00+01,NULL}'),
    (2, 'infinity', '0044-03-15 BC', '-1 mons', '', 3.4028235e38, 0.30000000000000004, -0.01, '<b/>', '',
      'fine', '{}');
  CREATE SCHEMA traps;
  CREATE TABLE traps.forms (id int PRIMARY KEY, at text);
  INSERT INTO traps.forms VALUES (7, 'not this one');
  CREATE FUNCTION traps.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT 'trapped' $$;
  GRANT USAGE ON SCHEMA public, traps TO settings_reader;
  GRANT SELECT ON ALL TABLES IN SCHEMA public, traps TO settings_reader;
`;

/** Settings, and from which version on they are known. */
const SETTINGS: readonly (readonly [name: string, value: string, since?: number])[] = [
  ['statement_timeout', '1'],
  ['idle_in_transaction_session_timeout', '1'],
  ['idle_session_timeout', '1'],
  ['lock_timeout', '1'],
  ['transaction_timeout', '1', 17],
  ['DateStyle', "'SQL, DMY'"],
  ['IntervalStyle', 'sql_standard'],
  ['bytea_output', 'escape'],
  ['extra_float_digits', '0'],
  ['TimeZone', "'Asia/Kathmandu'"],
  ['lc_monetary', "'C'"],
  ['search_path', 'traps, public'],
  ['standard_conforming_strings', 'off'],
  ['backslash_quote', 'off'],
  ['client_encoding', 'LATIN1'],
  ['xmlbinary', 'hex'],
  ['xmloption', 'document'],
  ['quote_all_identifiers', 'on'],
  ['transform_null_equals', 'on'],
  ['gin_fuzzy_search_limit', '1'],
  ['default_transaction_isolation', "'read uncommitted'"],
  ['default_transaction_read_only', 'off'],
  ['row_security', 'on'],
  ['enable_tidscan', 'off'],
  ['synchronize_seqscans', 'on'],
];

describe.skipIf(!hasPostgres())('a role with settings of its own', () => {
  const project = join(workFolder('role-settings'), 'project');
  let server: Postgres;
  let root = '';

  beforeAll(async () => {
    server = await startPostgres();
    await server.run('postgres', roleSql('settings_reader'));
    await server.create('settings', TABLES);
    await initAt(project, server.source('settings'), server.env);
    root = await rootOf(project, server.env);
  });
  afterAll(() => server.stop());

  async function rootWith(settings: typeof SETTINGS): Promise<string> {
    const known = settings.filter(([, , since = 0]) => server.version >= since);
    const sets = known.map(([name, value]) => `ALTER ROLE settings_reader SET ${name} = ${value};`);
    await server.run('settings', `ALTER ROLE settings_reader RESET ALL; ${sets.join(' ')}`);
    const source = server.source('settings', 'settings_reader');
    return rootOf(project, ROLE_ENV, ['--source', source]);
  }

  const timeouts = SETTINGS.filter(([name]) => name.endsWith('_timeout'));
  it.each(timeouts.map((setting) => [setting[0], setting] as const))(
    'reads to the end with %s = 1 ms',
    async (_, setting) => {
      expect(await rootWith([setting])).toBe(root);
    },
  );

  it('has the data root of any other role, with all settings at once', async () => {
    expect(await rootWith(SETTINGS)).toBe(root);
  });

  it('cannot read where damaged pages are hidden, and is told so', async () => {
    await server.run('settings', 'ALTER DATABASE settings SET zero_damaged_pages = on');
    const ran = await command('migrate', project, server.env);
    await server.run('settings', 'ALTER DATABASE settings RESET zero_damaged_pages');
    expect(ran.code).toBe(1);
    expect(lineOf(ran)).toMatch(/the server is set to hide damaged pages, .*: turn both off/);
  });
});
