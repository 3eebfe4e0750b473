/** `exec` and `env.require`: programs by their exit codes, variables by their form. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { envRequire } from '../../../src/cutover/steps/envRequire.ts';
import { exec } from '../../../src/cutover/steps/exec.ts';
import type { Members } from '../../../src/cutover/steps/stepType.ts';
import { localWorld } from '../world/localWorld.ts';
import { line, workOf } from './localStep.ts';

const { world, folder, run, remove } = localWorld({ variables: { TOKEN: 'a-canary-of-tests' } });
afterAll(remove);

const node = (code: string): readonly string[] => [process.execPath, '-e', code];
const apply = (members: Members): Promise<string> => line(exec.apply(workOf(exec, members, world)));

const dryRun = (...argv: readonly string[]): Promise<string> =>
  line(exec.dryRun!(workOf(exec, { run: argv }, world)));

describe('exec', () => {
  it.each([
    [0, undefined, 'PASS exit code 0'],
    [1, undefined, 'FAIL exit code 1'],
    [1, { 0: 'pass', 1: 'warn', 2: 'fail' }, 'WARN exit code 1'],
    [2, { 0: 'pass', 1: 'warn', 2: 'fail' }, 'FAIL exit code 2'],
    [3, { 0: 'pass', 1: 'warn', 2: 'fail' }, 'FAIL exit code 3'],
    [0, { 1: 'warn' }, 'FAIL exit code 0'],
  ])('with exit code %i and %j is %s', async (code, exit, says) => {
    const members = { run: node(`process.exit(${code})`), ...(exit === undefined ? {} : { exit }) };
    expect(await apply(members)).toBe(says);
  });

  it('that a signal ends fails, whatever codes there are', async () => {
    const members = { run: node('process.kill(process.pid, "SIGTERM")'), exit: { 15: 'pass' } };
    expect(await apply(members)).toBe('FAIL ended by SIGTERM');
  });

  it('says and keeps nothing of a secret', async () => {
    const result = await apply({ run: node('console.log(process.env.TOKEN)'), env: ['TOKEN'] });
    expect(result).toBe('PASS exit code 0');
    expect(readFileSync(join(run, 'outputs/a.stdout'), 'utf8')).toBe('[redacted TOKEN]\n');
  });

  it('without such a program is one line', async () => {
    expect(await apply({ run: ['no-such-program'] })).toBe(
      'UNSUPPORTED there is no such program, or no interpreter of it ("no-such-program"): install it, or correct the runbook',
    );
  });

  it('in a dry run only tells whether the program is there', async () => {
    writeFileSync(join(folder, 'text'), '');
    expect(await dryRun(...node('require("fs").writeFileSync("ran", "")'))).toMatch(
      /^PASS .* is there$/,
    );
    expect(await dryRun('no-such-program')).toBe('FAIL the program "no-such-program" is missing');
    expect(await dryRun('./text')).toBe('FAIL the program "./text" is not executable');
    expect(existsSync(join(folder, 'ran'))).toBe(false);
  });

  it('says what it will do', () => {
    expect(exec.plan({ run: ['./deploy.sh', '--tag', 'a b'] })).toBe('run ./deploy.sh --tag "a b"');
  });
});

/** The result for the variables of a test. */
function required(members: Members, variables: Readonly<Record<string, string>>): Promise<string> {
  const other = localWorld({ variables });
  other.remove();
  return line(envRequire.apply(workOf(envRequire, members, other.world)));
}

describe('env.require', () => {
  it('passes where all are set as they have to be', async () => {
    const members = {
      names: ['A'],
      minBytes: { SECRET: 32 },
      live: ['KEY'],
      equals: { MODE: 'production', PORT: 80, ON: true },
    };
    const variables = {
      A: 'x',
      SECRET: 'ä'.repeat(16),
      KEY: 'sk_live_51HqJk2eZvKYlo2C',
      MODE: 'production',
      PORT: '80',
      ON: 'true',
    };
    expect(await required(members, variables)).toBe('PASS 6 variables set');
  });

  it('names what is missing, too short or not equal, and no value or length', async () => {
    const members = { names: ['A', 'B', 'C'], minBytes: { D: 32 }, equals: { E: 'production' } };
    const variables = { B: '', C: '  ', D: 'canary-1', E: 'canary-2' };
    expect(await required(members, variables)).toBe(
      'FAIL A is not set, B is not set, C is empty, D is shorter than 32 bytes, E is not as expected',
    );
  });

  it('takes the file that a variable names', async () => {
    const file = join(folder, 'value');
    writeFileSync(file, `${'x'.repeat(31)}\n`);
    expect(await required({ names: ['A'], minBytes: { A: 31 } }, { A_FILE: file })).toMatch(
      /^PASS/,
    );
    expect(await required({ names: ['A'], minBytes: { A: 32 } }, { A_FILE: file })).toMatch(
      /^FAIL/,
    );
    expect(await required({ names: ['A'] }, { A_FILE: '/no/such/file' })).toMatch(
      /^USAGE the file that A_FILE/,
    );
  });

  it.each([
    ['sk_test_51HqJk2eZvKYlo2C', 'is a key for tests'],
    ['pk_test_51HqJk2eZvKYlo2C', 'is a key for tests'],
    ['rk_test_51HqJk2eZvKYlo2C', 'is a key for tests'],
    ['sandbox-sq0idb-abcdef', 'is a key for tests'],
    ['changeme', 'is a placeholder'],
    ['Change_Me', 'is a placeholder'],
    ['your-api-key-here', 'is a placeholder'],
    ['<your key>', 'is a placeholder'],
    ['TODO', 'is a placeholder'],
    ['xxx', 'is a placeholder'],
    ['sk_live_xxxxxxxxxxxx', 'is a placeholder'],
    ['AKIAIOSFODNN7EXAMPLE', 'is a placeholder'],
    ['00000000000000000000', 'is a placeholder'],
    ['postgres://u:changeme@db.acme.io/app', 'is a placeholder'],
    ['postgres://u:p@localhost:5432/app', 'has an address of this machine or of an example'],
    ['http://127.0.0.1:3000', 'has an address of this machine or of an example'],
    ['redis://[::1]:6379', 'has an address of this machine or of an example'],
    ['https://api.example.com/v1', 'has an address of this machine or of an example'],
    ['sk_live_51HqJk2eZvKYlo2C\n', 'begins or ends with a space or a line break'],
  ])('for what is live refuses %j', async (value, says) => {
    expect(await required({ names: ['KEY'], live: ['KEY'] }, { KEY: value })).toBe(
      `FAIL KEY ${says}`,
    );
    expect(await required({ names: ['KEY'] }, { KEY: value })).toMatch(/^PASS/);
  });

  it.each([
    'sk_live_51HqJk2eZvKYlo2C',
    'rk_live_51HqJk2eZvKYlo2C',
    'whsec_9fK2mQ7tXbN4vR8s',
    'postgres://app:9fK2mQ7tXb@db.acme.io:5432/latest',
    'https://s3.eu-central-1.amazonaws.com',
    'Zm9vdG9kb2Jhcnh4eHRlc3Q=',
  ])('for what is live takes %j (negative control)', async (value) => {
    expect(await required({ names: ['KEY'], live: ['KEY'] }, { KEY: value })).toMatch(/^PASS/);
  });
});
