/** A setting gets a value and is read back: in a file, by a program, by a request, in a database. */

import { chmodSync, chownSync, existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Members } from '../../../../src/cutover/steps/stepType.ts';
import { json, startServer, type TestServer } from '../../world/httpServer.ts';
import { httpWorld, type HttpWorld } from '../httpWorld.ts';
import { membersOf, stepOf } from '../stepOf.ts';

const CONFIG_SET = stepOf('config.set');
const SECRET = 'hunter22-canary';

let server: TestServer;
let world: HttpWorld;
/** What the application has. */
let settings: Record<string, unknown>;

beforeAll(async () => {
  server = await startServer();
  world = httpWorld(server.origin);
});
afterAll(async () => {
  world.remove();
  await server.close();
});
beforeEach(() => {
  server.seen.length = 0;
  world.calls.length = 0;
  world.secrets.clear();
  settings = { percent: 0 };
  server.handler = ({ method, body }) => {
    if (method === 'GET') return json({ settings });
    const { key, value } = JSON.parse(body.toString()) as { key: string; value: unknown };
    settings[key] = value;
    return { status: 204 };
  };
});

function setting(members: Members): Members {
  return membersOf('config.set', members);
}

/** What a step says and keeps, all of it. */
async function everythingOf(members: Members): Promise<string> {
  const work = world.work(setting(members));
  const all = [
    CONFIG_SET.plan(members),
    await CONFIG_SET.dryRun?.(work),
    await CONFIG_SET.apply(work),
    await CONFIG_SET.verify?.(work),
    await CONFIG_SET.probe?.(work),
  ];
  return JSON.stringify(all);
}

describe('in a file', () => {
  const ENV = { key: 'ATTESTATION', set: 'true', file: '.env' };

  it('one value changes, and mode and all else stay', async () => {
    world.write('.env', '# kept\nATTESTATION=false # off\nOTHER=1\n');
    chmodSync(join(world.folder, '.env'), 0o640);
    const work = world.work(setting(ENV));
    expect(await CONFIG_SET.probe?.(work)).toBe('absent');
    expect(await CONFIG_SET.verify?.(work)).toEqual({
      verdict: 'FAIL',
      says: '"ATTESTATION" has another value',
      results: { failed: 1 },
    });
    expect(await CONFIG_SET.apply(work)).toEqual({
      verdict: 'PASS',
      says: '"ATTESTATION" is set',
      results: { applied: 1 },
    });
    expect(await CONFIG_SET.probe?.(work)).toBe('there');
    const path = join(world.folder, '.env');
    expect(readFileSync(path, 'utf8')).toBe('# kept\nATTESTATION=true # off\nOTHER=1\n');
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(existsSync(join(world.folder, '..env.new'))).toBe(false);
  });

  it.skipIf(process.getuid?.() !== 0)('keeps its owner (needs root)', async () => {
    world.write('.env', 'ATTESTATION=false\n');
    const path = join(world.folder, '.env');
    chownSync(path, 12_345, 54_321);
    await CONFIG_SET.apply(world.work(setting(ENV)));
    expect([statSync(path).uid, statSync(path).gid]).toEqual([12_345, 54_321]);
  });

  it('is set back on the way back', async () => {
    world.write('.env', 'ATTESTATION=true\n');
    const work = { ...world.work(setting({ ...ENV, set: 'false' })), goesBack: true };
    expect((await CONFIG_SET.apply(work)).says).toBe('"ATTESTATION" is set back');
  });

  it('of JSON a value at a path changes', async () => {
    world.write('flags.json', '{ "rollout": { "percent": 0 } }');
    const work = world.work(setting({ key: 'rollout.percent', set: 10, file: 'flags.json' }));
    expect((await CONFIG_SET.apply(work)).verdict).toBe('PASS');
    expect(readFileSync(join(world.folder, 'flags.json'), 'utf8')).toBe(
      '{ "rollout": { "percent": 10 } }',
    );
    expect(CONFIG_SET.plan(work.members)).toBe('set rollout.percent');
  });

  it('a killed step is there or not, and never in part', async () => {
    world.write('.env', 'ATTESTATION=false\n');
    // What a run leaves that is killed before it has renamed.
    world.write('..env.new', 'ATTEST');
    const work = world.work(setting(ENV));
    expect(await CONFIG_SET.probe?.(work)).toBe('absent');
    await CONFIG_SET.apply(work);
    expect(await CONFIG_SET.probe?.(work)).toBe('there');
    expect(existsSync(join(world.folder, '..env.new'))).toBe(false);
  });

  it('is rehearsed without an effect', async () => {
    world.write('.env', 'ATTESTATION=false\n');
    const work = world.work(setting(ENV));
    expect(await CONFIG_SET.dryRun?.(work)).toEqual({
      verdict: 'PASS',
      says: '"ATTESTATION" has another value now',
    });
    expect(readFileSync(join(world.folder, '.env'), 'utf8')).toBe('ATTESTATION=false\n');
    const bad = world.work(setting({ ...ENV, set: 'a\nb' }));
    await expect(CONFIG_SET.dryRun?.(bad)).rejects.toThrow('cannot be written to such a file');
  });

  it('that is not there, or is a link, nothing is written', async () => {
    const work = world.work(setting({ ...ENV, file: 'nosuch.env' }));
    await expect(CONFIG_SET.apply(work)).rejects.toThrow('there is no file');
    world.write('real.env', 'ATTESTATION=false\n');
    symlinkSync('real.env', join(world.folder, 'link.env'));
    const link = world.work(setting({ ...ENV, file: 'link.env' }));
    await expect(CONFIG_SET.apply(link)).rejects.toThrow('there is no file');
    expect(readFileSync(join(world.folder, 'real.env'), 'utf8')).toBe('ATTESTATION=false\n');
  });
});

