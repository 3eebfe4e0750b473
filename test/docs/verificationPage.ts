/** Runs what docs/verify-without-sealift.md prints, so that the page is the only source of it. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const PAGE = readFileSync('docs/verify-without-sealift.md', 'utf8');

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The fenced blocks of a language, in order. */
export function blocks(language: string): string[] {
  const fences = PAGE.matchAll(/^```(\w+)\n(.*?)^```$/gms);
  return [...fences].filter((fence) => fence[1] === language).map((fence) => fence[2] ?? '');
}

/** Runs the page's Python in the candidate's folder; status 0 and the data root, or 1. */
export function runPython(candidate: string): Ran {
  return run('python3', ['-c', blocks('python')[0] ?? 'raise SystemExit(2)'], candidate);
}

/** Runs the first shell block that holds `part` in the candidate's folder. */
export function runShell(part: string, candidate: string): Ran {
  const line = blocks('sh').find((block) => block.includes(part)) ?? 'exit 2';
  return run('sh', ['-c', line], candidate);
}

function run(command: string, args: readonly string[], cwd: string): Ran {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  return { status, stdout, stderr };
}
