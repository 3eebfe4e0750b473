/** One operator at a time, and which database an approval is for. */

import Database from 'better-sqlite3';
import { copyFileSync, linkSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fingerprintOf, type Fingerprint } from '../../../src/cutover/world/databaseFingerprint.ts';
import { takeOperatorLock, type OperatorLock } from '../../../src/cutover/world/operatorLock.ts';
import { hasPostgres, startPostgres, type Postgres } from '../../kit/postgres.ts';
import { workFolder } from '../../kit/project.ts';
import { PATIENT } from '../steps/killed.ts';

const folder = workFolder('operatorLock');
const signal = new AbortController().signal;
const from = (url: string) => ({ folder, variables: {}, input: () => url, signal });
const fingerprint = (url: string): Promise<Fingerprint> => fingerprintOf('db', from(url));
const lock = (url: string, operator = 'ada'): Promise<OperatorLock | null> =>
  takeOperatorLock('db', { ...from(url), operator, patienceMs: 0 });

describe.skipIf(!hasPostgres())('in PostgreSQL', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
    await server.run('postgres', `CREATE ROLE low LOGIN PASSWORD 'pw123456'`);
    await server.create('a');
    await server.create('b');
  });
  afterAll(() => server.stop());
  const low = (database: string): string =>
    server.url(database).replace(/\/\/[^@]*@/, '//low:pw123456@');

  const holders = (): Promise<unknown> =>
    server.run('postgres', `SELECT FROM pg_stat_activity WHERE application_name LIKE 'sealift%'`);

  it('one operator has the lock of a database, and the other is told who', async () => {
    const held = await lock(server.url('a'), 'ada ❤');
    await held?.assertHeld();
    await expect(lock(server.url('a'), 'bo')).rejects.toThrow(
      /^sealift cutover by ada \? from 127\.0\.0\.1, since .* is at work in a cutover of this database$/,
    );
    // Where a session is from is told to its own role only.
    await expect(lock(low('a'), 'bo')).rejects.toThrow(
      'sealift cutover by ada ? is at work in a cutover of this database',
    );
    const other = await lock(server.url('b'));
    await other?.release();
    await held?.release();
    await expect.poll(holders, PATIENT).toEqual([]);
    const again = await lock(low('a'));
    await again?.assertHeld();
    await again?.release();
    await expect.poll(holders, PATIENT).toEqual([]);
  });

  it('a lock that ended with its session is told', async () => {
    const held = await lock(server.url('a'));
    await server.run(
      'postgres',
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'sealift cutover%'`,
    );
    await expect(held?.assertHeld()).rejects.toThrow('the lock of the operator was lost');
    await held?.release();
  });

  it('the identity is that of server and database, and not of the name', async () => {
    const a = await fingerprint(server.url('a'));
    expect(a).toEqual({
      of: 'system identifier',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect(await fingerprint(server.url('a'))).toEqual(a);
    expect((await fingerprint(server.url('b'))).sha256).not.toBe(a.sha256);
    await expect.poll(holders, PATIENT).toEqual([]);
    await server.run('postgres', 'ALTER DATABASE a RENAME TO a_old; ALTER DATABASE b RENAME TO a');
    expect((await fingerprint(server.url('a'))).sha256).not.toBe(a.sha256);
  });

  it('of a role that may not read the identifier it says so', async () => {
    await server.run('a', 'REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC');
    const seen = await fingerprint(low('a'));
    expect(seen.of).toBe('address');
    expect(await fingerprint(low('a'))).toEqual(seen);
    expect((await fingerprint(low('postgres'))).sha256).not.toBe(seen.sha256);
  });
});

describe('in SQLite', () => {
  it('there is no lock, and the identity is that of the file', async () => {
    const path = join(folder, 'a.db');
    new Database(path).exec('CREATE TABLE t (a)').close();
    expect(await lock('sqlite:a.db')).toBe(null);
    const seen = await fingerprint('sqlite:a.db');
    expect(seen.of).toBe('file');
    symlinkSync('a.db', join(folder, 'link.db'));
    expect(await fingerprint('sqlite:link.db')).toEqual(seen);
    copyFileSync(path, join(folder, 'copy.db'));
    expect((await fingerprint('sqlite:copy.db')).sha256).not.toBe(seen.sha256);
    linkSync(path, join(folder, 'kept.db'));
    renameSync(join(folder, 'copy.db'), path);
    expect((await fingerprint('sqlite:a.db')).sha256).not.toBe(seen.sha256);
    await expect(fingerprint('sqlite:none.db')).rejects.toThrow('the database of input');
  });
});
