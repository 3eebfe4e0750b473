/** docs/cohort.md and its vectors: each is computed again, in Python, too, and the router of the page runs. */

import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { isInRollout, placeOf } from '../../src/cohort/cohort.ts';
import { workFolder } from '../kit/project.ts';

interface Vector {
  readonly rollout: string;
  readonly user: string;
  readonly sha256: string;
  readonly place: number;
}

const { places } = JSON.parse(readFileSync('docs/vectors/cohort.json', 'utf8')) as {
  readonly places: readonly Vector[];
};
const PAGE = readFileSync('docs/cohort.md', 'utf8');
const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) process.stderr.write('notice: no python3 here; the program of a page is not run\n');
const folder = workFolder('cohort-page');

/** The one block of a language. */
function blockOf(language: string): string {
  const blocks = [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))];
  expect(blocks).toHaveLength(1);
  return blocks[0]?.[1] ?? '';
}

/** Sets the percentage that the router reads. */
function set(percent: unknown): void {
  writeFileSync(join(folder, 'settings.json'), JSON.stringify({ V2_ROLLOUT_PERCENT: percent }));
}

describe('docs/vectors/cohort.json', () => {
  it('has digests and places as Sealift computes them, and as the page states them', () => {
    expect(places.length).toBeGreaterThan(15);
    for (const { rollout, user, sha256, place } of places) {
      expect(placeOf(user, rollout)).toBe(place);
      const bytes = Buffer.concat([Buffer.from(rollout), Buffer.from([0]), Buffer.from(user)]);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
      expect(Number(BigInt(`0x${sha256.slice(0, 12)}`) % 1_000_000n) / 10_000).toBe(place);
    }
  });

  it('has a user at the border of 10 %', () => {
    const { rollout, user, place } = places.at(-1) as Vector;
    expect(place).toBe(10);
    expect([10, 10.0001].map((percent) => isInRollout(user, percent, rollout))).toEqual([
      false,
      true,
    ]);
  });
});

describe.skipIf(!hasPython)('the program in docs/cohort.md', () => {
  const READ = `import json, sys
for one in json.load(sys.stdin):
    print(repr([place_of(one['user'], one['rollout']), is_in_rollout(one['user'], 10, one['rollout'])]))
`;

  function python(vectors: readonly Vector[]): string[] {
    const program = `${blockOf('python')}\n${READ}`;
    const input = JSON.stringify(vectors);
    const { stdout, stderr } = spawnSync('python3', ['-c', program], { input, encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.trim().split('\n');
  }

  it('is short, and draws the same users', () => {
    expect(blockOf('python').trim().split('\n').length).toBeLessThan(10);
    const expected = places.map(
      ({ place }) =>
        `[${Number.isInteger(place) ? `${place}.0` : place}, ${place < 10 ? 'True' : 'False'}]`,
    );
    expect(python(places)).toEqual(expected);
  });

  it('draws others for other bytes (negative control)', () => {
    const [first] = places as readonly [Vector];
    expect(python([first, { ...first, user: ' 1' }])[0]).not.toBe(
      python([{ ...first, user: ' 1' }])[0],
    );
  });
});

describe('the router in docs/cohort.md', () => {
  const servers: Server[] = [];
  let router: ChildProcess;
  let port = 0;
  let errors = '';

  async function upstream(version: string): Promise<string> {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => response.end(`${version} ${request.method} ${request.url} ${body}`));
    });
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function post(user?: string): Promise<string> {
    const headers: Record<string, string> = user === undefined ? {} : { 'x-user-id': user };
    const url = `http://127.0.0.1:${port}/process?a=b`;
    return (await fetch(url, { method: 'POST', headers, body: 'x' })).text();
  }

  beforeAll(async () => {
    const library = pathToFileURL('src/cohort/cohort.ts').href;
    const program = blockOf('js')
      .replace("'sealift/cohort'", `'${library}'`)
      .replace(
        ".listen(process.env.PORT ?? 8080, '127.0.0.1');",
        ".listen(0, '127.0.0.1', function () { process.send(this.address().port); });",
      );
    writeFileSync(join(folder, 'router.mjs'), program);
    set(10);
    const env = { V1_URL: await upstream('v1'), V2_URL: await upstream('v2') };
    router = fork(join(folder, 'router.mjs'), { cwd: folder, env, execArgv: [], silent: true });
    router.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    [port] = (await once(router, 'message')) as [number];
  });
  afterAll(() => {
    router.kill();
    for (const server of servers) server.close();
  });

  it('passes requests on, and writes one line for each decision', async () => {
    for (let at = 0; at < 100; at += 1) {
      const version = isInRollout(String(at), 10, 'full-pass-v2') ? 'v2' : 'v1';
      expect(await post(String(at))).toBe(`${version} POST /process?a=b x`);
    }
    expect(await post()).toBe('v1 POST /process?a=b x');
    const lines = readFileSync(join(folder, 'route.ndjson'), 'utf8').trim().split('\n');
    expect(lines).toHaveLength(100);
    for (const [at, line] of lines.entries()) {
      const { time, user, version, ...rest } = JSON.parse(line) as Record<string, string>;
      expect([user, rest]).toEqual([String(at), {}]);
      expect(new Date(String(time)).toISOString()).toBe(time);
      expect(version).toBe(isInRollout(String(at), 10, 'full-pass-v2') ? 'v2' : 'v1');
    }
    const members = Object.keys(JSON.parse(blockOf('json')) as object);
    expect(Object.keys(JSON.parse(lines[0] ?? '') as object)).toEqual(members);
  });

  it('reads the percentage again, and goes on with the last valid one', async () => {
    set(100);
    expect(await post('1')).toMatch(/^v2/);
    set(0);
    expect(await post('1')).toMatch(/^v1/);
    for (const wrong of [null, '100', 1000]) {
      set(wrong);
      expect(await post('1')).toMatch(/^v1/);
    }
    expect(errors).toContain('the percentage stays 0: the percentage of a rollout is 1000');
  });
});
