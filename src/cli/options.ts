/** Parsers of option arguments, all strict. */

import { InvalidArgumentError, Option, type Command } from 'commander';

import { parseSourceOption } from '../project/sourceUrl.ts';
import { parseDuration } from '../record/duration.ts';
import type { Host } from './host.ts';

/** Returns a parser of whole numbers within limits, both inclusive. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d{1,15}$/.test(text) || number < min || number > max) {
      throw new InvalidArgumentError(`a whole number from ${min} to ${max} is needed.`);
    }
    return number;
  };
}

const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Parses a size such as `512M` or `2G`, at least 64M, to bytes. */
function byteSize(text: string): number {
  const match = /^(\d{1,12})(?:([KMGT])(?:i?B)?)?$/i.exec(text);
  const bytes = Number(match?.[1] ?? 0) * (UNITS[match?.[2]?.toUpperCase() ?? ''] ?? 1);
  if (bytes < 2 ** 26) throw new InvalidArgumentError('a size of at least 64M is needed.');
  return bytes;
}

/** `--workers`: null if not given, so that the command chooses. */
export function workersOption(): Option {
  return new Option('--workers <n>', 'worker threads')
    .argParser(wholeNumber(1, 64))
    .default(null, 'one per processor, at most 8; one if there is little to do');
}

/** `--memory`: bytes that a command plans with. */
export function memoryOption(): Option {
  return new Option('--memory <size>', 'memory to stay within, such as 512M')
    .argParser(byteSize)
    .default(2 ** 30, '1G');
}

/** `--source`, any number of times. */
export function sourceOption(): Option {
  return new Option('--source <[NAME=]URL>', "a source's URL instead of the mapping's; repeatable")
    .argParser((text: string, before: readonly string[]) => [...before, text])
    .default([], 'as in the mapping');
}

/** Returns the values of `--source`: name → URL. */
export function sourceMap(values: readonly string[]): Map<string, string> {
  return new Map(values.map(parseSourceOption).map(({ name, url }) => [name, url] as const));
}

/** `--source` of commands that take the sources as the mapping names them. */
export function sourceNamesOption(): Option {
  return new Option('--source <name>', 'a source of the mapping, by its name; repeatable')
    .argParser((name: string, before: readonly string[]) => [...before, name])
    .default([], 'all of them');
}

/** `--sample`: rows per module. Limited, since their keys are held in memory. */
export function sampleOption(): Option {
  return new Option(
    '--sample <n>',
    'only so many rows per module, and the rows they refer to',
  ).argParser(wholeNumber(1, 100_000));
}

/** `--skip-integrity-check`: reads a database that may be damaged. */
export function integrityOption(): Option {
  return new Option('--skip-integrity-check', 'read databases without checking them for damage');
}

/** `--dry-run` of commands that change what is live or kept. */
export function dryRunOption(): Option {
  return new Option('--dry-run', 'print what would be done, and do nothing');
}

/** Parses a duration such as `90s`, `30m`, `1h` or `2d`, to milliseconds. */
function duration(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds !== null) return milliseconds;
  throw new InvalidArgumentError('a time such as 90s, 30m or 1h is needed.');
}

/** Options of promote and rollback in a target. */
export interface TargetMoveOptions {
  readonly target?: string;
  readonly live?: string;
  readonly maxAge: number;
  readonly maxWait: number;
  readonly parity?: string;
  readonly acceptDataLoss?: string;
}

const HOUR_MS = 3_600_000;
const WAIT_MS = 10_000;

/** Gives a command the options of {@link TargetMoveOptions}. */
export function withTargetMove(command: Command): Command {
  return command
    .option('--target <url>', 'in a target: postgres://…, sqlite:FILE, or env:NAME')
    .option('--live <name>', 'schema, or link, that applications read')
    .addOption(
      new Option('--max-age <time>', 'how old the reconcile of the target may be')
        .argParser(duration)
        .default(HOUR_MS, '1h'),
    )
    .addOption(
      new Option('--max-wait <time>', 'how long clients of the target wait at most')
        .argParser(duration)
        .default(WAIT_MS, '10s'),
    )
    .option('--parity <file>', 'write the statements that make what would be missing')
    .option('--accept-data-loss <name>', 'give up what was written to what is live, by its name');
}

/** What a flow in a target gets of these options. */
export interface TargetMove {
  readonly target: string;
  readonly live: string | null;
  readonly maxAgeMs: number;
  readonly maxWaitMs: number;
  readonly parity: string | null;
  readonly acceptLoss: string | null;
}

/** Options that mean nothing without `--target`. */
const OF_TARGET = ['schema', 'live', 'parity', 'acceptDataLoss'] as const;

/** Returns what a flow in a target gets; null without `--target`. Ends with wrong usage if others are given then. */
export function targetMoveOf(
  options: TargetMoveOptions & { readonly schema?: string },
  command: Command,
): TargetMove | null {
  const { target, live = null, maxAge, maxWait, parity = null, acceptDataLoss = null } = options;
  const lonely = OF_TARGET.find((name) => options[name] !== undefined);
  if (target === undefined && lonely !== undefined) {
    const flag = command.options.find((option) => option.attributeName() === lonely)?.long ?? '';
    command.error(`error: option '${flag}' needs '--target'`);
  }
  if (target === undefined) return null;
  return { target, live, maxAgeMs: maxAge, maxWaitMs: maxWait, parity, acceptLoss: acceptDataLoss };
}

/** `--who`: the operator, for the journal. */
export function whoOption(): Option {
  return new Option('--who <name>', 'your name, for the journal (default: $MIGRATE_OPERATOR)');
}

/** Gives a command `--project` and `--json`. */
export function withProject(command: Command): Command {
  return command
    .option('--project <dir>', 'folder of the project', '.')
    .option('--json', 'print the summary as JSON');
}

/** `--run`: the name of a run that later commands go on with; see {@link runOf}. */
export function runOption(): Option {
  return new Option('--run <name>', 'name of the run (default: $MIGRATE_RUN_ID, or run-local)');
}

/** Returns the name of a run: --run, else MIGRATE_RUN_ID, else `run-local`. */
export function runOf(
  { run }: { readonly run?: string },
  { variables }: Pick<Host, 'variables'>,
): string {
  return run ?? variables['MIGRATE_RUN_ID'] ?? 'run-local';
}
