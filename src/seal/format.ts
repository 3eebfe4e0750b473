/**
 * The sealed candidate, format 1: where things are in it, and what its JSON files hold.
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

/** <module>/checksums/merkle.json */
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

/** A line of <module>/checksums/ranges.ndjson */
export interface SealedRange {
  readonly count: number;
  /** SHA-256 of the range's leaf hashes, lower-case hex. */
  readonly digest: string;
  /** Offset behind the LF of its last record in data.ndjson. */
  readonly end: number;
  /** Key of its last record. */
  readonly last: readonly KeyValue[];
}

/** What was read for a module, and what became of it. */
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

/** What was found of the rows of a table as a whole, and so of no record. */
interface SealedRowFinding {
  /** Null where it is about several modules together. */
  readonly module: string | null;
  readonly rule: string;
  readonly reason: string;
}

/** checksums/run.json */
export interface RunFile {
  readonly format: typeof FORMAT;
  readonly tool: { readonly name: string; readonly version: string };
  /** Data that conversions depend on. */
  readonly timeZoneData: string;
  readonly unicode: string;
  readonly runId: string;
  readonly asOf: string | null;
  /** Records that were chosen of each module, where it was not all of them; never to be live. */
  readonly sample?: number;
  readonly mapping: { readonly digest: string };
  readonly sources: readonly SealedSource[];
  readonly accounting: readonly ModuleAccounting[];
  /** In the order of their canonical JSON; left out where there is none. */
  readonly findings?: readonly SealedRowFinding[];
  readonly modules: readonly SealedModule[];
  readonly dataRoot: string;
}

export interface SealedSource {
  readonly name: string;
  readonly scheme: string;
  /** What the source's own check of its integrity has said; null where it has none. */
  readonly integrity: Integrity;
  /** SHA-256 of the canonical JSON of the source's schema. */
  readonly schema: string;
  /** Rows by base table, mapped or dropped, counted by the source; null where a dropped one was not. */
  readonly tables: readonly { readonly table: string; readonly rows: number | null }[];
}

export type Integrity = 'passed' | 'skipped' | null;

export interface SealedModule {
  readonly name: string;
  readonly count: number;
  readonly root: string;
  /** Digest of the form of its records; see seal/formOfRecords.ts. */
  readonly schema: string;
  /** Lines of findings.ndjson. */
  readonly findings: number;
}

/** The root over all modules, ascending by name: equal data, equal root. Lower-case hex. */
export function dataRoot(modules: readonly SealedModule[]): string {
  const leaves = modules.map(({ name, count, root, schema }) =>
    leafHash(Buffer.from(canonicalJson({ count, module: name, root, schema }))),
  );
  return rootOfRoots(leaves).toString('hex');
}

/** The seal id: SHA-256 of the file SHA256SUMS, lower-case hex. */
export function sealId(sums: Uint8Array): string {
  return hash('sha256', sums, 'hex');
}

/** Compares names by their UTF-8 bytes, as everything in a candidate is ordered. */
export function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A JSON file of a candidate: canonical, ended by LF. */
export function jsonFile(value: unknown): string {
  return `${canonicalJson(value)}\n`;
}

export interface SumLine {
  readonly sha256: string;
  /** Relative to the candidate, with `/`. */
  readonly path: string;
}

/** The text of SHA256SUMS, as `sha256sum -c --strict` reads it: ascending by path. */
export function formatSums(lines: readonly SumLine[]): string {
  return [...lines]
    .sort((a, b) => byUtf8(a.path, b.path))
    .map(({ sha256, path }) => `${sha256}  ${path}\n`)
    .join('');
}

/** Names that stand in a candidate: no dot files, no way up, nothing that needs escaping. */
const PATH = /^[a-z0-9][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,3}$/;

/** Parses SHA256SUMS; null when it is not exactly what {@link formatSums} writes. */
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
