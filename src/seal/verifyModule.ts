/** Verification of one module: leaves, tree, segments and ranges from the data file alone. */

import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';

import type { Pool } from '../disk/pool.ts';
import { inOrder } from '../disk/inOrder.ts';
import type { Finding } from '../outcome/finding.ts';
import { changed, fileFinding, parseCanonical } from './candidateFinding.ts';
import { readPlainFile } from './files.ts';
import {
  BLOBS_FOLDER,
  DATA_FILE,
  jsonFile,
  MERKLE_FILE,
  SCHEMA_FILE,
  type MerkleFile,
  type SealedModule,
  type SumLine,
} from './format.ts';
import type { HashedPart, PartInput } from './hashLines.ts';
import { moduleTreeBuilder, type ModuleTree } from './moduleTree.ts';
import { asMerkleFile } from './sealSchemas.ts';

/** Bytes that a worker hashes at once. */
const PART = 8 * 1024 * 1024;
const MAX_MERKLE = 512 * 1024 * 1024;

export interface VerifiedModule {
  readonly findings: readonly Finding[];
  readonly records: number;
}

/** `sums` are the module's lines of SHA256SUMS. */
export async function verifyModule(
  folder: string,
  module: SealedModule,
  sums: readonly SumLine[],
  pool: Pool,
): Promise<VerifiedModule> {
  const path = (file: string): string => `${module.name}/${file}`;
  const listed = new Map(sums.map((line) => [line.path, line.sha256]));
  const findings: Finding[] = [];
  const merkle = readMerkle(folder, path(MERKLE_FILE), findings);
  const fields = merkle?.order.fields ?? [];
  const data = await hashData(join(folder, path(DATA_FILE)), fields, pool);
  if (data === null) {
    findings.push(fileFinding('file-missing', path(DATA_FILE), 'the module has no data file'));
    return { findings, records: 0 };
  }
  if (data.sha256 !== listed.get(path(DATA_FILE))) findings.push(changed(path(DATA_FILE)));
  if (listed.get(path(SCHEMA_FILE)) !== module.schema) findings.push(changed(path(SCHEMA_FILE)));
  const { tree } = data;
  if (tree === null || tree.root !== module.root || tree.count !== module.count) {
    const reason = 'the records do not hash to the root and count that were sealed';
    findings.push(fileFinding('merkle', path(DATA_FILE), reason));
  }
  if (merkle !== null && (tree === null || !sameTree(merkle, tree))) {
    const reason = 'root, segments or ranges are not those of the data file';
    findings.push(fileFinding('merkle', path(MERKLE_FILE), reason));
  }
  findings.push(...misnamedBlobs(module.name, sums));
  return { findings, records: tree?.count ?? 0 };
}

function readMerkle(folder: string, path: string, findings: Finding[]): MerkleFile | null {
  const bytes = readPlainFile(join(folder, path), MAX_MERKLE);
  const merkle = bytes === null ? null : asMerkleFile(parseCanonical(bytes));
  if (merkle === null) {
    findings.push(
      fileFinding('seal-format', path, 'this is no tree of format 1 in canonical JSON'),
    );
  }
  return merkle;
}

function sameTree(merkle: MerkleFile, tree: ModuleTree): boolean {
  const { count, root, segments, ranges } = tree;
  return jsonFile({ ...merkle, count, root, segments, ranges }) === jsonFile(merkle);
}

/** Null where there is no data file; no tree where its lines are no records. */
async function hashData(
  path: string,
  keyFields: readonly string[],
  pool: Pool,
): Promise<{ sha256: string; tree: ModuleTree | null } | null> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) return null;
  const digest = createHash('sha256');
  const builder = moduleTreeBuilder(keyFields);
  const parts: PartInput[] = [];
  for (let start = 0; start < stat.size; start += PART) {
    parts.push({ path, start, end: Math.min(start + PART, stat.size) });
  }
  let sound = true;
  const hashed = inOrder(parts, pool.size + 1, (part) => pool.call<HashedPart>('hashPart', part));
  for await (const part of hashed) {
    const bytes = Buffer.from(part.data.buffer).subarray(1);
    digest.update(bytes);
    const leaves = Buffer.from(part.leaves.buffer);
    sound &&= !part.unterminated && pushed(() => builder.push({ bytes, leaves, ends: part.ends }));
  }
  let tree: ModuleTree | null = null;
  if (sound) pushed(() => (tree = builder.finish()));
  return { sha256: digest.digest('hex'), tree };
}

/** A line that is no JSON has no key: the data file is not what was sealed. */
function pushed(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** A blob's name is its digest, so that a record's reference proves its content. */
function misnamedBlobs(module: string, sums: readonly SumLine[]): Finding[] {
  const head = `${module}/${BLOBS_FOLDER}/`;
  return sums
    .filter(({ path, sha256 }) => path.startsWith(head) && path !== head + sha256)
    .map(({ path }) => fileFinding('checksum', path, 'the name of the blob is not its digest'));
}
