/** What threads and processes of a command do, done in the thread of the test. */

import { CANDIDATE_HANDLERS } from '../../src/cli/candidateAnswers.ts';
import { ADAPTERS } from '../../src/cli/wire.ts';
import type { LoadedMapping } from '../../src/mapping/load.ts';
import { targetsOf } from '../../src/mapping/registryFile.ts';
import { migrationWorker } from '../../src/migrate/rowWorker.ts';
import type { Environment } from '../../src/run/environment.ts';
import { inlinePool } from '../../src/threads/inlinePool.ts';
import type { Pool } from '../../src/threads/pool.ts';
import { INLINE_SQLITE } from './inlineIntegrity.ts';

/** The adapters, of which SQLite's checks a database for damage in this process. */
export const INLINE_ADAPTERS: Environment['adapters'] = new Map([
  ...ADAPTERS,
  [INLINE_SQLITE.scheme, INLINE_SQLITE],
]);

/** A pool for `verifyCandidate`. */
export const HASHING: Pool = inlinePool(CANDIDATE_HANDLERS);

interface WorkerData {
  readonly mapping: LoadedMapping;
  readonly secrets: ReadonlyMap<string, Uint8Array>;
}

/** Answers the calls of migrate and verify, as `cli/worker.ts` does in a thread of its own. */
export function startInline(_workers: number, data: unknown): Pool {
  if (data === null) return HASHING;
  const pool = migrating(data as WorkerData);
  // Who calls sees the error; a pool that nobody calls has none to tell.
  pool.catch(() => {});
  return {
    size: 1,
    call: async (name, input) => (await pool).call(name, input),
    callEach: async (name, input) => (await pool).callEach(name, input),
    close: async () => (await pool).close(),
  };
}

async function migrating({ mapping, secrets }: WorkerData): Promise<Pool> {
  const registries = new Map<string, Map<string, string>>();
  for (const [name, file] of mapping.registries) {
    const { sha256 = '' } = mapping.files.find((other) => other.name === file) ?? {};
    registries.set(name, await targetsOf(mapping.folder, file, sha256));
  }
  const worker = migrationWorker({ mapping, secrets, registries }, ADAPTERS);
  return inlinePool({ ...worker.handlers, ...CANDIDATE_HANDLERS }, () => worker.close());
}
