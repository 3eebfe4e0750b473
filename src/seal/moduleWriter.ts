/** Writes one module of a candidate, in parts in key order, and hashes them on the way. */

import { createHash, hash } from 'node:crypto';
import { closeSync, fsync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { createFile, makeFolder, writeAll, writeFileSynced } from '../disk/durable.ts';
import { entriesOf, inPlace } from '../disk/noLinks.ts';
import type { Pool } from '../threads/pool.ts';
import type { CompiledModule } from '../mapping/compile/module.ts';
import { formDigest, formOfRecords } from './formOfRecords.ts';
import { recordSchema } from './recordSchema.ts';
import { SEGMENT_LEAVES } from '../merkle/tree.ts';
import { formatType } from '../record/type.ts';
import {
  ALGORITHM,
  BLOBS_FOLDER,
  DATA_FILE,
  FINDINGS_FILE,
  jsonFile,
  LINEAGE_FILE,
  MERKLE_FILE,
  RANGES_FILE,
  SCHEMA_FILE,
  type MerkleFile,
  type SealedModule,
  type SealedRange,
  type SumLine,
} from './format.ts';
import { reduceInPool } from './reduceInPool.ts';
import { moduleTreeBuilder, type DataPart, type ModuleTree } from './moduleTree.ts';

const syncFile = promisify(fsync);

export interface WrittenModule {
  readonly sealed: SealedModule;
  /** Digests of all files of the module, paths relative to the candidate. */
  readonly sums: readonly SumLine[];
  /** Resolves when all files are durable; rejects if that failed. */
  readonly synced: Promise<void>;
}

/** Lines of findings.ndjson. */
interface FoundLines {
  readonly lines: Uint8Array;
  readonly count: number;
}

export interface ModuleWriter {
  /** Folder of blobs, each named by its digest and synced by its writer. */
  readonly blobs: string;
  /** Appends the next records, their lineage, and the findings on their rows. */
  write(part: DataPart, lineage: Uint8Array, found?: FoundLines): void;
  finish(): Promise<WrittenModule>;
  /** Closes the files, which are removed with the staging folder. */
  abandon(): void;
}

/**
 * Opens the files of a module in `candidate`, a staging folder; `pool` hashes the tree's segments.
 */
export function moduleWriter(candidate: string, module: CompiledModule, pool: Pool): ModuleWriter {
  const folder = join(candidate, module.name);
  makeFolder(join(folder, 'checksums'));
  makeFolder(join(folder, BLOBS_FOLDER));
  const open = (file: string): HashedFile => hashedFile(folder, file);
  const data = open(DATA_FILE);
  const ranges = open(RANGES_FILE);
  const lineage = module.hasLineage ? open(LINEAGE_FILE) : null;
  let findings: HashedFile | null = null;
  let findingCount = 0;
  const files = (): HashedFile[] =>
    [data, ranges, lineage, findings].filter((file) => file !== null);
  const addRange = (range: SealedRange): void => ranges.write(Buffer.from(jsonFile(range)));
  const tree = moduleTreeBuilder(module.orderFields, addRange, reduceInPool(pool));
  return {
    blobs: join(folder, BLOBS_FOLDER),
    write(part, lineageLines, found) {
      data.write(part.bytes);
      tree.push(part);
      lineage?.write(lineageLines);
      if (found === undefined || found.count === 0) return;
      findings ??= open(FINDINGS_FILE);
      findings.write(found.lines);
      findingCount += found.count;
    },
    async finish() {
      const built = await tree.finish();
      const small = [
        { file: SCHEMA_FILE, text: jsonFile(recordSchema(module)) },
        { file: MERKLE_FILE, text: jsonFile(merkleFile(module, built)) },
      ];
      const synced = Promise.all([
        ...files().map((file) => file.sync()),
        ...small.map(({ file, text }) => writeFileSynced(join(folder, file), text)),
      ]).then(() => undefined);
      // The caller awaits `synced` later; until then a rejection is not unhandled.
      synced.catch(() => {});
      const { count, root } = built;
      const form = formDigest(formOfRecords(module));
      return {
        sealed: { name: module.name, count, root, schema: form, findings: findingCount },
        sums: [
          ...files().map((file) => ({ file: file.name, sha256: file.digest() })),
          ...small.map(({ file, text }) => ({ file, sha256: hash('sha256', text, 'hex') })),
          ...blobSums(folder).map((sha256) => ({ file: `${BLOBS_FOLDER}/${sha256}`, sha256 })),
        ].map(({ file, sha256 }) => ({ path: `${module.name}/${file}`, sha256 })),
        synced,
      };
    },
    abandon() {
      for (const file of files()) file.close();
    },
  };
}

function merkleFile(module: CompiledModule, { count, root, segments }: ModuleTree): MerkleFile {
  return {
    algorithm: ALGORITHM,
    order: { fields: module.orderFields, types: module.orderTypes.map(formatType) },
    count,
    root,
    segmentLeaves: SEGMENT_LEAVES,
    segments,
  };
}

/** Returns the digests of a module's blobs; removes their folder if it is empty. */
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

interface HashedFile {
  /** Relative to the module's folder. */
  readonly name: string;
  write(bytes: Uint8Array): void;
  digest(): string;
  /** Syncs and closes. */
  sync(): Promise<void>;
  close(): void;
}

function hashedFile(folder: string, name: string): HashedFile {
  const file = createFile(join(folder, name));
  const digest = createHash('sha256');
  let isOpen = true;
  const close = (): void => {
    if (isOpen) closeSync(file);
    isOpen = false;
  };
  return {
    name,
    write(bytes) {
      writeAll(file, bytes);
      digest.update(bytes);
    },
    digest: () => digest.digest('hex'),
    async sync() {
      try {
        await syncFile(file);
      } finally {
        close();
      }
    },
    close,
  };
}
