/** Whether an endpoint announces its end so that clients can read it. The clock of the world says 2026-12-06. */

import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { parseRunbook } from '../../../src/cutover/readRunbook.ts';
import type { Members, StepResult } from '../../../src/cutover/steps/stepType.ts';
import { shared } from '../../shared.ts';
import { startServer, type Reply, type TestServer } from '../world/httpServer.ts';
import { httpWorld, type HttpWorld } from './httpWorld.ts';
import { membersOf, stepOf } from './stepOf.ts';

const RIGHT = { deprecation: '@1767225600', sunset: 'Mon, 01 Mar 2027 00:00:00 GMT' };

let server: TestServer;
let world: HttpWorld;

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
  server.handler = () => ({ headers: RIGHT });
});

const STEP = stepOf('http.deprecation');

function check(members: Members): Promise<StepResult> {
  return STEP.apply(world.work(membersOf('http.deprecation', members)));
}

function tryOut(members: Members): Promise<StepResult> | undefined {
  return STEP.dryRun?.(world.work(membersOf('http.deprecation', members)));
}

/** A runbook with one step. */
function runbookWith(members: string): string {
  return `runbook: a\nsteps:\n  - { id: end, use: http.deprecation, ${members} }\n`;
}

/** What is said of an answer with these headers. */
async function saysOf(
  headers: NonNullable<Reply['headers']>,
  members: Members = {},
  status: number = 200,
): Promise<string> {
  server.handler = () => ({ status, headers });
  const { verdict, says, results } = await check({ url: '/process-full', ...members });
  return `${verdict} ${results?.failed}/${results?.count} ${says}`;
}

describe('an end that is announced', () => {
  it('passes', async () => {
    expect(await check({ url: '/process-full' })).toEqual({
      verdict: 'PASS',
      says: 'deprecated from 2026-01-01T00:00:00Z on, sunset at 2027-03-01T00:00:00Z',
      results: { failed: 0, count: 3 },
    });
    expect(STEP.plan({ url: '/process-full?key=hunter22' })).toBe('request /process-full');
  });

  it('may be that of a request with a body, whatever its status is', async () => {
    world.write('request.json', '{"user_id":"test"}');
    const send = { 'Content-Type': 'application/json' };
    const members = { method: 'POST', body: 'request.json', send };
    expect(await saysOf(RIGHT, members, 422)).toMatch(/^PASS 0\/3/);
    const [seen] = server.seen;
    expect([seen?.method, seen?.path, seen?.body.toString()]).toEqual([
      'POST',
      '/process-full',
      '{"user_id":"test"}',
    ]);
    expect(seen?.headers).toMatchObject({ 'content-type': 'application/json' });
  });

  it('is at the moments that are expected, with the links', async () => {
    const link = [
      '</v2>; rel="successor-version"',
      '<https://a.example/>; rel="deprecation sunset"',
    ];
    const members = {
      deprecated: '2026-01-01T00:00:00Z',
      sunset: '2027-03-01T00:00:00Z',
      link: ['deprecation', 'sunset', 'successor-version'],
    };
    expect(await saysOf({ ...RIGHT, link }, members)).toMatch(/^PASS 0\/8/);
    expect(await saysOf({ ...RIGHT, link: link[0] ?? '' }, members)).toBe(
      'FAIL 2/8 no Link has the relation deprecation, no Link has the relation sunset',
    );
    expect(await saysOf(RIGHT, { ...members, sunset: '2027-03-01T00:00:01Z' })).toContain(
      'Sunset is 2027-03-01T00:00:00Z instead of 2027-03-01T00:00:01Z',
    );
    expect(await saysOf(RIGHT, { deprecated: '2025-12-31T23:59:59Z' })).toBe(
      'FAIL 1/4 Deprecation is 2026-01-01T00:00:00Z instead of 2025-12-31T23:59:59Z',
    );
  });

  it('may begin and end at the same moment, and begin later', async () => {
    expect(await saysOf({ ...RIGHT, deprecation: '@1803859200' })).toBe(
      'PASS 0/3 deprecated from 2027-03-01T00:00:00Z on, sunset at 2027-03-01T00:00:00Z',
    );
  });
});

describe('an end that clients cannot read', () => {
  it('fails as a runbook had it, and says what to send', async () => {
    const seed = shared('seeds/004-gradual-cutover.md');
    if (seed !== null) {
      const text = readFileSync(seed, 'utf8');
      expect(text).toContain('`Deprecation: true`, `Sunset: Sat, 01 Mar 2026 00:00:00 GMT`');
    }
    const headers = { deprecation: 'true', sunset: 'Sat, 01 Mar 2026 00:00:00 GMT' };
    expect(await saysOf(headers)).toBe(
      'FAIL 3/3 Deprecation is a truth value, as in a draft, and not a date; send the seconds since 1970, such as @1767225600 (RFC 9745), Sunset says Sat of a date that is a Sunday; send Sun, 01 Mar 2026 00:00:00 GMT (RFC 8594)',
    );
    const members = { deprecated: '2025-06-01T00:00:00Z', sunset: '2026-03-01T00:00:00Z' };
    expect(await saysOf(headers, members)).toMatch(/^FAIL 5\/5 .*; send @1748736000 \(RFC 9745\)/);
  });

  it('fails without a header, or with two', async () => {
    expect(await saysOf({})).toBe(
      'FAIL 3/3 header Deprecation is missing, header Sunset is missing',
    );
    expect(await saysOf({ sunset: RIGHT.sunset })).toBe('FAIL 2/3 header Deprecation is missing');
    expect(await saysOf({ ...RIGHT, sunset: [RIGHT.sunset, RIGHT.sunset] })).toBe(
      'FAIL 2/3 header Sunset is there 2 times; send it once',
    );
  });

  it('fails with a status that may be the reason', async () => {
    expect(await saysOf({}, {}, 404)).toBe(
      'FAIL 3/3 status 404, header Deprecation is missing, header Sunset is missing',
    );
  });

  it('fails where it ends before it begins', async () => {
    expect(await saysOf({ ...RIGHT, deprecation: '@1803859201' })).toBe(
      'FAIL 1/3 Sunset (2027-03-01T00:00:00Z) is before Deprecation (2027-03-01T00:00:01Z), which RFC 9745 forbids',
    );
  });

  it('shows nothing of the answer', async () => {
    const headers = { deprecation: 'hunter22', sunset: 'hunter22', link: '<hunter22>' };
    expect(await saysOf(headers, { link: ['sunset'] })).not.toContain('hunter22');
  });
});

