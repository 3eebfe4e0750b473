/** The real command line on a terminal of its own, by `script` of util-linux. */

import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { colored, terminalProgress, terminalStyle, wantsColor } from '../../src/cli/terminal.ts';
import { newProject, temporaryFolder } from '../fault/fixture.ts';
import { COMPILED } from '../kit/compiled.ts';
import { hasProgram } from '../kit/project.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const ESCAPE = '\u001b';

let project = '';

beforeAll(async () => {
  project = await newProject(200);
});
afterAll(() => {
  rmSync(project, { recursive: true });
});

/** All that the terminal gets, of 80 columns and 24 lines. */
function onTerminal(args: string, variables: Record<string, string> = {}): string {
  const log = join(temporaryFolder(), 'log');
  const command = `stty cols 80 rows 24; '${process.execPath}' '${MAIN}' ${args}`;
  const ran = spawnSync('script', ['-qec', command, log], {
    cwd: project,
    input: '',
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'] ?? '',
      TERM: 'xterm',
      NODE_COMPILE_CACHE: COMPILED,
      ...variables,
    },
  });
  expect(ran.error).toBeUndefined();
  const text = readFileSync(log, 'utf8').replace(/^Script started.*\n/, '');
  return text.replace(/\n?Script done on.*\n?$/s, '');
}

let scanned: string | null = null;

/** The log of scan-all, for the tests that only read it. */
function logOfScan(): string {
  scanned ??= onTerminal('scan-all');
  return scanned;
}

/** What of a log stays to be read: a line is drawn over by what follows a carriage return. */
function staying(log: string): string[] {
  return log.split(/\r?\n/).map((line) => {
    const [drawn = ''] = line.replaceAll(`${ESCAPE}[1G`, '\r').split('\r').slice(-1);
    return drawn
      .split(ESCAPE)
      .map((part, at) => (at === 0 ? part : part.replace(/^(?:[78]|\[[0-9;?]*[a-zA-Z])/, '')))
      .join('');
  });
}

describe.runIf(hasProgram('script'))('on a terminal', () => {
  it('migrate leaves one line for each module, and a summary in colour', () => {
    const log = onTerminal('migrate');
    const lines = staying(log);
    for (const module of ['dogs', 'owners', 'visits']) {
      expect(lines.filter((line) => line.startsWith(`${module} `) && / in /.test(line))).toEqual([
        expect.stringMatching(/ 200 rows in \d+\.\d s/),
      ]);
    }
    expect(log).toContain(`${ESCAPE}[1;32mDONE${ESCAPE}[0m`);
    expect(log).toMatch(/\[ {9,}\] +0% +0\/200/);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it('scan-all leaves one line for each module, and verify-checksums, too', () => {
    for (const command of ['scan-all', 'verify-checksums']) {
      const lines = staying(command === 'scan-all' ? logOfScan() : onTerminal(command));
      const modules = lines.flatMap((line) => /^(\w+) +\d+ records in /.exec(line)?.[1] ?? []);
      const first = command === 'scan-all' ? ['checksums'] : [];
      expect(modules).toEqual([...first, 'dogs', 'owners', 'visits']);
    }
  });

  it('leaves every mode of the terminal alone', () => {
    const log = logOfScan();
    expect(log).toContain(`${ESCAPE}[`);
    expect(log).not.toContain(`${ESCAPE}[?`);
  });

  it('draws no colour with NO_COLOR, and no moving line with CI', () => {
    expect(onTerminal('scan-all', { NO_COLOR: '1' })).not.toMatch(/\[1;3\dm/);
    const log = onTerminal('scan-all', { CI: 'true', NO_COLOR: '1' });
    expect(log).not.toContain(ESCAPE);
    expect(log).toMatch(/^dogs: 200 records\r$/m);
  });
});

describe('the style', () => {
  it('is plain elsewhere, and silent with --json', () => {
    expect(terminalStyle(false, { TERM: 'xterm' }, false).bars).toBe(false);
    expect(terminalStyle(true, { TERM: 'dumb' }, false).bars).toBe(false);
    expect(terminalStyle(true, { TERM: 'xterm' }, false).bars).toBe(true);
    expect(terminalStyle(true, {}, true).quiet).toBe(true);
  });

  it('has colours on a terminal only, unless NO_COLOR is set and not empty', () => {
    expect(wantsColor(true, {})).toBe(true);
    expect(wantsColor(true, { NO_COLOR: '' })).toBe(true);
    expect(wantsColor(true, { NO_COLOR: '0' })).toBe(false);
    expect(wantsColor(false, {})).toBe(false);
  });

  it('colours severities and verdicts, and nothing else', () => {
    const [red, end] = [`${ESCAPE}[1;31m`, `${ESCAPE}[0m`];
    expect(colored('BLOCKER type dogs · id: no')).toBe(`${red}BLOCKER${end} type dogs · id: no`);
    expect(colored('scan-all: FAIL')).toBe(`scan-all: ${red}FAIL${end}`);
    expect(colored('registry check: PASS')).toContain('[1;32mPASS');
    for (const line of ['seal id    3f1c', 'a note about FAIL', 'dogs  BLOCKER  1']) {
      expect(colored(line)).toBe(line);
    }
  });

  it('tells in plain lines what has failed, and begins anew with each step', () => {
    const said: string[] = [];
    const progress = terminalProgress({ bars: false, quiet: false }, (line) => said.push(line));
    progress.begin('attachments', 10, { unit: 'file' });
    progress.update(10, 5000, 3);
    progress.end();
    progress.begin('objects', 1, { unit: 'object' });
    progress.update(1, 5000);
    progress.end();
    expect(said).toEqual(['attachments: 10 files, 3 failed', 'objects: 1 object']);
  });

  it('says nothing at all when it is quiet', () => {
    const said: string[] = [];
    const progress = terminalProgress({ bars: true, quiet: true }, (line) => said.push(line));
    progress.begin('dogs', 10);
    progress.update(10);
    progress.end();
    progress.close();
    expect(said).toEqual([]);
    expect(process.stderr.writableLength).toBe(0);
  });
});
