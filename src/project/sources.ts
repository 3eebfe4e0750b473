/** The sources of a project, prepared: opened once, their schemas known, their snapshots fixed. */

import { hash } from 'node:crypto';
import { join } from 'node:path';

import { makeNewFolder } from '../disk/durable.ts';
import type { Pool } from '../threads/pool.ts';
import type { CheckedSchema } from '../mapping/check/againstSource.ts';
import { DEFAULT_SOURCE, relationOf, type Mapping, type ModuleMapping } from '../mapping/model.ts';
import { didYouMean } from '../outcome/nearest.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { Failure } from '../outcome/failure.ts';
import { canonicalJson } from '../record/canonical.ts';
import { byUtf8, type Integrity, type SealedSource } from '../seal/format.ts';
import type { PreparedSource, RelationRequest, Adapters } from '../source/source.ts';
import { OPEN_SOURCE } from './calls.ts';
import type { IntegrityRun } from './integrity.ts';
import { countObjects } from './sourceObjects.ts';
import { parseSourceUrl, type SourceUrl } from './sourceUrl.ts';

/** How long to wait for a lock of somebody else. */
export const LOCK_TIMEOUT_MS = 5000;

export interface NamedSource {
  readonly name: string;
  readonly scheme: string;
  readonly prepared: PreparedSource;
}

/** URL of each source: the mapping's, relative to the mapping folder's parent, or an override. */
export function sourceUrls(
  mapping: Mapping,
  overrides: ReadonlyMap<string, string>,
  folders: { readonly project: string; readonly here: string },
  adapters: Adapters,
): Map<string, SourceUrl> {
  const { sources } = mapping.project;
  for (const name of overrides.keys()) {
    if (Object.hasOwn(sources, name)) continue;
    throw new Failure('USAGE', {
      what: `the mapping has no source ${quoteName(name)}`,
      where: '--source',
      hint: didYouMean(name, Object.keys(sources), `it has ${Object.keys(sources).join(', ')}`),
    });
  }
  const urls = new Map<string, SourceUrl>();
  for (const [name, { url }] of Object.entries(sources)) {
    const override = overrides.get(name);
    const [text, base] = override === undefined ? [url, folders.project] : [override, folders.here];
    urls.set(name, parseSourceUrl(text, base, adapters));
  }
  return urls;
}

/**
 * Prepares all sources, with what `modules` read of them; what was opened is closed again when one
 * fails.
 */
export async function prepareSources(
  urls: ReadonlyMap<string, SourceUrl>,
  scratch: string,
  adapters: Adapters,
  modules: readonly ModuleMapping[],
): Promise<NamedSource[]> {
  const sources: NamedSource[] = [];
  try {
    for (const [name, { scheme, location }] of urls) {
      const folder = join(scratch, `source-${sources.length}`);
      makeNewFolder(folder);
      const relations = relationsOf(name, modules);
      const options = { scratch: folder, lockTimeoutMs: LOCK_TIMEOUT_MS, relations };
      const prepared = await adapters.get(scheme)?.prepare(location, options);
      if (prepared !== undefined) sources.push({ name, scheme, prepared });
    }
    return sources;
  } catch (error) {
    await closeSources(sources);
    throw error;
  }
}

export async function closeSources(sources: readonly NamedSource[]): Promise<void> {
  for (const { prepared } of sources) await prepared.close();
}

/** What the modules read of the source `name`. */
function relationsOf(name: string, modules: readonly ModuleMapping[]): RelationRequest[] {
  return modules
    .filter(({ source }) => (source.name ?? DEFAULT_SOURCE) === name)
    .map((module) => {
      const { source } = module;
      const sql = 'sql' in source ? source.sql : null;
      return { name: relationOf(module), sql, base: source.base ?? null };
    });
}

/** By source what a mapping is checked against. */
export function schemasOf(sources: readonly NamedSource[]): Map<string, CheckedSchema> {
  return new Map(
    sources.map(({ name, prepared }) => {
      return [name, { ...prepared.schema, relations: prepared.relations }];
    }),
  );
}

/** Opens every source in every worker and for its check, all of them in one snapshot a source. */
export async function openInWorkers(
  sources: readonly NamedSource[],
  pool: Pool,
  integrity: IntegrityRun,
): Promise<void> {
  for (const { name, prepared } of sources) {
    await prepared.inOneSnapshot(async () => {
      const opened = pool.callEach(OPEN_SOURCE, { name, source: prepared.handle });
      await Promise.all([opened, integrity.begin(name)]);
    });
  }
}

/** What the seal says of the sources: no path, no host, nothing that depends on where they lie. */
export async function sealSources(
  sources: readonly NamedSource[],
  mapping: Mapping,
  checked: ReadonlyMap<string, Integrity>,
): Promise<{ readonly sealed: SealedSource[]; readonly notes: readonly string[] }> {
  const sealed: SealedSource[] = [];
  const notes: string[] = [];
  for (const { name, scheme, prepared } of sources) {
    const counted = await countObjects(name, prepared, mapping);
    const tables = [...counted.tables].sort((a, b) => byUtf8(a.table, b.table));
    const schema = hash('sha256', canonicalJson(prepared.schema), 'hex');
    sealed.push({ name, scheme, integrity: checked.get(name) ?? null, schema, tables });
    notes.push(...counted.notes);
  }
  return { sealed: sealed.sort((a, b) => byUtf8(a.name, b.name)), notes };
}
