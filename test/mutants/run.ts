/**
 * Breaks the program in ways that would cost somebody their data, one at a time, and holds the tests
 * against it: each mutant has to be killed by the tests that are listed with it. Run on demand.
 *
 *   npm run mutants                 all of them
 *   npm run mutants -- promote pii  those whose name or file has one of these in it
 *
 * It works on a copy of the checkout. A mutant counts as killed where a test has failed, not where a
 * file could not be loaded or the tests took too long; first of all the tests pass without any (the
 * control). A mutant whose text is no longer in the source is a failure of the run, reported at its
 * place; the others are tried all the same.
 */

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Mutant } from './mutant.ts';
import { MUTANTS } from './mutants.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = ['src', 'test', 'docs', 'mapping', 'package.json', 'vitest.config.ts', 'README.md'];
/** What has to be killed of all; of those on a path to a verdict every one. */
const SHARE = 0.9;
/** A mutant may make a program that never ends; it counts as a survivor, as a slow machine looks the same. */
const LIMIT_MS = 20 * 60_000;

interface TestRun {
  readonly failed: number;
  readonly passed: number;
  readonly output: string;
  readonly tookTooLong: boolean;
}

type State = 'killed  ' | 'SURVIVED' | 'NO TESTS' | 'TOO LONG' | 'STALE   ';

/** As much of vitest's report as matters here. */
interface Summary {
  readonly numFailedTests: number;
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

function copyOfCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sealift-mutants-'));
  for (const name of COPIED) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Runs test files in `folder`, or one test of them; stops at the first failure. */
function runTests(folder: string, tests: readonly string[], title?: string): TestRun {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const summaryFile = join(folder, 'summary.json');
  rmSync(summaryFile, { force: true });
  const report = ['--reporter', 'json', '--outputFile', summaryFile];
  const only = title === undefined ? [] : ['-t', title.replaceAll(/[^\w ]/g, '\\$&')];
  const args = [vitest, 'run', '--bail', '1', ...only, ...report, ...tests];
  const ran = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    maxBuffer: 2 ** 28,
    env: { ...process.env, NODE_COMPILE_CACHE: join(folder, '.cache') },
  });
  const output = `${ran.stdout}${ran.stderr}`;
  const tookTooLong = ran.signal !== null;
  if (!existsSync(summaryFile)) return { failed: 0, passed: 0, output, tookTooLong };
  const summary = JSON.parse(readFileSync(summaryFile, 'utf8')) as Summary;
  const failures = summary.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => `${name}: ${fullName}\n${failureMessages.join()}`),
  );
  return {
    failed: summary.numFailedTests,
    passed: summary.numPassedTests,
    output: failures.join('\n') || output,
    tookTooLong,
  };
}

/** Puts the mutant into the copy; gives back what takes it out again, or null where it is stale. */
function plant(folder: string, { file, from, to }: Mutant): (() => void) | null {
  const path = join(folder, file);
  if (!existsSync(path)) return null;
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) return null;
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  return () => writeFileSync(path, text);
}

/** Runs the tests of a mutant against it; says, too, which test has failed first. */
function attempt(folder: string, mutant: Mutant): { state: State; by: string } {
  const takeOut = plant(folder, mutant);
  if (takeOut === null) return { state: 'STALE   ', by: `not once in ${mutant.file}` };
  const { failed, passed, output, tookTooLong } = runTests(folder, mutant.killers, mutant.test);
  takeOut();
  if (failed > 0) return { state: 'killed  ', by: output.split('\n')[0] ?? '' };
  if (tookTooLong) return { state: 'TOO LONG', by: '' };
  return { state: passed > 0 ? 'SURVIVED' : 'NO TESTS', by: '' };
}

function control(folder: string, mutants: readonly Mutant[]): void {
  const tests = [...new Set(mutants.flatMap(({ killers }) => killers))];
  const { failed, passed, output } = runTests(folder, tests);
  if (failed > 0 || passed === 0) {
    throw new Error(`the tests do not pass without a mutant:\n${output.slice(-4000)}`);
  }
  say(`control: ${passed} tests of ${tests.length} files pass without a mutant`);
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

function main(wanted: readonly string[]): number {
  const mutants = MUTANTS.filter(({ name, file }) => {
    return wanted.length === 0 || wanted.some((text) => `${name} ${file}`.includes(text));
  });
  if (mutants.length === 0) throw new Error('no mutant has this in its name or file');
  const folder = copyOfCheckout();
  const survivors: Mutant[] = [];
  let stale = 0;
  try {
    control(folder, mutants);
    for (const mutant of mutants) {
      const { state, by } = attempt(folder, mutant);
      if (state !== 'killed  ') survivors.push(mutant);
      if (state === 'STALE   ') stale += 1;
      say(`${state} ${mutant.verdict ? 'verdict' : 'other  '} ${mutant.name}`);
      if (by !== '') say(`           ${by.replace(`${folder}/`, '')}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const killed = mutants.length - survivors.length;
  const onVerdict = survivors.filter(({ verdict }) => verdict).length;
  const all = `${mutants.length} mutants, ${killed} killed, ${stale} stale`;
  say(`${all}, ${onVerdict} survivors on a verdict's path`);
  return killed >= mutants.length * SHARE && onVerdict === 0 && stale === 0 ? 0 : 1;
}

process.chdir(dirname(ROOT));
process.exitCode = main(process.argv.slice(2));
