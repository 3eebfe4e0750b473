/**
 * Users of a rollout: RATE new ones a second send what they have to ROUTER_URL, for SECONDS (without an end if that
 * is not set), beginning with the user FIRST. One in ten sends five times, all others once, so that requests are not
 * users. As a program it prints what was sent when it ends, also by SIGTERM.
 */

import { setTimeout as wait } from 'node:timers/promises';

import { variable } from './jsonServer.ts';

export interface Traffic {
  /** Address of the router. */
  readonly router: string;
  /** How many users; Infinity for all until the signal aborts. */
  readonly users: number;
  /** Users a second; Infinity for as fast as they are answered. */
  readonly rate?: number;
  /** Number of the first user, 1 if left out. */
  readonly first?: number;
  readonly signal?: AbortSignal;
}

/** Requests that were answered, by version, and those that were not, or with another status than 202. */
export interface Sent {
  users: number;
  v1: number;
  v2: number;
  failed: number;
}

const AT_ONCE = 16;

/** How often a user sends. */
export function requestsOf(number: number): number {
  return number % 10 === 0 ? 5 : 1;
}

/** Name of a user. */
export function userName(number: number): string {
  return `u${number}`;
}

export async function sendUsers(traffic: Traffic): Promise<Sent> {
  const { users, rate = Infinity, first = 1, signal } = traffic;
  const sent: Sent = { users: 0, v1: 0, v2: 0, failed: 0 };
  const began = Date.now();
  const isOver = (): boolean => signal?.aborted ?? false;
  const client = async (): Promise<void> => {
    while (sent.users < users && !isOver()) {
      const at = sent.users;
      sent.users += 1;
      const early = began + (at / rate) * 1000 - Date.now();
      if (early > 0) await wait(early, null, signal === undefined ? {} : { signal }).catch(over);
      for (let left = isOver() ? 0 : requestsOf(first + at); left > 0; left -= 1) {
        await sendOne(traffic.router, userName(first + at), sent);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  return sent;
}

/** A wait that was aborted is over. */
function over(): void {}

async function sendOne(router: string, user: string, sent: Sent): Promise<void> {
  const body = JSON.stringify({ user_id: user, storage_path: `${user}.json` });
  try {
    const answer = await fetch(`${router}/process`, { method: 'POST', body });
    const { version } = (await answer.json()) as { version?: string };
    if (answer.status === 202 && (version === 'v1' || version === 'v2')) sent[version] += 1;
    else sent.failed += 1;
  } catch {
    sent.failed += 1;
  }
}

if (process.argv[1]?.endsWith('traffic.ts') === true) {
  const rate = Number(variable('RATE'));
  const seconds = Number(process.env['SECONDS'] ?? Infinity);
  const ending = new AbortController();
  process.once('SIGTERM', () => ending.abort());
  process.once('disconnect', () => process.exit());
  const sent = await sendUsers({
    router: variable('ROUTER_URL'),
    users: Math.round(rate * seconds),
    rate,
    first: Number(process.env['FIRST'] ?? 1),
    signal: ending.signal,
  });
  process.stdout.write(`${JSON.stringify(sent)}\n`);
  process.disconnect?.();
}
