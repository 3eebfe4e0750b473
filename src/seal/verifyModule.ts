/** Verifies one module: computes leaves, tree, segments and ranges from the data file alone. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';

import type { Pool } from '../threads/pool.ts';
import { inOrder } from '../threads/inOrder.ts';
import { asBuffer, sharedBuffers, type SharedBuffers } from '../threads/sharedBuffer.ts';
import type { Finding } from '../outcome/finding.ts';
import { formDigest } from './formOfRecords.ts';
import { changed, fileFinding, parseCanonical } from './candidateFinding.ts';
import { plainSize, MAX_SEAL_FILE, readPlainFile } from './files.ts';
import {
  BLOBS_FOLDER,
  DATA_FILE,
  FINDINGS_FILE,
  jsonFile,
  MERKLE_FILE,
  RANGES_FILE,
  SCHEMA_FILE,
  type MerkleFile,
  type SealedModule,
  type SealedRange,
  type SumLine,
} from './format.ts';
import { HASH_CHUNK, LINE_HASHES, type HashChunkInput } from './calls.ts';
import { moduleTreeBuilder, type ModuleTree, type ModuleTreeBuilder } from './moduleTree.ts';
import { chunkCapacity } from './readChunk.ts';
import { reduceInPool } from './reduceInPool.ts';
import { asMerkleFile } from './sealSchemas.ts';
import { verifyFindings } from './verifyFindings.ts';

/** Bytes of a chunk, which a worker hashes in one call. */
const CHUNK = 8 * 1024 * 1024;
/** Lines of a chunk for whose hashes there is space at first, and at most: shorter ones are rare. */
const LINES = CHUNK / 256;
const MOST_LINES = CHUNK / 32;

/** Hashes chunks of data files on worker threads; its buffers are used for one module after the other. */
export interface ChunkHasher {
  readonly pool: Pool;
  /** For the lines of chunks. */
  readonly chunks: SharedBuffers;
  /** For their ends and leaves. */
  readonly hashes: SharedBuffers;
}

export function chunkHasher(pool: Pool): ChunkHasher {
  return { pool, chunks: sharedBuffers(), hashes: sharedBuffers() };
}

export interface VerifiedModule {
  readonly findings: readonly Finding[];
  readonly records: number;
}

/**
 * Verifies a module. `sums` are its lines of SHA256SUMS; `onRecords` receives the number of records
 * that were hashed so far.
 */
export async function verifyModule(
  folder: string,
  module: SealedModule,
  sums: readonly SumLine[],
  hasher: ChunkHasher,
  onRecords: (done: number) => void,
): Promise<VerifiedModule> {
  const path = (file: string): string => `${module.name}/${file}`;
  const listed = new Map(sums.map((line) => [line.path, line.sha256]));
  const findings: Finding[] = [];
  const merkle = readMerkle(folder, path(MERKLE_FILE), findings);
  const fields = merkle?.order.fields ?? [];
  const schema = readSchema(folder, path(SCHEMA_FILE));
  const blobFields = blobFieldsOf(schema);
  const digest = createHash('sha256');
  const data = await hashData({ path: join(folder, path(DATA_FILE)), fields, blobFields }, hasher, {
    onRecords,
    onRange: (range) => digest.update(jsonFile(range)),
  });
  if (data === null) {
    findings.push(fileFinding('file-missing', path(DATA_FILE), 'the module has no data file'));
    return { findings, records: 0 };
  }
  if (data.endless) {
    const reason = 'a line is longer than 512 MiB, the maximum of a record, so it was not read';
    findings.push(fileFinding('seal-format', path(DATA_FILE), reason));
    return { findings, records: 0 };
  }
  if (data.sha256 !== listed.get(path(DATA_FILE))) findings.push(changed(path(DATA_FILE)));
  const { tree } = data;
  if (tree === null || tree.root !== module.root || tree.count !== module.count) {
    const reason = 'the records do not hash to the root and count that were sealed';
    findings.push(fileFinding('merkle', path(DATA_FILE), reason));
  }
  if (merkle !== null && (tree === null || !sameTree(merkle, tree))) {
    const reason = 'root or segments are not those of the data file';
    findings.push(fileFinding('merkle', path(MERKLE_FILE), reason));
  }
  if (tree === null || digest.digest('hex') !== listed.get(path(RANGES_FILE))) {
    const reason = 'these are not the ranges of the data file';
    findings.push(fileFinding('merkle', path(RANGES_FILE), reason));
  }
  const form = schema?.['x-sealift']?.form ?? null;
  if (formDigest(form) !== module.schema) {
    const reason = 'the form of the records is not the one in run.json';
    findings.push(fileFinding('checksum', path(SCHEMA_FILE), reason));
  }
  if (merkle !== null && jsonFile(orderOf(form)) !== jsonFile(merkle.order)) {
    const reason = 'the order is not the one in the form of the records';
    findings.push(fileFinding('merkle', path(MERKLE_FILE), reason));
  }
  findings.push(...(await verifyFindings(folder, module, merkle, listed.has(path(FINDINGS_FILE)))));
  findings.push(...misnamedBlobs(module.name, sums), ...missingBlobs(data.blobs, path, listed));
  return { findings, records: tree?.count ?? 0 };
}

function readMerkle(folder: string, path: string, findings: Finding[]): MerkleFile | null {
  const bytes = readPlainFile(join(folder, path), MAX_SEAL_FILE);
  const merkle = bytes === null ? null : asMerkleFile(parseCanonical(bytes));
  if (merkle === null) {
    const reason = 'the file is not a valid tree of format 1 in canonical JSON';
    findings.push(fileFinding('seal-format', path, reason));
  }
  return merkle;
}

