/**
 * registry check and registry build: compare the frozen ids of a project with the rows of its
 * sources, and add entries for rows that have none.
 */

import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { PRIVATE_FILE, replaceFile } from '../disk/durable.ts';
import { onDisk } from '../disk/errors.ts';
import { acquireLock } from '../disk/lock.ts';
import type { FindingStore } from '../findings/findingStore.ts';
import { checkAgainstSource } from '../mapping/check/againstSource.ts';
import { FREEZE_FILE, readFreeze } from '../mapping/freezeFile.ts';
import { loadMapping, type LoadedMapping } from '../mapping/loadMapping.ts';
import { didYouMean } from '../outcome/nearest.ts';
import { quoteName } from '../outcome/quoteName.ts';
import type { RegistryDuplicate } from '../mapping/registryFile.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, checkOutcome, type Outcome } from '../outcome/outcome.ts';
import { severityOfRule } from '../outcome/rules.ts';
import {
  checkRegistries,
  duplicateFinding,
  modulesByRegistry,
  type RegisteredRows,
} from '../registry/checkRegistries.ts';
import type { OpenSource } from '../registry/legacyIds.ts';
import {
  allTargets,
  completeRegistry,
  registryBytes,
  type BuiltRegistry,
} from '../registry/newEntries.ts';
import { openStore } from '../seal/candidateStore.ts';
import type { SourceReader } from '../source/source.ts';
import type { Environment } from '../run/environment.ts';
import { withSources, type SourcesOptions } from '../project/withSources.ts';
import { projectPaths } from '../project/paths.ts';
import { schemasOf, type NamedSource } from '../project/sources.ts';

/** Compares every registry with the rows of the modules that use it. */
export async function registryCheck(
  options: SourcesOptions,
  env: Environment,
  found: FindingStore,
): Promise<Outcome> {
  const duplicates: RegistryDuplicate[] = [];
  const { root } = projectPaths(options.project);
  const mapping = await loadMapping(root, {
    onDuplicate: (duplicate) => duplicates.push(duplicate),
  });
  for (const duplicate of duplicates) found.add(duplicateFinding(mapping, duplicate));
  const seen: RegisteredRows[] = [];
  if (modulesByRegistry(mapping).size > 0) {
    await withReaders(mapping, options, env, async (sources) => {
      const onRows = rowProgress(env);
      const findings = checkRegistries({ mapping, sources, onRows: onRows.update }, seen);
      for await (const finding of findings) found.add(finding);
      onRows.end();
    });
  }
  if (seen.every(({ rows }) => rows === 0)) {
    const reason = 'no row takes its id from a registry, so nothing was checked';
    found.add({ rule: 'empty', severity: severityOfRule('empty'), reason });
  }
  return checkOutcome({
    command: 'registry check',
    modules: seen.map(({ module, rows, registered }) => {
      return { module, rows, records: registered, rejected: rows - registered, root: '' };
    }),
    findings: found.list,
    notes: [],
  });
}

export interface RegistryBuildOptions extends SourcesOptions {
  /** Names of modules; empty for all. */
  readonly modules: readonly string[];
}

/** Gives every legacy id an entry. Writes a file whole, and only if it has new entries. */
export async function registryBuild(
  options: RegistryBuildOptions,
  env: Environment,
): Promise<Outcome> {
  const paths = projectPaths(options.project);
  const mapping = await loadMapping(paths.root, { registriesToCome: true });
  const groups = chosen(mapping, options.modules);
  await assertNotFrozen(paths.mapping);
  const built = await onDisk(paths.candidates, async () => {
    openStore(paths.candidates);
    const since = env.now().toISOString();
    const lock = acquireLock(paths.candidates, { command: 'registry', pid: env.pid, since });
    const forget = env.onInterrupt(() => {
      lock.release();
    });
    try {
      const complete = await completeAll(mapping, groups, options, env);
      await assertSame(paths.root, mapping);
      await onDisk(paths.mapping, () => {
        writeAll(paths.mapping, complete);
      });
      return complete;
    } finally {
      forget();
      lock.release();
    }
  });
  return actionOutcome({
    command: 'registry build',
    notes: notesOf(built),
  });
}

type Groups = ReturnType<typeof modulesByRegistry>;

async function completeAll(
  mapping: LoadedMapping,
  groups: Groups,
  options: RegistryBuildOptions,
  env: Environment,
): Promise<BuiltRegistry[]> {
  const targets = await allTargets(mapping);
  return withReaders(mapping, options, env, async (sources) => {
    const progress = rowProgress(env);
    const built: BuiltRegistry[] = [];
    for (const [registry, modules] of groups) {
      const file = mapping.registries.get(registry) ?? '';
      const first = modulesByRegistry(mapping).get(registry)?.[0]?.name ?? '';
      const input = { mapping, sources, targets, onRows: progress.update };
      built.push(await completeRegistry(input, file, first, modules));
    }
    progress.end();
    return built;
  });
}

