/** Verification of one module: leaves, tree, segments and ranges from the data file alone. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';

import type { Pool } from '../threads/pool.ts';
import { inOrder } from '../threads/inOrder.ts';
import { asBuffer, sharedBuffers } from '../threads/sharedBuffer.ts';
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
import { HASH_CHUNK, type HashChunkInput } from './calls.ts';
import { moduleTreeBuilder, type ModuleTree, type ModuleTreeBuilder } from './moduleTree.ts';
import { chunkCapacity } from './readChunk.ts';
import { reduceInPool } from './reduceInPool.ts';
import { asMerkleFile } from './sealSchemas.ts';
import { verifyFindings } from './verifyFindings.ts';

/** Bytes that a worker hashes at once. */
const CHUNK = 8 * 1024 * 1024;

export interface VerifiedModule {
  readonly findings: readonly Finding[];
  readonly records: number;
}

/** `sums` are the module's lines of SHA256SUMS; `onRecords` gets how many lines were hashed. */
export async function verifyModule(
  folder: string,
  module: SealedModule,
  sums: readonly SumLine[],
  pool: Pool,
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
  const data = await hashData({ path: join(folder, path(DATA_FILE)), fields, blobFields }, pool, {
    onRecords,
    onRange: (range) => digest.update(jsonFile(range)),
  });
  if (data === null) {
    findings.push(fileFinding('file-missing', path(DATA_FILE), 'the module has no data file'));
    return { findings, records: 0 };
  }
  if (data.endless) {
    const reason = 'a line is longer than 512 MiB, which no record is, so it was not read';
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
    const reason = 'the form of the records is not the one that the run states';
    findings.push(fileFinding('checksum', path(SCHEMA_FILE), reason));
  }
  if (merkle !== null && jsonFile(orderOf(form)) !== jsonFile(merkle.order)) {
    const reason = 'the order is not the one of the form of the records';
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
    findings.push(
      fileFinding('seal-format', path, 'this is no tree of format 1 in canonical JSON'),
    );
  }
  return merkle;
}

function sameTree(merkle: MerkleFile, tree: ModuleTree): boolean {
  const { count, root, segments } = tree;
  return jsonFile({ ...merkle, count, root, segments }) === jsonFile(merkle);
}

/** The order that a form states: its fields with their types; attacker-controlled. */
function orderOf(form: Form | null): MerkleFile['order'] {
  const fields = Array.isArray(form?.order) ? (form.order as unknown[]).map(String) : [];
  const typeOf = (field: string): string => String(form?.fields?.[field]?.type);
  return { fields, types: fields.map(typeOf) };
}

interface DataFile {
  readonly path: string;
  /** The key's. */
  readonly fields: readonly string[];
  readonly blobFields: readonly string[];
}

interface HashedData {
  readonly sha256: string;
  readonly tree: ModuleTree | null;
  /** Digests of the blobs that the records name. */
  readonly blobs: ReadonlySet<string>;
  /** A line is longer than one can be: nothing else of the file counts. */
  readonly endless: boolean;
}

interface Listeners {
  readonly onRecords: (done: number) => void;
  readonly onRange: (range: SealedRange) => void;
}

/** Null where there is no data file; no tree where its lines are no records. */
async function hashData(
  { path, fields, blobFields }: DataFile,
  pool: Pool,
  { onRecords, onRange }: Listeners,
): Promise<HashedData | null> {
  const size = plainSize(path);
  if (size === Number.POSITIVE_INFINITY) return null;
  const digest = createHash('sha256');
  const builder = moduleTreeBuilder(fields, onRange, reduceInPool(pool));
  const blobs = new Set<string>();
  const chunks: Omit<HashChunkInput, 'buffer'>[] = [];
  for (let start = 0; start < size; start += CHUNK) {
    chunks.push({ path, start, end: Math.min(start + CHUNK, size), blobFields });
  }
  let [sound, endless, records] = [true, false, 0];
  const buffers = sharedBuffers();
  const hashed = inOrder(chunks, pool.size + 1, async (chunk) => {
    const buffer = buffers.take(chunkCapacity(chunk.end - chunk.start));
    return { buffer, chunk: await pool.call(HASH_CHUNK, { ...chunk, buffer }) };
  });
  for await (const { buffer, chunk } of hashed) {
    const bytes = asBuffer(chunk.data).subarray(1);
    digest.update(bytes);
    endless ||= chunk.endless;
    for (const blob of chunk.blobs) blobs.add(blob);
    records += chunk.ends.length;
    onRecords(records);
    const leaves = asBuffer(chunk.leaves);
    sound &&=
      !chunk.unterminated && pushed(() => builder.push({ bytes, leaves, ends: chunk.ends }));
    buffers.giveBack(buffer);
  }
  const tree = sound ? await finished(builder) : null;
  return { sha256: digest.digest('hex'), tree, blobs, endless };
}

/** The last range ends with a line, too. */
async function finished(builder: ModuleTreeBuilder): Promise<ModuleTree | null> {
  try {
    return await builder.finish();
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
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

/** Attacker-controlled; null where it is no canonical JSON. */
function readSchema(folder: string, path: string): RecordSchema | null {
  const bytes = readPlainFile(join(folder, path), MAX_SEAL_FILE);
  return bytes === null ? null : (parseCanonical(bytes) as RecordSchema | null);
}

/** Fields of type blob, as the schema of the records names them; none where it is not one. */
function blobFieldsOf(schema: RecordSchema | null): string[] {
  return Object.entries(schema?.properties ?? {})
    .filter(([, property]) => property?.['x-sealift']?.type === 'blob')
    .map(([field]) => field);
}

/** As much of the form of the records as orders them. */
interface Form {
  readonly order?: unknown;
  readonly fields?: Readonly<Record<string, { readonly type?: unknown } | undefined>>;
}

/** As much of schema.json as matters here; attacker-controlled, so anything may be missing. */
interface RecordSchema {
  readonly 'x-sealift'?: { readonly form?: Form | null };
  readonly properties?: Readonly<
    Record<string, { readonly 'x-sealift'?: { readonly type?: unknown } } | null>
  >;
}

/** A record that names a blob which is not there is not whole. */
function missingBlobs(
  blobs: ReadonlySet<string>,
  path: (file: string) => string,
  listed: ReadonlyMap<string, string>,
): Finding[] {
  return [...blobs]
    .map((sha256) => path(`${BLOBS_FOLDER}/${sha256}`))
    .filter((file) => !listed.has(file))
    .map((file) => fileFinding('file-missing', file, 'a record names this blob, it is not there'));
}

/** A blob's name is its digest, so that a record's reference proves its content. */
function misnamedBlobs(module: string, sums: readonly SumLine[]): Finding[] {
  const head = `${module}/${BLOBS_FOLDER}/`;
  return sums
    .filter(({ path, sha256 }) => path.startsWith(head) && path !== head + sha256)
    .map(({ path }) => fileFinding('checksum', path, 'the name of the blob is not its digest'));
}
