/**
 * The system calls of a command, and what may go wrong at each: found by tracing it once with strace(1),
 * done to it by strace's injection. A fault is put where the traced call touched the project.
 */

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { start, type Ran } from '../kit/run.ts';
import type { Random } from '../dogschool/random.ts';

/** Calls that change a disk or read it, and the errors that a kernel may answer them with. */
const ERRORS: Readonly<Record<string, readonly string[]>> = {
  openat: ['EMFILE', 'ENOSPC', 'EIO'],
  write: ['EIO', 'ENOSPC', 'EDQUOT'],
  pwrite64: ['EIO', 'ENOSPC', 'EDQUOT'],
  read: ['EIO'],
  pread64: ['EIO'],
  fsync: ['EIO', 'ENOSPC', 'EDQUOT'],
  fdatasync: ['EIO', 'ENOSPC'],
  ftruncate: ['EIO', 'ENOSPC'],
  mkdir: ['EIO', 'ENOSPC', 'EDQUOT'],
  rename: ['EIO', 'ENOSPC', 'EDQUOT'],
  symlink: ['EIO', 'ENOSPC', 'EDQUOT'],
  unlink: ['EIO'],
  rmdir: ['EIO'],
};

/** A call of a command: the `when`th of its name on this path, in its thread. */
export interface Call {
  readonly name: string;
  readonly path: string;
  /** How the command names it, where that is by a folder that is open. */
  readonly given?: string;
  readonly when: number;
}

export interface Fault {
  readonly call: Call;
  /** An error, or `SIGKILL`. */
  readonly with: string;
}

export interface TracedRun extends Ran {
  /** The lines of the trace, each a call. */
  readonly trace: readonly string[];
}

const LINE = /^(\d+) +(?:<\.\.\. )?([a-z0-9]+)(?:\(| resumed>)(.*)$/;

/** Runs `sealift ARGS` under strace, with the fault where there is one. */
export async function traced(
  args: readonly string[],
  scratch: string,
  options: { readonly fault: Fault | null; readonly env: Readonly<Record<string, string>> },
): Promise<TracedRun> {
  const log = join(scratch, 'strace.log');
  rmSync(log, { force: true });
  const { fault } = options;
  const inject =
    fault === null
      ? []
      : [
          '-P',
          fault.call.given ?? fault.call.path,
          '-e',
          `inject=${fault.call.name}:${effectOf(fault)}:when=${fault.call.when}`,
        ];
  const calls = Object.keys(ERRORS).join(',');
  // With the filter, strace 6.1 does not deliver signals; without it, it is slower.
  const filter = fault?.with === 'SIGKILL' ? [] : ['--seccomp-bpf'];
  const wrap = ['strace', '-f', ...filter, '-y', '-o', log, '-e', `trace=${calls}`, ...inject];
  const ran = await start(args, { wrap, env: options.env }).ended;
  return { ...ran, trace: readFileSync(log, 'utf8').split('\n') };
}

function effectOf({ with: what }: Fault): string {
  return what === 'SIGKILL' ? 'signal=SIGKILL' : `error=${what}`;
}

/** The calls of a trace that touch `project` or what lies in it. */
export function callsIn(trace: readonly string[], project: string): Call[] {
  const counts = new Map<string, number>();
  const folders = new Map<string, string>();
  const calls: Call[] = [];
  for (const line of trace) {
    const [, thread = '', name = '', rest = ''] = LINE.exec(line) ?? [];
    const [, opened, folder = ''] = /= (\d+)<([^>]*)>/.exec(rest) ?? [];
    const [given, path] = inOpenFolder(rest, folders) ?? [undefined, pathIn(rest, project)];
    if (opened !== undefined) folders.set(opened, folder);
    if (name === '' || !path.startsWith(project) || line.includes('resumed>')) continue;
    const key = `${thread} ${name} ${given ?? path}`;
    const when = (counts.get(key) ?? 0) + 1;
    counts.set(key, when);
    calls.push({ name, path, when, ...(given === undefined ? {} : { given }) });
  }
  return calls;
}

function pathIn(rest: string, project: string): string {
  const at = rest.indexOf(project);
  return at === -1 ? '' : (/^[^">]+/.exec(rest.slice(at))?.[0] ?? '');
}

/** The path that a call names by a folder that is open, and where that is; null where it does not. */
function inOpenFolder(rest: string, folders: ReadonlyMap<string, string>): [string, string] | null {
  const [, given = '', file = '', name = ''] =
    /"(\/proc\/self\/fd\/(\d+)(\/[^"]*)?)"/.exec(rest) ?? [];
  const folder = folders.get(file);
  return folder === undefined ? null : [given, `${folder}${name}`];
}

/**
 * Faults at random calls, each kind of call as often as the others, half of them deaths: few of a kind
 * matter as much as many.
 */
export function faultsAt(calls: readonly Call[], count: number, random: Random): Fault[] {
  const byName = [...Map.groupBy(calls, ({ name }) => name).values()];
  return Array.from({ length: count }, () => {
    const call = random.pick(random.pick(byName));
    const error = random.pick(ERRORS[call.name] ?? ['EIO']);
    return { call, with: random.chance(0.5) ? 'SIGKILL' : error };
  });
}

/**
 * Syncs that were done again although one of the same file had failed: the kernel may have dropped the
 * pages and say yes the second time.
 */
export function retriedSyncs(trace: readonly string[]): string[] {
  const failed = new Set<string>();
  const again: string[] = [];
  for (const line of trace) {
    const [, name, path] = /\b(fsync|fdatasync)\(\d+<([^>]*)>/.exec(line) ?? [];
    if (name === undefined || path === undefined) continue;
    if (failed.has(path)) again.push(path);
    if (line.includes('(INJECTED)')) failed.add(path);
  }
  return again;
}
