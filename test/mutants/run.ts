/**
 * Breaks the program in ways that would cost somebody their data, one at a time, and holds the tests
 * against it: each mutant has to be killed by the tests that are listed with it. Run on demand.
 *
 *   npm run mutants                 all of them
 *   npm run mutants -- promote      those whose name or file has this in it
 *
 * It works on a copy of the checkout. A mutant counts as killed where a test has failed, not where a
 * file could not be loaded; first of all the tests pass without any (the control).
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

import { MUTANTS, type Mutant } from './mutants.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = ['src', 'test', 'docs', 'mapping', 'package.json', 'vitest.config.ts', 'README.md'];
/** What has to be killed of all; of those on a path to a verdict every one. */
const SHARE = 0.9;
/** A mutant may make a program that never ends. */
const LIMIT_MS = 5 * 60_000;

interface TestRun {
  readonly failed: number;
  readonly passed: number;
  readonly output: string;
}

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

/** Runs test files in `folder`; stops at the first failure. */
function runTests(folder: string, tests: readonly string[]): TestRun {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const summaryFile = join(folder, 'summary.json');
  rmSync(summaryFile, { force: true });
  const report = ['--reporter', 'json', '--outputFile', summaryFile];
  const args = [vitest, 'run', '--bail', '1', ...report, ...tests];
  const ran = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    maxBuffer: 2 ** 28,
    env: { ...process.env, NODE_COMPILE_CACHE: join(folder, '.cache') },
  });
  const output = `${ran.stdout}${ran.stderr}`;
  // A program that never ends is noticed, too; one that cannot be loaded proves nothing.
  const endless = ran.signal !== null || ran.error !== undefined;
  if (!existsSync(summaryFile)) return { failed: endless ? 1 : 0, passed: 0, output };
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
  };
}

/** Puts the mutant into the copy; gives back what takes it out again. */
function plant(folder: string, { name, file, from, to }: Mutant): () => void {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${name}: ${file} does not have it once`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  return () => writeFileSync(path, text);
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

function main(wanted: string | undefined): number {
  const mutants = MUTANTS.filter(({ name, file }) => `${name} ${file}`.includes(wanted ?? ''));
  if (mutants.length === 0) throw new Error('no mutant has this in its name or file');
  const folder = copyOfCheckout();
  const survivors: Mutant[] = [];
  try {
    control(folder, mutants);
    for (const mutant of mutants) {
      const takeOut = plant(folder, mutant);
      const { failed, passed } = runTests(folder, mutant.killers);
      takeOut();
      const state = failed > 0 ? 'killed  ' : passed > 0 ? 'SURVIVED' : 'NO TESTS';
      if (failed === 0) survivors.push(mutant);
      say(`${state} ${mutant.verdict ? 'verdict' : 'other  '} ${mutant.name}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const killed = mutants.length - survivors.length;
  const onVerdict = survivors.filter(({ verdict }) => verdict).length;
  say(`${mutants.length} mutants, ${killed} killed, ${onVerdict} survivors on a verdict's path`);
  return killed >= mutants.length * SHARE && onVerdict === 0 ? 0 : 1;
}

process.chdir(dirname(ROOT));
process.exitCode = main(process.argv[2]);
