/**
 * How much of what takes long is run: a little of each by default, all of it with SEALIFT_LONG=all
 * (`npm run test:long`), and with SEALIFT_LONG=tenth a tenth of the long forms, which differ from day
 * to day: in full, or as much as fits a day where that takes minutes. SEALIFT_LONG_SEED repeats the
 * tenth of another day.
 */

import { createHash } from 'node:crypto';

const DAY_MS = 86_400_000;
const SHARES = 10;

export type Share = 'little' | 'tenth' | 'all';

/** What the environment asks for. Throws where it is no share. */
export function shareOf(variables: Readonly<Record<string, string | undefined>>): Share {
  const share = variables['SEALIFT_LONG'] ?? 'little';
  if (share === 'little' || share === 'tenth' || share === 'all') return share;
  throw new Error(`SEALIFT_LONG is little, tenth or all, not ${share}`);
}

/** The number of the tenth: what was asked for, or the day's. */
export function seedOf(
  variables: Readonly<Record<string, string | undefined>>,
  now: number,
): number {
  const seed = Number(variables['SEALIFT_LONG_SEED'] ?? Math.floor(now / DAY_MS));
  if (Number.isSafeInteger(seed) && seed >= 0) return seed;
  throw new Error('SEALIFT_LONG_SEED is a whole number');
}

/** Whether the long form of this name is in the share: of ten seeds that follow each other in one. */
export function isIn(share: Share, seed: number, name: string): boolean {
  if (share !== 'tenth') return share === 'all';
  const digest = createHash('sha256').update(name).digest();
  return digest.readUInt32BE(0) % SHARES === seed % SHARES;
}

/** Whether the long form of this name is to be run. */
export function isLong(name: string): boolean {
  return isIn(shareOf(process.env), seedOf(process.env, Date.now()), name);
}

/**
 * How often something is tried: as a variable of the environment says, or else by the share; `day` in
 * a tenth, which is less than `long` where that takes minutes.
 */
export function times(name: string, short: number, long: number, day: number = long): number {
  const asked = process.env[name];
  if (asked !== undefined) return Number(asked);
  if (!isLong(name)) return short;
  return shareOf(process.env) === 'all' ? long : day;
}

/** Says before all tests which share and which cases are tried, so that they can be repeated. */
export default function announce(): void {
  const share = shareOf(process.env);
  const seed = seedOf(process.env, Date.now());
  const what = share === 'tenth' ? 'a tenth of the long tests: SEALIFT_LONG=tenth' : 'the cases of';
  process.stderr.write(`notice: ${what} SEALIFT_LONG_SEED=${seed}\n`);
}
