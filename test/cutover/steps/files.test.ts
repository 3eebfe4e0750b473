/** `file.check`, `file.fresh` and `log.watch`, on real files that change meanwhile. */

import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fileCheck } from '../../../src/cutover/steps/fileCheck.ts';
import { fileFresh } from '../../../src/cutover/steps/fileFresh.ts';
import { logWatch } from '../../../src/cutover/steps/logWatch.ts';
import type { DoneStep, Members } from '../../../src/cutover/steps/stepType.ts';
import type { World } from '../../../src/cutover/world/world.ts';
import { localWorld } from '../world/localWorld.ts';
import { line, workOf } from './localStep.ts';

const NOW = new Date('2026-12-06T02:00:00Z');
const { world, folder, remove } = localWorld({ now: () => NOW });
afterAll(remove);

const path = (name: string): string => join(folder, name);
function put(name: string, content: string | Uint8Array): void {
  writeFileSync(path(name), content);
}
const apply = (type: DoneStep, members: Members, of: World = world): Promise<string> =>
  line(type.apply(workOf(type, members, of)));

const at = (seconds: number): void =>
  utimesSync(path('text'), seconds, NOW.getTime() / 1000 + seconds);

describe('file.check', () => {
  const REPORT = {
    results: { determinism: 'PASS' },
    fail_count: 0,
    at: '2026-12-06T01:00:00Z',
    unix: NOW.getTime() / 1000,
  };
  beforeAll(() => {
    put('report.json', JSON.stringify(REPORT));
    put(
      'schema.json',
      '{"type":"object","required":["results"],"properties":{"fail_count":{"maximum":0},"at":{"pattern":"^(a+)+$|^2026"}}}',
    );
    put('text', 'no JSON');
    put('empty', '');
  });

  it.each<[Members, string]>([
    [{ file: 'report.json' }, 'PASS the file is as expected'],
    [{ file: 'none' }, 'FAIL there is no such file'],
    [{ file: '.' }, 'FAIL it is no ordinary file'],
    [{ file: 'empty' }, 'FAIL the file is empty'],
    [
      { file: 'report.json', json: { 'results.determinism': 'PASS', fail_count: 0 } },
      'PASS the file is as expected',
    ],
    [
      { file: 'report.json', json: { 'results.determinism': 'FAIL', none: 1 } },
      'FAIL results.determinism is not "FAIL", none is missing',
    ],
    [{ file: 'text', json: { a: 1 } }, 'FAIL it is no JSON'],
    [{ file: 'report.json', schema: 'schema.json' }, 'PASS the file is as expected'],
    [{ file: 'schema.json', schema: 'schema.json' }, 'FAIL it does not match its schema'],
    [
      { file: 'report.json', schema: 'text' },
      'USAGE the schema of a file is not there, or is no JSON Schema ("text"): correct it',
    ],
    [
      { file: 'report.json', schema: 'none' },
      'USAGE the schema of a file is not there, or is no JSON Schema ("none"): correct it',
    ],
    [
      {
        file: 'report.json',
        sha256: createHash('sha256').update(JSON.stringify(REPORT)).digest('hex').toUpperCase(),
      },
      'PASS the file is as expected',
    ],
    [{ file: 'report.json', sha256: '0'.repeat(64) }, 'FAIL the digest is another'],
    [{ file: 'report.json', time: 'at', maxAge: '60m' }, 'PASS the file is as expected'],
    [{ file: 'report.json', time: 'at', maxAge: '59m' }, 'FAIL it is older than 59m'],
    [{ file: 'report.json', time: 'unix', maxAge: '1s' }, 'PASS the file is as expected'],
    [{ file: 'report.json', time: 'fail_count', maxAge: '1s' }, 'FAIL it is older than 1s'],
    [{ file: 'report.json', time: 'results', maxAge: '1s' }, 'FAIL results is no time with a zone'],
    [
      { file: '../report.json' },
      'USAGE a path of the runbook has to stay in the folder of the runbook ("../report.json"): move the file there, or the runbook',
    ],
  ])('%j is %s', async (members, says) => {
    expect(await apply(fileCheck, members)).toBe(says);
  });

  it('takes the age from when the file was written', async () => {
    at(-3600);
    expect(await apply(fileCheck, { file: 'text', maxAge: '1h' })).toMatch(/^PASS/);
    at(-3601);
    expect(await apply(fileCheck, { file: 'text', maxAge: '1h' })).toBe('FAIL it is older than 1h');
    at(3600);
    expect(await apply(fileCheck, { file: 'text', maxAge: '1h' })).toBe(
      'FAIL its time is in the future',
    );
  });

  it('says where a schema is not matched, without the value, and is not stopped by its patterns', async () => {
    put('bad.json', JSON.stringify({ results: 1, at: `${'a'.repeat(50_000)}!` }));
    expect(await apply(fileCheck, { file: 'bad.json', schema: 'schema.json' })).toBe(
      'FAIL it does not match its schema at "/at"',
    );
  });
});

