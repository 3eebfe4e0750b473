/** Programs get what they name, end when they have to, and leave no secret in what is kept of them. */

import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeEach, describe, expect, it } from 'vitest';

import { sealiftOf } from '../../../src/cutover/world/programs.ts';
import { artifactsIn } from '../../../src/cutover/world/artifacts.ts';
import { createRedactor } from '../../../src/redact/redactor.ts';
import type { ProgramCall, ProgramEnd } from '../../../src/cutover/world/world.ts';
import { Failure } from '../../../src/outcome/failure.ts';
import { localWorld } from './localWorld.ts';

const SECRET = 'p4ss-wörd/"1"';
const { world, folder, run, kept, remove } = localWorld({
  variables: { DB_PASSWORD: SECRET, OTHER: 'not-for-programs', LC_TIME: 'C', FILED_FILE: '' },
});
afterAll(remove);
beforeEach(() => {
  kept.length = 0;
  rmSync(join(run, 'outputs'), { recursive: true, force: true });
});

type Call = Partial<Omit<ProgramCall, 'argv'>>;

function node(code: string, call: Call = {}): Promise<ProgramEnd> {
  return program([process.execPath, '-e', code], call);
}

function program(argv: readonly string[], call: Call = {}): Promise<ProgramEnd> {
  return world.run({ argv, env: [], keepAs: 'a', signal: new AbortController().signal, ...call });
}

async function failure(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) => (error instanceof Failure ? error.line() : String(error)),
  );
}

function output(name: string): string {
  return readFileSync(join(run, 'outputs', name), 'utf8');
}