describe('an end that is over', () => {
  const past = { ...RIGHT, sunset: 'Sun, 06 Dec 2026 02:00:00 GMT' };

  it('warns while the endpoint answers', async () => {
    expect(await saysOf(past)).toBe(
      'WARN 0/3 Sunset was 2026-12-06T02:00:00Z, and the endpoint still answers, with status 200',
    );
    expect(await saysOf(past, {}, 401)).toContain('still answers, with status 401');
    expect(await saysOf({ ...past, sunset: 'Tue, 08 Dec 2026 02:00:00 GMT' })).toMatch(/^PASS/);
  });

  it('passes once the endpoint is gone', async () => {
    expect(await saysOf(past, {}, 404)).toMatch(/^PASS/);
    expect(await saysOf(past, {}, 410)).toMatch(/^PASS/);
  });

  it('fails for all that is wrong besides', async () => {
    expect(await saysOf(past, { link: ['sunset'] })).toBe(
      'FAIL 1/4 no Link has the relation sunset',
    );
  });
});

describe('a request that cannot be judged or sent', () => {
  it('fails with the reason where the server is down', async () => {
    const down = await startServer();
    world.inputs.set('down', down.origin);
    await down.close();
    expect(await check({ url: `${down.origin}/process-full` })).toEqual({
      verdict: 'FAIL',
      says: `the host refuses the connection (127.0.0.1:${down.port})`,
      results: { failed: 1, count: 1 },
    });
  });

  it('throws for a host that no input names, and a body that is not there', async () => {
    await expect(check({ url: 'http://evil.example/' })).rejects.toThrow('no input of the runbook');
    await expect(check({ url: '/', method: 'POST', body: 'nosuch.json' })).rejects.toThrow(
      'there is no file of at most 4 MiB',
    );
  });

  it('is not sent where a time does not exist, or the end is before the beginning', async () => {
    await expect(check({ url: '/', sunset: '2026-02-29T00:00:00Z' })).rejects.toThrow(
      'the time of "sunset" does not exist',
    );
    await expect(check({ url: '/', deprecated: '2026-02-28T24:00:00Z' })).rejects.toThrow(
      'the time of "deprecated" does not exist',
    );
    const wrong = { deprecated: '2026-03-01T00:00:01Z', sunset: '2026-03-01T00:00:00Z' };
    await expect(check({ url: '/', ...wrong })).rejects.toThrow(
      'the expected sunset is before the deprecation',
    );
    expect(server.seen).toEqual([]);
  });
});

describe('a runbook', () => {
  it.each([
    ['url: /', null],
    [
      'url: /, deprecated: 2026-01-01T00:00:00Z, sunset: 2026-03-01T00:00:00Z, link: [sunset]',
      null,
    ],
    ['method: POST', 'url'],
    ['url: /, method: DELETE', 'GET'],
    ['url: /, sunset: 2026-03-01', 'a time in UTC such as "2026-03-01T00:00:00Z"'],
    ['url: /, sunset: "2026-03-01T01:00:00+01:00"', 'a time in UTC'],
    ['url: /, deprecated: 1767225600', 'a time in UTC'],
    ['url: /, deprecated: true', 'a time in UTC'],
    ['url: /, link: sunset', 'list'],
    ['url: /, link: []', 'at least 1'],
    ['url: /, link: [next]', 'successor-version'],
    ['url: /, status: 200', 'status'],
  ])('with %s', (members, line) => {
    if (line === null) {
      expect(parseRunbook(runbookWith(members), 'a.yaml').runbook.steps).toHaveLength(1);
      return;
    }
    let said = '';
    try {
      parseRunbook(runbookWith(members), 'a.yaml');
    } catch (error) {
      said = (error as { line(): string }).line();
    }
    expect(said).toContain(line);
    expect(said).toMatch(/\(a\.yaml:3:\d+\)/);
  });
});

describe('a dry run', () => {
  it('makes the check of a GET, and sends no POST', async () => {
    server.handler = () => ({});
    expect(await tryOut({ url: '/v1' })).toMatchObject({ verdict: 'FAIL' });
    expect(await tryOut({ url: '/v1?key=hunter22', method: 'POST' })).toEqual({
      verdict: 'PASS',
      says: 'POST /v1 not sent, as it may change something',
    });
    expect(server.seen.map(({ method }) => method)).toEqual(['GET']);
    await expect(
      tryOut({ url: '/v1', method: 'POST', sunset: '2026-02-30T00:00:00Z' }),
    ).rejects.toThrow('does not exist');
  });
});
