/** Mutations of files for the fuzz tests: deterministic, most of them still nearly sound. */

import { Failure } from '../src/outcome/failure.ts';
import { times } from './kit/long.ts';

/** How many files each fuzz test tries; 10,000 and more on demand: `FUZZ_RUNS=10000`. */
export const FUZZ_RUNS: number = times('FUZZ_RUNS', 150, 5000);

/** A small deterministic generator (mulberry32): integers from 0 to below `limit`. */
export function dice(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** What replaces or joins a token besides a test's own pieces. */
const PIECES: readonly string[] = [
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"polluted"',
  '"~"',
  '""',
  '"\\ud800"',
  '"a/b"',
  'null',
  'true',
  '0',
  '-0',
  '1e400',
  '9007199254740993',
  '[]',
  '{}',
  '{"__proto__":{"x":1}}',
  ',',
  ':',
  '{',
  '}',
  '[',
  ']',
  '"',
  '\\',
  '\u0000',
  '\uFEFF',
  '[['.repeat(400),
];

const TOKENS = /"(?:[^"\\]|\\.)*"|[\d.]+|true|false|null|[[\]{},:;]|\s+/g;

/** One edit: of a byte, a token, or a piece moved, doubled or removed. */
export function mutate(
  text: string,
  roll: (limit: number) => number,
  own: readonly string[] = [],
): Buffer {
  const pieces = [...PIECES, ...own];
  const tokens = text.match(TOKENS) ?? [];
  const at = roll(Math.max(tokens.length, 1));
  const piece = pieces[roll(pieces.length)] ?? '';
  switch (roll(6)) {
    case 0: {
      const bytes = Buffer.from(text);
      bytes[roll(Math.max(bytes.length, 1))] = roll(256);
      return bytes;
    }
    case 1:
      tokens.splice(at, 1);
      break;
    case 2:
      tokens.splice(at, 0, piece);
      break;
    case 3:
      tokens[at] = tokens[roll(Math.max(tokens.length, 1))] ?? '';
      break;
    default: {
      // A value or a key by another of its kind: most of these stay JSON.
      const strings = [...tokens.keys()].filter((index) => tokens[index]?.startsWith('"') === true);
      tokens[strings[roll(Math.max(strings.length, 1))] ?? 0] = piece;
    }
  }
  return Buffer.from(tokens.join(''));
}

export interface Attempt<T> {
  /** Null where it failed. */
  readonly value: T | null;
  readonly failure: Failure | null;
  /** How long it kept the processor, in milliseconds: other people's work is not counted. */
  readonly ms: number;
}

/** Runs `work`; anything but a Failure that it throws is thrown on. */
export async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  const before = process.cpuUsage();
  const ended = (): number => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  try {
    const value = await work();
    return { value, failure: null, ms: ended() };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { value: null, failure: error, ms: ended() };
  }
}

/** What every object inherits: a fuzzed file must not have added to it. */
export function inherited(): string {
  return JSON.stringify(Object.getOwnPropertyNames(Object.prototype).toSorted());
}
