/**
 * A source behind a network through whole commands: the made-up one is there with its adapter's file and
 * its line among the adapters. Its password gets no further than to the server.
 */

import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openFindings } from '../../src/findings/findingStore.ts';
import { dryRun } from '../../src/flow/dryRun.ts';
import { init } from '../../src/flow/init.ts';
import { migrate } from '../../src/flow/migrate.ts';
import { sourceAnswers } from '../../src/cli/sourceAnswers.ts';
import { Failure } from '../../src/outcome/failure.ts';
import type { Environment } from '../../src/run/environment.ts';
import type { PreparedSource } from '../../src/source/source.ts';
import { inlinePool } from '../../src/threads/inlinePool.ts';
import { ENVIRONMENT, HASHING, temporaryFolder } from '../fault/fixture.ts';
import { networkAdapter } from './network/adapter.ts';
import { startServer, type Server, type ServedTable } from './network/server.ts';
import { handleOf, NEVER, prepareAt, waiting } from './opening.ts';

const PASSWORD = 's3cret';
const ADAPTERS: Environment['adapters'] = new Map([
  ...ENVIRONMENT.adapters,
  [networkAdapter.scheme, networkAdapter],
]);

function environment(variables: Environment['variables']): Environment {
  return {
    ...ENVIRONMENT,
    adapters: ADAPTERS,
    variables,
    startWorkers(_workers, start) {
      if (start === null) return HASHING;
      const { answers, close } = sourceAnswers({ ...start, registries: new Map() }, ADAPTERS);
      return inlinePool(answers, close);
    },
  };
}

const PEOPLE: ServedTable = {
  columns: ['id', 'name'],
  rows: Array.from({ length: 2500 }, (_, index) => [String(index), index % 7 === 0 ? null : 'Ada']),
};

let server: Server;
let at: (user: string) => string;

beforeAll(async () => {
  server = await startServer(PASSWORD);
  at = (user) => `//${user}@127.0.0.1:${server.port}/shop`;
});
beforeEach(() => {
  server.write(new Map([['people', PEOPLE]]));
});
afterAll(() => server.close());

/** All that is in a folder, as one text. */
function contentOf(folder: string): string {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');
}

describe('commands on a network source', () => {
  let project = '';
  beforeAll(() => {
    project = temporaryFolder();
  });
  afterAll(() => {
    rmSync(project, { recursive: true });
  });
  const run = (command: 'init' | 'migrate', source: string, env: Environment): Promise<unknown> =>
    command === 'init'
      ? init({ project, cwd: project, source, ids: 'uuid' }, env)
      : migrate(
          {
            project,
            cwd: project,
            sources: new Map(),
            runId: 'run-test',
            failAfter: null,
            allowRejected: 0,
            workers: null,
            memory: 2 ** 28,
          },
          env,
          openFindings(project),
        );

  it('make a mapping that works, without the password in it', async () => {
    const outcome = await run('init', `net:${at(`ada:${PASSWORD}`)}`, environment({}));
    const made = contentOf(project);
    expect(made).toContain(`net:${at('ada')}`);
    expect(made).toContain('"name": "shop"');
    for (const text of [made, JSON.stringify(outcome)]) expect(text).not.toContain(PASSWORD);
  });

  it('build a candidate of it with the password of the environment', async () => {
    const outcome = await run('migrate', '', environment({ NET_PASSWORD: PASSWORD }));
    expect(outcome).toMatchObject({ status: 'DONE', modules: [{ records: 2500, rejected: 0 }] });
    expect(contentOf(project)).not.toContain(PASSWORD);
    // All that was opened is closed again.
    await expect.poll(() => server.clients()).toBe(0);
  });

  it('name rows as the source does', async () => {
    const rows = PEOPLE.rows.map((row, index) =>
      index === 203 ? [...row.slice(0, 1), 'A\uFFFDa'] : row,
    );
    server.write(new Map([['people', { ...PEOPLE, rows }]]));
    const found = openFindings(project);
    const options = { project, cwd: project, sources: new Map(), workers: null, memory: 2 ** 28 };
    await dryRun(options, environment({ NET_PASSWORD: PASSWORD }), found);
    const [finding] = found.list;
    expect(finding).toMatchObject({ module: 'people', source: { table: 'people', row: '(2,4)' } });
    const [line = ''] = [...(found.list.lines?.() ?? [])].map(String);
    expect(line).toContain(`"row":${2 * 2 ** 16 + 4}`);
    found.close();
  });

  it('say where it is, and not with what they tried to get in', async () => {
    const wrong = environment({ NET_PASSWORD: 'wr0ng' });
    const error = await run('migrate', '', wrong).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Failure);
    const line = (error as Failure).line();
    expect(line).toContain(`127.0.0.1:${server.port}/shop`);
    expect(line).not.toMatch(/wr0ng|s3cret/);
    await expect.poll(() => server.clients()).toBe(0);
  });
});

describe('a network source', () => {
  let source: PreparedSource;
  const options = { scratch: '', ...waiting(0), variables: { NET_PASSWORD: PASSWORD } };
  beforeEach(async () => {
    source = await prepareAt(networkAdapter, at('ada'), options);
  });
  afterEach(() => source.close());

  it('is counted once a snapshot, however often it is asked', async () => {
    const before = server.counted.get('people') ?? 0;
    await handleOf(source);
    expect(await source.count('people')).toBe(2500);
    await source.plan('people', 100);
    expect(await source.count('people')).toBe(2500);
    expect(server.counted.get('people')).toBe(before + 1);
    await handleOf(source);
    await source.count('people');
    expect(server.counted.get('people')).toBe(before + 2);
  });

  it('stays what it was when the snapshot began, for readers that open later, too', async () => {
    const handle = await handleOf(source);
    server.write(new Map([['people', { ...PEOPLE, rows: [] }]]));
    const reader = await networkAdapter.open(handle, NEVER);
    let rows = 0;
    for await (const page of reader.read('people', ['name'], { from: 0, to: 2500 })) {
      rows += page.length;
    }
    expect(rows).toBe(2500);
    await reader.close();
    // Of the next snapshot the count is another.
    await handleOf(source);
    expect(await source.count('people')).toBe(0);
  });

  it('lets go of a connection that waits for an answer', async () => {
    const silent = await startServer(PASSWORD);
    silent.hang();
    const controller = new AbortController();
    const url = `//ada@127.0.0.1:${silent.port}/shop`;
    const waits = prepareAt(networkAdapter, url, { ...options, signal: controller.signal });
    await expect.poll(() => silent.clients()).toBe(1);
    controller.abort(new Error('interrupted'));
    await expect(waits).rejects.toThrow('interrupted');
    await expect.poll(() => silent.clients()).toBe(0);
    await silent.close();
  });

  it('shows its locators as page and place', () => {
    expect(source.schema.tables[0]?.locator).toBe('ctid');
    expect(networkAdapter.showLocator?.(812 * 2 ** 16 + 4)).toBe('(812,4)');
  });
});