const generate = (code: string): readonly string[] => [
  process.execPath,
  '-e',
  `const fs = require('fs'); ${code}`,
];

const state = (): string =>
  ['a', 'b'].map((name) => readFileSync(path(`gen/${name}.ts`), 'utf8')).join();

describe('file.fresh', () => {
  beforeAll(() => {
    mkdirSync(path('gen'));
    writeFileSync(path('gen/a.ts'), 'a', { mode: 0o640 });
    put('gen/b.ts', 'b');
  });

  it('passes where what is generated is what is there', async () => {
    const run = generate(`fs.writeFileSync('gen/a.ts', 'a'); fs.writeFileSync('gen/b.ts', 'b')`);
    expect(await apply(fileFresh, { run, files: ['gen/a.ts', 'gen/*.ts'] })).toBe(
      'PASS 2 files without a difference',
    );
  });

  it('names what differs, is new or is gone, and puts all of it back', async () => {
    const run = generate(
      `fs.writeFileSync('gen/a.ts', 'new'); fs.writeFileSync('gen/c.ts', 'c'); fs.rmSync('gen/b.ts')`,
    );
    expect(await apply(fileFresh, { run, files: ['gen/*.ts', 'gen/none'] })).toBe(
      'FAIL not as generated: "gen/a.ts", "gen/b.ts", "gen/c.ts"; not there: "gen/none"',
    );
    expect(state()).toBe('a,b');
    expect(existsSync(path('gen/c.ts'))).toBe(false);
    expect(statSync(path('gen/a.ts')).mode & 0o777).toBe(0o640);
  });

  it('puts it back where the generator fails, or is aborted', async () => {
    const fails = generate(`fs.writeFileSync('gen/a.ts', 'new'); process.exit(1)`);
    expect(await apply(fileFresh, { run: fails, files: ['gen/a.ts'] })).toBe(
      'INCONCLUSIVE nothing was generated, as it has exit code 1',
    );
    expect(state()).toBe('a,b');
    const controller = new AbortController();
    const run = generate(`fs.writeFileSync('gen/a.ts', 'new'); setInterval(() => {}, 1000)`);
    const work = workOf(fileFresh, { run, files: ['gen/a.ts'] }, world, {
      signal: controller.signal,
    });
    const ended = fileFresh.apply(work).catch(String);
    while (state() !== 'new,b') await new Promise((done) => setTimeout(done, 5));
    controller.abort(new Error('over'));
    expect(await ended).toBe('Error: over');
    expect(state()).toBe('a,b');
  });

  it('judges nothing where no file has such a name', async () => {
    expect(await apply(fileFresh, { run: generate(''), files: ['gen/*.none'] })).toBe(
      'INCONCLUSIVE no file has such a name',
    );
  });
});

/** The whole result for lines of the last three minutes. */
function watched(pattern: string, expected: string): Promise<unknown> {
  const members = { file: 'app.log', pattern, expect: expected, since: '3m' };
  return logWatch.apply(workOf(logWatch, members, world));
}

