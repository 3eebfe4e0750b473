/** URLs of sources: what they become, and that no password of one gets out. */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { determinism } from '../../src/flow/determinism.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { parseAddress } from '../../src/postgres/address.ts';
import { formatSourceUrl, parseSourceUrl } from '../../src/project/sourceUrl.ts';
import type { Environment, SelfOptions } from '../../src/run/environment.ts';
import { networkAdapter } from '../contract/network/adapter.ts';
import { sealift } from '../kit/run.ts';
import { ENVIRONMENT, newProject, temporaryFolder } from '../fault/fixture.ts';

const SECRET_URL = 'oracle://ada:s3cret@db/shop';

/** What a URL of PostgreSQL leaves to the environment. */
const PG = { scheme: 'postgres', ...parseAddress('//') };

let folder = '';
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function lineOf(url: string, variables: Environment['variables'] = {}): string {
  try {
    parseSourceUrl(url, '/srv', { ...ENVIRONMENT, variables });
  } catch (error) {
    if (error instanceof Failure) return `${error.code} ${error.line()}`;
    throw error;
  }
  return 'it is taken';
}

function taken(text: string): unknown {
  return parseSourceUrl('env:LEGACY', '/srv', { ...ENVIRONMENT, variables: { LEGACY: text } });
}

describe('the URL of a source', () => {
  it.each([
    '{"scheme":"sqlite"}',
    '{"scheme":"csv"}',
    '{"scheme":"ndjson","path":null}',
    '{',
    '{}',
  ])('in a variable is no location where it is %s', (text) => {
    expect(lineOf('env:LEGACY', { LEGACY: text })).toMatch(
      /^USAGE the variable that names a source has no URL/,
    );
  });

  it('of a scheme that is not known is shown by its scheme alone', () => {
    expect(lineOf('bob:s3cretPW')).toContain('(--source "bob:…")');
  });

  it.each([
    ['sqlite:legacy.db', { scheme: 'sqlite', path: '/srv/legacy.db' }],
    ['sqlite:/a/../b.db', { scheme: 'sqlite', path: '/b.db' }],
    ['ndjson:.', { scheme: 'ndjson', path: '/srv' }],
    ['csv:a.csv?delimiter=;', { scheme: 'csv', path: '/srv/a.csv', delimiter: ';' }],
    ['csv:a.csv?null=a/../b', { scheme: 'csv', path: '/srv/a.csv', nullText: 'a/../b' }],
    ['csv:what?.csv', { scheme: 'csv', path: '/srv/what?.csv' }],
    ['postgres://', PG],
    ['postgres://ada@db/shop', { ...PG, user: 'ada', host: 'db', database: 'shop' }],
    ['postgres://[::1]:5433', { ...PG, host: '::1', port: 5433 }],
    ['postgres://%2Frun/a%20b', { ...PG, host: '/run', database: 'a b' }],
    ['postgres:///x?sslmode=require', { ...PG, database: 'x', sslmode: 'require' }],
  ])('%s is a location, and is made of it again', (url, location) => {
    const found = parseSourceUrl(url, '/srv', ENVIRONMENT);
    expect(found).toEqual(location);
    const again = formatSourceUrl(found, '/srv', ENVIRONMENT);
    expect(parseSourceUrl(again, '/srv', ENVIRONMENT)).toEqual(location);
  });

  it('is written relative to a folder that is not far off, and never as nothing', () => {
    const location = { scheme: 'sqlite', path: '/srv/old/legacy.db' };
    const formatted = (base: string): string => formatSourceUrl(location, base, ENVIRONMENT);
    expect(formatted('/srv/old')).toBe('sqlite:legacy.db');
    expect(formatted('/srv/a/b')).toBe('sqlite:../../old/legacy.db');
    expect(formatted('/a/b/c/d')).toBe('sqlite:/srv/old/legacy.db');
    expect(formatted('/srv/old/legacy.db')).toBe('sqlite:.');
  });

  it('may stand in an environment variable', () => {
    expect(taken('sqlite:x.db')).toEqual({ scheme: 'sqlite', path: '/srv/x.db' });
    const location = { scheme: 'csv', path: '/a?b', delimiter: ';' };
    expect(taken(JSON.stringify(location))).toEqual(location);
    expect(lineOf('env:LEGACY')).toMatch(
      /^USAGE the variable that names a source is not set \(environment variable LEGACY\)/,
    );
  });

  it.each([
    SECRET_URL,
    'postgres:host=db password=s3cret',
    'postgres://ada:s3cret@db/shop?sslmod=require',
    'postgres://ada:s3cret@db:port/shop',
    'postgres://ada:s3cret%@db/shop',
    'POSTGRES://ada:s3cret@db/shop',
    'host=db password=s3cret',
    'env:s3cret@db',
  ])('is not shown where it may hold a password: %s', (url) => {
    expect(lineOf(url)).toMatch(/^USAGE .* \(--source "[a-z]*:?…"\): /);
    expect(lineOf(url)).not.toContain('s3cret');
    const line = lineOf('env:LEGACY', { LEGACY: url });
    expect(line).toMatch(/^USAGE .* \(environment variable LEGACY\): /);
    expect(line).not.toContain('s3cret');
  });

  it('is shown where it is a path alone', () => {
    expect(lineOf('old/legacy-1.db')).toContain('(--source "old/legacy-1.db")');
    expect(lineOf('legacy.db')).toContain('(--source "legacy.db")');
  });
});

