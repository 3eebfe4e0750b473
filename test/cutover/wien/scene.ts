/** A pilot with its database and application, and its commands as people give them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { expect } from 'vitest';

import { parseJournal } from '../../../src/journal/line.ts';
import type { Postgres } from '../../kit/postgres.ts';
import { sealift, type Ran } from '../../kit/run.ts';
import type { Application } from './application.ts';
import { makePilot, SCHEMA, type Pilot } from './pilot.ts';

export const SECRET = 'a-session-secret-of-more-than-32-bytes';

export interface Scene {
  readonly pilot: Pilot;
  readonly database: string;
  readonly env: Record<string, string>;
}

/** Makes a pilot in a folder, with a database of its own. */
export async function makeScene(
  server: Postgres,
  application: Application,
  database: string,
  folder: string,
): Promise<Scene> {
  const url = await server.create(database, SCHEMA);
  const pilot = makePilot(folder);
  const env = {
    PILOT_DB_URL: url,
    PILOT_APP_URL: application.origin,
    PILOT_SESSION_SECRET: SECRET,
    PILOT_ENV: 'production',
    HOME: '/nonexistent',
  };
  return { pilot, database, env };
}

export function command(
  { pilot, env }: Scene,
  name: string,
  ...args: readonly string[]
): Promise<Ran> {
  return sealift(['cutover', name, 'wien.yaml', ...args], { cwd: pilot.folder, env });
}

export function journal({ pilot }: Scene): ReturnType<typeof parseJournal> {
  const path = join(pilot.folder, 'storage_cutovers/wien-pilot-1/journal.ndjson');
  return parseJournal(readFileSync(path), path);
}

/** Runs as a scheduler does, and lets bo approve at the gate, with a key if one is given. */
export async function run(at: Scene, ...key: readonly string[]): Promise<Ran> {
  let ran = await command(at, 'run', '--who', 'ada', '--confirm', 'production', '--no-wait');
  while (ran.code === 3) {
    if (ran.stderr.includes('approver')) {
      const approved = await command(at, 'approve', '--who', 'bo', ...key);
      expect([approved.code, approved.stderr]).toEqual([0, '']);
    }
    await wait(200);
    ran = await command(at, 'tick');
  }
  return ran;
}
