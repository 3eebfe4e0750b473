/**
 * A service that imports what users send, as v1 or v2 (VERSION): `POST /process-full`, deprecated, or
 * `POST /process-full-v2`. A job is a row of `imports` (DATABASE_URL); jobs take minutes by what they note, and go
 * PACE times as fast. What becomes of a job is drawn by SEED, its user and its number, in whatever order they arrive.
 */

import { Pool } from 'pg';

import { randomOf, type Random } from '../../dogschool/random.ts';
import { WELL_BEHAVED, type ServiceBehaviour, type ServiceEvent } from './behaviour.ts';
import { log, serve, variable, type Arrived, type Reply } from './jsonServer.ts';

const VERSION = variable('VERSION');
const SEED = Number(process.env['SEED'] ?? 1);
const PACE = Number(process.env['PACE'] ?? 60_000);
const PATH = VERSION === 'v1' ? '/process-full' : '/process-full-v2';

const DAY_MS = 86_400_000;
const SUNSET_MS = (Math.floor(Date.now() / DAY_MS) + 30) * DAY_MS;
/** RFC 9745 and RFC 8594: deprecated since the beginning of 2026, gone in a month. */
const END: Readonly<Record<string, string>> = {
  deprecation: '@1767225600',
  sunset: new Date(SUNSET_MS).toUTCString(),
  link: '</process-full-v2>; rel="successor-version"',
};

const ERRORS = ['timeout', 'api_overloaded', 'bad_archive'];
const MEDIAN_MS = 240_000;
/** Of the logarithm: one in eight takes longer than ten minutes, one in two hundred longer than thirty. */
const SPREAD = 0.8;

const pool = new Pool({ connectionString: variable('DATABASE_URL'), max: 4 });
pool.on('error', (error) => log(`ERROR ${error.message}`));
// A log that is silent does not show that there were no calls.
setInterval(() => log('alive'), 250);
const jobsOf = new Map<string, number>();
let behaviour = WELL_BEHAVED;

interface Fate {
  readonly isStuck: boolean;
  /** Null for a job that ends well. */
  readonly error: string | null;
  readonly ms: number;
}

/** Draws what becomes of a job. All is drawn each time, so that one change of behaviour changes nothing else. */
function fateOf(random: Random): Fate {
  const { success, slow, stuck, extraError } = behaviour;
  const isStuck = random.chance(stuck);
  const isExtra = random.chance(extraError?.share ?? 0);
  const isWell = random.chance(success);
  const usual = random.pick(ERRORS);
  const error = isExtra && extraError !== null ? extraError.type : isWell ? null : usual;
  const normal =
    Math.sqrt(-2 * Math.log(1 - random.fraction())) * Math.cos(2 * Math.PI * random.fraction());
  return { isStuck, error, ms: Math.round(MEDIAN_MS * Math.exp(SPREAD * normal) * slow) };
}

async function takeJob(user: string): Promise<Reply> {
  const number = (jobsOf.get(user) ?? 0) + 1;
  jobsOf.set(user, number);
  const fate = fateOf(randomOf(SEED, `${VERSION}/${user}/${number}`));
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO imports (user_id, version, status) VALUES ($1, $2, 'processing') RETURNING id`,
    [user, VERSION],
  );
  const id = rows[0]?.id ?? '';
  if (!fate.isStuck) setTimeout(() => void finish(id, fate), fate.ms / PACE);
  return { status: 202, body: { id, version: VERSION } };
}

async function finish(id: string, { error, ms }: Fate): Promise<void> {
  if (error !== null) log(`ERROR import ${id} failed: ${error}`);
  const status = error === null ? 'completed' : 'failed';
  try {
    await pool.query(
      `UPDATE imports SET status = $2, error_type = $3, ms = $4, finished_at = now() WHERE id = $1`,
      [id, status, error, ms],
    );
  } catch (fault) {
    log(`ERROR import ${id} cannot be finished: ${String(fault)}`);
  }
}

async function processFull({ method, members }: Arrived): Promise<Reply> {
  const headers = VERSION === 'v1' ? END : {};
  // Other methods have the headers, too, so that a check of these starts no job.
  if (method !== 'POST') return { status: 405, body: { error: 'method' }, headers };
  const { user_id: user } = members;
  if (typeof user !== 'string' || user === '') {
    return { status: 400, body: { error: 'user_id' }, headers };
  }
  if (VERSION === 'v1') log(`[DEPRECATED] ${PATH} called by user ${user}`);
  return { ...(await takeJob(user)), headers };
}

function behave({
  outOfMemory = false,
  ...change
}: Partial<ServiceBehaviour & ServiceEvent>): Reply {
  behaviour = { ...behaviour, ...change };
  if (outOfMemory) log('the worker was ended: OOMKilled');
  return { status: 200, body: behaviour };
}

function health(): Reply {
  const { processorsAvailable } = behaviour;
  if (!processorsAvailable) log('ERROR processors_available: false');
  const status = processorsAvailable ? 'healthy' : 'degraded';
  return { status: 200, body: { status, processors_available: processorsAvailable } };
}

serve(async (arrived) => {
  const { path, members } = arrived;
  if (path === '/health') return health();
  if (path === '/behave') return behave(members);
  if (path === PATH && !behaviour.removed) return processFull(arrived);
  return { status: 404, body: { error: 'not found' } };
});