describe('log.watch', () => {
  const LOG = [
    '2026-12-06T01:40:00Z GET / 500 early',
    '2026-12-06T01:55:00Z GET / 200',
    '2026-12-06 01:56:00,123 GET / 502',
    '    at a stack of 500 lines',
    '2026-12-06T02:57:00+01:00 POST /health 200',
    '10.0.0.1 - - [06/Dec/2026:02:58:00 +0100] "GET / HTTP/1.1" 503 1',
    '',
  ].join('\n');
  const PATTERN = ' 50[0-9]( |$)';
  beforeAll(() => {
    put('app.log', LOG);
    put('empty.log', '');
    put('plain.log', 'one\ntwo');
  });

  it.each<[Members, string]>([
    [{ pattern: PATTERN, expect: '== 4' }, 'PASS 4 of 6 lines match, expected == 4'],
    [{ pattern: PATTERN, expect: '== 0' }, 'FAIL 4 of 6 lines match, expected == 0'],
    [{ pattern: PATTERN, expect: '== 3', since: '10m' }, 'PASS 3 of 5 lines match, expected == 3'],
    [{ pattern: PATTERN, expect: '== 1', since: '3m' }, 'PASS 1 of 2 lines match, expected == 1'],
    [{ pattern: PATTERN, expect: '<= 0.5' }, 'FAIL 4 of 6 lines match, expected <= 0.5'],
    [
      { pattern: PATTERN, expect: '<= 60%', since: '10m' },
      'PASS 3 of 5 lines match, expected <= 60%',
    ],
    [{ pattern: PATTERN, of: 'GET', expect: '<= 0.7' }, 'FAIL 3 of 4 lines match, expected <= 0.7'],
    [{ pattern: PATTERN, of: 'GET', expect: '<= 1' }, 'PASS 3 of 4 lines match, expected <= 1'],
    [
      { pattern: 'x', of: 'DELETE', expect: '== 0' },
      'INCONCLUSIVE no line of the log is to be judged',
    ],
    [
      { pattern: 'x', expect: '== 0', since: '1m' },
      'INCONCLUSIVE no line of the log is to be judged',
    ],
    [
      { pattern: '(a', expect: '== 0' },
      'USAGE a pattern is not in RE2 syntax ("(a"): correct it; there are no references and no lookaround',
    ],
  ])('%j is %s', async (members, says) => {
    expect(await apply(logWatch, { file: 'app.log', ...members })).toBe(says);
  });

  it.each<[Members, string]>([
    [{ file: 'none.log' }, 'INCONCLUSIVE there is no such log'],
    [{ file: 'empty.log' }, 'INCONCLUSIVE the log has no lines'],
    [{ file: 'plain.log', since: '1m' }, 'INCONCLUSIVE no line of the log has a time'],
    [{ file: 'plain.log' }, 'PASS 0 of 2 lines match, expected == 0'],
    [{}, 'USAGE exactly one of "file" and "run" has to give the log: add it in the runbook'],
    [{ run: ['true'] }, 'INCONCLUSIVE the log has no lines'],
    [{ run: ['false'] }, 'INCONCLUSIVE the program has exit code 1'],
    [{ run: ['cat', 'plain.log'] }, 'PASS 0 of 2 lines match, expected == 0'],
  ])('without lines that match, %j is %s', async (members, says) => {
    expect(await apply(logWatch, { pattern: 'x', expect: '== 0', ...members })).toBe(says);
  });

  it('returns the number that its condition compares', async () => {
    expect(await watched(PATTERN, '== 0')).toMatchObject({ results: { count: 1, failed: 1 } });
    expect(await watched(PATTERN, '<= 0.01')).toMatchObject({ results: { count: 0.5, failed: 1 } });
    expect(await watched(PATTERN, '<= 50%')).toMatchObject({ results: { count: 50, failed: 0 } });
  });

  it('counts all lines of a program, and of a file with long ones', async () => {
    const code = `for (let i = 0; i < 100000; i++) console.log('line ' + i)`;
    const run = [process.execPath, '-e', code];
    expect(await apply(logWatch, { run, pattern: '99$', expect: '== 1000' })).toBe(
      'PASS 1,000 of 100,000 lines match, expected == 1000',
    );
    put('long.log', `${'x'.repeat(1_000_000)}end\nend\n`);
    expect(await apply(logWatch, { file: 'long.log', pattern: 'end$', expect: '== 1' })).toMatch(
      /^PASS 1 of 2/,
    );
  });

  it('reads a log that is rotated before or while it is read', async () => {
    put('turned.log', LOG);
    renameSync(path('turned.log'), path('turned.log.1'));
    put('turned.log', '2026-12-06T01:59:00Z GET / 500\n');
    const members = { file: 'turned.log', pattern: PATTERN, expect: '== 4', since: '10m' };
    expect(await apply(logWatch, members)).toBe('PASS 4 of 6 lines match, expected == 4');
    put('turned.log', 'a\n'.repeat(100_000));
    const reading = apply(logWatch, { file: 'turned.log', pattern: 'a', expect: '== 100000' });
    renameSync(path('turned.log'), path('turned.log.2'));
    put('turned.log', 'b\n');
    appendFileSync(path('turned.log.2'), 'a\n');
    expect(await reading).toMatch(/^PASS/);
  });

  it('does not judge a log that is cut off while it is read', async () => {
    put('cut.log', 'a\n'.repeat(100_000));
    const reading = apply(logWatch, { file: 'cut.log', pattern: 'x', expect: '== 0' });
    truncateSync(path('cut.log'), 0);
    expect(await reading).toBe('INCONCLUSIVE the log was cut off while it was read');
    rmSync(path('cut.log'));
  });
});
