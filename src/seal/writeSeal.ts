/** Writes the seal: mapping, run.json and, last, SHA256SUMS. No file changes after it. */

import { createHash, hash } from 'node:crypto';
import { closeSync, fsyncSync } from 'node:fs';
import { dirname, join } from 'node:path';

import {
  createFile,
  makeFolder,
  syncFolders,
  writeAll,
  writeFileDurably,
  writeFileSynced,
} from '../disk/durable.ts';
import type { LoadedMapping } from '../mapping/loadMapping.ts';
import { changedFailure, registryBytes } from '../mapping/registryFile.ts';
import {
  dataRoot,
  formatSums,
  jsonFile,
  MAPPING_FOLDER,
  RUN_FILE,
  sealId,
  SUMS_FILE,
  type RunFile,
  type SumLine,
} from './format.ts';
import type { WrittenModule } from './moduleWriter.ts';

export interface Seal {
  readonly dataRoot: string;
  readonly sealId: string;
}

/** Members of run.json that are not computed here. */
export type RunFacts = Omit<RunFile, 'modules' | 'dataRoot' | 'mapping'>;

/** Seals the candidate in `folder`; durable when it returns, except for the folder's own name. */
export async function writeSeal(
  folder: string,
  mapping: LoadedMapping,
  modules: readonly WrittenModule[],
  facts: RunFacts,
): Promise<Seal> {
  await Promise.all(modules.map((module) => module.synced));
  const sealed = modules.map((module) => module.sealed);
  const root = dataRoot(sealed);
  const run: RunFile = {
    ...facts,
    mapping: { digest: mapping.digest },
    modules: sealed,
    dataRoot: root,
  };
  const runText = jsonFile(run);
  makeFolder(join(folder, 'checksums'));
  writeFileDurably(join(folder, RUN_FILE), runText);
  const sums: SumLine[] = [
    ...modules.flatMap((module) => module.sums),
    ...(await writeMapping(folder, mapping)),
    { path: RUN_FILE, sha256: hash('sha256', runText, 'hex') },
  ];
  const text = formatSums(sums);
  writeFileDurably(join(folder, SUMS_FILE), text);
  syncFolders(folder);
  return { dataRoot: root, sealId: sealId(Buffer.from(text)) };
}

/** Number of mapping files that are synced at once. */
const AT_ONCE = 32;

/** Writes the files of the mapping, byte for byte; registries are streamed. */
async function writeMapping(folder: string, mapping: LoadedMapping): Promise<SumLine[]> {
  const sums: SumLine[] = [];
  let syncing: Promise<void>[] = [];
  for (const { name, sha256, bytes } of mapping.files) {
    const path = join(folder, MAPPING_FOLDER, name);
    makeFolder(dirname(path));
    if (syncing.length === AT_ONCE) {
      await Promise.all(syncing);
      syncing = [];
    }
    if (bytes !== null) {
      const synced = writeFileSynced(path, bytes);
      // Awaited later; until then a rejection is not unhandled.
      synced.catch(() => {});
      syncing.push(synced);
    } else if ((await writeRegistry(path, mapping.folder, name)) !== sha256) {
      throw changedFailure(name);
    }
    sums.push({ path: `${MAPPING_FOLDER}/${name}`, sha256 });
  }
  await Promise.all(syncing);
  return sums;
}

async function writeRegistry(path: string, source: string, name: string): Promise<string> {
  const file = createFile(path);
  const digest = createHash('sha256');
  try {
    for await (const bytes of registryBytes(source, name)) {
      writeAll(file, bytes);
      digest.update(bytes);
    }
    fsyncSync(file);
    return digest.digest('hex');
  } finally {
    closeSync(file);
  }
}
