/** The entry point of worker threads: handles the calls of migrate, verify and scan. */

import { loadRegistries } from '../mapping/registryFile.ts';
import { poolData, serve } from '../threads/pool.ts';
import { CANDIDATE_ANSWERS } from './candidateAnswers.ts';
import { sourceAnswers } from './sourceAnswers.ts';
import { ADAPTERS } from './wire.ts';
import { WORKER } from './workerModule.ts';

const start = poolData(WORKER);
if (start === null) {
  serve(CANDIDATE_ANSWERS, async () => {});
} else {
  const registries = await loadRegistries(start.mapping);
  const { answers, close } = sourceAnswers({ ...start, registries }, ADAPTERS);
  serve(answers, close);
}
