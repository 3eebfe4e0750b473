/**
 * Checks of a mapping against the schemas of its sources: every table and column that it names is
 * there, and every base table and column that is there is accounted for.
 */

import { Failure } from '../outcome/failure.ts';
import type { SourceSchema, TableSchema } from '../source/source.ts';
import { DEFAULT_SOURCE, isReference, type ModuleMapping } from './model.ts';
import { didYouMean, quoteName } from './nearest.ts';
import { locate, moduleFile, pointerTo, type LocatedMapping, type Place } from './place.ts';

/** How many names a message lists. */
const LISTED = 5;

/** A column that a module names, and where. */
interface Mention {
  readonly column: string;
  readonly pointer: string;
}

/** @throws Failure SOURCE_SCHEMA at the first disagreement; names are held exactly */
export function checkAgainstSource(
  mapping: LocatedMapping,
  schemas: ReadonlyMap<string, SourceSchema>,
): void {
  for (const module of mapping.modules) checkModule(mapping, module, schemas);
  for (const [index, drop] of (mapping.project.dropped ?? []).entries()) {
    const place = { file: 'project.json', pointer: pointerTo('dropped', index, 'table') };
    findTable(mapping, drop.source, drop.table, schemas, place);
  }
  for (const name of Object.keys(mapping.project.sources)) {
    const place = { file: 'project.json', pointer: pointerTo('sources', name) };
    checkEveryTable(mapping, name, schemaOf(mapping, name, schemas, place));
  }
}

function checkModule(
  mapping: LocatedMapping,
  module: ModuleMapping,
  schemas: ReadonlyMap<string, SourceSchema>,
): void {
  const file = moduleFile(module.module);
  const place = { file, pointer: '/source/table' };
  const table = findTable(mapping, module.source.name, module.source.table, schemas, place);
  const columns = new Set(table.columns.map(({ name }) => name));
  const used = new Set<string>();
  const unknown = (column: string, at: Place): Failure => {
    const what = `table ${quoteName(table.name)} has no column ${quoteName(column)}`;
    const hint = didYouMean(column, columns, 'name one of its columns');
    return disagreement(mapping, at, what, hint);
  };
  for (const { column, pointer } of mentions(module)) {
    if (!columns.has(column)) throw unknown(column, { file, pointer });
    used.add(column);
  }
  for (const column of Object.keys(module.dropped ?? {})) {
    const at: Place = { file, pointer: pointerTo('dropped', column), part: 'key' };
    if (!columns.has(column)) throw unknown(column, at);
    if (used.has(column)) {
      const what = `column ${quoteName(column)} is dropped, and used`;
      throw disagreement(mapping, at, what, 'remove the one or the other');
    }
    used.add(column);
  }
  const missing = [...columns].filter((column) => !used.has(column));
  if (missing.length === 0) return;
  const what = `${listing('column', missing)} of table ${quoteName(table.name)}`;
  const hint = 'add fields, or list them under "dropped" with the reason';
  throw disagreement(
    mapping,
    { file, pointer: '/fields' },
    `${what} ${missing.length === 1 ? 'is' : 'are'} not mapped`,
    hint,
  );
}

/** Every place where a module uses a column. */
function* mentions(module: ModuleMapping): Generator<Mention> {
  for (const [index, { column }] of module.key.entries()) {
    yield { column, pointer: pointerTo('key', index, 'column') };
  }
  for (const [name, field] of Object.entries(module.fields)) {
    if (!isReference(field)) {
      yield { column: field.column, pointer: pointerTo('fields', name, 'column') };
      continue;
    }
    for (const [index, column] of field.columns.entries()) {
      yield { column, pointer: pointerTo('fields', name, 'columns', index) };
    }
  }
}

function checkEveryTable(mapping: LocatedMapping, source: string, schema: SourceSchema): void {
  const known = new Set<string>();
  for (const module of mapping.modules) {
    if ((module.source.name ?? DEFAULT_SOURCE) === source) known.add(module.source.table);
  }
  for (const drop of mapping.project.dropped ?? []) {
    if ((drop.source ?? DEFAULT_SOURCE) === source) known.add(drop.table);
  }
  const missing = schema.tables.filter(({ kind, name }) => kind !== 'view' && !known.has(name));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  const verb = names.length === 1 ? 'is' : 'are';
  const what = `${listing('table', names)} of source ${quoteName(source)} ${verb} not mapped`;
  const hint = 'add modules, or list them under "dropped" with the reason';
  throw disagreement(mapping, { file: 'project.json', pointer: '' }, what, hint);
}

function findTable(
  mapping: LocatedMapping,
  source: string = DEFAULT_SOURCE,
  name: string,
  schemas: ReadonlyMap<string, SourceSchema>,
  place: Place,
): TableSchema {
  const { tables } = schemaOf(mapping, source, schemas, place);
  const found = tables.find((table) => table.name === name);
  if (found !== undefined) return found;
  const names = tables.map((table) => table.name);
  const what = `source ${quoteName(source)} has no table ${quoteName(name)}`;
  throw disagreement(mapping, place, what, didYouMean(name, names, 'name one of its tables'));
}

function schemaOf(
  mapping: LocatedMapping,
  source: string,
  schemas: ReadonlyMap<string, SourceSchema>,
  place: Place,
): SourceSchema {
  const schema = schemas.get(source);
  if (schema !== undefined) return schema;
  const what = `source ${quoteName(source)} was not opened`;
  throw disagreement(mapping, place, what, 'check "sources" in mapping/project.json');
}

function listing(noun: string, names: readonly string[]): string {
  const shown = names.slice(0, LISTED).map(quoteName).join(', ');
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : '';
  return `${noun}${names.length === 1 ? '' : 's'} ${shown}${more}`;
}

function disagreement(mapping: LocatedMapping, place: Place, what: string, hint: string): Failure {
  return new Failure('SOURCE_SCHEMA', { what, where: locate(mapping, place), hint });
}
