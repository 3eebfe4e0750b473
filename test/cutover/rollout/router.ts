/**
 * The router of a rollout: `POST /process` goes to v1 or v2 (V1_URL, V2_URL), by the user's place in ROLLOUT and
 * the percentage in a file of settings (SETTINGS, the member V2_ROLLOUT_PERCENT), which it reads again when it
 * changes. Each decision is a line of JSON in DECISIONS, written before the request is passed on.
 */

import { appendFileSync, readFileSync, statSync } from 'node:fs';

import { isInRollout } from '../../../src/cohort/cohort.ts';
import type { RouterBehaviour } from './behaviour.ts';
import { log, serve, variable, type Reply } from './jsonServer.ts';

const SETTINGS = variable('SETTINGS');
const DECISIONS = variable('DECISIONS');
const ROLLOUT = variable('ROLLOUT');
const TARGETS = {
  v1: `${variable('V1_URL')}/process-full`,
  v2: `${variable('V2_URL')}/process-full-v2`,
};

let behaviour: RouterBehaviour = { percent: null };
/** The last valid percentage, and the state of the file that was read for it. */
let percent = 0;
let readState = '';

/** Returns the percentage that is set; where the file has none, the last valid one. */
function percentNow(): number {
  try {
    const { ino, size, mtimeMs } = statSync(SETTINGS);
    const state = `${ino} ${size} ${mtimeMs}`;
    if (state === readState) return percent;
    readState = state;
    const read: unknown = JSON.parse(readFileSync(SETTINGS, 'utf8')).V2_ROLLOUT_PERCENT;
    // It refuses what is no percentage.
    isInRollout('any', read as number, ROLLOUT);
    percent = read as number;
    log(`the percentage is ${percent}`);
  } catch (error) {
    log(`ERROR the percentage stays ${percent}: ${String(error)}`);
  }
  return percent;
}

async function route(members: Readonly<Record<string, unknown>>): Promise<Reply> {
  const { user_id: user } = members;
  if (typeof user !== 'string' || user === '') return { status: 400, body: { error: 'user_id' } };
  const share = behaviour.percent ?? percentNow();
  const version = isInRollout(user, share, ROLLOUT) ? 'v2' : 'v1';
  const time = new Date().toISOString();
  appendFileSync(DECISIONS, `${JSON.stringify({ time, user, version })}\n`);
  log(`Routing import request of ${user}: routed to ${version}`);
  try {
    const answer = await fetch(TARGETS[version], { method: 'POST', body: JSON.stringify(members) });
    return { status: answer.status, body: await answer.json() };
  } catch (error) {
    log(`ERROR ${version} does not answer: ${String(error)}`);
    return { status: 502, body: { error: 'bad gateway' } };
  }
}

serve(async ({ path, method, members }) => {
  if (path === '/health')
    return { status: 200, body: { status: 'healthy', percent: percentNow() } };
  if (path === '/behave') {
    behaviour = { ...behaviour, ...members };
    return { status: 200, body: behaviour };
  }
  if (path === '/process' && method === 'POST') return route(members);
  return { status: 404, body: { error: 'not found' } };
});
