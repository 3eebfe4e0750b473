/** Writes one module of a candidate: its parts arrive in key order and are hashed on their way. */

import { createHash, hash } from 'node:crypto';
import { rmdirSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { makeFolder, NEW_FILE, PRIVATE_FILE, writeAll, writeFileSynced } from '../disk/durable.ts';
import { entriesOf, inPlace, openHandleNoLinks } from '../disk/noLinks.ts';
import type { Pool } from '../disk/pool.ts';
import type { CompiledModule } from '../mapping/compile.ts';
import { recordSchema } from '../mapping/recordSchema.ts';
import { SEGMENT_LEAVES } from '../merkle/tree.ts';
import { formatType } from '../record/type.ts';
import {
  ALGORITHM,
  BLOBS_FOLDER,
  DATA_FILE,
  jsonFile,
  LINEAGE_FILE,
  MERKLE_FILE,
  SCHEMA_FILE,
  type MerkleFile,
  type SealedModule,
  type SumLine,
} from './format.ts';
import { reduceIn } from './hashLines.ts';
import { moduleTreeBuilder, type DataPart } from './moduleTree.ts';

export interface WrittenModule {
  readonly sealed: SealedModule;
  /** Digests of all files of the module, paths relative to the candidate. */
  readonly sums: readonly SumLine[];
  /** Resolves when the large files are on the disk; rejects when that failed. */
  readonly synced: Promise<void>;
}

export interface ModuleWriter {
  /** Where blobs go, each under its digest, synced by whoever writes it. */
  readonly blobs: string;
  write(part: DataPart, lineage: Uint8Array): void;
  finish(): Promise<WrittenModule>;
  /** Closes the files; what was written is thrown away with the staging folder. */
  abandon(): Promise<void>;
}

/** Opens the files of a module in `candidate`, a staging folder; `pool` hashes the tree's segments. */
export async function moduleWriter(
  candidate: string,
  module: CompiledModule,
  pool: Pool,
): Promise<ModuleWriter> {
  const folder = join(candidate, module.name);
  makeFolder(join(folder, 'checksums'));
  makeFolder(join(folder, BLOBS_FOLDER));
  const data = await hashedFile(join(folder, DATA_FILE));
  const lineage = module.hasLineage ? await hashedFile(join(folder, LINEAGE_FILE)) : null;
  const tree = moduleTreeBuilder(module.orderFields, reduceIn(pool));
  const path = (file: string): string => `${module.name}/${file}`;
  return {
    blobs: join(folder, BLOBS_FOLDER),
    write(part, lines) {
      data.write(part.bytes);
      tree.push(part);
      lineage?.write(lines);
    },
    async finish() {
      const { count, root, segments, ranges } = await tree.finish();
      const merkle: MerkleFile = {
        algorithm: ALGORITHM,
        order: { fields: module.orderFields, types: module.orderTypes.map(formatType) },
        count,
        root,
        segmentLeaves: SEGMENT_LEAVES,
        segments,
        ranges,
      };
      const schema = jsonFile(recordSchema(module));
      const merkleText = jsonFile(merkle);
      const schemaDigest = hash('sha256', schema, 'hex');
      const sums = [
        { path: path(DATA_FILE), sha256: data.digest() },
        { path: path(SCHEMA_FILE), sha256: schemaDigest },
        { path: path(MERKLE_FILE), sha256: hash('sha256', merkleText, 'hex') },
        ...(lineage === null ? [] : [{ path: path(LINEAGE_FILE), sha256: lineage.digest() }]),
        ...blobSums(folder).map((sha256) => ({ path: path(`${BLOBS_FOLDER}/${sha256}`), sha256 })),
      ];
      const small = [
        writeFileSynced(join(folder, SCHEMA_FILE), schema),
        writeFileSynced(join(folder, MERKLE_FILE), merkleText),
      ];
      const synced = syncAll([data, ...(lineage === null ? [] : [lineage])], small);
      // Whoever awaits `synced` sees the error; until then it is not unhandled.
      synced.catch(() => {});
      return { sealed: { name: module.name, count, root, schema: schemaDigest }, sums, synced };
    },
    async abandon() {
      await Promise.allSettled([data.close(), lineage?.close()]);
    },
  };
}

/** Digests of a module's blobs; a folder without any is not kept. */
function blobSums(folder: string): string[] {
  const blobs = join(folder, BLOBS_FOLDER);
  const names = entriesOf(blobs).map((entry) => entry.name);
  if (names.length === 0) {
    inPlace(blobs, (at) => {
      rmdirSync(at);
    });
  }
  return names;
}

async function syncAll(
  files: readonly HashedFile[],
  others: readonly Promise<void>[],
): Promise<void> {
  await Promise.all([...files.map((file) => file.sync()), ...others]);
}

interface HashedFile {
  write(bytes: Uint8Array): void;
  digest(): string;
  sync(): Promise<void>;
  close(): Promise<void>;
}

async function hashedFile(path: string): Promise<HashedFile> {
  const file: FileHandle = await openHandleNoLinks(path, NEW_FILE, PRIVATE_FILE);
  const digest = createHash('sha256');
  return {
    write(bytes) {
      writeAll(file.fd, bytes);
      digest.update(bytes);
    },
    digest: () => digest.digest('hex'),
    async sync() {
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    },
    close: () => file.close(),
  };
}
