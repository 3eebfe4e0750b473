/** Arguments of options, read strictly. */

import { InvalidArgumentError, Option } from 'commander';

import { parseSourceOption } from '../project/sourceUrl.ts';

/** A whole number within limits. */
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

/** A number of bytes such as `512M` or `2G`, at least 64M. */
function byteSize(text: string): number {
  const match = /^(\d{1,12})(?:([KMGT])(?:i?B)?)?$/i.exec(text);
  const bytes = Number(match?.[1] ?? 0) * (UNITS[match?.[2]?.toUpperCase() ?? ''] ?? 1);
  if (bytes < 2 ** 26) throw new InvalidArgumentError('a size of at least 64M is needed.');
  return bytes;
}

/** `--workers`: null where it is left to the command. */
export function workersOption(): Option {
  return new Option('--workers <n>', 'worker threads')
    .argParser(wholeNumber(1, 64))
    .default(null, 'one per processor, at most 8; one for what is small');
}

/** `--memory`: what a command plans with, in bytes. */
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

/** The values of `--source`: name → URL. */
export function sourceMap(values: readonly string[]): Map<string, string> {
  return new Map(values.map(parseSourceOption).map(({ name, url }) => [name, url] as const));
}

/** `--sample`: how many rows of each module. They are held in memory, and more would be no sample. */
export function sampleOption(): Option {
  return new Option('--sample <n>', 'only so many rows a module, and what they refer to').argParser(
    wholeNumber(1, 100_000),
  );
}

/** `--skip-integrity-check`: the database may be damaged, and what it holds is wanted all the same. */
export function integrityOption(): Option {
  return new Option('--skip-integrity-check', 'read databases without a check for damage');
}

/** `--dry-run` of commands that change what is live or kept. */
export function dryRunOption(): Option {
  return new Option('--dry-run', 'say what would be done, and do nothing');
}

/** `--who`: the operator, for the journal. */
export function whoOption(): Option {
  return new Option('--who <name>', 'your name for the journal, or MIGRATE_OPERATOR');
}
