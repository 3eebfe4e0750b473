/** Formats row locators of findings for people, by the source of each row. */

import { DEFAULT_SOURCE, type Mapping } from '../mapping/model.ts';
import type { SourceLocator } from '../outcome/finding.ts';
import type { LocatorKind, SourceAdapter, SourceSchema } from '../source/source.ts';
import type { NamedSource } from './sources.ts';
import { adapterOf, type SourceEnvironment } from './sourceUrl.ts';

/**
 * Returns a function that formats a locator by the adapter of its module's source, if its table
 * declares the kind of its locators. Rows of queries are shown by their ordinals.
 */
export function shownRows(
  { modules }: Mapping,
  sources: readonly NamedSource[],
  env: Pick<SourceEnvironment, 'adapters'>,
): (module: string, locator: SourceLocator) => number | string {
  const sourceOf = new Map(modules.map((module) => [module.module, module.source.name]));
  const kinds = new Map<string, LocatorKind | undefined>();
  const showing = new Map<string, ((locator: number | string) => string) | undefined>();
  for (const { name, scheme, prepared } of sources) {
    showing.set(name, adapterOf({ scheme }, env).showLocator);
    for (const table of prepared.schema.tables) kinds.set(keyOf(name, table.name), table.locator);
  }
  return (module, { table, row }) => {
    const source = sourceOf.get(module) ?? DEFAULT_SOURCE;
    const kind = kinds.get(keyOf(source, table));
    return kind === undefined ? row : (showing.get(source)?.(row) ?? row);
  };
}

/** Returns a function that formats locators of rows of one target. */
export function shownTargetRows(
  { tables }: SourceSchema,
  { showLocator }: Pick<SourceAdapter, 'showLocator'>,
): (module: string, locator: SourceLocator) => number | string {
  const located = new Set(tables.filter(({ locator }) => locator !== undefined).map(nameOf));
  return (_, { table, row }) => (located.has(table) ? (showLocator?.(row) ?? row) : row);
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

function keyOf(source: string, table: string): string {
  return JSON.stringify([source, table]);
}