describe('a password in --source', () => {
  it.each([[[]], [['--json']]])(
    'is in nothing that init says or leaves behind %j',
    async (more) => {
      const project = join(folder, `new${more.length}`);
      mkdirSync(project);
      const { code, stdout, stderr } = await sealift(
        ['init', '--project', project, '--source', SECRET_URL, ...more],
        { cwd: project },
      );
      expect(code).toBe(64);
      expect(stdout + stderr).toContain(
        'there is no source of kind \\"oracle\\"'.replaceAll(more.length === 0 ? '\\' : '', ''),
      );
      expect(stdout + stderr).not.toContain('s3cret');
      expect(readdirSync(project)).toEqual([]);
    },
  );

  it('of a mapping is in nothing that migrate says, nor in its report', async () => {
    const project = await newProject(5);
    const file = join(project, 'mapping/project.json');
    const text = readFileSync(file, 'utf8').replace('sqlite:legacy.db', SECRET_URL);
    expect(text).toContain(SECRET_URL);
    writeFileSync(file, text);
    const { code, stdout, stderr } = await sealift(['migrate', '--project', project, '--json']);
    expect(code).toBe(64);
    expect(stdout + stderr).not.toContain('s3cret');
    const reports = join(project, 'storage_reports');
    const files = readdirSync(project).includes('storage_reports')
      ? readdirSync(reports, { recursive: true }).map(String)
      : [];
    for (const name of files.filter((path) => /\.\w+$/.test(path))) {
      expect(readFileSync(join(reports, name), 'utf8')).not.toContain('s3cret');
    }
    rmSync(project, { recursive: true });
  });

  it('is on no command line of the runs that determinism starts', async () => {
    const project = await newProject(5);
    const started: { args: readonly string[]; variables: SelfOptions['variables'] }[] = [];
    const env: Environment = {
      ...ENVIRONMENT,
      adapters: new Map([...ENVIRONMENT.adapters, [networkAdapter.scheme, networkAdapter]]),
      runSelf(args, { variables }) {
        started.push({ args, variables });
        const ended = { code: 1, signal: null, stdout: '', stderr: '' };
        return { ended: Promise.resolve(ended), kill() {} };
      },
    };
    const sources = new Map([['main', 'net://ada:s3cret@127.0.0.1:1/shop']]);
    const options = { project, cwd: project, sources, sample: null, workers: 1, memory: 2 ** 28 };
    const error = await determinism(options, env).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Failure);
    const [{ args, variables } = { args: [], variables: {} }] = started;
    expect(args).toContain('main=env:SEALIFT_SOURCE_1');
    expect(args.join(' ')).not.toContain('s3cret');
    // It gets there all the same.
    const location = parseSourceUrl('env:SEALIFT_SOURCE_1', '/', { ...env, variables });
    expect(location).toMatchObject({ scheme: 'net', password: 's3cret' });
    rmSync(project, { recursive: true });
  });
});