describe('by a program', () => {
  const RUN = {
    key: 'PERCENT',
    set: 10,
    run: ['flag', 'set', '{key}', '{set}'],
    read: { run: ['flag', 'get', '{key}'] },
  };
  let value = '0';

  beforeEach(() => {
    value = '0';
    world.run = ({ argv, input }) => {
      if (argv[1] === 'get') return { stdout: `${value}\n` };
      value = argv[3] ?? Buffer.from(input ?? []).toString();
      return {};
    };
  });

  it('it is set, and read back by another call', async () => {
    const work = world.work(setting(RUN));
    expect(await CONFIG_SET.probe?.(work)).toBe('absent');
    expect((await CONFIG_SET.apply(work)).verdict).toBe('PASS');
    expect(world.calls.map(({ argv, keepAs }) => [argv.join(' '), keepAs])).toEqual([
      ['flag get PERCENT', null],
      ['flag set PERCENT 10', 'step'],
      ['flag get PERCENT', null],
    ]);
    expect(await CONFIG_SET.probe?.(work)).toBe('there');
  });

  it('a secret goes by standard input, is compared as it is redacted, and is said nowhere', async () => {
    world.secrets.set(SECRET, 'hook');
    const members = { ...RUN, set: SECRET, run: ['flag', 'put', '{key}'] };
    const all = await everythingOf(members);
    expect(value).toBe(SECRET);
    expect(all).toContain('"there"');
    expect(all + JSON.stringify(world.calls.map(({ argv }) => argv))).not.toContain('canary');
  });

  it('another secret is another value', async () => {
    world.secrets.set(SECRET, 'hook').set('another-secret', 'other');
    value = 'another-secret';
    const work = world.work(setting({ ...RUN, set: SECRET }));
    expect(await CONFIG_SET.probe?.(work)).toBe('absent');
  });

  it('that does not read, nothing can be told', async () => {
    world.run = () => ({ code: 1 });
    const work = world.work(setting(RUN));
    expect(await CONFIG_SET.probe?.(work)).toBe('unclear');
    expect(await CONFIG_SET.dryRun?.(work)).toEqual({
      verdict: 'INCONCLUSIVE',
      says: 'the program ended with code 1 (flag)',
    });
  });

  it('that has no effect, the step is a failure', async () => {
    world.run = () => ({ stdout: '0' });
    const work = world.work(setting({ ...RUN, within: '2s' }));
    await expect(CONFIG_SET.apply(work)).rejects.toThrow('"PERCENT" has another value, 2s after');
  });
});

