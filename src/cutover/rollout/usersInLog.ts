/**
 * Distinct users by version in a log of decisions: lines of JSON with a time, a user and a version. A user counts
 * once, with the last version, as requests of one user are not independent. Where there are more users than fit
 * into memory, those are kept whose digest begins with zeros, which has nothing to do with their version.
 */

import { hash } from 'node:crypto';

import { quoteName } from '../../outcome/quoteName.ts';
import { valueAt } from '../steps/jsonPath.ts';
import { readLogFile } from '../steps/logFile.ts';
import { lineReader, timeOfLine } from '../steps/logLines.ts';
import type { RolloutPlan } from '../runbook.ts';
import type { Figure } from './figures.ts';
import type { LookWindow, LookWork } from './readFigure.ts';

/** Users that are kept at most. */
const MOST_USERS = 200_000;

export interface DecisionLog {
  readonly file: string;
  /** Paths of the members of a line. */
  readonly names: { readonly user: string; readonly version: string };
  readonly window: LookWindow;
  readonly versions: RolloutPlan['versions'];
}

/** @throws Failure for a log that may not be read */
export async function usersInLog(
  work: LookWork,
  { file, names, window, versions }: DecisionLog,
): Promise<Figure> {
  const users = openUsers();
  let lines = 0;
  let other = 0;
  const reader = lineReader((line) => {
    const time = timeOfLine(line);
    if (time === null || time < window.from || time >= window.to) return;
    const decision = decisionIn(line, names);
    if (decision === null) return;
    lines += 1;
    const { user, version } = decision;
    if (version === versions.new || version === versions.old) {
      users.note(user, version === versions.new);
    } else {
      other += 1;
    }
  });
  const fault = await readLogFile(work, { file, rotates: true }, reader);
  reader.end();
  if (fault !== null) return { unknown: fault };
  if (lines === 0) return { unknown: 'no line of the log is a decision of this time' };
  if (other > 0) {
    const known = `${quoteName(versions.new)} and ${quoteName(versions.old)}`;
    return { unknown: `the log has decisions for another version than ${known}` };
  }
  return { fresh: users.counted() };
}

interface Decision {
  readonly user: string;
  readonly version: string;
}

function decisionIn(line: string, names: DecisionLog['names']): Decision | null {
  const from = line.indexOf('{');
  if (from < 0) return null;
  let json: unknown;
  try {
    json = JSON.parse(line.slice(from));
  } catch {
    return null;
  }
  const [user, version] = [valueAt(json, names.user), valueAt(json, names.version)];
  if (typeof version !== 'string') return null;
  return typeof user === 'string' || typeof user === 'number'
    ? { user: String(user), version }
    : null;
}

interface Users {
  note(user: string, isNew: boolean): void;
  counted(): { readonly part: number; readonly of: number };
}

function openUsers(): Users {
  const seen = new Map<string, boolean>();
  let zeros = 0;
  const isKept = (digest: string): boolean =>
    zeros === 0 || Number.parseInt(digest.slice(0, 8), 16) >>> (32 - zeros) === 0;
  return {
    note(user, isNew) {
      const digest = hash('sha256', user, 'hex').slice(0, 24);
      if (!isKept(digest)) return;
      seen.set(digest, isNew);
      while (seen.size > MOST_USERS) {
        zeros += 1;
        for (const one of seen.keys()) if (!isKept(one)) seen.delete(one);
      }
    },
    counted() {
      let part = 0;
      for (const isNew of seen.values()) if (isNew) part += 1;
      return { part, of: seen.size };
    },
  };
}
