/** What threads and processes of a command do, done in the thread of the test. */

import { CANDIDATE_ANSWERS } from '../../src/cli/candidateAnswers.ts';
import { sourceAnswers } from '../../src/cli/sourceAnswers.ts';
import { ADAPTERS } from '../../src/cli/wire.ts';
import { loadRegistries } from '../../src/mapping/registryFile.ts';
import type { Environment, WorkerStart } from '../../src/run/environment.ts';
import { inlinePool } from '../../src/threads/inlinePool.ts';
import type { Pool } from '../../src/threads/pool.ts';
import { INLINE_SQLITE } from './inlineSqlite.ts';
import { withoutPool } from './pooled.ts';

/** The adapters, of which SQLite's checks a database for damage in this process. */
export const INLINE_ADAPTERS: Environment['adapters'] = new Map([
  ...ADAPTERS,
  [INLINE_SQLITE.scheme, INLINE_SQLITE],
]);

/** A pool for `verifyCandidate`. */
export const HASHING: Pool = inlinePool(CANDIDATE_ANSWERS.map(withoutPool));

/** Answers the calls of migrate and verify, as `cli/worker.ts` does in a thread of its own. */
export function startInline(_workers: number, start: WorkerStart): Pool {
  if (start === null) return HASHING;
  const pool = migrating(start);
  // A caller sees the error; a pool without a caller reports none.
  pool.catch(() => {});
  return {
    size: 1,
    call: async (call, input) => (await pool).call(call, input),
    callEach: async (call, input) => (await pool).callEach(call, input),
    close: async () => (await pool).close(),
  };
}

async function migrating(start: NonNullable<WorkerStart>): Promise<Pool> {
  const registries = await loadRegistries(start.mapping);
  const { answers, close } = sourceAnswers({ ...start, registries }, ADAPTERS);
  return inlinePool(answers.map(withoutPool), close);
}
