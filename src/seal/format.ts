/**
 * The sealed candidate, format 1: its paths, and the shapes of its JSON files.
 * docs/format.md describes the same for readers in other languages.
 */

import { hash } from 'node:crypto';

import { leafHash } from '../merkle/hash.ts';
import { rootOfRoots } from '../merkle/tree.ts';
import { canonicalJson } from '../record/canonical.ts';
import type { KeyValue } from '../record/keyOrder.ts';

export const FORMAT = 1;
export const ALGORITHM = 'rfc6962-sha256';

export const RUN_FILE = 'checksums/run.json';
export const SUMS_FILE = 'checksums/SHA256SUMS';
export const MAPPING_FOLDER = 'mapping';

/** Files of a module, relative to its folder. */
export const DATA_FILE = 'data.ndjson';
export const SCHEMA_FILE = 'schema.json';
export const LINEAGE_FILE = 'lineage.ndjson';
export const BLOBS_FOLDER = 'blobs';
export const FINDINGS_FILE = 'findings.ndjson';
export const MERKLE_FILE = 'checksums/merkle.json';
export const RANGES_FILE = 'checksums/ranges.ndjson';

/** Content of <module>/checksums/merkle.json. */
export interface MerkleFile {
  readonly algorithm: typeof ALGORITHM;
  /** The fields that order the records, with their types. */
  readonly order: { readonly fields: readonly string[]; readonly types: readonly string[] };
  readonly count: number;
  readonly root: string;
  /** Leaves of a full segment. */
  readonly segmentLeaves: number;
  readonly segments: readonly string[];
}

/** Line of <module>/checksums/ranges.ndjson. */
export interface SealedRange {
  readonly count: number;
  /** SHA-256 of the range's leaf hashes, lower-case hex. */
  readonly digest: string;
  /** Offset after the LF of its last record in data.ndjson. */
  readonly end: number;
  /** Key of its last record. */
  readonly last: readonly KeyValue[];
}

/** Rows that were read for a module, and records that were made of them. */
export interface ModuleAccounting {
  readonly module: string;
  readonly source: string;
  readonly table: string;
  /** rows = emitting + filtered + rejected */
  readonly rows: number;
  readonly emitting: number;
  readonly filtered: number;
  readonly rejected: number;
  /** records = emitted − merged */
  readonly emitted: number;
  readonly merged: number;
  readonly records: number;
}

/** Finding on the rows of a table as a whole, or on what a policy keeps out, not on a record. */
export interface SealedRowFinding {
  /** Null if it is about several modules together. */
  readonly module: string | null;
  readonly rule: string;
  readonly reason: string;
}

/** Content of checksums/run.json. */
export interface RunFile {
  readonly format: typeof FORMAT;
  readonly tool: { readonly name: string; readonly version: string };
  /** Versions of the data that conversions depend on. */
  readonly timeZoneData: string;
  readonly unicode: string;
  readonly runId: string;
  readonly asOf: string | null;
  /** Records chosen of each module, if not all; such a candidate cannot go live. */
  readonly sample?: number;
  readonly mapping: { readonly digest: string };
  readonly sources: readonly SealedSource[];
  readonly accounting: readonly ModuleAccounting[];
  /** Ascending by their canonical JSON; absent if there are none. */
  readonly findings?: readonly SealedRowFinding[];
  readonly modules: readonly SealedModule[];
  readonly dataRoot: string;
}

export interface SealedSource {
  readonly name: string;
  readonly scheme: string;
  /** Result of the source's own integrity check; null if it has none. */
  readonly integrity: Integrity;
  /** SHA-256 of the canonical JSON of the source's schema. */
  readonly schema: string;
  /** Rows of each base table, as the source counts them; null for a dropped one not counted. */
  readonly tables: readonly { readonly table: string; readonly rows: number | null }[];
}

export type Integrity = 'passed' | 'skipped' | null;

export interface SealedModule {
  readonly name: string;
  readonly count: number;
  readonly root: string;
  /** Digest of the form of its records; see formOfRecords.ts. */
  readonly schema: string;
  /** Number of lines of findings.ndjson. */
  readonly findings: number;
}

/** Computes the root over all modules, which ascend by name; lower-case hex. */
export function dataRoot(modules: readonly SealedModule[]): string {
  return rootOfRoots(modules.map(moduleLeaf)).toString('hex');
}

/** Computes the hash of a module's leaf in the tree of all modules. */
export function moduleLeaf({ name, count, root, schema }: Omit<SealedModule, 'findings'>): Buffer {
  return leafHash(Buffer.from(canonicalJson({ count, module: name, root, schema })));
}

/** Computes the seal id: the SHA-256 of the file SHA256SUMS, lower-case hex. */
export function sealId(sums: Uint8Array): string {
  return hash('sha256', sums, 'hex');
}

/** Compares names by their UTF-8 bytes, the order of all lists in a candidate. */
export function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Formats a JSON file of a candidate, or a document of a run: canonical JSON (RFC 8785) and LF. */
export function jsonFile(value: unknown): string {
  return `${canonicalJson(value)}\n`;
}

export interface SumLine {
  readonly sha256: string;
  /** Relative to the candidate, with `/`. */
  readonly path: string;
}

/** Formats SHA256SUMS, ascending by path, as `sha256sum -c --strict` reads it. */
export function formatSums(lines: readonly SumLine[]): string {
  return [...lines]
    .sort((a, b) => byUtf8(a.path, b.path))
    .map(({ sha256, path }) => `${sha256}  ${path}\n`)
    .join('');
}

/** Valid paths in a candidate: no dot files, no `..`, no characters that need escaping. */
const PATH = /^[a-z0-9][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,3}$/;

/** Parses SHA256SUMS; null if it is not exactly what {@link formatSums} writes. */
export function parseSums(text: string): SumLine[] | null {
  const lines: SumLine[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const match = /^([0-9a-f]{64}) {2}(.+)$/.exec(line);
    const [, sha256 = '', path = ''] = match ?? [];
    if (match === null || !PATH.test(path)) return null;
    lines.push({ sha256, path });
  }
  const unique = new Set(lines.map(({ path }) => path)).size === lines.length;
  return unique && lines.length > 0 && formatSums(lines) === text ? lines : null;
}
