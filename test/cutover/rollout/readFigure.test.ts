/** What a look reads of an address, a log and a query, and what it says where there is no number. */

import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { withParameters } from '../../../src/cutover/databases/namedParameters.ts';
import { readMetric, readSplit, type LookWork } from '../../../src/cutover/rollout/readFigure.ts';
import { parseRunbook } from '../../../src/cutover/readRunbook.ts';
import type { Metric, Observe } from '../../../src/cutover/runbook.ts';
import type { HttpAnswer } from '../../../src/cutover/world/world.ts';
import { workFolder } from '../../kit/project.ts';
import { GRADUAL } from '../runbooks.ts';

const folder = workFolder('rollout-figures');
mkdirSync(folder, { recursive: true });
const VERSIONS = { old: 'v1', new: 'v2' };
const WINDOW = { from: Date.parse('2026-12-06T02:00:00Z'), to: Date.parse('2026-12-06T03:00:00Z') };

function work(answer: Partial<HttpAnswer> = {}): LookWork {
  const world = {
    files: { place: (path: string) => join(folder, path) },
    request: async () => ({ status: 200, headers: new Map(), body: Buffer.from(''), ...answer }),
    redactor: { text: (text: string) => text },
  };
  return { world, signal: new AbortController().signal } as unknown as LookWork;
}

