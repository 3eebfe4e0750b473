/** The entry of worker threads: answers the calls of migrate and of verify. */

import { poolData, serve } from '../threads/pool.ts';
import { CANDIDATE_HANDLERS } from './candidateAnswers.ts';
import type { LoadedMapping } from '../mapping/load.ts';
import { targetsOf } from '../mapping/registryFile.ts';
import { migrationWorker } from '../migrate/rowWorker.ts';
import { ADAPTERS } from './wire.ts';

interface MigrationData {
  readonly mapping: LoadedMapping;
  readonly secrets: ReadonlyMap<string, Uint8Array>;
}

const data = poolData() as MigrationData | null;
if (data === null) {
  serve(CANDIDATE_HANDLERS, async () => {});
} else {
  const registries = await loadRegistries(data.mapping);
  const worker = migrationWorker({ ...data, registries }, ADAPTERS);
  serve({ ...worker.handlers, ...CANDIDATE_HANDLERS }, () => worker.close());
}

async function loadRegistries(mapping: LoadedMapping): Promise<Map<string, Map<string, string>>> {
  const registries = new Map<string, Map<string, string>>();
  for (const [name, file] of mapping.registries) {
    const { sha256 = '' } = mapping.files.find((other) => other.name === file) ?? {};
    registries.set(name, await targetsOf(mapping.folder, file, sha256));
  }
  return registries;
}
