/** Runs one command to its end: how long it took, and how much memory it had at most. */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Measured {
  /** Wall clock, from the start of the process to its end. */
  readonly seconds: number;
  /** MiB that were resident at most; of the process itself, not of its children. */
  readonly peak: number;
  /** Processor time of all its threads, in seconds, to 20 ms; not of its children. */
  readonly cpu: number;
}

/** How often the memory is looked at, in milliseconds: the kernel keeps the maximum itself. */
const LOOK = 20;

/** Runs a command in `cwd`; what it prints goes nowhere. @throws if it exits with another code than expected */
export async function measure(
  command: string,
  args: readonly string[],
  cwd: string,
  expected = 0,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Measured> {
  const begun = performance.now();
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let [peak, cpu] = [0, 0];
  const looking = setInterval(() => {
    peak = Math.max(peak, residentPeak(child.pid ?? 0));
    cpu = Math.max(cpu, processorTime(child.pid ?? 0));
  }, LOOK);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== expected)
      throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${said}`);
  } finally {
    clearInterval(looking);
  }
  return { seconds: (performance.now() - begun) / 1000, peak, cpu };
}

/** VmHWM of proc(5) in MiB; 0 where the process is gone. */
function residentPeak(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Clock ticks a second on Linux, whatever the machine. */
const TICKS = 100;

/** utime and stime of proc(5), in seconds; 0 where the process is gone. */
function processorTime(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program may have blanks; it ends with the last parenthesis.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return 0;
  }
}

/** The middle one; of an even number the lower of the two in the middle. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? Number.NaN;
}