function metric(written: string): Metric {
  const text = GRADUAL.replace(
    / {2}- \{ id: v1_calls.*\n/,
    `  - { id: v1_calls, ${written}, pass: "==0" }\n`,
  );
  const found = parseRunbook(text, 'a.yaml').runbook.metrics.find(({ id }) => id === 'v1_calls');
  if (found === undefined) throw new Error('no metric');
  return found;
}

const OBSERVE = parseRunbook(GRADUAL, 'a.yaml').runbook.rollout?.observe as Observe;

const json = (body: string, status: number = 200): Promise<unknown> =>
  readMetric(
    work({ status, body: Buffer.from(body) }),
    metric('http: /stats, json: jobs.stuck'),
    WINDOW,
    VERSIONS,
  );

describe('a metric of an address', () => {
  it('is the number at its path', async () => {
    expect(await json('{"jobs":{"stuck":3}}')).toEqual({ number: 3 });
    expect(await json('{"jobs":{"stuck":"2.5"}}')).toEqual({ number: 2.5 });
  });

  it.each([
    ['{}', 'the answer has no jobs.stuck'],
    ['no json', 'the answer has no jobs.stuck'],
    ['{"jobs":{"stuck":null}}', 'jobs.stuck of the answer is not a number'],
    ['{"jobs":{"stuck":"many"}}', 'jobs.stuck of the answer is not a number'],
    ['{"jobs":{"stuck":"NaN"}}', 'jobs.stuck of the answer is not a number'],
    ['{"jobs":{"stuck":true}}', 'jobs.stuck of the answer is not a number'],
    ['{"jobs":{"stuck":1e999}}', 'jobs.stuck of the answer is not a number'],
  ])('is not known where the answer is %s', async (body, unknown) => {
    expect(await json(body)).toEqual({ unknown });
  });

  it('is not known where the status is another one', async () => {
    expect(await json('{"jobs":{"stuck":0}}', 500)).toEqual({
      unknown: 'status 500 instead of 200',
    });
  });
});

const lines = metric('log: service.log, pattern: DEPRECATED');
const readLines = (): Promise<unknown> => readMetric(work(), lines, WINDOW, VERSIONS);

describe('a metric of a log', () => {
  it('is not known without a log, without a line, and without a time', async () => {
    expect(await readLines()).toEqual({ unknown: 'there is no such log' });
    writeFileSync(join(folder, 'service.log'), '');
    expect(await readLines()).toEqual({ unknown: 'the log has no lines' });
    writeFileSync(join(folder, 'service.log'), '[DEPRECATED] called\n');
    expect(await readLines()).toEqual({ unknown: 'no line of the log has a time' });
  });

  it('is not known where the log is silent in that time: no calls in no lines prove nothing', async () => {
    writeFileSync(join(folder, 'service.log'), '2026-12-06T01:00:00Z started\n');
    expect(await readLines()).toEqual({ unknown: 'no line of the log is of this time' });
    appendFileSync(join(folder, 'service.log'), '2026-12-06T02:10:00Z alive\n');
    expect(await readLines()).toEqual({ number: 0 });
  });

  it('counts lines of the window, also those of a log that was rotated', async () => {
    writeFileSync(
      join(folder, 'service.log.1'),
      '2026-12-06T01:59:59Z [DEPRECATED]\n2026-12-06T02:00:00Z [DEPRECATED]\n',
    );
    writeFileSync(
      join(folder, 'service.log'),
      '2026-12-06T02:30:00Z [DEPRECATED]\n2026-12-06T02:31:00Z fine\n',
    );
    expect(await readMetric(work(), lines, WINDOW, VERSIONS)).toEqual({ number: 2 });
    const share = metric('measure: share, log: service.log, pattern: DEPRECATED, of: "."');
    expect(await readMetric(work(), share, WINDOW, VERSIONS)).toEqual({
      fresh: { part: 2, of: 3 },
    });
  });
});

const log = join(folder, 'route.log');
const decision = (user: unknown, version: unknown, time: string = '2026-12-06T02:10:00Z'): string =>
  `${JSON.stringify({ time, user, version })}\n`;
const readUsers = (): Promise<unknown> => readSplit(work(), OBSERVE, WINDOW, VERSIONS);

describe('the split', () => {
  it('counts users and not requests, each with the last version, within the window', async () => {
    writeFileSync(log, decision('a', 'v1', '2026-12-06T01:00:00Z'));
    for (let request = 0; request < 50; request += 1) appendFileSync(log, decision('b', 'v2'));
    appendFileSync(log, `${decision('c', 'v1')}${decision('d', 'v1')}${decision('d', 'v2')}`);
    appendFileSync(log, decision('e', 'v1', '2026-12-06T03:00:00Z'));
    expect(await readUsers()).toEqual({ fresh: { part: 2, of: 3 } });
  });

  it('is not known where no line is a decision, or one is for another version', async () => {
    writeFileSync(
      log,
      `2026-12-06T02:10:00Z {not json\n${decision(null, 'v1')}${decision('a', 7)}`,
    );
    expect(await readUsers()).toEqual({ unknown: 'no line of the log is a decision of this time' });
    writeFileSync(log, decision('a', 'v3'));
    expect(await readUsers()).toEqual({
      unknown: 'the log has decisions for another version than "v2" and "v1"',
    });
  });

  it('of more users than fit into memory is that of some of them, without a bias', async () => {
    const all = Array.from({ length: 250_000 }, (_, at) =>
      decision(`u${at}`, at % 10 === 0 ? 'v2' : 'v1'),
    );
    writeFileSync(log, all.join(''));
    const { fresh } = (await readUsers()) as { fresh: { part: number; of: number } };
    expect(fresh.of).toBeGreaterThan(100_000);
    expect(fresh.of).toBeLessThan(200_001);
    expect(fresh.part / fresh.of).toBeGreaterThan(0.095);
    expect(fresh.part / fresh.of).toBeLessThan(0.105);
  });
});

describe('names in a query', () => {
  const values = { since: 'A', until: 'B' };

  it.each([
    ['x >= :since AND x < :until', 'x >= $1::timestamptz AND x < $2::timestamptz', ['A', 'B']],
    ['a = :since OR b = :since', 'a = $1::timestamptz OR b = $2::timestamptz', ['A', 'A']],
    [`':since' || ":since" -- :since`, `':since' || ":since" -- :since`, []],
    [
      'x::date /* :since */ $$:since$$ $a$ :since $a$',
      'x::date /* :since */ $$:since$$ $a$ :since $a$',
      [],
    ],
    ["'it''s :since' :other", "'it''s :since' :other", []],
  ])('of PostgreSQL become parameters: %s', (sql, expected, parameters) => {
    const made = withParameters(sql, values, 'postgresql');
    expect([made.sql, made.parameters]).toEqual([expected, parameters]);
  });

  it('of SQLite become parameters, in their order', () => {
    const made = withParameters('x < :until AND x >= :since', values, 'sqlite');
    expect(made).toMatchObject({ sql: 'x < ? AND x >= ?', parameters: ['B', 'A'] });
    expect([...made.found].toSorted()).toEqual(['since', 'until']);
  });
});