function sameTree(merkle: MerkleFile, tree: ModuleTree): boolean {
  const { count, root, segments } = tree;
  return jsonFile({ ...merkle, count, root, segments }) === jsonFile(merkle);
}

/** Returns the order in a form: its fields with their types; attacker-controlled. */
function orderOf(form: Form | null): MerkleFile['order'] {
  const fields = Array.isArray(form?.order) ? (form.order as unknown[]).map(String) : [];
  const typeOf = (field: string): string => String(form?.fields?.[field]?.type);
  return { fields, types: fields.map(typeOf) };
}

interface DataFile {
  readonly path: string;
  /** Fields of the key. */
  readonly fields: readonly string[];
  readonly blobFields: readonly string[];
}

interface HashedData {
  readonly sha256: string;
  readonly tree: ModuleTree | null;
  /** Digests of the blobs that the records refer to. */
  readonly blobs: ReadonlySet<string>;
  /** Whether a line exceeds MAX_LINE; the other members are then meaningless. */
  readonly endless: boolean;
}

interface Listeners {
  readonly onRecords: (done: number) => void;
  readonly onRange: (range: SealedRange) => void;
}

/** Hashes a data file; null if it is missing. The tree is null if a line is not a record. */
async function hashData(
  { path, fields, blobFields }: DataFile,
  { pool, chunks: buffers, hashes: spaces }: ChunkHasher,
  { onRecords, onRange }: Listeners,
): Promise<HashedData | null> {
  const size = plainSize(path);
  if (size === Number.POSITIVE_INFINITY) return null;
  const digest = createHash('sha256');
  const builder = moduleTreeBuilder(fields, onRange, reduceInPool(pool));
  const blobs = new Set<string>();
  const chunks: Omit<HashChunkInput, 'buffer' | 'hashes'>[] = [];
  for (let start = 0; start < size; start += CHUNK) {
    chunks.push({ path, start, end: Math.min(start + CHUNK, size), blobFields });
  }
  let [valid, endless, records] = [true, false, 0];
  let lines = LINES;
  const hashed = inOrder(chunks, pool.size + 1, async (chunk) => {
    const buffer = buffers.take(chunkCapacity(chunk.end - chunk.start));
    const hashes = spaces.take(lines * LINE_HASHES);
    return { buffer, hashes, chunk: await pool.call(HASH_CHUNK, { ...chunk, buffer, hashes }) };
  });
  for await (const { buffer, hashes, chunk } of hashed) {
    const bytes = asBuffer(chunk.data).subarray(1);
    digest.update(bytes);
    endless ||= chunk.endless;
    for (const blob of chunk.blobs) blobs.add(blob);
    records += chunk.ends.length;
    onRecords(records);
    const leaves = asBuffer(chunk.leaves);
    valid &&=
      !chunk.unterminated && pushed(() => builder.push({ bytes, leaves, ends: chunk.ends }));
    lines = Math.min(MOST_LINES, Math.max(lines, chunk.ends.length));
    buffers.giveBack(buffer);
    spaces.giveBack(hashes);
  }
  const tree = valid ? await finished(builder) : null;
  return { sha256: digest.digest('hex'), tree, blobs, endless };
}

/** Finishes the tree; null if the last line, with the key of the last range, is not JSON. */
async function finished(builder: ModuleTreeBuilder): Promise<ModuleTree | null> {
  try {
    return await builder.finish();
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Returns whether `work` succeeded; false if a line is not JSON, and so has no key. */
function pushed(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Reads schema.json, which is attacker-controlled; null if it is not canonical JSON. */
function readSchema(folder: string, path: string): RecordSchema | null {
  const bytes = readPlainFile(join(folder, path), MAX_SEAL_FILE);
  return bytes === null ? null : (parseCanonical(bytes) as RecordSchema | null);
}

/** Returns the fields of type blob in the schema of the records. */
function blobFieldsOf(schema: RecordSchema | null): string[] {
  return Object.entries(schema?.properties ?? {})
    .filter(([, property]) => property?.['x-sealift']?.type === 'blob')
    .map(([field]) => field);
}

/** Members of the form of the records that order them. */
interface Form {
  readonly order?: unknown;
  readonly fields?: Readonly<Record<string, { readonly type?: unknown } | undefined>>;
}

/** Members of schema.json that are used here; attacker-controlled, so any may be missing. */
interface RecordSchema {
  readonly 'x-sealift'?: { readonly form?: Form | null };
  readonly properties?: Readonly<
    Record<string, { readonly 'x-sealift'?: { readonly type?: unknown } } | null>
  >;
}

/** Reports blobs that records refer to but that are missing. */
function missingBlobs(
  blobs: ReadonlySet<string>,
  path: (file: string) => string,
  listed: ReadonlyMap<string, string>,
): Finding[] {
  return [...blobs]
    .map((sha256) => path(`${BLOBS_FOLDER}/${sha256}`))
    .filter((file) => !listed.has(file))
    .map((file) =>
      fileFinding('file-missing', file, 'a record refers to this blob, but it is missing'),
    );
}

/** Reports blobs whose name is not their digest, which a record's reference relies on. */
function misnamedBlobs(module: string, sums: readonly SumLine[]): Finding[] {
  const head = `${module}/${BLOBS_FOLDER}/`;
  return sums
    .filter(({ path, sha256 }) => path.startsWith(head) && path !== head + sha256)
    .map(({ path }) => fileFinding('checksum', path, 'the name of the blob is not its digest'));
}