/** Whether a process runs: one that has ended and that no parent waits for does not. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describe('a program', () => {
  it('runs in the folder of the runbook, with its arguments as they stand', async () => {
    const end = await node('console.log(process.cwd(), process.argv.slice(1).join())', {});
    expect(end).toEqual({ code: 0, endedBy: null, stdout: `${folder} \n`, stderr: '' });
    const { stdout } = await program(['printf', '%s|', '$HOME', '*', '; ls', "'"]);
    expect(stdout).toBe("$HOME|*|; ls|'|");
  });

  it('gets the variables that it names, those of every program, and no others', async () => {
    const { stdout } = await node('console.log(Object.keys(process.env).sort().join())', {
      env: ['DB_PASSWORD', 'NOT_SET', 'FILED'],
      secretEnv: { PGPASSWORD: 'x' },
    });
    expect(stdout.trim()).toBe('DB_PASSWORD,HOME,LC_TIME,PATH,PGPASSWORD');
  });

  it('gets the value of a file where the variable names one', async () => {
    writeFileSync(join(folder, 'value'), 'from-a-file\n');
    const other = localWorld({ variables: { TOKEN_FILE: join(folder, 'value') } });
    const argv = [
      process.execPath,
      '-e',
      'console.log(process.env.TOKEN.length, process.env.TOKEN)',
    ];
    const { signal } = new AbortController();
    const { stdout } = await other.world.run({ argv, env: ['TOKEN'], keepAs: null, signal });
    expect(stdout).toBe('11 [redacted TOKEN]\n');
    other.remove();
  });

  it('gets an input, and none otherwise', async () => {
    const code = 'process.stdin.pipe(process.stdout)';
    expect((await node(code, { input: Buffer.from('ä\n') })).stdout).toBe('ä\n');
    expect((await node(code)).stdout).toBe('');
    // Ends without reading it.
    expect((await node('', { input: Buffer.alloc(1e6) })).code).toBe(0);
  });

  it('ends with its exit code, or by a signal', async () => {
    expect(await node('process.exit(3)')).toMatchObject({ code: 3, endedBy: null });
    expect(await node('process.kill(process.pid, "SIGKILL")')).toMatchObject({
      code: null,
      endedBy: 'SIGKILL',
    });
  });

  it.each([
    [['no-such-program'], 'there is no such program, or no interpreter of it ("no-such-program")'],
    [['./none'], 'there is no such program, or no interpreter of it ("./none")'],
    [['./text'], 'the program cannot be executed by this user ("./text")'],
    [['./text/x'], 'there is no such program ("./text/x")'],
    [['./orphan'], 'there is no such program, or no interpreter of it ("./orphan")'],
    [['echo', 'a\0b'], 'a program, argument or variable has a NUL character, or is empty ("echo")'],
    [[''], 'a program, argument or variable has a NUL character, or is empty ("")'],
    [['echo', 'x'.repeat(5e6)], 'the arguments and variables of a program are too long ("echo")'],
  ])('%j does not start, which is one line', async (argv, line) => {
    writeFileSync(join(folder, 'text'), 'x', { mode: 0o644 });
    writeFileSync(join(folder, 'orphan'), '#!/no/such/interpreter\n', { mode: 0o755 });
    expect(await failure(program(argv))).toBe(`${line}: install it, or correct the runbook`);
    expect(kept).toEqual([]);
  });

  it('is found, or is not, without running', () => {
    writeFileSync(join(folder, 'script'), '#!/bin/sh\ntouch ran\n', { mode: 0o755 });
    writeFileSync(join(folder, 'text'), 'x', { mode: 0o644 });
    const states = ['git', 'no-such-program', './script', './text', './none', 'text/x', '/', ''];
    expect(states.map((name) => world.programState(name))).toEqual([
      'there',
      'missing',
      'there',
      'not executable',
      'missing',
      'missing',
      'missing',
      'missing',
    ]);
    expect(existsSync(join(folder, 'ran'))).toBe(false);
  });
});

const refuse = (): never => {
  throw new Failure('DISK', { what: 'the disk is full' });
};

describe('the output of a program', () => {
  it('is kept without the secrets that the program got, wherever its chunks end', async () => {
    const code = `const s = process.env.DB_PASSWORD + '|' + Buffer.from('u:' + process.env.DB_PASSWORD).toString('base64') + '.';
      let at = 0; const next = () => { if (at < s.length) { process.stdout.write(s[at]); process.stderr.write(s[at]); at += 1; setTimeout(next, 1); } }; next();`;
    const { stdout, stderr } = await node(code, { env: ['DB_PASSWORD'] });
    for (const text of [stdout, stderr, output('a.stdout'), output('a.stderr')]) {
      expect(text).toMatch(/^\[redacted DB_PASSWORD\]\|.{0,4}\[redacted DB_PASSWORD\].{0,3}\.$/);
    }
    expect(kept.map(({ name }) => name).sort()).toEqual(['a.stderr', 'a.stdout']);
  });

  it('is not kept where there is no name for it', async () => {
    expect((await node('console.log(1)', { keepAs: null })).stdout).toBe('1\n');
    expect(existsSync(join(run, 'outputs'))).toBe(false);
  });

  it('has its beginning and its end, if it is long', async () => {
    const code = `const b = Buffer.alloc(1e6, 'm'); process.stdout.write('first'); for (let i = 0; i < 50; i++) process.stdout.write(b); process.stdout.write('ä'.repeat(40000) + 'last');`;
    const seen = { bytes: 0 };
    const { stdout } = await node(code, { onStdout: ({ length }) => (seen.bytes += length) });
    const text = output('a.stdout');
    expect(text).toMatch(/^firstm+\n\[48\.0 MB left out\]\nm+ä+last$/);
    expect(Buffer.byteLength(text)).toBeLessThan(2 * 2 ** 20 + 100);
    expect(stdout).toMatch(/^ä+last$/);
    expect(Buffer.byteLength(stdout)).toBeLessThanOrEqual(64 * 1024);
    expect(seen.bytes).toBe(50_080_009);
  });

  it('is whole, if it is not', async () => {
    await node(`process.stdout.write('a'.repeat(1.5 * 2 ** 20) + 'b'.repeat(2 ** 19))`);
    expect(output('a.stdout')).toBe('a'.repeat(1.5 * 2 ** 20) + 'b'.repeat(2 ** 19));
  });

  it('of one program that is repeated is kept each time', async () => {
    await node('console.log(1)');
    await node('console.log(2)');
    expect(readdirSync(join(run, 'outputs')).sort()).toEqual(['a.stdout', 'a.stdout.2']);
  });

  it('that cannot be handled ends the program with the error', async () => {
    const line = await failure(
      node('console.log(1000); setInterval(() => {}, 1000)', { onStdout: refuse }),
    );
    expect(line).toBe('the disk is full');
  });
});

/** Starts what ignores SIGTERM, or does not, with a child of its own, and aborts it when both run. */
async function aborted(
  ignores: boolean,
): Promise<{ readonly pids: number[]; readonly error: unknown }> {
  const pids = join(folder, 'pids');
  rmSync(pids, { force: true });
  const ignore = ignores ? "process.on('SIGTERM', () => {});" : '';
  const tell = `require('fs').appendFileSync(${JSON.stringify(pids)}, process.pid + '\\n');`;
  const inner = `${ignore} console.log('in'); ${tell} setInterval(() => {}, 1000)`;
  const code = `${ignore} require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(inner)}], { stdio: 'inherit' }); ${tell} setInterval(() => {}, 1000)`;
  const controller = new AbortController();
  const ended = node(code, { signal: controller.signal }).catch((one: unknown) => one);
  const seen = (): string => (existsSync(pids) ? readFileSync(pids, 'utf8') : '');
  while (seen().split('\n').length < 3) await new Promise((done) => setTimeout(done, 10));
  controller.abort(new Error('the time is over'));
  const error = await ended;
  return { pids: seen().trim().split('\n').map(Number), error };
}

