/**
 * Tries again what may pass by itself: with growing pauses, no longer than the cap, for a bounded number
 * of times. A pause depends on the object and the attempt alone, so that runs repeat, and differs
 * from object to object, so that many do not come back at the same moment.
 */

import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { CORRUPTED, isPassing, S3Error } from './s3Failure.ts';

export interface Patience {
  readonly attempts: number;
  /** The first pause; each is twice the one before. */
  readonly pauseMs: number;
  readonly longestPauseMs: number;
  /** How long a connection may be silent. */
  readonly stallMs: number;
}

export const PATIENCE: Patience = {
  attempts: 10,
  pauseMs: 100,
  longestPauseMs: 8000,
  stallMs: 60_000,
};

/** What can be put right, once for each operation, before it is tried again. */
export interface Remedies {
  /** Sets the clock by that of the server; false if it is right already. */
  readonly setClock: (error: S3Error) => boolean;
  /** Fetches new credentials; false if they are the same. */
  readonly renewKeys: () => Promise<boolean>;
}

/** How often bytes are sent that arrive as others: a network repairs itself sooner, or never. */
const CORRUPTED_ATTEMPTS = 3;
const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired']);

/** @throws S3Error if it does not pass; the reason of the signal if that aborts */
export async function withRetries<T>(
  work: () => Promise<T>,
  name: string,
  patience: Patience,
  remedies: Remedies,
  signal: AbortSignal,
): Promise<T> {
  const tried = new Set<string>();
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof S3Error)) throw error;
      if (await remedied(error, tried, remedies)) continue;
      const most = CORRUPTED.has(error.code) ? CORRUPTED_ATTEMPTS : patience.attempts;
      if (attempt >= most || !isPassing(error)) throw error;
      await pause(pauseOf(name, attempt, patience, error.retryAfterMs), undefined, {
        signal,
      }).catch((reason: unknown) => {
        signal.throwIfAborted();
        throw reason;
      });
    }
  }
}

async function remedied(
  error: S3Error,
  tried: Set<string>,
  { setClock, renewKeys }: Remedies,
): Promise<boolean> {
  const kind = EXPIRED.has(error.code)
    ? 'keys'
    : error.code === 'RequestTimeTooSkewed'
      ? 'clock'
      : '';
  if (kind === '' || tried.has(kind)) return false;
  tried.add(kind);
  return kind === 'keys' ? renewKeys() : setClock(error);
}

/** However long a server wants to be left alone, it is tried again after so long. */
const LONGEST_WAIT_MS = 60_000;

/** The pause after an attempt: at least what the server wants. */
export function pauseOf(
  name: string,
  attempt: number,
  { pauseMs, longestPauseMs }: Patience,
  retryAfterMs: number | null,
): number {
  const digest = createHash('sha256').update(`${name} ${attempt}`).digest();
  const share = 0.5 + digest.readUInt32BE(0) / 2 ** 33;
  const grown = Math.min(longestPauseMs, pauseMs * 2 ** (attempt - 1)) * share;
  return Math.max(grown, Math.min(LONGEST_WAIT_MS, retryAfterMs ?? 0));
}
