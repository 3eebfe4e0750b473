/** Prepares the sources of a project: opens them, reads their schemas and fixes their snapshots. */

import { hash } from 'node:crypto';
import { join } from 'node:path';

import { makeNewFolder } from '../disk/durable.ts';
import type { Pool } from '../threads/pool.ts';
import type { CheckedSchema } from '../mapping/check/againstSource.ts';
import { checkQueries } from '../mapping/check/queries.ts';
import type { LocatedMapping } from '../mapping/place.ts';
import type { SqlDialect } from '../sql/sqlDialect.ts';
import { DEFAULT_SOURCE, relationOf, type Mapping, type ModuleMapping } from '../mapping/model.ts';
import { didYouMean } from '../outcome/nearest.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { Failure } from '../outcome/failure.ts';
import { canonicalJson } from '../record/canonical.ts';
import { byUtf8, type Integrity, type SealedSource } from '../seal/format.ts';
import type { PreparedSource, RelationRequest, SourceLocation } from '../source/source.ts';
import { OPEN_SOURCE } from './calls.ts';
import type { IntegrityRun } from './integrity.ts';
import { countObjects } from './sourceObjects.ts';
import { adapterOf, parseSourceUrl, type SourceEnvironment } from './sourceUrl.ts';
import { timeoutsOf } from './timeouts.ts';

export interface NamedSource {
  readonly name: string;
  readonly scheme: string;
  readonly prepared: PreparedSource;
}

/** Replacement of a mapping's URL: a URL of the command line, or a location. */
export type SourceOverride = string | SourceLocation;

/**
 * Returns the location of each source: the mapping's, relative to the mapping folder's parent, or
 * an override. Checks SQL of the mapping, whose dialect depends on the kind of its source.
 * @throws Failure USAGE for an unknown name or a bad URL, MAPPING for SQL that may not run
 */
export function sourceLocations(
  mapping: LocatedMapping,
  overrides: ReadonlyMap<string, SourceOverride>,
  folders: { readonly project: string; readonly cwd: string },
  env: SourceEnvironment,
): Map<string, SourceLocation> {
  const { sources } = mapping.project;
  for (const name of overrides.keys()) {
    if (Object.hasOwn(sources, name)) continue;
    throw new Failure('USAGE', {
      what: `the mapping has no source ${quoteName(name)}`,
      where: '--source',
      hint: didYouMean(name, Object.keys(sources), `it has ${Object.keys(sources).join(', ')}`),
    });
  }
  const locations = new Map<string, SourceLocation>();
  for (const [name, { url }] of Object.entries(sources)) {
    const override = overrides.get(name);
    if (override === undefined) locations.set(name, parseSourceUrl(url, folders.project, env));
    else if (typeof override !== 'string') locations.set(name, override);
    else locations.set(name, parseSourceUrl(override, folders.cwd, env));
  }
  checkQueries(mapping, dialectsOf(locations, env));
  return locations;
}

function dialectsOf(
  locations: ReadonlyMap<string, SourceLocation>,
  env: SourceEnvironment,
): Map<string, SqlDialect | null> {
  return new Map([...locations].map(([name, at]) => [name, adapterOf(at, env).dialect]));
}

/**
 * Prepares all sources, with the relations that `modules` read. If one fails, those already opened
 * are closed.
 */
export async function prepareSources(
  locations: ReadonlyMap<string, SourceLocation>,
  scratch: string,
  env: SourceEnvironment,
  modules: readonly ModuleMapping[],
): Promise<NamedSource[]> {
  const sources: NamedSource[] = [];
  try {
    for (const [name, location] of locations) {
      const folder = join(scratch, `source-${sources.length}`);
      makeNewFolder(folder);
      const relations = relationsOf(name, modules);
      const { variables, signal } = env;
      const options = {
        scratch: folder,
        variables,
        timeouts: timeoutsOf(variables),
        signal,
        relations,
      };
      const { scheme } = location;
      const prepared = await adapterOf(location, env).prepare(location, options);
      sources.push({ name, scheme, prepared });
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

/** Returns the relations of the source `name` that modules read. */
export function relationsOf(name: string, modules: readonly ModuleMapping[]): RelationRequest[] {
  return modules
    .filter(({ source }) => (source.name ?? DEFAULT_SOURCE) === name)
    .map((module) => {
      const { source } = module;
      const sql = 'sql' in source ? source.sql : null;
      return { name: relationOf(module), sql, base: source.base ?? null };
    });
}

/** Estimates the bytes of all sources; null if the size of one is unknown. */
export function estimatedBytes(sources: readonly NamedSource[]): number | null {
  let sum = 0;
  for (const { prepared } of sources) {
    if (prepared.estimatedBytes === null) return null;
    sum += prepared.estimatedBytes;
  }
  return sum;
}

/** Returns, by source, the schema that a mapping is checked against. */
export function schemasOf(sources: readonly NamedSource[]): Map<string, CheckedSchema> {
  return new Map(
    sources.map(({ name, prepared }) => {
      return [name, { ...prepared.schema, relations: prepared.relations }];
    }),
  );
}

/** Opens every source in every worker and in its check, all in one snapshot per source. */
export async function openInWorkers(
  sources: readonly NamedSource[],
  pool: Pool,
  integrity: IntegrityRun,
): Promise<void> {
  for (const { name, prepared } of sources) {
    await prepared.inOneSnapshot(async (handle) => {
      const opened = pool.callEach(OPEN_SOURCE, { name, source: handle });
      await Promise.all([opened, integrity.begin(name)]);
    });
  }
}

/** Opens every source in every worker, each in one snapshot. */
export async function openInPool(sources: readonly NamedSource[], pool: Pool): Promise<void> {
  for (const { name, prepared } of sources) {
    await prepared.inOneSnapshot(async (handle) => {
      await pool.callEach(OPEN_SOURCE, { name, source: handle });
    });
  }
}

/** Returns the sealed facts about the sources, which do not depend on where the sources are. */
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
