/**
 * Where the time of a command goes: `npm run bench:profile -- migrate`. Runs it once over the benchmark's
 * data with the runtime's profiler on in every thread, and prints the functions that took most of each.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { benchProject, SEALIFT } from './project.ts';

/** As much of a .cpuprofile as matters here. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  /** Microseconds. */
  readonly timeDeltas: readonly number[];
}

const SHOWN = 25;

/** Milliseconds that each function itself took, the longest first. */
function selfTimes({ nodes, samples, timeDeltas }: Profile): [string, number][] {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const file = url.split('/').slice(-2).join('/');
      return [id, `${functionName.slice(0, 40)} ${file}:${lineNumber + 1}`];
    }),
  );
  const times = new Map<string, number>();
  for (const [at, id] of samples.entries()) {
    const name = names.get(id) ?? '';
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[at] ?? 0) / 1000);
  }
  return [...times].sort(([, a], [, b]) => b - a);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: '1000000' },
    folder: { type: 'string', default: join(tmpdir(), 'sealift-bench') },
  },
});
const [command = 'migrate', ...rest] = positionals;
mkdirSync(values.folder, { recursive: true });
const { folder } = benchProject(values.folder, Number(values.rows));
const profiles = mkdtempSync(join(tmpdir(), 'sealift-profile-'));
const profiler = ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
execFileSync(process.execPath, [...profiler, SEALIFT, command, '--project', folder, ...rest], {
  stdio: 'ignore',
});
for (const file of readdirSync(profiles).sort()) {
  const profile = JSON.parse(readFileSync(join(profiles, file), 'utf8')) as Profile;
  process.stdout.write(`\n${file}\n`);
  for (const [name, time] of selfTimes(profile).slice(0, SHOWN)) {
    process.stdout.write(`${String(Math.round(time)).padStart(8)} ms  ${name}\n`);
  }
}
rmSync(profiles, { recursive: true });
