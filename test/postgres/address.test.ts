/** Addresses of servers: URLs as libpq reads them, the environment, services and password files. */

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Failure } from '../../src/outcome/failure.ts';
import { formatAddress, parseAddress, type PostgresAddress } from '../../src/postgres/address.ts';
import { completeAddress, labelOf } from '../../src/postgres/settings.ts';
import { workFolder } from '../kit/project.ts';

const NOTHING = parseAddress('//');

/** What a URL states. */
function stated(rest: string): Partial<PostgresAddress> {
  const all = Object.entries(parseAddress(rest)).filter(([, value]) => value !== null);
  return Object.fromEntries(all);
}

describe('a URL', () => {
  it.each([
    ['//', {}],
    ['//localhost', { host: 'localhost' }],
    [
      '//ada@db.example:5433/school',
      { user: 'ada', host: 'db.example', port: 5433, database: 'school' },
    ],
    [
      '//ada:s%3Acret@db/school',
      { user: 'ada', password: 's:cret', host: 'db', database: 'school' },
    ],
    ['//[2001:db8::1]:5432/a%2Fb', { host: '2001:db8::1', port: 5432, database: 'a/b' }],
    ['//%2Frun%2Fpostgresql/school', { host: '/run/postgresql', database: 'school' }],
    ['///school?host=/run/postgresql', { host: '/run/postgresql', database: 'school' }],
    [
      '//db/school?sslmode=verify-full&sslrootcert=system&connect_timeout=3&application_name=x%20y',
      {
        host: 'db',
        database: 'school',
        sslmode: 'verify-full',
        sslrootcert: 'system',
        connectTimeout: 3,
        applicationName: 'x y',
      },
    ],
    ['?service=school', {}],
  ] as const)('%s states what it says', (rest, expected) => {
    if (rest.startsWith('?')) expect(() => parseAddress(rest)).toThrow(Failure);
    else expect(stated(rest)).toEqual(expected);
  });

  it.each([
    'db/school',
    '//db/school/more',
    '//ada:secret@db:port/school',
    '//ada:secret@a,b/school',
    '//ada:secret@db/school?options=-c%20x',
    '//ada:secret@db/school?sslmode=sometimes',
    '//ada:secret@db/%zz',
    '//ada:secret@db/a%00b',
    '//ada:secret@db/school#part',
  ])('%s is refused, without a word of the password', (rest) => {
    expect(() => parseAddress(rest)).toThrow(Failure);
    try {
      parseAddress(rest);
    } catch (error) {
      expect((error as Failure).line()).not.toContain('secret');
    }
  });

  it('is written as it was read, but for the password', () => {
    const name = fc.option(fc.string({ minLength: 1, unit: 'binary' }), { nil: null });
    const address = fc.record({
      ...Object.fromEntries(Object.keys(NOTHING).map((member) => [member, fc.constant(null)])),
      host: fc.constantFrom(null, 'db.example', '::1', '/run/pg', '127.0.0.1'),
      port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: null }),
      user: name,
      password: name,
      database: name,
      sslrootcert: name,
    });
    fc.assert(
      fc.property(address, (given) => {
        const texts = [given.user, given.database, given.password, given.sslrootcert];
        fc.pre(texts.every((text) => text?.includes('\0') !== true));
        const known = { ...NOTHING, ...given } as PostgresAddress;
        expect(parseAddress(formatAddress(known))).toEqual({ ...known, password: null });
      }),
    );
  });
});

describe('what a URL leaves open', () => {
  const home = workFolder('postgres-address');
  writeFileSync(
    join(home, '.pg_service.conf'),
    '# comment\n[school]\nhost=service.example\nport=6000\nuser=ada\n[other]\nhost=other\n',
  );
  const passfile = join(home, '.pgpass');
  writeFileSync(
    passfile,
    '# comment\nother:*:*:*:no\nservice.example:6000:school:ada:se\\:cret\\\\x\n*:*:*:*:any\n',
  );
  chmodSync(passfile, 0o600);
  const variables = { HOME: home };
  const of = (
    rest: string,
    more: Record<string, string> = {},
  ): ReturnType<typeof completeAddress> =>
    completeAddress(parseAddress(rest), { ...variables, ...more });

  it('comes from the environment, and then from defaults', () => {
    const settings = of('//', { PGHOST: 'env', PGPORT: '6543', PGUSER: 'eve', PGDATABASE: 'd' });
    expect(settings).toMatchObject({ host: 'env', port: 6543, user: 'eve', database: 'd' });
    expect(of('//', { USER: 'bob' })).toMatchObject({
      host: 'localhost',
      port: 5432,
      user: 'bob',
      database: 'bob',
      sslmode: 'prefer',
    });
  });

  it('comes from a service before the environment, and the URL is stronger than both', () => {
    const more = { PGSERVICE: 'school', PGHOST: 'env', PGPORT: '1' };
    expect(of('//', more)).toMatchObject({ host: 'service.example', port: 6000, user: 'ada' });
    expect(of('//url.example', more)).toMatchObject({ host: 'url.example', port: 6000 });
    expect(() => of('//', { PGSERVICE: 'nowhere' })).toThrow(/service is not defined/);
  });

  it('has its password from the URL, PGPASSWORD, or the first line of the file that fits', () => {
    expect(of('//ada:url@x/d', { PGPASSWORD: 'env' }).password).toBe('url');
    expect(of('//ada@x/d', { PGPASSWORD: 'env' }).password).toBe('env');
    expect(of('//ada@service.example:6000/school').password).toBe('se:cret\\x');
    expect(of('//eve@x/d').password).toBe('any');
  });

  it('has no password from a file that others may read', () => {
    const folder = join(home, 'other');
    mkdirSync(folder);
    writeFileSync(join(folder, '.pgpass'), '*:*:*:*:open\n', { mode: 0o644 });
    expect(of('//ada@x/d', { HOME: folder }).password).toBeNull();
    chmodSync(join(folder, '.pgpass'), 0o600);
    expect(of('//ada@x/d', { HOME: folder }).password).toBe('open');
  });

  it('is refused where a variable is nonsense, without its value', () => {
    expect(() => of('//', { PGPORT: 'secret' })).toThrow(Failure);
    expect(() => of('//', { PGPORT: 'secret' })).not.toThrow(/secret/);
  });

  it('is named in messages without the password', () => {
    expect(labelOf(of('//ada:secret@[::1]:7/d'))).toBe('[::1]:7/d');
  });
});
