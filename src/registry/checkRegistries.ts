/**
 * Checks registries against the rows of their modules: each row's legacy id has an entry, each
 * entry a row, and no difference in spelling keeps them apart. Reads the rows once, and once more
 * if entries are left over. Memory: the legacy ids of one registry at a time.
 */

import { compileModule, type CompiledModule } from '../mapping/compile/module.ts';
import type { LoadedMapping } from '../mapping/loadMapping.ts';
import {
  readRegistry,
  type RegistryDuplicate,
  type RegistryPlace,
} from '../mapping/registryFile.ts';
import { severityOf } from '../mapping/severity.ts';
import type { Finding, SourceLocator } from '../outcome/finding.ts';
import type { Rule } from '../outcome/rules.ts';
import { Rejection } from '../record/converted.ts';
import { legacyIds, type OpenSource } from './legacyIds.ts';

/** The counts of a module's rows. */
export interface RegisteredRows {
  readonly module: string;
  rows: number;
  /** Number of rows whose legacy id has an entry. */
  registered: number;
}

export interface RegistryCheck {
  readonly mapping: LoadedMapping;
  readonly sources: ReadonlyMap<string, OpenSource>;
  readonly onRows: (module: string, done: number) => void;
}

/** Returns the modules whose ids a registry gives, by the registry's name; both ascend. */
export function modulesByRegistry(mapping: LoadedMapping): Map<string, CompiledModule[]> {
  const groups = new Map<string, CompiledModule[]>();
  for (const { module, id } of mapping.modules) {
    if (id.rule !== 'registry') continue;
    const group = groups.get(id.registry) ?? [];
    groups.set(id.registry, [...group, compileModule(mapping, module)]);
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Yields findings `registry`, `registry-similar` and `registry-unused`. `seen` gets the counts. */
export async function* checkRegistries(
  input: RegistryCheck,
  seen: RegisteredRows[],
): AsyncGenerator<Finding> {
  for (const [registry, modules] of modulesByRegistry(input.mapping)) {
    const file = input.mapping.registries.get(registry) ?? '';
    const entries = await entriesOf(input.mapping.folder, file);
    const used = new Uint8Array(entries.size + 1);
    for (const module of modules) yield* checkRows(input, module, { file, entries, used }, seen);
    const left = new Map<string, number[]>();
    for (const [id, { entry, at }] of entries) {
      if (used[at] === 1) continue;
      const folded = foldedId(id);
      left.set(folded, [...(left.get(folded) ?? []), entry]);
    }
    if (left.size > 0) yield* checkLeft(input, modules, file, left);
  }
}

/** An entry's ordinal in its file, and among the distinct legacy ids. */
interface Numbered {
  readonly entry: number;
  readonly at: number;
}

async function entriesOf(folder: string, file: string): Promise<Map<string, Numbered>> {
  const entries = new Map<string, Numbered>();
  let entry = 0;
  for await (const { legacyId } of readRegistry(folder, file)) {
    entry += 1;
    if (!entries.has(legacyId)) entries.set(legacyId, { entry, at: entries.size + 1 });
  }
  return entries;
}

interface Registry {
  readonly file: string;
  readonly entries: ReadonlyMap<string, Numbered>;
  /** Set to 1 for each entry that a row has. */
  readonly used: Uint8Array;
}

async function* checkRows(
  { mapping, sources, onRows }: RegistryCheck,
  module: CompiledModule,
  { entries, used }: Registry,
  seen: RegisteredRows[],
): AsyncGenerator<Finding> {
  const about: RegisteredRows = { module: module.name, rows: 0, registered: 0 };
  seen.push(about);
  for await (const page of legacyIds(module, sourceOf(sources, module))) {
    for (const { table, row, key, id } of page) {
      const found = key instanceof Rejection ? undefined : entries.get(id);
      if (found !== undefined) {
        used[found.at] = 1;
        about.registered += 1;
        continue;
      }
      const [rule, reason]: [Rule, string] =
        key instanceof Rejection
          ? [key.rule, key.reason]
          : ['registry', 'the registry has no entry for the legacy id'];
      const field = module.idField ?? '';
      const severity = severityOf(mapping.project, rule, module.name, field);
      const source = { table, row };
      yield { rule, severity, module: module.name, field, source, reason };
    }
    about.rows += page.length;
    onRows(module.name, about.rows);
  }
}

/** Yields findings for entries without a row: those that resemble a row's id, and the others. */
async function* checkLeft(
  { mapping, sources, onRows }: RegistryCheck,
  modules: readonly CompiledModule[],
  file: string,
  left: Map<string, number[]>,
): AsyncGenerator<Finding> {
  for (const module of modules) {
    let rows = 0;
    for await (const page of legacyIds(module, sourceOf(sources, module))) {
      for (const { table, row, key, id } of page) {
        if (key instanceof Rejection) continue;
        const folded = foldedId(id);
        for (const entry of left.get(folded) ?? []) {
          yield similar(mapping, module, { file, entry }, { table, row });
        }
        left.delete(folded);
      }
      rows += page.length;
      onRows(module.name, rows);
    }
  }
  const [module] = modules;
  for (const entries of left.values()) {
    for (const entry of entries) {
      const rule = 'registry-unused';
      const place = placeOf({ file, entry });
      const severity = severityOf(mapping.project, rule, module?.name ?? '');
      const reason = 'no row of the source has the legacy id of this entry';
      yield { rule, severity, ...owner(module), file: place.table, source: place, reason };
    }
  }
}

function similar(
  mapping: LoadedMapping,
  module: CompiledModule,
  { file, entry }: RegistryPlace,
  source: SourceLocator,
): Finding {
  const rule = 'registry-similar';
  const field = module.idField ?? '';
  return {
    rule,
    severity: severityOf(mapping.project, rule, module.name, field),
    module: module.name,
    field,
    file: `mapping/${file}`,
    source,
    reason: `entry ${entry} differs from the row's legacy id only in case, spaces or Unicode form`,
  };
}

/**
 * Makes the finding for an id that registries give twice, for the first module that uses the later
 * one.
 */
export function duplicateFinding(mapping: LoadedMapping, duplicate: RegistryDuplicate): Finding {
  const { id, first, again } = duplicate;
  const name = [...mapping.registries].find(([, file]) => file === again.file)?.[0];
  const module = mapping.modules.find((of) => of.id.rule === 'registry' && of.id.registry === name);
  const reason =
    id === 'legacyId'
      ? `entry ${again.entry} repeats the legacy id of entry ${first.entry}`
      : `entry ${again.entry} repeats the target id of entry ${first.entry} of "${first.file}"`;
  return {
    rule: 'registry-duplicate',
    // Nothing can be built with it, whatever severity a project sets.
    severity: 'BLOCKER',
    ...(module === undefined ? {} : { module: module.module }),
    file: `mapping/${again.file}`,
    members: [placeOf(first), placeOf(again)],
    reason,
  };
}

/**
 * Returns the place of an entry: the file instead of the table, the ordinal from 1 instead of the
 * row.
 */
function placeOf({ file, entry }: RegistryPlace): SourceLocator {
  return { table: `mapping/${file}`, row: entry };
}

function owner(module: CompiledModule | undefined): { module?: string } {
  return module === undefined ? {} : { module: module.name };
}

function sourceOf(
  sources: ReadonlyMap<string, OpenSource>,
  { source }: CompiledModule,
): OpenSource {
  const open = sources.get(source);
  if (open === undefined) throw new TypeError(`source ${source} is not open`);
  return open;
}

/**
 * Reduces an id to the form that ignores whitespace, invisible characters, case and Unicode form.
 */
export function foldedId(id: string): string {
  const bare = id.normalize('NFKC').replaceAll(/[\s\p{Cf}]+/gu, '');
  return bare.toUpperCase().toLowerCase().normalize('NFKC');
}
