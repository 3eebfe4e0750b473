/**
 * Deliveries that the old secret alone has matched, as an application reports them: a line
 * `{"at":1700000000,"id":"stripe-1"}` for each, appended to a file. They keep a retiring secret alive.
 * Pure. The file is written by another program, so nothing in it is trusted: a line can make a retiring
 * secret live for one retry window from now at most, and no other secret at all.
 */

import { secretStillNeeded } from './webhookSecrets.ts';
import type { EndpointSecrets } from './secretsText.ts';

/** Matches by one secret alone. */
export interface MatchTally {
  readonly count: number;
  /** Unix time of the last one, in seconds. */
  readonly last: number;
}

export interface SecretMatches {
  /** Tallies by the id of the secret. */
  readonly tallies: ReadonlyMap<string, MatchTally>;
  /** Number of the first line that cannot be read, from 1; null if there is none. */
  readonly unreadable: number | null;
}

interface Match {
  readonly id: string;
  readonly at: number;
}

const LONGEST_LINE = 300;

/** Writes the line about a delivery that this secret alone has matched, at this Unix time. */
export function matchLine(id: string, at: number): string {
  return `${JSON.stringify({ at, id })}\n`;
}

/** Counts the matches of all lines. */
export function countMatches(text: string): SecretMatches {
  const tallies = new Map<string, MatchTally>();
  let unreadable: number | null = null;
  for (const [index, match] of matchesIn(text).entries()) {
    if (match === null) unreadable ??= index + 1;
    else {
      const { count, last } = tallies.get(match.id) ?? { count: 0, last: 0 };
      tallies.set(match.id, { count: count + 1, last: Math.max(last, match.at) });
    }
  }
  return { tallies, unreadable };
}

/** Lets each retiring secret live for a retry window from when it was last needed alone. */
export function withMatches(secrets: EndpointSecrets, text: string, now: number): EndpointSecrets {
  const { retryWindow } = secrets;
  let { records } = secrets;
  if (!records.some(({ state }) => state === 'retiring')) return secrets;
  for (const match of matchesIn(text)) {
    // A clock that is fast must not keep a secret alive for longer than a window from now.
    const at = Math.min(match?.at ?? 0, now);
    if (match !== null) records = secretStillNeeded(records, match.id, { now: at, retryWindow });
  }
  return { ...secrets, records };
}

/** Returns the matches in the order of their lines; null for a line that is none. */
function matchesIn(text: string): (Match | null)[] {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  // A line that is not ended is being written, or its writer was killed.
  return [...lines.map(matchOf), ...(last === '' ? [] : [null])];
}

function matchOf(line: string): Match | null {
  if (line.length > LONGEST_LINE) return null;
  try {
    const { at, id } = Object(JSON.parse(line)) as Record<string, unknown>;
    if (typeof id !== 'string' || !Number.isSafeInteger(at) || Number(at) < 0) return null;
    return { id, at: Number(at) };
  } catch {
    return null;
  }
}