describe('a program that is aborted', () => {
  it.each([false, true])(
    'ends with all that it has started (SIGTERM ignored: %s)',
    async (ignores) => {
      const { pids, error } = await aborted(ignores);
      expect(error).toEqual(new Error('the time is over'));
      expect(pids).toHaveLength(2);
      // What was left to the system is reaped by it, a moment later.
      await expect.poll(() => pids.filter(isAlive)).toEqual([]);
      expect(output('a.stdout')).toBe('in\n');
    },
  );

  it('before it has started does not start', async () => {
    const code = `require('fs').writeFileSync('ran', '')`;
    const signal = AbortSignal.abort(new Error('over'));
    expect(await node(code, { signal }).catch(String)).toBe('Error: over');
    expect(existsSync(join(folder, 'ran'))).toBe(false);
  });

  it('is not waited for by what it leaves with its outputs', async () => {
    const code = `const c = require('child_process').spawn('sleep', ['60'], { stdio: 'inherit', detached: true }); console.log(c.pid); c.unref();`;
    const { code: exit, stdout } = await node(code);
    expect(exit).toBe(0);
    process.kill(Number(stdout));
  });
});

describe('a command of Sealift', () => {
  it('runs on the project, with all variables, and is redacted', async () => {
    const redactor = createRedactor();
    redactor.add('KEY', 'a-secret-value');
    const runSealift = sealiftOf({
      argv: [
        process.execPath,
        '-e',
        'console.log(process.argv.slice(1).join(" "), process.env.MY_KEY)',
        '--',
      ],
      project: '/a/project',
      folder,
      variables: { MY_KEY: 'a-secret-value', PATH: process.env['PATH'] },
      redactor,
      pid: process.pid,
      artifacts: artifactsIn(run, redactor),
    });
    const { signal } = new AbortController();
    const { stdout } = await runSealift(['scan-all', '--json'], { keepAs: null, signal });
    expect(stdout).toBe('scan-all --json --project /a/project [redacted KEY]\n');
  });
});
