/**
 * Checks a mapping against the schemas of its sources: every table and column that it names exists
 * and can be read, and every table, view and column of the sources is accounted for. Dropped ones
 * need not be readable.
 */

import { Failure } from '../../outcome/failure.ts';
import type { OtherObject, Relation, SourceSchema, TableSchema } from '../../source/source.ts';
import {
  columnsOfField,
  DEFAULT_SOURCE,
  relationOf,
  type FieldMapping,
  type ModuleMapping,
} from '../model.ts';
import { didYouMean } from '../../outcome/nearest.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { locate, moduleFile, pointerTo, type LocatedMapping, type Place } from '../place.ts';

const AS_COMPARED = ', but for the key, which holds it as compared, not as spelled';
/** Most names that a message lists. */
const LISTED = 5;

/** A source's own tables, and the objects that the mapping reads besides. */
export interface CheckedSchema extends SourceSchema {
  readonly relations?: ReadonlyMap<string, Relation>;
}

/** A column that a module names, and the place. */
interface Mention {
  readonly column: string;
  readonly pointer: string;
}

/** @throws Failure SOURCE_SCHEMA at the first disagreement; names are compared exactly */
export function checkAgainstSource(
  mapping: LocatedMapping,
  schemas: ReadonlyMap<string, CheckedSchema>,
): void {
  for (const module of mapping.modules) checkModule(mapping, module, schemas);
  for (const [index, drop] of (mapping.project.dropped ?? []).entries()) {
    const place = { file: 'project.json', pointer: pointerTo('dropped', index, 'table') };
    const { others = [] } = schemaOf(mapping, drop.source ?? DEFAULT_SOURCE, schemas, place);
    if (others.some(({ name }) => name === drop.table)) continue;
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
  schemas: ReadonlyMap<string, CheckedSchema>,
): void {
  const file = moduleFile(module.module);
  const read = findRead(mapping, module, schemas);
  const columns = new Set(read.table.columns.map(({ name }) => name));
  const unreadable = new Map(read.table.unreadable?.map(({ name, why }) => [name, why]));
  const own = checkBase(mapping, module, read);
  const { base } = module.source;
  const used = new Set([
    ...Object.values(base?.key ?? {}),
    ...(base?.count === undefined ? [] : [base.count]),
  ]);
  const respelled = respelledColumns(module);
  for (const column of respelled) used.delete(column);
  const mapped = new Set<string>();
  const assertKnown = (column: string, at: Place): void => {
    if (columns.has(column)) return;
    const why = unreadable.get(column);
    if (why !== undefined) throw unreadableColumn(mapping, at, read.table, column, why);
    const what = `${nameOf(read.table)} has no column ${quoteName(column)}`;
    const hint = didYouMean(column, columns, 'name one of its columns');
    throw disagreement(mapping, at, what, hint);
  };
  for (const { column, pointer } of mentions(module)) {
    assertKnown(column, { file, pointer });
    if (!respelled.has(column)) mapped.add(column);
  }
  // A condition may test a column that is dropped, and does not account for it.
  for (const [index, { column }] of (module.where ?? []).entries()) {
    assertKnown(column, { file, pointer: pointerTo('where', index, 'column') });
  }
  for (const column of Object.keys(module.dropped ?? {})) {
    const at: Place = { file, pointer: pointerTo('dropped', column), part: 'key' };
    // Columns of a query's base table that its result lacks are dropped here, too.
    if (!own.has(column) && !unreadable.has(column)) assertKnown(column, at);
    // A result column may have the name of a base column that the result lacks.
    const ofBase = read.unread.includes(column) || read.filtering.includes(column);
    if (mapped.has(column) && !ofBase) {
      const what = `column ${quoteName(column)} is both dropped and used`;
      throw disagreement(mapping, at, what, 'remove one of the two');
    }
    used.add(column);
  }
  if (module.external === true) return;
  const isOpen = (column: string): boolean => !used.has(column) && !mapped.has(column);
  for (const [column, why] of unreadable) {
    if (!isOpen(column)) continue;
    throw unreadableColumn(mapping, { file, pointer: '/fields' }, read.table, column, why);
  }
  const open = [...columns].filter(isOpen);
  const unheld = open.filter((column) => !respelled.has(column));
  assertNoneMissing(mapping, file, read.table, unheld);
  const inKey = open.filter((column) => respelled.has(column));
  assertNoneMissing(mapping, file, read.table, inKey, AS_COMPARED);
  assertBaseDropped(mapping, module, read);
}

/** Checks that base columns that a query does not yield are listed under "dropped". */
function assertBaseDropped(
  mapping: LocatedMapping,
  { module, source, dropped = {} }: ModuleMapping,
  { unread, filtering }: Read,
): void {
  const table = { name: source.base?.table ?? '', kind: 'table' } as const;
  const open = (columns: readonly string[]): string[] =>
    columns.filter((column) => !Object.hasOwn(dropped, column));
  const file = moduleFile(module);
  assertNoneMissing(mapping, file, table, open(unread));
  const only = ', only filtered, joined, grouped or ordered by';
  assertNoneMissing(mapping, file, table, open(filtering), only);
}

function unreadableColumn(
  mapping: LocatedMapping,
  place: Place,
  table: TableSchema,
  column: string,
  why: string,
): Failure {
  const what = `column ${quoteName(column)} of ${nameOf(table)} cannot be read, as ${why}`;
  const hint =
    'list it under "dropped" with the reason, or add a readable copy of it to the source';
  return disagreement(mapping, place, what, hint);
}

function assertNoneMissing(
  mapping: LocatedMapping,
  file: string,
  table: Pick<TableSchema, 'name' | 'kind'>,
  missing: readonly string[],
  but = '',
): void {
  if (missing.length === 0) return;
  const what = `${listing('column', missing)} of ${nameOf(table)}`;
  const are = missing.length === 1 ? 'is' : 'are';
  const hint = 'add fields, or list them under "dropped" with the reason';
  throw disagreement(
    mapping,
    { file, pointer: '/fields' },
    `${what} ${are} not mapped${but}`,
    hint,
  );
}

/** A relation that a module reads. */
interface Read {
  readonly table: TableSchema;
  readonly tables: readonly TableSchema[];
  /**
   * Columns of its base that its SQL does not name, and columns that it names but does not yield.
   */
  readonly unread: readonly string[];
  readonly filtering: readonly string[];
}

function findRead(
  mapping: LocatedMapping,
  module: ModuleMapping,
  schemas: ReadonlyMap<string, CheckedSchema>,
): Read {
  const { name, base } = module.source;
  const pointer = 'sql' in module.source ? '/source/sql' : '/source/table';
  const place = { file: moduleFile(module.module), pointer };
  const { tables, relations } = schemaOf(mapping, name ?? DEFAULT_SOURCE, schemas, place);
  const relation = relations?.get(relationOf(module));
  const table = relation?.schema ?? findTable(mapping, name, relationOf(module), schemas, place);
  const { unread = [], filtering = [] } = base === undefined ? {} : (relation ?? {});
  return { table, tables, unread, filtering };
}

/** Returns the columns of a module's base table, after checking the base; none without a base. */
function checkBase(
  mapping: LocatedMapping,
  { module, source }: ModuleMapping,
  { table: read, tables }: Read,
): ReadonlySet<string> {
  const { base } = source;
  if (base === undefined) return new Set();
  const file = moduleFile(module);
  const at = (...path: string[]): Place => ({
    file,
    pointer: pointerTo('source', 'base', ...path),
  });
  if (read.kind !== 'query' && read.kind !== 'view') {
    const what = `${nameOf(read)} is not a view and needs no base`;
    throw disagreement(mapping, at(), what, 'remove "base"');
  }
  const candidates = tables.filter(({ kind }) => kind === 'table');
  const table = candidates.find(({ name }) => name === base.table);
  if (table === undefined) {
    const names = candidates.map(({ name }) => name);
    const what = `the source has no base table ${quoteName(base.table)}`;
    const hint = didYouMean(base.table, names, 'name the table whose rows the query reads');
    throw disagreement(mapping, at('table'), what, hint);
  }
  const own = new Set([...table.columns, ...(table.unreadable ?? [])].map(({ name }) => name));
  const results = new Set(read.columns.map(({ name }) => name));
  for (const [column, result] of Object.entries(base.key)) {
    for (const [name, known, of] of [
      [column, own, table] as const,
      [result, results, read] as const,
    ]) {
      if (known.has(name)) continue;
      const what = `${nameOf(of)} has no column ${quoteName(name)}`;
      const hint = didYouMean(
        name,
        known,
        'name a column of the base, and the result column of the same value',
      );
      throw disagreement(mapping, at('key', column), what, hint);
    }
  }
  const { count } = base;
  if (count !== undefined && !results.has(count)) {
    const what = `${nameOf(read)} has no column ${quoteName(count)}`;
    const hint = didYouMean(count, results, 'name the result column of count(*)');
    throw disagreement(mapping, at('count'), what, hint);
  }
  return own;
}

function nameOf({ name, kind }: Pick<TableSchema, 'name' | 'kind'>): string {
  return kind === 'query' ? `the result of ${name}` : `table ${quoteName(name)}`;
}

/**
 * Returns columns that are in no field and whose key part has transforms, so that spellings are
 * lost.
 */
function respelledColumns({ key, fields }: ModuleMapping): ReadonlySet<string> {
  const inFields = new Set(Object.values(fields).flatMap(columnsOfField));
  const parts = key.filter(({ column, transforms = [] }) => {
    return transforms.length > 0 && !inFields.has(column);
  });
  return new Set(parts.map(({ column }) => column));
}

/** Yields every place where a module uses a column. */
function* mentions(module: ModuleMapping): Generator<Mention> {
  for (const [index, { column }] of module.key.entries()) {
    yield { column, pointer: pointerTo('key', index, 'column') };
  }
  for (const [name, field] of Object.entries(module.fields)) yield* mentionsOf(name, field);
}

function* mentionsOf(name: string, field: FieldMapping): Generator<Mention> {
  if ('column' in field) {
    yield { column: field.column, pointer: pointerTo('fields', name, 'column') };
  }
  if (!('columns' in field)) return;
  for (const [index, column] of field.columns.entries()) {
    yield { column, pointer: pointerTo('fields', name, 'columns', index) };
  }
}

function checkEveryTable(mapping: LocatedMapping, source: string, schema: CheckedSchema): void {
  const known = new Set<string>();
  for (const module of mapping.modules) {
    if ((module.source.name ?? DEFAULT_SOURCE) !== source) continue;
    if ('table' in module.source) known.add(module.source.table);
    if (module.source.base !== undefined) known.add(module.source.base.table);
  }
  for (const drop of mapping.project.dropped ?? []) {
    if ((drop.source ?? DEFAULT_SOURCE) === source) known.add(drop.table);
  }
  const place = { file: 'project.json', pointer: '' };
  const of = `of source ${quoteName(source)}`;
  const missing = schema.tables.filter(({ name }) => !known.has(name));
  if (missing.length > 0) {
    const noun = missing.every(({ kind }) => kind === 'view') ? 'view' : 'table';
    const names = missing.map(({ name }) => name);
    const what = `${listing(noun, names)} ${of} ${names.length === 1 ? 'is' : 'are'} not mapped`;
    const hint = 'add modules, or list them under "dropped" with the reason';
    throw disagreement(mapping, place, what, hint);
  }
  const other = schema.others?.find((one) => one.partOf === null && !known.has(one.name));
  if (other === undefined) return;
  const what = `${other.kind} ${quoteName(other.name)} ${of} cannot be read, as ${other.why}`;
  throw disagreement(mapping, place, what, UNREADABLE);
}

const UNREADABLE =
  'list it under "dropped" with the reason, or copy its content into a plain table';

function findTable(
  mapping: LocatedMapping,
  source: string = DEFAULT_SOURCE,
  name: string,
  schemas: ReadonlyMap<string, CheckedSchema>,
  place: Place,
): TableSchema {
  const { tables, others = [] } = schemaOf(mapping, source, schemas, place);
  const found = tables.find((table) => table.name === name);
  if (found !== undefined) return found;
  const other = others.find((one) => one.name === name);
  if (other !== undefined) throw unreadable(mapping, place, other);
  const names = tables.map((table) => table.name);
  const what = `source ${quoteName(source)} has no table ${quoteName(name)}`;
  throw disagreement(mapping, place, what, didYouMean(name, names, 'name one of its tables'));
}

function unreadable(
  mapping: LocatedMapping,
  place: Place,
  { kind, name, why }: OtherObject,
): Failure {
  const what = `${kind} ${quoteName(name)} cannot be read by its name, as ${why}`;
  return disagreement(mapping, place, what, UNREADABLE);
}

function schemaOf(
  mapping: LocatedMapping,
  source: string,
  schemas: ReadonlyMap<string, CheckedSchema>,
  place: Place,
): CheckedSchema {
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
