/** Arguments of options, read strictly. */

import { availableParallelism } from 'node:os';

import { InvalidArgumentError, Option } from 'commander';

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
export function byteSize(text: string): number {
  const match = /^(\d{1,12})(?:([KMGT])(?:i?B)?)?$/i.exec(text);
  const bytes = Number(match?.[1] ?? 0) * (UNITS[match?.[2]?.toUpperCase() ?? ''] ?? 1);
  if (bytes < 2 ** 26) throw new InvalidArgumentError('a size of at least 64M is needed.');
  return bytes;
}

/** `--workers`: as many as there are processors, at most 8, unless told otherwise. */
export function workersOption(): Option {
  return new Option('--workers <n>', 'worker threads')
    .argParser(wholeNumber(1, 64))
    .default(Math.min(8, availableParallelism()), 'one per processor, at most 8');
}