/** Returns the modules to register, by registry. @throws Failure USAGE, MAPPING */
function chosen(mapping: LoadedMapping, names: readonly string[]): Groups {
  const groups = modulesByRegistry(mapping);
  const known = [...groups.values()].flat().map(({ name }) => name);
  if (known.length === 0) {
    throw new Failure('MAPPING', {
      what: 'no module takes its ids from a registry',
      where: 'mapping/modules',
      hint: 'give a module the id rule "registry" first',
    });
  }
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new Failure('USAGE', {
      what: `there is no module ${quoteName(name)} that takes its ids from a registry`,
      where: 'registry build',
      hint: didYouMean(name, known, `the modules that do are ${known.slice(0, 8).join(', ')}`),
    });
  }
  if (names.length === 0) return groups;
  const some = [...groups].map(([registry, modules]) => {
    return [registry, modules.filter(({ name }) => names.includes(name))] as const;
  });
  return new Map(some.filter(([, modules]) => modules.length > 0));
}

async function assertNotFrozen(folder: string): Promise<void> {
  const frozen = await readFreeze(folder);
  if (frozen === null) return;
  throw new Failure('MAPPING', {
    what: 'the registries are frozen, nothing was written',
    where: `mapping/${FREEZE_FILE}`,
    hint: 'remove it first, and freeze again afterwards with --who and --why',
  });
}

/**
 * Fails if the mapping was edited while the sources were being read, so that no edit is
 * overwritten.
 */
async function assertSame(root: string, { digest }: LoadedMapping): Promise<void> {
  await assertNotFrozen(projectPaths(root).mapping);
  if ((await loadMapping(root, { registriesToCome: true })).digest === digest) return;
  throw new Failure('MAPPING', {
    what: 'the mapping changed while the sources were being read, nothing was written',
    where: 'mapping',
    hint: 'make sure nothing edits it during the run, then run again',
  });
}

/** Writes synchronously, so that an interrupt leaves all files written or none. */
function writeAll(folder: string, built: readonly BuiltRegistry[]): void {
  const files = built
    .filter(({ added }) => added > 0)
    .map((registry) => ({ path: join(folder, registry.file), bytes: registryBytes(registry) }));
  for (const { path, bytes } of files) {
    mkdirSync(dirname(path), { recursive: true });
    // Legacy ids may be personal data.
    replaceFile(path, bytes, PRIVATE_FILE);
  }
}

function notesOf(built: readonly BuiltRegistry[]): string[] {
  const notes: string[] = [];
  let added = 0;
  for (const registry of built) {
    added += registry.added;
    const before = registry.entries.length - registry.added;
    const entries = registry.added === 1 ? '1 entry' : `${registry.added} entries`;
    notes.push(`mapping/${registry.file}: ${entries} added to ${before}`);
    if (registry.without === 0) continue;
    const rows = counted(registry.without, 'row');
    notes.push(`  ${rows} without an id that a registry can hold: run sealift registry check`);
  }
  if (added > 0) {
    notes.push('next: review the new entries, then approve them with sealift freeze');
  }
  return notes;
}

/** Opens each source in this thread, in one snapshot each. */
async function withReaders<T>(
  mapping: LoadedMapping,
  options: SourcesOptions,
  env: Environment,
  work: (sources: ReadonlyMap<string, OpenSource>) => Promise<T>,
): Promise<T> {
  const read = async (sources: readonly NamedSource[]): Promise<T> => {
    checkAgainstSource(mapping, schemasOf(sources));
    const open = new Map<string, OpenSource>();
    try {
      for (const { name, scheme, prepared } of sources) {
        const adapter = env.adapters.get(scheme);
        if (adapter === undefined) throw new TypeError(`no adapter for ${scheme}`);
        await prepared.inOneSnapshot(async (handle) => {
          await open.get(name)?.reader.close();
          const reader: SourceReader = await adapter.open(handle, env.signal);
          open.set(name, { prepared, reader });
        });
      }
      return await work(open);
    } finally {
      for (const { reader } of open.values()) await reader.close();
    }
  };
  return withSources(mapping, options, env, read, mapping.modules);
}

/** Returns a progress that shows the rows of one module at a time. */
function rowProgress({ progress }: Environment): {
  readonly update: (module: string, done: number) => void;
  readonly end: () => void;
} {
  let shown: string | null = null;
  const end = (): void => {
    if (shown !== null) progress.end();
    shown = null;
  };
  return {
    end,
    update(module, done) {
      if (module !== shown) {
        end();
        progress.begin(module, 0);
        shown = module;
      }
      progress.update(done);
    },
  };
}
