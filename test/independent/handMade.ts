/**
 * A sealed candidate made by hand from the published format, without any of Sealift: so that the
 * independent checks can be tested where no candidate has been built, and spoilt at will.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [k: string]: Json };

export interface HandMadeModule {
  /** The mapping of the module, as mapping/modules/<module>.json has it. */
  readonly mapping: { readonly module: string; readonly [member: string]: Json };
  /** In key order. */
  readonly records: readonly Json[];
  readonly lineage?: readonly Json[];
  readonly blobs?: readonly Uint8Array[];
  /** Rows of the table; as many as records where it is left out. */
  readonly rows?: number;
  /** Of these rows, how many are filtered, and how many share a record with another; else none. */
  readonly filtered?: number;
  readonly merged?: number;
}

export interface HandMade {
  readonly project: { readonly [member: string]: Json };
  readonly modules: readonly HandMadeModule[];
  /** Base table → number of rows. */
  readonly tables?: Readonly<Record<string, number | null>>;
  /** Name → text of mapping/registries/<name>. */
  readonly registries?: Readonly<Record<string, string>>;
}

interface Sealed {
  readonly count: number;
  readonly name: string;
  readonly root: string;
  readonly schema: string;
}

/** Writes the candidate to `dir`, which must not hold one. Modules come ascending by name. */
export function writeHandMade(dir: string, candidate: HandMade): void {
  const put = (name: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  };
  put('mapping/project.json', canonical(candidate.project));
  for (const [name, text] of Object.entries(candidate.registries ?? {})) {
    put(`mapping/registries/${name}`, text);
  }
  const modules = candidate.modules.map((module) => writeModule(put, module));
  const tables = Object.entries(candidate.tables ?? {}).map(([table, rows]) => ({ rows, table }));
  put(
    'checksums/run.json',
    canonical({
      accounting: candidate.modules.map(accountingOf),
      dataRoot: rootOf(modules.map(leafOf)).toString('hex'),
      format: 1,
      modules: modules.map(({ count, name, root }) => ({ count, name, root })),
      sources: [{ name: 'main', tables }],
    }),
  );
  seal(dir);
}

/** Writes SHA256SUMS over every file but itself. */
export function seal(dir: string): void {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'SHA256SUMS')
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1));
  const lines = files.sort().map((file) => `${sha256(readFileSync(join(dir, file)))}  ${file}\n`);
  writeFileSync(join(dir, 'checksums/SHA256SUMS'), lines.join(''));
}

function writeModule(
  put: (name: string, content: string | Uint8Array) => void,
  { mapping, records, lineage, blobs }: HandMadeModule,
): Sealed {
  const { module } = mapping;
  const lines = records.map(canonical);
  const form = { fields: { 'a\u00e9': { nullable: false, type: 'string' } }, order: [module] };
  put(`mapping/modules/${module}.json`, canonical(mapping));
  put(`${module}/schema.json`, canonical({ title: module, 'x-sealift': { form } }));
  put(`${module}/data.ndjson`, lines.map((line) => `${line}\n`).join(''));
  if (lineage !== undefined) {
    put(`${module}/lineage.ndjson`, lineage.map((entry) => `${canonical(entry)}\n`).join(''));
  }
  for (const blob of blobs ?? []) put(`${module}/blobs/${sha256(blob)}`, blob);
  const root = rootOf(lines).toString('hex');
  return { count: records.length, name: module, root, schema: sha256(canonical(form)) };
}

/** A module's leaf in the tree of the data root. */
function leafOf({ count, name, root, schema }: Sealed): string {
  return canonical({ count, module: name, root, schema });
}

function accountingOf(module: HandMadeModule): Json {
  const { mapping, records, rows = records.length, filtered = 0, merged = 0 } = module;
  const emitted = records.length + merged;
  return {
    emitted,
    emitting: emitted,
    filtered,
    merged,
    module: mapping.module,
    records: records.length,
    rejected: rows - filtered - emitted,
    rows,
    source: 'main',
    table: 'any',
  };
}

/** RFC 6962 §2.1, written as it is defined there. */
export function rootOf(leaves: readonly string[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return createHash('sha256').digest();
  if (leaves.length === 1) return createHash('sha256').update('\0').update(only).digest();
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  const [left, right] = [rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half))];
  return createHash('sha256').update('\u0001').update(left).update(right).digest();
}

/** RFC 8785 for what these tests hold: members sorted by UTF-16 code units. */
export function canonical(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonical).join(',')}]`;
  const members = Object.entries(value as { readonly [k: string]: Json }).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return `{${members.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(',')}}`;
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