describe('by a request', () => {
  const URLS = {
    key: 'percent',
    set: 50,
    url: '/settings',
    read: { url: '/settings', json: 'settings.percent' },
  };

  it('it is set, and read back', async () => {
    const work = world.work(setting({ ...URLS, send: { 'x-key': 'k' } }));
    expect(await CONFIG_SET.probe?.(work)).toBe('absent');
    expect((await CONFIG_SET.apply(work)).verdict).toBe('PASS');
    expect([settings['percent'], await CONFIG_SET.probe?.(work)]).toEqual([50, 'there']);
    const [, sent] = server.seen;
    expect([sent?.method, sent?.body.toString(), sent?.headers['x-key']]).toEqual([
      'PUT',
      '{"key":"percent","value":50}',
      'k',
    ]);
  });

  it('has a form of its own, and a text as its answer', async () => {
    let kept = '';
    server.handler = ({ method, path, body }) => {
      if (method === 'GET') return { body: `${kept}\n` };
      kept = `${path} ${body.toString()}`;
      return {};
    };
    const own = { url: '/flags/{key}?to={set}', method: 'POST', data: { items: [{ v: '{set}' }] } };
    const work = world.work(
      setting({ ...URLS, key: 'a b', set: 'x&y', ...own, read: { url: '/' }, within: '1s' }),
    );
    await expect(CONFIG_SET.apply(work)).rejects.toThrow('has another value');
    expect(kept).toBe('/flags/a%20b?to=x%26y {"items":[{"v":"x&y"}]}');
    kept = 'x&y';
    expect(await CONFIG_SET.probe?.(work)).toBe('there');
  });

  it('fails where it is refused, and shows no secret', async () => {
    const members = { ...URLS, set: SECRET };
    expect(await everythingOf(members)).not.toContain('canary');
    server.handler = () => json({ error: SECRET }, 422);
    const { verdict, says } = await CONFIG_SET.apply(world.work(setting(members)));
    expect([verdict, says]).toEqual(['FAIL', 'the request was refused with status 422']);
  });

  it.each([
    ['there', true],
    ['absent', false],
  ])('is %s after a crash', async (presence, isDone) => {
    const controller = new AbortController();
    const whole = server.handler;
    server.handler = (request, response) => {
      if (isDone) void whole(request, response);
      controller.abort(new Error('killed'));
      return null;
    };
    const work = world.work(setting(URLS), { signal: controller.signal });
    await expect(CONFIG_SET.apply(work)).rejects.toThrow('killed');
    server.handler = whole;
    expect(await CONFIG_SET.probe?.(world.work(setting(URLS)))).toBe(presence);
    server.handler = () => json({}, 500);
    expect(await CONFIG_SET.probe?.(world.work(setting(URLS)))).toBe('unclear');
    server.handler = () => json({});
    expect(await CONFIG_SET.probe?.(world.work(setting(URLS)))).toBe('absent');
  });
});

describe('in a database', () => {
  const SQL = {
    key: 'percent',
    set: 10,
    query: "UPDATE config SET value = ? WHERE key = 'percent'",
    read: { query: 'read.sql' },
  };
  let database: Database.Database;

  beforeAll(() => {
    database = new Database(join(world.folder, 'config.sqlite'));
    database.exec('CREATE TABLE config (key TEXT, value)');
    world.write('read.sql', "SELECT value FROM config WHERE key = 'percent'");
    world.inputs.set('db', 'sqlite:config.sqlite');
  });
  beforeEach(() => {
    database.exec("DELETE FROM config; INSERT INTO config VALUES ('percent', 0)");
  });
  afterAll(() => database.close());

  it('it is set, and read back', async () => {
    const work = world.work(setting(SQL), { input: 'db' });
    expect(await CONFIG_SET.dryRun?.(work)).toMatchObject({ verdict: 'PASS' });
    expect(await CONFIG_SET.probe?.(work)).toBe('absent');
    expect((await CONFIG_SET.apply(work)).verdict).toBe('PASS');
    expect(database.prepare('SELECT value FROM config').pluck().all()).toEqual([10]);
    expect(await CONFIG_SET.probe?.(work)).toBe('there');
  });

  it('a row that is not there is no value, and several cannot be told', async () => {
    database.exec('DELETE FROM config');
    const work = world.work(setting({ ...SQL, within: '1s' }));
    await expect(CONFIG_SET.apply(work)).rejects.toThrow('has another value');
    database.exec("INSERT INTO config VALUES ('percent', 10), ('percent', 11)");
    expect(await CONFIG_SET.probe?.(work)).toBe('unclear');
  });
});

describe('a step that cannot be verified', () => {
  it.each<[Members, string]>([
    [{ key: 'a', set: 1 }, 'nothing says how the step is done'],
    [{ key: 'a', set: 1, file: '.env', run: ['x'] }, 'two members say how'],
    [{ key: 'a', set: 1, run: ['x'] }, 'nothing says how the setting is read back'],
    [{ key: 'a', set: 1, run: ['x'], read: { json: 'a' } }, 'nothing says how the step is done'],
  ])('is refused before it has an effect: %j', async (members, expected) => {
    const work = world.work(setting(members));
    await expect(CONFIG_SET.apply(work)).rejects.toThrow(expected);
    await expect(CONFIG_SET.dryRun?.(work)).rejects.toThrow(expected);
    expect(world.calls).toEqual([]);
  });
});
