/** The entry point of worker threads: handles the calls of migrate, verify and scan. */

import { loadRegistries } from '../mapping/registryFile.ts';
import { migrationWorker } from '../migrate/worker/migrationWorker.ts';
import { poolData, serve } from '../threads/pool.ts';
import { CANDIDATE_ANSWERS } from './candidateAnswers.ts';
import { ADAPTERS } from './wire.ts';
import { WORKER } from './workerModule.ts';

const start = poolData(WORKER);
if (start === null) {
  serve(CANDIDATE_ANSWERS, async () => {});
} else {
  const registries = await loadRegistries(start.mapping);
  const worker = migrationWorker({ ...start, registries }, ADAPTERS);
  serve([...worker.answers, ...CANDIDATE_ANSWERS], () => worker.close());
}
